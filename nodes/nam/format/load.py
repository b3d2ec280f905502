"""Read .nam files: from the bytes on disk to a checked ``Model``, or one ``NamFileError``.

The format is JSON, with the meaning that NeuralAmpModelerCore gives it.  Sizes are checked before
memory is allocated and the number of weights before any is read; a file that cannot be run exactly
is refused.  Control threads only.
"""

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ....graph.errors import NamFileError
from ....graph.json_text import parse_json
from ....graph.paths import checked_path, format_path
from ....runtime.io.file_kind import HEAD, MODEL, complaint, kind_of, kind_of_json
from ....runtime.io.regular_file import check_plain
from ..model.model import Model, Submodel
from ..model.networks import ConvNet, Linear, Lstm
from ..model.wavenet import Network, Sequential, WaveNet
from .activation import FINITE
from .checked_json import Fields, Weights, as_number, fault, format_json
from .convnet import read_convnet
from .linear import read_linear
from .lstm import read_lstm
from .sequential import read_sequential
from .wavenet import read_wavenet

__all__ = ["load_nam", "parse_nam"]

MAX_BYTES = 64 << 20
MAX_DEPTH = 3
"""Depth of models within models: in containers, in a Sequential, and as condition_dsp."""
MAX_SUBMODELS = 64
MAX_CHANNELS = 64
"""Input channels, or output channels."""
EARLIEST, LATEST = (0, 5, 0), (0, 7)
"""First and last supported version; any patch of the last."""
RATES = (1_000.0, 1_000_000.0)
LEVELS = ("loudness", "input_level_dbu", "output_level_dbu")
ARCHITECTURES = ("WaveNet", "LSTM", "ConvNet", "Linear", "SlimmableContainer", "Sequential")
MAX_WORK = 5e10
"""Multiply-adds to prewarm all sizes of a model: a few seconds."""
CONV_OVERHEAD = 40
"""Fixed cost of a convolution per frame, in multiply-adds."""
LSTM_LAYER_CONVS = 35
"""Fixed cost of an LSTM layer, in convolutions."""
FFT_MULTIPLY_ADDS = 4096
"""Most multiply-adds per frame of a convolution by FFT, whatever its length."""
MAX_SIZES = 64
MAX_OPERATIONS = 6144
"""Convolutions and LSTM layers of all sizes together; a WaveNet layer has at most 12."""
MAX_HISTORY_FLOATS = 32 << 20
"""Float32 of past frames in all sizes together (128 MiB)."""
Readers = dict[str, Callable[[Fields], Callable[[Weights], Any]]]
MIN_CACHE_WEIGHTS = 4096
"""Least number of weights that a model counts for in the cache."""
MAX_CACHE_WEIGHTS = 1 << 24
"""Weights of all cached models together: 1,200 models of the largest usual size."""

CacheEntry = tuple[tuple[int, int, int], Model | str, int]
_cache: dict[str, CacheEntry] = {}
"""By absolute path: mtime, size and inode of the file, its model or error text, and its weights."""


def load_nam(path: str | os.PathLike[str]) -> Model:
    """Read and check a .nam file; a file that has not changed on disk is not read again.

    Raises ``NamFileError`` if the path or the content is bad: the place, what was found, and what
    is allowed.  The result, model or error, is cached.
    """
    path = checked_path(path, "path", NamFileError)
    name = format_path(path)
    try:
        whole = os.path.abspath(path)
        status = check_plain(whole, NamFileError, name, MODEL)
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = _cache.get(whole)
        if known is None or known[0] != stamp:
            known = (stamp, *_read(whole, status.st_size))
            _store(whole, known)
    except OSError as error:
        raise NamFileError(f"{name}: cannot be read: {error.strerror or error}") from None
    if isinstance(known[1], str):
        raise NamFileError(f"{name}: {known[1]}")
    return known[1]


def _content(path: str, size: int) -> bytes:
    """Return the bytes of a file; refuse one that is no model by its first bytes or its size."""
    with open(path, "rb") as file:
        head = file.read(HEAD)
        if wrong := complaint(kind_of(head), MODEL):
            raise NamFileError(wrong)
        if size > MAX_BYTES:
            raise NamFileError(f"has {size} bytes: at most {MAX_BYTES}")
        return head + file.read(MAX_BYTES)


