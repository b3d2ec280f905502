"""The feature table of the format, and small models that cover it.

``CASES`` are the models; ``features`` returns the rows of the table that a file uses; ``REQUIRED``
is the table.
"""

from collections.abc import Iterator
from typing import Any

from . import nets, oracle
from .oracle_wavenet import FILMS
from .shapes import fill, film, layer_array

__all__ = ["CASES", "REQUIRED", "features"]

Json = dict[str, Any]
BENT = {"type": "LeakyHardtanh", "min_val": -0.4, "max_val": 0.3, "min_slope": 0.2}
SLOPES = {"type": "PReLU", "negative_slopes": [0.1, 0.3, 0.02, 0.4]}
OBJECTS: list[Any] = [{"type": "LeakyReLU", "negative_slope": 0.2}, SLOPES, BENT]
OPEN = {"active": False, "groups": 1}
HEAD = {"out_channels": 2, "kernel_size": 3, "bias": True}
AFTER = {"channels": 3, "out_channels": 1, "kernel_sizes": [2, 3], "activation": "ReLU"}
CONVNET: Json = {"channels": 4, "dilations": [1, 3], "batchnorm": True, "activation": "Tanh"}
VERSIONS = ("0.5.0", "0.5.1", "0.5.2", "0.5.3", "0.5.4", "0.6.0", "0.7.0", "0.7.1")


def one(**keys: Any) -> Json:
    """A WaveNet of one array with two layers of four channels."""
    return fill({"layers": [layer_array(4, [1, 3], **keys)], "head_scale": 0.5}, seed=7)


def head1x1(outputs: int = 2, groups: int = 1) -> Json:
    return {"active": True, "out_channels": outputs, "groups": groups}


def cut(*widths: int) -> Json:
    return {"method": "slice_channels_uniform", "kwargs": {"allowed_channels": list(widths)}}


def conditioned(file: Json) -> Json:
    rows = [layer_array(3, [1, 2], condition_size=2)]
    return fill({"layers": rows, "head_scale": 0.5, "condition_dsp": file}, seed=8)


def _wavenets() -> Iterator[tuple[str, Json]]:
    for name in [*oracle.ACTIVATIONS, "LeakyReLU", "PReLU", "LeakyHardtanh", "LeakyHardTanh"]:
        yield f"activation {name}", one(activation=name)
    for spec in OBJECTS:
        yield f"activation object {spec['type']}", one(activation=spec)
    yield "activation per layer", one(activation=["ReLU", {"type": "Softsign"}])
    for mode in ("gated", "blended"):
        yield mode, one(gating_mode=mode, secondary_activation="Hardtanh")
    mixed = {"gating_mode": ["gated", "blended"], "secondary_activation": ["SiLU", BENT]}
    yield "gating per layer", one(**mixed)
    sparse = {"gating_mode": ["none", "gated"], "secondary_activation": [None, "Sigmoid"]}
    yield "gating in one layer", one(**sparse)
    yield "legacy gated", one(gated=True) | {"version": "0.5.4"}
    for key in FILMS:
        more: Json = {"gating_mode": "blended", "head1x1": head1x1()}
        for shift in (True, False):
            yield f"{key} {'shift' if shift else 'scale'}", one(**more, **{key: film(shift)})
    yield "layer1x1_post_film not blended", one(layer1x1_post_film=film())
    wide = {"condition_size": 2, "input_size": 2}
    rows = [layer_array(4, [1, 2], **wide, **{key: film(groups=2) for key in FILMS[:6]})]
    yield "film groups", fill({"layers": rows, "head_scale": 0.5, "in_channels": 2}, seed=9)
    rows = [layer_array(4, [1], **wide, groups_input_mixin=2)]
    yield "mixin groups", fill({"layers": rows, "head_scale": 0.5, "in_channels": 2}, seed=9)
    yield "bottleneck", one(bottleneck=2, gating_mode="gated")
    yield "layer1x1 inactive", one(layer1x1=OPEN)
    yield "layer1x1 groups", one(layer1x1={"active": True, "groups": 2})
    yield "head1x1", one(head1x1=head1x1(3))
    yield "head1x1 groups", one(head1x1=head1x1(2, 2))
    yield "groups_input", one(groups_input=2)
    yield "depthwise", one(groups_input=4)
    rows = [layer_array(4, [1, 3, 0], kernel_sizes=[1, 4, 2])]
    yield "kernel per layer, dilation 0", fill({"layers": rows, "head_scale": 0.5})
    yield "head kernel", one(head=HEAD | {"out_channels": 1})
    yield "head dilation", one(head=HEAD | {"out_channels": 1, "head_dilation": 4})
    yield "outputs", one(head=HEAD)
    rows = [layer_array(4, [1], head_size=3), layer_array(3, [2], input_size=4)]
    yield "two arrays", fill({"layers": rows, "head_scale": 0.5})
    rows = [*rows[:1], layer_array(2, [2], input_size=4, head1x1=head1x1(3), head=HEAD)]
    rows.append(layer_array(2, [1], input_size=2, gated=True))
    yield "three arrays", fill({"layers": rows, "head_scale": 0.5})
    for taps in ([3], [2, 3]):
        rows = [layer_array(3, [1], head_size=2)]
        after = AFTER | {"kernel_sizes": taps}
        yield f"model head of {len(taps)}", fill({"layers": rows, "head_scale": 1, "head": after})
    inner = layer_array(2, [1], head_size=2)
    yield "condition WaveNet", conditioned(fill({"layers": [inner], "head_scale": 0.7}))
    two = {"out_channels": 2}
    yield "condition LSTM", conditioned(nets.lstm(3, 1, channels=(1, 2)))
    yield "condition ConvNet", conditioned(fill(CONVNET | two, "ConvNet"))
    yield (
        "condition Linear",
        conditioned(fill({"receptive_field": 4, "bias": True} | two, "Linear")),
    )
    yield "slimmable", one(slimmable=cut(1, 2, 4))
    yield "slimmable gated", one(slimmable=cut(2, 4), gating_mode="gated")
    for version in VERSIONS:
        yield f"version {version}", one() | {"version": version}
    yield "no sample rate", {k: v for k, v in one().items() if k != "sample_rate"}


