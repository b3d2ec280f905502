"""Random .nam files of every feature the format has, each with as many weights as it needs."""

import json
import random
import re
from typing import Any

from namgraph.graph import NamFileError
from namgraph.nodes.nam.format.load import parse_nam

from ..nodes.nam.shapes import random_wavenet

__all__ = ["ACTIVATIONS", "mended", "model"]

Json = dict[str, Any]

ACTIVATIONS = [
    "Tanh", "ReLU", "Sigmoid", "SiLU", "Hardtanh", "Hardswish", "Softsign", "Fasttanh",
    "LeakyReLU", "PReLU", "LeakyHardtanh", "ELU", "GELU", "Identity",
]  # fmt: skip
FILMS = [
    "conv_pre_film", "conv_post_film", "input_mixin_pre_film", "input_mixin_post_film",
    "activation_pre_film", "activation_post_film", "layer1x1_post_film", "head1x1_post_film",
]  # fmt: skip
VERSIONS = ["0.5.0", "0.5.2", "0.5.4", "0.6.0", "0.7.0", "0.7.3"]
COUNTED = re.compile(r"(?P<path>[\w.\[\]]*weights) has \d+ numbers: config needs exactly (\d+)")
MOST_WEIGHTS = 50_000
ROUNDS = 8
"""Lists of weights in one file that are put right."""


def model(rng: random.Random, depth: int = 0, rate: float | None = 48_000) -> Json:
    """A model of any architecture."""
    kinds = [_wavenet] * 4 + [_shaped] * 2 + [_lstm] * 3 + [_conv_net, _linear, _sequential]
    if depth == 0:
        kinds += [_container] * 2
    made = rng.choice(kinds)(rng, depth, rate)
    made["version"] = rng.choice(VERSIONS)
    made.setdefault("weights", [])
    if rate is not None:
        made["sample_rate"] = rate
    if rng.random() < 0.4:
        made["metadata"] = {
            "loudness": rng.uniform(-40, 0),
            "name": "fuzz",
            "input_level_dbu": rng.choice([None, 12.5]),
        }
    return made


def _activation(rng: random.Random) -> Any:
    name = rng.choice(ACTIVATIONS[:4] if rng.random() < 0.8 else ACTIVATIONS)
    if rng.random() < 0.7:
        return name
    slopes = {"negative_slope": 0.1} if name == "LeakyReLU" else {}
    if name == "PReLU":
        slopes = {"negative_slopes": [0.1, 0.2]}  # type: ignore[dict-item]
    return {"type": name, **slopes}


def _groups(rng: random.Random, *sizes: int) -> int:
    return rng.choice([g for g in range(1, min(sizes) + 1) if all(s % g == 0 for s in sizes)])


def _array(rng: random.Random, inputs: int, condition: int, head: int, channels: int) -> Json:
    layers = rng.randint(1, 3)
    row: Json = {
        "input_size": inputs,
        "condition_size": condition,
        "channels": channels,
        "dilations": [rng.choice([1, 1, 2, 3, 7, 16, 64]) for _ in range(layers)],
        "activation": _activation(rng),
        "head_size": head,
        "head_bias": rng.random() < 0.5,
        "kernel_size": rng.choice([1, 2, 3, 6]),
    }

    def sometimes(share: float = 0.12) -> bool:
        return rng.random() < share

    if sometimes():
        row["activation"] = [_activation(rng) for _ in range(layers)]
    if sometimes():
        del row["kernel_size"]
        row["kernel_sizes"] = [rng.choice([1, 2, 3]) for _ in range(layers)]
    if sometimes():
        row["gated"] = True
    elif sometimes():
        row["gating_mode"] = rng.choice(["none", "gated", "blended"])
        row["secondary_activation"] = rng.choice(["Sigmoid", "Tanh"])
    elif sometimes():
        row["gating_mode"] = [rng.choice(["none", "gated", "blended"]) for _ in range(layers)]
    if sometimes():
        row["bottleneck"] = rng.randint(1, channels)
    if sometimes():
        row["layer1x1"] = {"active": rng.random() < 0.7, "groups": 1}
    if sometimes():
        row["head1x1"] = {"active": True, "out_channels": rng.randint(1, 3), "groups": 1}
    if sometimes():
        row["groups_input"] = _groups(rng, channels, row.get("bottleneck", channels))
    for film in FILMS:
        if sometimes(0.04):
            row[film] = rng.choice([False, {}, {"active": True, "shift": False, "groups": 1}])
    if sometimes(0.2):
        size = rng.choice([1, 2, 4])
        row["head"] = {"out_channels": head, "kernel_size": size, "bias": True}
        if sometimes(0.3):
            row["head"]["head_dilation"] = rng.randint(1, 4)
    if sometimes():
        row["slimmable"] = {"method": "slice_channels_uniform"}
    return row


