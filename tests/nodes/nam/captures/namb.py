"""Writers of .namb files for tests, in both forms, from the values of a .nam."""

import json
import struct
import zlib
from typing import Any

import numpy as np

__all__ = ["blocks", "layouts"]

Json = dict[str, Any]
ARCHITECTURES = ["Linear", "ConvNet", "LSTM", "WaveNet"]
KINDS = ["Tanh", "Hardtanh", "Fasttanh", "ReLU", "LeakyReLU", "PReLU", "Sigmoid", "SiLU",
         "Hardswish", "LeakyHardtanh", "Softsign"]  # fmt: skip
FILMS = ["conv_pre_film", "conv_post_film", "input_mixin_pre_film", "input_mixin_post_film",
         "activation_pre_film", "activation_post_film", "layer1x1_post_film",
         "head1x1_post_film"]  # fmt: skip


def _pack(letters: str, *values: Any) -> bytes:
    return struct.pack("<" + letters, *values)


def _activation(value: Any) -> bytes:
    row: Json = {"type": value} if isinstance(value, str) else value
    name, numbers = row["type"].replace("LeakyHardTanh", "LeakyHardtanh"), list[float]()
    if name in ("LeakyReLU", "PReLU"):
        numbers = row.get("negative_slopes") or [row.get("negative_slope", 0.01)]
    if name == "LeakyHardtanh":
        defaults = {"min_val": -1.0, "max_val": 1.0, "min_slope": 0.01, "max_slope": 0.01}
        numbers = [row.get(key, v) for key, v in defaults.items()]
    return _pack(f"BB{len(numbers)}f", KINDS.index(name), len(numbers), *numbers)


def _metadata(file: Json) -> bytes:
    about = file.get("metadata") or {}
    levels = [about.get(key) for key in ("loudness", "input_level_dbu", "output_level_dbu")]
    flags = sum((level is not None) << n for n, level in enumerate(levels))
    numbers = [file.get("sample_rate", -1.0), *(level or 0.0 for level in levels)]
    version = [int(part) for part in file["version"].split(".")]
    return _pack("4B4d12x", *version, flags, *numbers)


def _weights(file: Json) -> list[float]:
    inner = file["config"].get("condition_dsp")
    return [*(_weights(inner) if inner else []), *file["weights"]]


def _model(file: Json) -> bytes:
    name, c = file["architecture"], file["config"]
    made = _pack("BxH", ARCHITECTURES.index(name), 0)
    ends = c.get("in_channels", 1), c.get("out_channels", 1)
    if name == "Linear":
        return made + _pack("i3Bx", c["receptive_field"], c["bias"], *ends)
    if name == "LSTM":
        return made + _pack("3H2B2x", c["num_layers"], c["input_size"], c["hidden_size"], *ends)
    if name == "ConvNet":
        count = len(c["dilations"])
        made += _pack("HBBHBB", c["channels"], c["batchnorm"], count, c.get("groups", 1), *ends)
        return made + _activation(c["activation"]) + _pack(f"{count}i", *c["dilations"])
    inner = c.get("condition_dsp")
    made += _pack("4B", ends[0], bool(c.get("head")), len(c["layers"]), inner is not None)
    if inner:
        made += _pack("I", len(_weights(inner))) + _metadata(inner) + _model(inner)
    return made + b"".join(map(_array, c["layers"]))


