"""Reference of WaveNets in float64, from nam-format.md, sections 2 and 4.4."""

from typing import Any

import numpy as np

from .oracle import Cutter, Signal, activation, conv, run

__all__ = ["slimmed", "wavenet"]

FILMS = [
    "conv_pre_film",
    "conv_post_film",
    "input_mixin_pre_film",
    "input_mixin_post_film",
    "activation_pre_film",
    "activation_post_film",
    "layer1x1_post_film",
    "head1x1_post_film",
]


def listed(value: Any, count: int) -> list[Any]:
    return value if isinstance(value, list) else [value] * count


def film_of(row: dict[str, Any], key: str) -> dict[str, Any] | None:
    """Return a FiLM with its defaults, if it is active."""
    value = row.get(key, False)
    if value is False:
        return None
    filled = {"active": True, "shift": True, "groups": 1} | value
    return filled if filled["active"] else None


def shapes(row: dict[str, Any], n: int) -> dict[str, int]:
    """The sizes of a layer under the names of nam-format.md, 2.1."""
    channels, count = row["channels"], len(row["dilations"])
    mode = listed(row.get("gating_mode", "gated" if row.get("gated") else "none"), count)[n]
    bottleneck = row.get("bottleneck", channels)
    head1x1 = row.get("head1x1", {"active": False})
    return {
        "C": channels,
        "B": bottleneck,
        "D": row["condition_size"],
        "M": bottleneck * (1 if mode == "none" else 2),
        "K": row["kernel_sizes"][n] if "kernel_sizes" in row else row["kernel_size"],
        "H": head1x1["out_channels"] if head1x1["active"] else bottleneck,
        "d": row["dilations"][n],
    }