def _read(whole: str, size: int) -> tuple[Model | str, int]:
    """Return the model in a file, or the error text, and the weights it counts for in the cache."""
    try:
        model = parse_nam(_content(whole, size))
    except NamFileError as error:
        return str(error), MIN_CACHE_WEIGHTS
    return model, max(model.weight_count, MIN_CACHE_WEIGHTS)


def _store(whole: str, known: CacheEntry) -> None:
    """Put a model into the cache, and drop the oldest ones above ``MAX_CACHE_WEIGHTS``."""
    _cache.pop(whole, None)
    _cache[whole] = known
    room = MAX_CACHE_WEIGHTS - sum(count for _, _, count in list(_cache.values()))
    for path, (_, _, count) in list(_cache.items()):
        if room >= 0 or path == whole:
            break
        _cache.pop(path, None)
        room += count


def parse_nam(content: bytes) -> Model:
    """Return the model in the bytes of a .nam file; ``NamFileError`` if they are bad."""
    if wrong := complaint(kind_of(content), MODEL):
        raise NamFileError(wrong)
    values = parse_json(content, NamFileError, lenient=_is_unused_metadata)
    if wrong := complaint(kind_of_json(values), MODEL):
        raise NamFileError(wrong)
    whole = Fields(values)
    model = _check_ports(whole, _model(whole, 0))
    return replace(model, digest=hashlib.sha256(content).hexdigest())


def _is_unused_metadata(path: str) -> bool:
    """Whether a path names metadata that nothing is computed from, which may be NaN."""
    *parts, last = path.split(".")
    return "metadata" in parts and not (parts[-1] == "metadata" and last in LEVELS)


def _model(row: Fields, depth: int) -> Model:
    architecture = row.text("architecture")
    if architecture not in ARCHITECTURES:
        raise NamFileError(
            f"{row.at('architecture')} {format_json(architecture)} is not one this package"
            f" plays: must be one of {', '.join(ARCHITECTURES)}"
        )
    version = _version(row)
    if depth > MAX_DEPTH:
        raise NamFileError(f"{row.path}: models are nested more than {MAX_DEPTH} deep")
    config = row.fields("config")
    weights = row.weights()
    rate = None
    if row.has("sample_rate"):
        rate = row.number("sample_rate", *RATES)
    about = _metadata(row)
    if architecture == "SlimmableContainer":
        submodels = _submodels(config, rate, depth)
        made = Model(version, architecture, rate, about, submodels=submodels)
    elif architecture == "Sequential":
        network, rate = read_sequential(config, weights, rate, lambda r: _model(r, depth + 1))
        made = Model(version, architecture, rate, about, network)
    else:
        build = _readers(rate, depth)[architecture](config)
        made = Model(version, architecture, rate, about, weights.read(build))
    _check_work(row.path, [made])
    return made


def _readers(rate: float | None, depth: int) -> Readers:
    """Return the reader of each architecture, for a model of this rate at this depth."""

    def nested(row: Fields) -> Network:
        model = _model(row, depth + 1)
        if model.sample_rate != rate:
            allowed = "nothing" if rate is None else f"{rate:g}"
            found = "nothing" if model.sample_rate is None else f"{model.sample_rate:g}"
            path = row.at("sample_rate")
            raise NamFileError(f"{path} is {found}: must be {allowed}, as in the model around it")
        return model.running

    return {
        "WaveNet": lambda config: read_wavenet(config, nested),
        "LSTM": read_lstm,
        "ConvNet": read_convnet,
        "Linear": read_linear,
    }


