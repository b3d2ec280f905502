"""Reading .nam files: from bytes on disk to a checked ``Model``, or one clear ``NamFileError``.

The format is JSON; what each part means is NeuralAmpModelerCore's definition.  Sizes are bounded
before anything is believed, weights are counted before any is read, and what the kernels cannot
run yet is refused by name.
"""

import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from ...graph.errors import NamFileError
from .fields import Fields, Weights, as_number, fault, shown
from .lstm_file import read_lstm
from .model import Lstm, Model, Submodel, WaveNet
from .wavenet_file import FINITE, read_wavenet

__all__ = ["load_nam", "parse_nam"]

MAX_BYTES = 64 << 20
MAX_DEPTH = 3
"""Containers within containers."""
MAX_SUBMODELS = 64
EARLIEST, LATEST = (0, 5, 0), (0, 7)
"""The first version there was, and the last whose meaning is known (any patch of it)."""
RATES = (1_000.0, 1_000_000.0)
LEVELS = ("loudness", "input_level_dbu", "output_level_dbu")
READERS: dict[str, Callable[[Fields, Weights], WaveNet | Lstm]] = {
    "WaveNet": read_wavenet,
    "LSTM": read_lstm,
}
TO_COME = ("ConvNet", "Linear")
KEPT = 64
"""Models that are kept in case they are loaded again."""

_kept: dict[str, tuple[tuple[int, int], Model]] = {}


def load_nam(path: str | os.PathLike[str]) -> Model:
    """Read and check a .nam file; a file that has not changed since is not read again."""
    name = os.fspath(path)
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
            known = (stamp, parse_nam(Path(whole).read_bytes()))
            while len(_kept) >= KEPT:
                _kept.pop(next(iter(_kept)), None)
            _kept[whole] = known
        return known[1]
    except NamFileError as error:
        raise NamFileError(f"{name}: {error}") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise NamFileError(f"{name}: cannot be read: {reason}") from None


def parse_nam(content: bytes) -> Model:
    """Check the content of a .nam file."""
    try:
        values = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except NamFileError:
        raise
    except UnicodeDecodeError as error:
        raise NamFileError(f"is not UTF-8 text (byte {error.start})") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NamFileError(f"is not JSON: {error.msg} at {where}") from None
    except ValueError as error:  # an integer of thousands of digits
        raise NamFileError(f"is not JSON this package reads: {error}") from None
    except RecursionError:
        raise NamFileError("is nested too deeply") from None
    return _model(Fields(values), 0)


def _no_constant(name: str) -> NoReturn:
    raise NamFileError(f"is not JSON: {name} is no number")


def _model(row: Fields, depth: int) -> Model:
    version = _version(row)
    architecture = row.text("architecture")
    config = row.fields("config")
    weights = row.weights()
    rate = None
    if row.has("sample_rate"):
        rate = row.number("sample_rate", *RATES)
    common = (version, architecture, rate, _metadata(row))
    if architecture in READERS:
        return Model(*common, READERS[architecture](config, weights))
    if architecture == "SlimmableContainer":
        return Model(*common, submodels=_submodels(config, rate, depth))
    path = row.at("architecture")
    if architecture in TO_COME:
        raise NamFileError(f"{path}: {architecture} is not supported yet")
    known = ", ".join([*READERS, "SlimmableContainer"])
    raise NamFileError(f"{path} is {shown(architecture)}: must be one of {known}")


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
    if depth >= MAX_DEPTH:
        raise NamFileError(f"{config.path}: containers are nested more than {MAX_DEPTH} deep")
    made: list[Submodel] = []
    for value, path in config.items("submodels", MAX_SUBMODELS):
        row = Fields(value, path)
        above = made[-1].max_value if made else -FINITE
        most = as_number(row.raw("max_value"), row.at("max_value"), -FINITE, FINITE)
        if most <= above:
            raise fault(row.at("max_value"), most, f"above {above:g}, the one before")
        model = _model(row.fields("model"), depth + 1)
        if rate is not None and model.sample_rate not in (None, rate):
            found = f"{row.at('model.sample_rate')} is {model.sample_rate:g}"
            raise NamFileError(f"{found}: must be {rate:g}, the container's")
        made.append(Submodel(most, model))
    if made[-1].max_value < 1.0:
        last = f"{config.at('submodels')}[{len(made) - 1}].max_value"
        raise fault(last, made[-1].max_value, "at least 1 in the last submodel")
    return tuple(made)