class Layer:
    """Weights of one layer, and its computation."""

    def __init__(self, row: dict[str, Any], n: int, cut: Cutter) -> None:
        self.row, self.s = row, (s := shapes(row, n))
        count = len(row["dilations"])
        self.mode = listed(row.get("gating_mode", "gated" if row.get("gated") else "none"), count)[
            n
        ]
        self.kind = listed(row["activation"], count)[n]
        self.second = listed(row.get("secondary_activation", "Sigmoid"), count)[n]
        self.groups = [row.get("groups_input", 1), row.get("groups_input_mixin", 1)]
        self.conv = cut(s["M"], s["C"] // self.groups[0], s["K"]), cut(s["M"])
        self.mixin = cut(s["M"], s["D"] // self.groups[1], 1)
        self.l1 = row.get("layer1x1", {"active": True, "groups": 1})
        if self.l1["active"]:
            self.out = cut(s["C"], s["B"] // self.l1["groups"], 1), cut(s["C"])
        self.h1 = row.get("head1x1", {"active": False})
        if self.h1["active"]:
            self.head = cut(s["H"], s["B"] // self.h1["groups"], 1), cut(s["H"])
        self.films = {}
        sizes = [s["C"], s["M"], s["D"], s["M"], s["M"], s["B"], s["C"], s["H"]]
        for key, size in zip(FILMS, sizes, strict=True):
            film = film_of(row, key)
            if film is not None:
                rows = size * (2 if film["shift"] else 1)
                self.films[key] = film, cut(rows, s["D"] // film["groups"], 1), cut(rows)

    def film(self, key: str, x: Signal, c: Signal) -> Signal:
        if key not in self.films:
            return x
        film, weight, bias = self.films[key]
        both = conv(c, weight, bias, 1, film["groups"])
        return x * both[: len(x)] + (both[len(x) :] if film["shift"] else 0.0)

    def __call__(self, x: Signal, c: Signal) -> tuple[Signal, Signal]:
        """Return the input of the next layer, and the layer's part of the head sum."""
        u = conv(self.film(FILMS[0], x, c), *self.conv, self.s["d"], self.groups[0])
        m = conv(self.film(FILMS[2], c, c), self.mixin, None, 1, self.groups[1])
        z = self.film(FILMS[1], u, c) + self.film(FILMS[3], m, c)
        z = self.film(FILMS[4], z, c)
        first, rest = z[: self.s["B"]], z[self.s["B"] :]
        a = activation(self.kind, first)
        if self.mode == "gated":
            a = a * activation(self.second, rest)
        elif self.mode == "blended":
            share = activation(self.second, rest)
            a = share * a + (1 - share) * first
        a = self.film(FILMS[5], a, c)
        head = a
        if self.h1["active"]:
            head = self.film(FILMS[7], conv(a, *self.head, 1, self.h1["groups"]), c)
        if not self.l1["active"]:
            return x, head
        r = conv(a, *self.out, 1, self.l1["groups"])
        return x + (self.film(FILMS[6], r, c) if self.mode == "blended" else r), head


def wavenet(config: dict[str, Any], cut: Cutter, signal: Signal) -> Signal:
    nested = config.get("condition_dsp")
    condition = run(nested, signal) if nested else signal
    x = signal
    head: Any = 0.0
    for row in config["layers"]:
        x = conv(x, cut(row["channels"], row["input_size"], 1), None, 1)
        for n in range(len(row["dilations"])):
            x, part = Layer(row, n, cut)(x, condition)
            head = head + part
        end = row.get("head") or {"out_channels": row["head_size"], "bias": row["head_bias"]}
        outputs = end["out_channels"]
        weight = cut(outputs, len(head), end.get("kernel_size", 1))
        bias = cut(outputs) if end["bias"] else None
        head = conv(head, weight, bias, end.get("head_dilation", 1))
    after: Any = config.get("head")
    blocks: list[tuple[Signal, Signal]] = []
    width = len(head)
    for n, taps in enumerate(after["kernel_sizes"] if after else ()):
        last = n == len(after["kernel_sizes"]) - 1
        outputs = after["out_channels"] if last else after["channels"]
        blocks.append((cut(outputs, width, taps), cut(outputs)))
        width = outputs
    y = cut(1)[0] * head
    for weight, bias in blocks:
        y = conv(activation(after["activation"], y), weight, bias, 1)
    return np.asarray(y)


def slimmed(model: dict[str, Any], slim: float) -> dict[str, Any]:
    """Return a slimmed model as a file of its own, cut as in section 4.4."""
    config, cut, made = model["config"], Cutter(model["weights"]), []
    rows = config["layers"]
    widths = []
    for row in rows:
        kwargs = (row.get("slimmable") or {}).get("kwargs", {})
        allowed = kwargs.get("allowed_channels", [*range(1, row["channels"] + 1)])
        allowed = allowed if row.get("slimmable") else [row["channels"]]
        widths.append(allowed[min(int(np.floor(slim * len(allowed))), len(allowed) - 1)])
    layers = []
    for i, (row, c) in enumerate(zip(rows, widths, strict=True)):
        inactive = not row.get("layer1x1", {"active": True})["active"]
        full = row.get("bottleneck", row["channels"])
        b = c if inactive else max(1, full * c // row["channels"])
        end = row.get("head") or {"out_channels": row["head_size"], "bias": row["head_bias"]}
        outputs = end["out_channels"] if row is rows[-1] else widths[i + 1]
        small = row | {"channels": c, "bottleneck": b, "slimmable": None}
        small |= {"input_size": widths[i - 1] if i else row["input_size"]}
        small |= {"head": end | {"kernel_size": end.get("kernel_size", 1), "out_channels": outputs}}
        made.append(cut(row["channels"], row["input_size"], 1)[:c, : small["input_size"]])
        for n in range(len(row["dilations"])):
            s, t = shapes(row, n), shapes(small, n)
            made += [cut(s["M"], s["C"], s["K"])[: t["M"], : t["C"]], cut(s["M"])[: t["M"]]]
            made.append(cut(s["M"], s["D"], 1)[: t["M"]])
            if not inactive:
                made += [cut(s["C"], s["B"], 1)[: t["C"], : t["B"]], cut(s["C"])[: t["C"]]]
            if row.get("head1x1", {"active": False})["active"]:
                made += [cut(s["H"], s["B"], 1)[:, : t["B"]], cut(s["H"])]
            names = ["C", "M", "D", "M", "M", "B", "C", "H"]
            for key, name in zip(FILMS, names, strict=True):
                film = film_of(row, key)
                if film is not None:
                    both = 2 if film["shift"] else 1
                    weight, bias = cut(both * s[name], s["D"], 1), cut(both * s[name])
                    made += [weight[: both * t[name]], bias[: both * t[name]]]
        weight = cut(end["out_channels"], s["H"], end.get("kernel_size", 1))
        made.append(weight[:outputs, : t["H"]])
        made += [cut(end["out_channels"])[:outputs]] if end["bias"] else []
        layers.append(small)
    made.append(cut.rest)
    flat = [float(v) for piece in made for v in np.ravel(piece)]
    return model | {"config": config | {"layers": layers}, "weights": flat}