def _check_work(path: str, models: Sequence[Model]) -> None:
    """Refuse models that take too long or too much memory to prepare, in all sizes together."""
    whole = path or "the model"
    for m in models:
        if isinstance(m.network, WaveNet) and len(m.network.limits) > MAX_SIZES:
            raise NamFileError(f"{whole} has {len(m.network.limits)} sizes: at most {MAX_SIZES}")
    sizes = [size.model for m in models for size in m.sizes]
    count = sum(size.running.operation_count for size in sizes)
    if count > MAX_OPERATIONS:
        found = f"{whole} has {count} convolutions and LSTM layers in all sizes"
        raise NamFileError(f"{found}: at most {MAX_OPERATIONS}")
    costs = [_work(size.running) + CONV_OVERHEAD * _convs(size.running) for size in sizes]
    work = sum(float(c) * s.prewarm for c, s in zip(costs, sizes, strict=True))
    if work > MAX_WORK:
        found = f"{whole} needs {work:.3g} multiply-adds to prewarm"
        raise NamFileError(f"{found}: at most {MAX_WORK:.3g}")
    floats = sum(_history_floats(size.running) for size in sizes)
    if floats > MAX_HISTORY_FLOATS:
        found = f"{whole} needs a history of {floats} numbers in all sizes"
        raise NamFileError(f"{found}: at most {MAX_HISTORY_FLOATS}")


def _work(network: Network) -> int:
    """Return the multiply-adds per frame; those of a Linear by FFT are bounded."""
    if isinstance(network, Sequential):
        return sum(map(_work, network.parts))
    if isinstance(network, Linear) and network.fast:
        return len(network.taps) * min(network.receptive_field, FFT_MULTIPLY_ADDS)
    return network.multiply_adds


def _history_floats(network: Network) -> int:
    """Count the float32 of past frames that the convolutions of WaveNets keep."""
    if isinstance(network, Sequential):
        return sum(map(_history_floats, network.parts))
    return network.history_floats if isinstance(network, WaveNet) else 0


def _convs(network: Network) -> int:
    """Count the convolutions of a network; an LSTM layer counts as several."""
    if isinstance(network, Lstm):
        return LSTM_LAYER_CONVS * len(network.layers)
    if isinstance(network, Sequential):
        return sum(map(_convs, network.parts))
    if isinstance(network, ConvNet):
        return len(network.blocks)
    if not isinstance(network, WaveNet):
        return 0
    return len(network.convs) + (0 if network.condition is None else _convs(network.condition))


def _check_ports(row: Fields, model: Model) -> Model:
    """Refuse models with more channels than a node may have."""
    path = row.at("config")
    for side, count in zip(("in", "out"), model.channels, strict=True):
        if count > MAX_CHANNELS:
            raise NamFileError(f"{path} has {count} channels {side}: at most {MAX_CHANNELS}")
    return model


def _version(row: Fields) -> str:
    text = row.text("version")
    if not re.fullmatch("[0-9]{1,9}[.][0-9]{1,9}[.][0-9]{1,9}", text):
        raise fault(row.at("version"), text, "three numbers with dots, such as 0.5.4")
    number = tuple(map(int, text.split(".")))
    if number < EARLIEST or number[:2] > LATEST:
        raise fault(row.at("version"), text, "0.5.0 up to 0.7")
    return text


def _metadata(row: Fields) -> Any:
    if not row.has("metadata"):
        return MappingProxyType({})
    inner = row.fields("metadata")
    values = dict(row.raw("metadata"))
    for key in LEVELS:
        if inner.has(key):
            values[key] = inner.number(key, -FINITE, FINITE)
    return MappingProxyType(values)


def _submodels(config: Fields, rate: float | None, depth: int) -> tuple[Submodel, ...]:
    made: list[Submodel] = []
    for value, path in config.items("submodels", MAX_SUBMODELS):
        row = Fields(value, path)
        above = made[-1].max_value if made else -FINITE
        most = as_number(row.raw("max_value"), row.at("max_value"), -FINITE, FINITE)
        if most <= above:
            raise fault(row.at("max_value"), most, f"above {above:g}, the one before")
        model = _model(row.fields("model"), depth + 1)
        if model.channels != (1, 1):
            raise NamFileError(f"{row.at('model')} is not mono: must be mono in a container")
        if rate is not None and model.sample_rate not in (None, rate):
            found = f"{row.at('model.sample_rate')} is {model.sample_rate:g}"
            raise NamFileError(f"{found}: must be {rate:g}, the container's")
        made.append(Submodel(most, model))
        _check_work(row.path, [m.model for m in made])
    if made[-1].max_value < 1.0:
        last = f"{config.at('submodels')}[{len(made) - 1}].max_value"
        raise fault(last, made[-1].max_value, "at least 1 in the last submodel")
    return tuple(made)
