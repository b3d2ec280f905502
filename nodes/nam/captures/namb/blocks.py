"""The .namb form of tone-3000/nam-binary-loader: a metadata block, a model block, weights."""

import struct
from typing import Any

import numpy as np

from .....graph.errors import (
    ActivationError,
    NamReadError,
    UnsupportedArchitectureError,
    UnsupportedFeatureError,
    WeightCountError,
)
from ...format.checked_json import MAX_WEIGHTS, too_large
from ...model.wavenet_parts import FILMS

__all__ = ["read_blocks"]

Json = dict[str, Any]
METADATA_AT = 32
ARCHITECTURES = ("Linear", "ConvNet", "LSTM", "WaveNet")
ACTIVATIONS = (
    *("Tanh", "Hardtanh", "Fasttanh", "ReLU", "LeakyReLU", "PReLU", "Sigmoid", "SiLU"),
    *("Hardswish", "LeakyHardtanh", "Softsign"),
)
"""By their numbers in NAM Core."""
BENT = ("min_val", "max_val", "min_slope", "max_slope")
GATINGS = ("none", "gated", "blended")
LEVELS = ("loudness", "input_level_dbu", "output_level_dbu")
MAX_DEPTH = 3


class _Reader:
    """Reads numbers one after another."""

    def __init__(self, content: bytes, at: int) -> None:
        self.content, self.at = content, at

    def take(self, letters: str) -> tuple[Any, ...]:
        """Return the next numbers, by the letters of ``struct``."""
        form = struct.Struct(f"<{letters}")
        if self.at + form.size > len(self.content):
            raise NamReadError(f"ends at byte {len(self.content)}, within its model block")
        found = form.unpack_from(self.content, self.at)
        self.at += form.size
        return found

    def many(self, letter: str, count: int) -> list[Any]:
        """Return a list of numbers of one kind."""
        return list(self.take(f"{count}{letter}")) if count else []


def read_blocks(content: bytes, begin: int, count: int) -> Json:
    """Return the values of the equal .nam; ``begin`` is the byte of the first of its weights."""
    if count > MAX_WEIGHTS:
        raise too_large(f"has {count} weights", "weights", count, MAX_WEIGHTS)
    if begin + 4 * count > len(content):
        room = (len(content) - begin) // 4
        raise WeightCountError(
            f"has {room} of {count} weights: must have all", expected=count, found=room
        )
    weights = np.frombuffer(content, "<f4", count, begin).tolist()
    reader = _Reader(content[:begin], METADATA_AT)
    return _model(reader, _metadata(reader), weights, 0)


def _metadata(reader: _Reader) -> Json:
    """Read version, rate and levels: 48 bytes."""
    *version, flags, rate, loudness, into, out = reader.take("4B4d12x")
    known = {key: v for n, (key, v) in enumerate(zip(LEVELS, (loudness, into, out), strict=True))
             if flags & (1 << n)}  # fmt: skip
    made: Json = {"version": ".".join(map(str, version)), "metadata": known}
    return made | ({"sample_rate": rate} if rate != -1.0 else {})


def _model(reader: _Reader, about: Json, weights: list[float], depth: int) -> Json:
    (number,) = reader.take("B3x")
    if number >= len(ARCHITECTURES):
        raise UnsupportedArchitectureError(
            f"its architecture has number {number}: must be one of 0 to 3, which are"
            f" {', '.join(ARCHITECTURES)}",
            architecture=str(number),
            supported=ARCHITECTURES,
        )
    name = ARCHITECTURES[number]
    if name == "WaveNet":
        config, weights = _wavenet(reader, weights, depth)
    else:
        config = {"Linear": _linear, "ConvNet": _convnet, "LSTM": _lstm}[name](reader)
    return {**about, "architecture": name, "config": config, "weights": weights}


def _linear(reader: _Reader) -> Json:
    field, bias, inputs, outputs = reader.take("i3Bx")
    return {
        "receptive_field": field,
        "bias": bool(bias),
        "in_channels": inputs,
        "out_channels": outputs,
    }


def _lstm(reader: _Reader) -> Json:
    names = ("num_layers", "input_size", "hidden_size", "in_channels", "out_channels")
    return dict(zip(names, reader.take("3H2B2x"), strict=True))


def _convnet(reader: _Reader) -> Json:
    channels, normalised, count, groups, inputs, outputs = reader.take("HBBHBB")
    return {
        "channels": channels,
        "batchnorm": bool(normalised),
        "groups": groups,
        "in_channels": inputs,
        "out_channels": outputs,
        "activation": _activation(reader),
        "dilations": reader.many("i", count),
    }


def _activation(reader: _Reader) -> Json:
    number, count = reader.take("BB")
    if number >= len(ACTIVATIONS):
        raise ActivationError(
            f"an activation has number {number}: must be one of 0 to {len(ACTIVATIONS) - 1}, which"
            f" are {', '.join(ACTIVATIONS)}",
            activation=str(number),
            supported=ACTIVATIONS,
        )
    name, numbers = ACTIVATIONS[number], reader.many("f", count)
    made: Json = {"type": name}
    if name == "PReLU" and len(numbers) > 1:
        return made | {"negative_slopes": numbers}
    if name in ("LeakyReLU", "PReLU") and numbers:
        return made | {"negative_slope": numbers[0]}
    if name == "LeakyHardtanh" and len(numbers) >= len(BENT):
        return made | dict(zip(BENT, numbers, strict=False))
    return made


def _wavenet(reader: _Reader, weights: list[float], depth: int) -> tuple[Json, list[float]]:
    """Read a WaveNet; return its config and its own weights, after those of its condition."""
    inputs, head, arrays, conditioned = reader.take("4B")
    if head:
        raise UnsupportedFeatureError("has a head after its layer arrays, which .namb cannot hold")
    config: Json = {"in_channels": inputs, "head_scale": 1.0}  # the last weight counts
    if conditioned:
        if depth >= MAX_DEPTH:
            raise too_large("has models nested", "depth", depth + 1, MAX_DEPTH)
        (count,) = reader.take("I")
        if count > len(weights):
            raise WeightCountError(
                f"has {len(weights)} weights: its condition needs {count}",
                expected=count,
                found=len(weights),
            )
        about = _metadata(reader)
        config["condition_dsp"] = _model(reader, about, weights[:count], depth + 1)
        weights = weights[count:]
    config["layers"] = [_array(reader) for _ in range(arrays)]
    return config, weights


def _array(reader: _Reader) -> Json:
    names = ("input_size", "condition_size", "head_size", "channels", "bottleneck")
    made: Json = dict(zip(names, reader.take("5H2x"), strict=True))
    bias, count, made["groups_input"], made["groups_input_mixin"] = reader.take("BBHH")
    made["head_bias"] = bool(bias)
    active, groups = reader.take("BHx")
    made["layer1x1"] = {"active": bool(active), "groups": groups}
    active, width, groups = reader.take("BHHx")
    made["head1x1"] = {"active": bool(active), "out_channels": width, "groups": groups}
    for key in FILMS:
        flags, groups = reader.take("BxH")
        if flags & 1:
            made[key] = {"active": True, "shift": bool(flags & 2), "groups": groups}
    made["dilations"] = reader.many("i", count)
    made["kernel_sizes"] = reader.many("H", count)
    made["activation"] = [_activation(reader) for _ in range(count)]
    gates = reader.many("B", count)
    made["gating_mode"] = [GATINGS[n] if n < len(GATINGS) else GATINGS[0] for n in gates]
    made["secondary_activation"] = [_activation(reader) for _ in range(count)]
    return made