def _others() -> Iterator[tuple[str, Json]]:
    for depth in (0, 1, 2, 3):
        yield f"LSTM {depth}", nets.lstm(4, depth, seed=depth)
    yield "LSTM channels", nets.lstm(3, 1, channels=(2, 2))
    yield "ConvNet batchnorm", fill(CONVNET, "ConvNet")
    yield "ConvNet", fill(CONVNET | {"batchnorm": False}, "ConvNet")
    grouped = {"groups": 2, "in_channels": 2, "out_channels": 2}
    yield "ConvNet groups", fill(CONVNET | grouped, "ConvNet")
    yield "Linear direct", fill({"receptive_field": 20, "bias": True}, "Linear")
    long = {"receptive_field": 150, "bias": False, "implementation": "fft"}
    yield "Linear fft", fill(long, "Linear")
    short = {"receptive_field": 5, "bias": True}
    yield "Linear 1 to 2", fill(short | {"out_channels": 2}, "Linear", 3)
    yield "Linear 2 to 1", fill(short | {"in_channels": 2}, "Linear", 4)
    yield "container", nets.container(nets.lstm(2, 1), one())
    first = fill({"layers": [layer_array(2, [1])], "head_scale": 1})
    cab = fill({"receptive_field": 6, "bias": False}, "Linear", 2)
    yield "Sequential", fill({"models": [first, nets.lstm(2, 1, seed=1), cab]}, "Sequential")
    inner = fill({"models": [cab, one(gated=True)]}, "Sequential")
    yield "Sequential nested", fill({"models": [inner, first]}, "Sequential")


CASES: dict[str, Json] = dict([*_wavenets(), *_others()])

REQUIRED: set[str] = {
    *(f"activation {n}" for n in [*oracle.ACTIVATIONS, "LeakyReLU", "PReLU", "LeakyHardtanh"]),
    *(f"activation {n} with parameters" for n in ("LeakyReLU", "PReLU", "LeakyHardtanh")),
    *("activation per layer", "none", "gated", "blended", "gating per layer", "legacy gated"),
    *("secondary per layer", "kernel per layer", "dilation 0"),
    *(f"{key} {kind}" for key in FILMS for kind in ("shift", "scale")),
    *("film groups", "mixin groups", "groups_input", "depthwise", "bottleneck"),
    *("layer1x1 inactive", "layer1x1 groups", "head1x1", "head1x1 groups"),
    *("head legacy", "head kernel", "head dilation", "model head of 1", "model head of 2"),
    *(f"condition {n}" for n in ("WaveNet", "LSTM", "ConvNet", "Linear")),
    *("arrays 1", "arrays 2", "arrays 3", "inputs", "outputs", "slimmable", "slimmable gated"),
    *("WaveNet", "LSTM", "ConvNet", "Linear", "SlimmableContainer", "Sequential"),
    *(f"LSTM of {n}" for n in range(4)),
    *("batchnorm", "no batchnorm", "convnet groups", "linear direct", "linear fft"),
    *("linear 1 to N", "linear N to 1", "Sequential in a Sequential"),
    *(f"version {v}" for v in VERSIONS),
    "no sample rate",
}