def _wavenet(rng: random.Random, depth: int, rate: float | None) -> Json:
    config: Json = {"head_scale": 0.02, "head": None}
    condition = 1
    if depth < 2 and rng.random() < 0.08:
        config["condition_dsp"] = model(rng, depth + 2, rate)
    if rng.random() < 0.05:
        config["in_channels"] = condition = 2
    widths = [rng.choice([1, 2, 3, 4]) for _ in range(rng.choice([1, 1, 2, 3]))]
    ends = [*widths[1:], 1]
    starts = [condition, *widths]
    config["layers"] = [
        _array(rng, into, condition, out, width)
        for into, out, width in zip(starts, ends, widths, strict=False)
    ]
    if rng.random() < 0.05:
        config["head"] = {
            "channels": 2, "num_layers": 2, "out_channels": 1, "activation": "Tanh",
            "kernel_sizes": [1, 1],
        }  # fmt: skip
    return {"architecture": "WaveNet", "config": config}


def _shaped(rng: random.Random, depth: int, rate: float | None) -> Json:
    """A WaveNet that is right in every part: what the tests of the kernels are made of."""
    made = random_wavenet(rng.randrange(1 << 20), inner=depth == 0)
    if "condition_dsp" in made["config"] and rate is not None:
        made["config"]["condition_dsp"]["sample_rate"] = rate
    return {key: made[key] for key in ("architecture", "config", "weights")}


def _lstm(rng: random.Random, depth: int, rate: float | None) -> Json:
    sizes = {"input_size": 1, "hidden_size": rng.choice([1, 2, 3, 8]), "num_layers": 1}
    sizes["num_layers"] = rng.choice([0, 1, 1, 2])
    return {"architecture": "LSTM", "config": sizes}


def _conv_net(rng: random.Random, depth: int, rate: float | None) -> Json:
    config = {
        "channels": rng.randint(1, 4),
        "dilations": [rng.choice([1, 2, 4]) for _ in range(rng.randint(1, 3))],
        "batchnorm": rng.random() < 0.5,
        "activation": _activation(rng),
        "groups": 1,
    }
    return {"architecture": "ConvNet", "config": config}


def _linear(rng: random.Random, depth: int, rate: float | None) -> Json:
    config: Json = {"receptive_field": rng.choice([1, 5, 64]), "bias": rng.random() < 0.5}
    if rng.random() < 0.3:
        config["implementation"] = rng.choice(["direct", "fft", "auto"])
    if rng.random() < 0.3:
        config[rng.choice(["in_channels", "out_channels"])] = rng.randint(1, 3)
    return {"architecture": "Linear", "config": config}


def _sequential(rng: random.Random, depth: int, rate: float | None) -> Json:
    parts = [model(rng, depth + 1, rng.choice([rate, None])) for _ in range(rng.randint(1, 3))]
    return {"architecture": "Sequential", "config": {"models": parts}}


def _container(rng: random.Random, depth: int, rate: float | None) -> Json:
    count = rng.randint(1, 3)
    rows = [
        {"max_value": (n + 1) / count, "model": model(rng, depth + 1, rate)} for n in range(count)
    ]
    return {"architecture": "SlimmableContainer", "config": {"submodels": rows}, "weights": []}


def mended(rng: random.Random, file: Any) -> Any:
    """Give every list of weights the length that the reader says it must have.

    Most changes of a config would otherwise end at the count, and nothing behind it be tried.
    """
    for _ in range(ROUNDS):
        try:
            parse_nam(json.dumps(file).encode())
        except NamFileError as error:
            found = COUNTED.search(str(error))
        else:
            return file
        if found is None or int(found[2]) > MOST_WEIGHTS:
            return file
        scale = rng.choice([0.0, 0.1, 0.3, 1.0, 10.0, 1e20])
        numbers = [rng.gauss(0.0, scale) for _ in range(int(found[2]))]
        if rng.random() < 0.3:
            numbers = [abs(n) + 1e-3 for n in numbers]  # as the variances of a batchnorm must be
        place: Any = {"root": file}
        *way, last = ["root", *re.findall(r"\w+", found["path"])]
        for key in way:
            place = place[int(key)] if isinstance(place, list) else place[key]
        place[last] = numbers
    return file
