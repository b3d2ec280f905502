"""Reference output of models with knobs in float64, as their dialects define it, nothing folded."""

from itertools import pairwise
from typing import Any

import numpy as np

from ..nets import A2_DILATIONS, A2_TAPS
from ..oracle import Cutter, Signal, activation, conv, run
from ..oracle_wavenet import film_of, listed
from .files import SITES, Json

__all__ = ["play"]

A2: Json = {
    "channels": 0,
    "kernel_sizes": A2_TAPS,
    "dilations": A2_DILATIONS,
    "activation": {"type": "LeakyReLU", "negative_slope": 0.01},
    "head": {"out_channels": 1, "kernel_size": 16, "bias": True},
    "activation_pre_film": {},
}


def play(file: Json, x: Any, *values: float) -> Any:
    """What a model makes of a signal after silence, with knobs at these values."""
    config, name = file["config"], file["architecture"]
    sound = x.astype(np.float64)
    if name == "ParametricWaveNet":
        row = A2 | {"channels": config["layers"]}
        return _film({"layers": [row]}, Cutter(file["weights"]), sound, np.array(values))
    knobs = _encoded(config["params"], values)
    if name.startswith("Concat"):
        wide = np.vstack([sound, *(np.full(sound.size, v) for v in knobs)])
        sizes = {"input_size": len(wide), "in_channels": len(wide)}
        whole = {**config, **sizes}
        if name == "ConcatWaveNet":
            rows = [{**row, "condition_size": len(wide)} for row in config["layers"]]
            rows[0]["input_size"] = len(wide)
            whole["layers"] = rows
        plain = {"architecture": name[6:], "config": whole, "weights": file["weights"]}
        return run(plain, wide)[0]
    cut = Cutter(file["weights"])
    if name == "HyperWaveNet":
        return _hyper(config, cut, sound, knobs)
    encoder = config.get("param_encoder")
    if encoder:
        sizes_ = [knobs.size, *encoder["hidden_sizes"], encoder["out_features"]]
        for n, (inner, outer) in enumerate(pairwise(sizes_)):
            weight, bias = cut(outer, inner), cut(outer)
            knobs = weight @ knobs + bias
            if n < len(sizes_) - 2:
                knobs = activation(encoder["activation"], knobs[:, None])[:, 0]
    return _film(config, cut, sound, knobs)


def _encoded(params: list[Json], values: Any) -> Signal:
    made: list[float] = []
    for row, value in zip(params, values, strict=True):
        if row["type"] == "switch":
            made += [float(n == value) for n in range(len(row["enum_names"]))]
        else:
            made.append(-1.0 + 2.0 * (value - row["min"]) / (row["max"] - row["min"]))
    return np.array(made)


def _film(config: Json, cut: Cutter, sound: Signal, control: Signal) -> Signal:
    x, condition = sound[None], sound[None]
    head: Any = 0.0
    for row in config["layers"]:
        channels = row["channels"]
        x = conv(x, cut(channels, len(x), 1), None, 1)
        for n in range(len(row["dilations"])):
            x, part = _film_layer(row, n, cut, x, condition, control)
            head = head + part
        end = row["head"]
        weight = cut(end["out_channels"], len(head), end["kernel_size"])
        head = conv(head, weight, cut(end["out_channels"]), 1)
    scaled = cut(1)[0] * head
    assert cut.rest.size == 0
    return np.asarray(scaled[0])


