"""Reading .nam files: from bytes on disk to a checked ``Model``, or one clear ``NamFileError``.

The format is JSON; what each part means is NeuralAmpModelerCore's definition.  Sizes are bounded
before anything is believed, weights are counted before any is read, and what cannot be played as
the file means it is refused by name.
"""

import os
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ...graph.errors import NamFileError
from ...graph.json_text import parse_json
from ...graph.paths import checked_path
from .activation_file import FINITE
from .convnet_file import read_convnet
from .fields import Fields, Weights, as_number, fault
from .linear_file import read_linear
from .lstm_file import read_lstm
from .model import Model, Submodel
from .networks import ConvNet, Lstm
from .sequential_file import read_sequential
from .wavenet_file import read_wavenet
from .wavenet_network import Network, Sequential, WaveNet

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

_kept: dict[str, tuple[tuple[int, int], Model, int]] = {}
"""By whole path: when and how long the file was, its model, and how many weights that has."""


def load_nam(path: str | os.PathLike[str]) -> Model:
    """Read and check a .nam file; a file that has not changed since is not read again."""
    name = checked_path(path, "path", NamFileError)
    try:
        whole = os.path.abspath(name)
        seen = os.stat(whole)
        if not stat.S_ISREG(seen.st_mode):
            raise NamFileError("is not a file")
        if seen.st_size > MAX_BYTES:
            raise NamFileError(f"has {seen.st_size} bytes: at most {MAX_BYTES}")
        stamp = (seen.st_mtime_ns, seen.st_size)
        known = _kept.get(whole)
        if known is None or known[0] != stamp:
            model = parse_nam(Path(whole).read_bytes())
            known = (stamp, model, max(model.weight_count, LEAST_WEIGHTS))
            _keep(whole, known)
        return known[1]
    except NamFileError as error:
        raise NamFileError(f"{name}: {error}") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise NamFileError(f"{name}: cannot be read: {reason}") from None


def _keep(whole: str, known: tuple[tuple[int, int], Model, int]) -> None:
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
    values = parse_json(content, NamFileError)
    whole = Fields(values)
    return _check_ports(whole, _model(whole, 0))


def _model(row: Fields, depth: int) -> Model:
    version = _version(row)
    architecture = row.text("architecture")
    if architecture not in ARCHITECTURES:
        raise fault(row.at("architecture"), architecture, f"one of {', '.join(ARCHITECTURES)}")
    if depth > MAX_DEPTH:
        raise NamFileError(f"{row.path}: models are nested more than {MAX_DEPTH} deep")
    config = row.fields("config")
    weights = row.weights()
    rate = None
    if row.has("sample_rate"):
        rate = row.number("sample_rate", *RATES)
    common = (version, architecture, rate, _metadata(row))
    if architecture == "SlimmableContainer":
        made = Model(*common, submodels=_submodels(config, rate, depth))
    else:
        readers = _readers(rate, depth)
        build = readers[architecture](config)
        made = Model(*common, weights.read(build))
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

    parts: Readers = {
        "WaveNet": lambda config: read_wavenet(config, nested),
        "LSTM": read_lstm,
        "ConvNet": read_convnet,
        "Linear": read_linear,
    }
    return {**parts, "Sequential": lambda config: read_sequential(config, parts)}


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
    costs = [size.multiply_adds + EACH * _convs(size.running) for size in sizes]
    work = sum(float(c) * s.prewarm for c, s in zip(costs, sizes, strict=True))
    if work > MAX_WORK:
        found = f"{whole} needs {work:.3g} multiply-adds to be primed"
        raise NamFileError(f"{found}: at most {MAX_WORK:.3g}")
    networks = [size.network for size in sizes]
    kept = sum(n.remembered for n in networks if isinstance(n, WaveNet))
    if kept > MAX_KEPT:
        raise NamFileError(f"{whole} must remember {kept} numbers in all sizes: at most {MAX_KEPT}")


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
