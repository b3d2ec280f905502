"""Reading .nam files: from bytes on disk to a checked ``Model``, or one clear ``NamFileError``.

The format is JSON; what each part means is NeuralAmpModelerCore's definition.  Sizes are bounded
before anything is believed, weights are counted before any is read, and what cannot be played as
the file means it is refused by name.
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
from ....graph.paths import checked_path, shown_path
from ....runtime.io.file_kind import HEAD, MODEL, complaint, kind_of, kind_of_json
from ....runtime.io.regular_file import check_plain
from ..model.model import Model, Submodel
from ..model.networks import ConvNet, Linear, Lstm
from ..model.wavenet import Network, Sequential, WaveNet
from .activation import FINITE
from .checked_json import Fields, Weights, as_number, fault, shown
from .convnet import read_convnet
from .linear import read_linear
from .lstm import read_lstm
from .sequential import read_sequential
from .wavenet import read_wavenet

__all__ = ["load_nam", "parse_nam"]

MAX_BYTES = 64 << 20
MAX_DEPTH = 3
"""Models within models: in containers, and as the condition of another."""
MAX_SUBMODELS = 64
MAX_PORTS = 64
"""Channels in, or out."""
EARLIEST, LATEST = (0, 5, 0), (0, 7)
"""The first version there was, and the last whose meaning is known (any patch of it)."""
RATES = (1_000.0, 1_000_000.0)
LEVELS = ("loudness", "input_level_dbu", "output_level_dbu")
ARCHITECTURES = ("WaveNet", "LSTM", "ConvNet", "Linear", "SlimmableContainer", "Sequential")
MAX_WORK = 5e10
"""Multiply-adds that priming all sizes of a model may cost: a few seconds."""
EACH, LSTM_LAYER = 40, 35
"""Multiply-adds that take as long as all else about a convolution, and convolutions that take as
long as a small layer of an LSTM.  What is small costs little but that."""
SPECTRAL = 4096
"""Multiply-adds a frame that the longest response costs in the frequency domain, at most."""
MAX_SIZES = 64
MAX_PIECES = 6144
"""Convolutions of a model in all its sizes; a WaveNet with everything has 12 in a layer."""
MAX_KEPT = 32 << 20
"""Float32 that all sizes of a model together may have to remember (128 MiB)."""
Readers = dict[str, Callable[[Fields], Callable[[Weights], Any]]]
LEAST_WEIGHTS = 4096
"""What a model weighs at least: there is more about it than its numbers."""
KEPT_WEIGHTS = 1 << 24
"""Of models that are kept in case they are loaded again: 1,200 of the largest usual size."""

Known = tuple[tuple[int, int, int], Model | str, int]
_kept: dict[str, Known] = {}
"""By whole path: what the file was (time, bytes, inode), its model or why it was refused, and how
many weights it has."""


def load_nam(path: str | os.PathLike[str]) -> Model:
    """Read and check a .nam file; good or bad, it is not read again while it has not changed.

    Whatever is wrong with the path or the content is one ``NamFileError``: what was found there,
    and what is allowed.
    """
    path = checked_path(path, "path", NamFileError)
    name = shown_path(path)
    try:
        whole = os.path.abspath(path)
        seen = check_plain(whole, NamFileError, name, MODEL)
        stamp = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
        known = _kept.get(whole)
        if known is None or known[0] != stamp:
            known = (stamp, *_read(whole, seen.st_size))
            _keep(whole, known)
    except OSError as error:
        raise NamFileError(f"{name}: cannot be read: {error.strerror or error}") from None
    if isinstance(known[1], str):
        raise NamFileError(f"{name}: {known[1]}")
    return known[1]


def _content(path: str, size: int) -> bytes:
    """Return what a file holds, unless its first bytes or its size say that it is no model."""
    with open(path, "rb") as file:
        head = file.read(HEAD)
        if wrong := complaint(kind_of(head), MODEL):
            raise NamFileError(wrong)
        if size > MAX_BYTES:
            raise NamFileError(f"has {size} bytes: at most {MAX_BYTES}")
        return head + file.read(MAX_BYTES)


def _read(whole: str, size: int) -> tuple[Model | str, int]:
    """Return the model in a file, or why it is refused, and how many weights to count for it."""
    try:
        model = parse_nam(_content(whole, size))
    except NamFileError as error:
        return str(error), LEAST_WEIGHTS
    return model, max(model.weight_count, LEAST_WEIGHTS)


def _keep(whole: str, known: Known) -> None:
    """Remember a model, and forget the oldest where there are too many."""
    _kept.pop(whole, None)
    _kept[whole] = known
    room = KEPT_WEIGHTS - sum(count for _, _, count in list(_kept.values()))
    for path, (_, _, count) in list(_kept.items()):
        if room >= 0 or path == whole:
            break
        _kept.pop(path, None)
        room += count


def parse_nam(content: bytes) -> Model:
    """Check the content of a .nam file."""
    if wrong := complaint(kind_of(content), MODEL):
        raise NamFileError(wrong)
    values = parse_json(content, NamFileError, lenient=_needless)
    if wrong := complaint(kind_of_json(values), MODEL):
        raise NamFileError(wrong)
    whole = Fields(values)
    model = _check_ports(whole, _model(whole, 0))
    return replace(model, digest=hashlib.sha256(content).hexdigest())


def _needless(path: str) -> bool:
    """Say whether a place is one of the metadata that nothing is computed from: it may hold NaN."""
    *parts, last = path.split(".")
    return "metadata" in parts and not (parts[-1] == "metadata" and last in LEVELS)


def _model(row: Fields, depth: int) -> Model:
    architecture = row.text("architecture")
    if architecture not in ARCHITECTURES:
        raise NamFileError(
            f"{row.at('architecture')} {shown(architecture)} is not one this package plays: must be"
            f" one of {', '.join(ARCHITECTURES)}"
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
    """Return what reads each architecture within a model of this rate, this deep."""

    def nested(row: Fields) -> Network:
        model = _model(row, depth + 1)
        if model.sample_rate != rate:
            said = "nothing" if rate is None else f"{rate:g}"
            found = "nothing" if model.sample_rate is None else f"{model.sample_rate:g}"
            path = row.at("sample_rate")
            raise NamFileError(f"{path} is {found}: must be {said}, as in the model around it")
        return model.running

    return {
        "WaveNet": lambda config: read_wavenet(config, nested),
        "LSTM": read_lstm,
        "ConvNet": read_convnet,
        "Linear": read_linear,
    }


def _check_work(path: str, models: Sequence[Model]) -> None:
    """Refuse what would take forever, or all memory, to begin: all sizes are made ready."""
    whole = path or "the model"
    for m in models:
        if isinstance(m.network, WaveNet) and len(m.network.limits) > MAX_SIZES:
            raise NamFileError(f"{whole} has {len(m.network.limits)} sizes: at most {MAX_SIZES}")
    sizes = [size.model for m in models for size in m.sizes]
    pieces = sum(size.running.pieces for size in sizes)
    if pieces > MAX_PIECES:
        raise NamFileError(f"{whole} has {pieces} pieces in all sizes: at most {MAX_PIECES}")
    costs = [_work(size.running) + EACH * _convs(size.running) for size in sizes]
    work = sum(float(c) * s.prewarm for c, s in zip(costs, sizes, strict=True))
    if work > MAX_WORK:
        found = f"{whole} needs {work:.3g} multiply-adds to be primed"
        raise NamFileError(f"{found}: at most {MAX_WORK:.3g}")
    kept = sum(_remembered(size.running) for size in sizes)
    if kept > MAX_KEPT:
        raise NamFileError(f"{whole} must remember {kept} numbers in all sizes: at most {MAX_KEPT}")


def _work(network: Network) -> int:
    """Return the multiply-adds of a frame, a long Linear's through the frequency domain."""
    if isinstance(network, Sequential):
        return sum(map(_work, network.parts))
    if isinstance(network, Linear) and network.fast:
        return len(network.taps) * min(network.receptive_field, SPECTRAL)
    return network.multiply_adds