def features(file: Json) -> set[str]:
    """Return the rows of the table that a file uses."""
    config, name = file["config"], file["architecture"]
    found = {name, f"version {file['version']}"}
    found |= {"no sample rate"} if "sample_rate" not in file else set()
    found |= {"inputs"} if config.get("in_channels", 1) > 1 else set()
    if name == "LSTM":
        found.add(f"LSTM of {config['num_layers']}")
    elif name == "ConvNet":
        found.add("batchnorm" if config["batchnorm"] else "no batchnorm")
        found |= {"convnet groups"} if config.get("groups", 1) > 1 else set()
    elif name == "Linear":
        fast = config.get("implementation") == "fft" or config["receptive_field"] > 256
        found.add("linear fft" if fast else "linear direct")
        ends = (config.get("in_channels", 1), config.get("out_channels", 1))
        found |= {"linear 1 to N"} if ends[0] < ends[1] else set()
        found |= {"linear N to 1"} if ends[0] > ends[1] else set()
    elif name == "Sequential":
        inside = {model["architecture"] for model in config["models"]}
        found |= {"Sequential in a Sequential"} if "Sequential" in inside else set()
    elif name == "WaveNet":
        found |= _wavenet_features(config)
    return found


def _wavenet_features(config: Json) -> set[str]:
    found = {f"arrays {len(config['layers'])}"}
    if config.get("head"):
        found.add(f"model head of {len(config['head']['kernel_sizes'])}")
    if config.get("condition_dsp"):
        found.add(f"condition {config['condition_dsp']['architecture']}")
    last = config["layers"][-1]
    found |= {"outputs"} if last.get("head", {}).get("out_channels", 1) > 1 else set()
    for row in config["layers"]:
        found |= _array_features(row)
    return found


def each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _array_features(row: Json) -> set[str]:
    modes = row.get("gating_mode", "gated" if row.get("gated") else "none")
    kinds, seconds, head = row["activation"], row.get("secondary_activation"), row.get("head")
    found = {str(mode) for mode in each(modes)}
    for kind in each(kinds):
        name = (kind if isinstance(kind, str) else kind["type"]).replace("HardTanh", "Hardtanh")
        found.add(f"activation {name}")
        if not isinstance(kind, str) and len(kind) > 1:
            found.add(f"activation {name} with parameters")
    gated = any(mode != "none" for mode in each(modes))
    active = [key for key in FILMS if row.get(key)]
    inner, side = row.get("layer1x1", {"active": True}), row.get("head1x1", {"active": False})
    held = {
        "activation per layer": isinstance(kinds, list),
        "gating per layer": isinstance(modes, list),
        "secondary per layer": isinstance(seconds, list) and gated,
        "legacy gated": row.get("gated", False),
        "kernel per layer": "kernel_sizes" in row,
        "dilation 0": 0 in row["dilations"],
        "film groups": any(row[key]["groups"] > 1 for key in active),
        "mixin groups": row.get("groups_input_mixin", 1) > 1,
        "groups_input": 1 < row.get("groups_input", 1) < row["channels"],
        "depthwise": 1 < row.get("groups_input", 1) == row["channels"],
        "bottleneck": row.get("bottleneck", row["channels"]) != row["channels"],
        "layer1x1 inactive": not inner["active"],
        "layer1x1 groups": inner["active"] and inner.get("groups", 1) > 1,
        "head1x1": side["active"],
        "head1x1 groups": side["active"] and side["groups"] > 1,
        "head legacy": head is None,
        "head kernel": head is not None and head["kernel_size"] > 1,
        "head dilation": head is not None and head.get("head_dilation", 1) > 1,
        "slimmable": bool(row.get("slimmable")),
        "slimmable gated": bool(row.get("slimmable")) and gated,
    }
    found |= {name for name, there in held.items() if there}
    return found | {f"{key} {'shift' if row[key]['shift'] else 'scale'}" for key in active}