def _film_layer(
    row: Json, n: int, cut: Cutter, x: Signal, condition: Signal, control: Signal
) -> tuple[Signal, Signal]:
    count, channels = len(row["dilations"]), int(row["channels"])
    taps: int = row["kernel_sizes"][n] if "kernel_sizes" in row else row["kernel_size"]
    mode = listed(row.get("gating_mode", "none"), count)[n]
    width: int = row.get("bottleneck", channels)
    middle, groups = width * (1 if mode == "none" else 2), row.get("groups_input", 1)
    one, head1x1 = row.get("layer1x1", {"active": True, "groups": 1}), row.get("head1x1", {})
    kernel = cut(middle, channels // groups, taps), cut(middle)
    mixin = cut(middle, 1, 1)
    if one["active"]:
        out = cut(channels, width // one["groups"], 1), cut(channels)
    outer: int = head1x1["out_channels"] if head1x1.get("active") else width
    if head1x1.get("active"):
        ends = cut(outer, width // head1x1["groups"], 1), cut(outer)
    sizes, moved = (channels, middle, 1, middle, middle, width, channels, outer), {}
    for key, size in zip(SITES, sizes, strict=True):
        if film := film_of(row, key):
            rows = size * (2 if film["shift"] else 1)
            weight, bias = cut(rows, control.size // film["groups"], 1), cut(rows)
            both = conv(control[:, None], weight, bias, 1, film["groups"])
            moved[key] = both[:size], both[size:] if film["shift"] else 0.0

    def film_at(key: str, y: Signal) -> Signal:
        return y * moved[key][0] + moved[key][1] if key in moved else y

    before = film_at(SITES[0], np.pad(x, ((0, 0), (taps * row["dilations"][n], 0))))
    # a shift is there before the first frame, too
    u = conv(before, *kernel, row["dilations"][n], groups)[:, -x.shape[1] :]
    z = film_at(SITES[1], u)
    z = z + film_at(SITES[3], conv(film_at(SITES[2], condition), mixin, None, 1))
    z = film_at(SITES[4], z)
    first, rest = z[:width], z[width:]
    a = activation(listed(row["activation"], count)[n], first)
    if mode != "none":
        share = activation(row.get("secondary_activation", "Sigmoid"), rest)
        a = a * share if mode == "gated" else share * a + (1.0 - share) * first
    a = film_at(SITES[5], a)
    head = a
    if head1x1.get("active"):
        head = film_at(SITES[7], conv(a, *ends, 1, head1x1["groups"]))
    if not one["active"]:
        return x, head
    return x + film_at(SITES[6], conv(a, *out, 1, one["groups"])), head


def _hyper(config: Json, cut: Cutter, sound: Signal, knobs: Signal) -> Signal:
    hyper, row = config["hypernet"], config["layers"][0]
    c, taps, layers = row["channels"], row["kernel_size"], len(row["dilations"])
    size = c + layers * (c * c * taps + c + c + c * c + c) + c + 1 + 1
    weights, h = cut(size), knobs
    for width in hyper["hidden_sizes"]:
        h = activation(hyper["activation"], (cut(width, h.size) @ h + cut(width))[:, None])[:, 0]
    low = [t.get("mode", hyper["mode"]) == "low_rank" for t in hyper["delta_map"]]
    rank = hyper["rank"]
    widths = [
        rank * (t["out_features"] + t["rest_features"]) if is_low else t["numel"]
        for t, is_low in zip(hyper["delta_map"], low, strict=True)
    ]
    flat = cut(sum(widths), h.size) @ h + cut(sum(widths))
    anchor = cut(sum(widths))
    at = 0
    for t, is_low, width in zip(hyper["delta_map"], low, widths, strict=True):
        own = slice(t["export_offset"], t["export_offset"] + t["numel"])
        if is_low:
            both = flat[at : at + width] + anchor[at : at + width]
            rows = t["out_features"]
            u = both[: rows * rank].reshape(rows, rank)
            weights[own] += (u @ both[rows * rank :].reshape(rank, -1)).ravel()
        else:
            weights[own] += flat[at : at + width]
        at += width
    assert cut.rest.size == 0
    plain_row = {**row, "condition_size": 1, "input_size": 1}
    plain = {"architecture": "WaveNet", "config": {"layers": [plain_row]}, "weights": weights}
    return np.asarray(run(plain, sound[None])[0])