def _remembered(network: Network) -> int:
    """Count the numbers that the convolutions of WaveNets keep."""
    if isinstance(network, Sequential):
        return sum(map(_remembered, network.parts))
    return network.remembered if isinstance(network, WaveNet) else 0


def _convs(network: Network) -> int:
    """Count the convolutions of a network, or what takes as long."""
    if isinstance(network, Lstm):
        return LSTM_LAYER * len(network.layers)
    if isinstance(network, Sequential):
        return sum(map(_convs, network.parts))
    if isinstance(network, ConvNet):
        return len(network.blocks)
    if not isinstance(network, WaveNet):
        return 0
    return len(network.convs) + (0 if network.condition is None else _convs(network.condition))


def _check_ports(row: Fields, model: Model) -> Model:
    """Refuse what has more channels than a node may."""
    path = row.at("config")
    for side, count in zip(("in", "out"), model.channels, strict=True):
        if count > MAX_PORTS:
            raise NamFileError(f"{path} has {count} channels {side}: at most {MAX_PORTS}")
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
            raise NamFileError(f"{row.at('model')} is not mono: must be, in a container")
        if rate is not None and model.sample_rate not in (None, rate):
            found = f"{row.at('model.sample_rate')} is {model.sample_rate:g}"
            raise NamFileError(f"{found}: must be {rate:g}, the container's")
        made.append(Submodel(most, model))
        _check_work(row.path, [m.model for m in made])
    if made[-1].max_value < 1.0:
        last = f"{config.at('submodels')}[{len(made) - 1}].max_value"
        raise fault(last, made[-1].max_value, "at least 1 in the last submodel")
    return tuple(made)