def _array(row: Json) -> bytes:
    count, channels = len(row["dilations"]), row["channels"]
    sizes = [row["input_size"], row["condition_size"], row["head_size"], channels]
    made = _pack("5H2x", *sizes, row.get("bottleneck", channels))
    groups = row.get("groups_input", 1), row.get("groups_input_mixin", 1)
    made += _pack("BBHH", row["head_bias"], count, *groups)
    out = row.get("layer1x1", {"active": True, "groups": 1})
    head = row.get("head1x1", {"active": False, "out_channels": channels, "groups": 1})
    made += _pack("BHx", out["active"], out["groups"])
    made += _pack("BHHx", head["active"], head["out_channels"], head["groups"])
    for key in FILMS:
        film = row.get(key) or {"active": False, "shift": False, "groups": 1}
        made += _pack("BxH", film["active"] + 2 * film["shift"], film["groups"])
    made += _pack(f"{count}i", *row["dilations"])
    made += _pack(f"{count}H", *row.get("kernel_sizes", [row.get("kernel_size")] * count))
    every = (
        row["activation"] if isinstance(row["activation"], list) else [row["activation"]] * count
    )
    made += b"".join(map(_activation, every))
    modes = row.get("gating_mode", ["gated" if row.get("gated") else "none"] * count)
    made += bytes(["none", "gated", "blended"].index(mode) for mode in modes)
    seconds = row.get("secondary_activation", ["Sigmoid"] * count)
    return made + b"".join(_activation(one or "Sigmoid") for one in seconds)


def blocks(file: Json) -> bytes:
    """The form of nam-binary-loader."""
    body, weights = _metadata(file) + _model(file), _weights(file)
    block = len(body) - 48
    body += bytes(-len(body) % 4)
    begin = 32 + len(body)
    size = begin + 4 * len(weights)
    head = _pack("IHHIIII", 0x4E414D42, 1, 0, size, begin, len(weights), block)
    rest = bytes(4) + body + np.asarray(weights, "<f4").tobytes()
    return head + _pack("I", zlib.crc32(head + rest)) + rest


def _ordered(file: Json, layout: int) -> Any:
    weights = np.asarray(file["weights"], np.float32)
    found, made = iter(weights), list[np.float32]()

    def take(*shape: int) -> Any:
        return np.array([next(found) for _ in range(int(np.prod(shape)))]).reshape(shape)

    def put(values: Any) -> None:
        made.extend(np.asarray(values).ravel())

    def interleaved(kernel: Any) -> None:
        outputs, inputs, taps = kernel.shape
        for block in range(0, outputs, 4):
            for tap in range(taps):
                for i in range(inputs):
                    put(
                        [kernel[o, i, tap] if o < outputs else 0.0 for o in range(block, block + 4)]
                    )

    c = file["config"]
    if layout == 1:
        hidden = c["hidden_size"]
        for n in range(c["num_layers"]):
            columns = hidden + (hidden if n else 1)
            put(np.swapaxes(take(4, hidden, columns), 1, 2))
            put(take(6 * hidden))
    else:
        for row in c["layers"]:
            width, out = row["channels"], row["head_size"]
            put(take(width, row["input_size"]).T)
            for n in range(len(row["dilations"])):
                middle = width * (2 if row.get("gated") else 1)
                taps = row["kernel_sizes"][n] if "kernel_sizes" in row else row["kernel_size"]
                interleaved(take(middle, width, taps))
                put(take(middle))
                put(take(middle, row["condition_size"]).T)
                put(take(width, width).T)
                put(take(width))
            put(take(out, width).T)
            put(take(out if row["head_bias"] else 0))
    return [*made, *found]


def layouts(file: Json, version: int = 2, layout: int = 0, **fields: Any) -> bytes:
    """The form of nam-rs; ``fields`` are of the header: ``flags``, ``checksum``."""
    text = json.dumps({key: v for key, v in file.items() if key != "weights"}).encode() + b"\0\0"
    weights = _ordered(file, layout) if layout in (1, 2) else file["weights"]
    data, begin = np.asarray(weights, "<f4").tobytes(), 80 + len(text)
    flags = fields.get("flags", 1 if version == 2 else 0)
    head = _pack("IHBB4xI8x", 0x4E414D42, version, layout, flags, begin)
    rest = _pack("4x32sfff4x", b"NAMB", file.get("sample_rate", 48_000.0), 12.0, -6.0)
    checksum = zlib.crc32(head + rest + text + data) if version == 2 else zlib.crc32(data)
    return head + _pack("I", fields.get("checksum", checksum)) + rest + text + data
