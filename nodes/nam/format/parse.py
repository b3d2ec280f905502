"""From the bytes of a .nam file to a checked ``Model``, or one ``NamFileError``.

The format is JSON, with the meaning that NeuralAmpModelerCore gives it.  Sizes are checked before
memory is allocated and the number of weights before any is read; a file that cannot be run exactly
is refused.  Control threads only.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from ....graph.errors import (
    ConfigTooLargeError,
    FieldValueError,
    NamFileError,
    NamJsonError,
    NamReadError,
    SampleRateError,
    UnsupportedArchitectureError,
    UnsupportedFeatureError,
    UnsupportedVersionError,
)
from ....graph.json_text import parse_json
from ....runtime.io.file_kind import MODEL, complaint, kind_of, kind_of_json
from ..model.captures import Conditioned
from ..model.model import DEFAULT_SAMPLE_RATE, Model, Submodel
from ..model.wavenet import Network
from ..parametric.dialects import EMBEDDED, FILM_A2, PARAMETRIC, is_version
from .activation import FINITE
from .checked_json import Fields, Weights, as_number, fault, format_json, too_large
from .convnet import read_convnet
from .cost import check_work
from .linear import read_linear
from .lstm import read_lstm
from .sequential import read_sequential
from .wavenet import read_wavenet

__all__ = ["RATES", "nam_model", "parse_nam", "read_values"]

MAX_DEPTH = 3
"""Depth of models within models: in containers, in a Sequential, and as condition_dsp."""
MAX_SUBMODELS = 64
MAX_CHANNELS = 64
"""Input channels, or output channels."""
EARLIEST, LATEST = (0, 5, 0), (0, 7)
"""First and last supported version; any patch of the last."""
VERSIONS = "0.5.0 up to 0.7"
RATES = (1_000.0, 1_000_000.0)
LEVELS = ("loudness", "input_level_dbu", "output_level_dbu")
ARCHITECTURES = (
    *("WaveNet", "LSTM", "ConvNet", "Linear", "SlimmableContainer", "Sequential"),
    *PARAMETRIC,
)
Readers = dict[str, Callable[[Fields], Callable[[Weights], Any]]]


def parse_nam(content: bytes) -> Model:
    """Return the model in the bytes of a .nam file; ``NamFileError`` if they are bad."""
    return nam_model(read_values(content, (MODEL,))[0], content)


def read_values(content: bytes, wanted: Sequence[str]) -> tuple[Any, str]:
    """Return parsed JSON and its kind, "" if unknown; ``NamFileError`` if it is none ``wanted``."""
    if wrong := complaint(kind_of(content), MODEL):
        raise (NamJsonError if content else NamReadError)(wrong)
    values = parse_json(content, NamJsonError, lenient=_is_unused_metadata)
    kind = kind_of_json(values)
    if kind is None or kind.what in wanted:
        return values, "" if kind is None else kind.what
    raise NamFileError(complaint(kind, MODEL))


def nam_model(values: Any, content: bytes) -> Model:
    """Return the model in the parsed JSON of a .nam file, ``content``."""
    whole = Fields(values)
    model = _check_ports(whole, _model(whole, 0))
    if not model.knobs and isinstance(whole.raw(EMBEDDED, None), dict):
        from ..parametric.embedded import joined

        with suppress(NamFileError):  # as players do that know nothing of it
            embedded = _model(whole.fields(EMBEDDED), 0)
            model = joined(model, embedded) if embedded.knobs else model
    return model.identified(hashlib.sha256(content).hexdigest())


def _is_unused_metadata(path: str) -> bool:
    """Whether a path names metadata that nothing is computed from, which may be NaN."""
    *parts, last = path.split(".")
    return "metadata" in parts and not (parts[-1] == "metadata" and last in LEVELS)


def _model(row: Fields, depth: int) -> Model:
    architecture = row.text("architecture")
    if architecture not in ARCHITECTURES:
        raise UnsupportedArchitectureError(
            f"{row.at('architecture')} {format_json(architecture)} is not one this package"
            f" plays: must be one of {', '.join(ARCHITECTURES)}",
            architecture=architecture,
            supported=ARCHITECTURES,
        )
    version = _version(row, architecture)
    if depth > MAX_DEPTH:
        message = f"{row.path}: models are nested more than {MAX_DEPTH} deep"
        raise ConfigTooLargeError(message, what="depth", found=depth, limit=MAX_DEPTH)
    config = row.fields("config")
    weights = row.weights()
    rate = None
    if row.has("sample_rate"):
        rate = row.number("sample_rate", *RATES)
    about = _metadata(row)
    submodels: tuple[Submodel, ...] = ()
    network: Network | None = None
    if architecture == "SlimmableContainer":
        submodels, rate = _submodels(config, rate, depth)
    elif architecture == "Sequential":
        network, rate = read_sequential(config, weights, rate, lambda r: _without_knobs(r, depth))
    else:
        with_knobs = architecture in PARAMETRIC
        network = weights.read(_readers(rate, depth, with_knobs)[architecture](config))
        if with_knobs and network.outputs != 1:
            raise UnsupportedFeatureError(
                f"{row.at('config')} has {network.outputs} outputs: a model with knobs must have 1"
            )
    made = Model(
        version,
        architecture,
        DEFAULT_SAMPLE_RATE if rate is None else rate,
        about,
        network,
        submodels,
        sample_rate_is_assumed=rate is None,
    )
    check_work(row.path, [made])
    return made


def _without_knobs(row: Fields, depth: int) -> Model:
    """Return a model within another one, which may have no knobs."""
    model = _model(row, depth + 1)
    if model.knobs:
        raise UnsupportedFeatureError(
            f"{row.at('architecture')} is {model.architecture}: a model with knobs must be the"
            " whole file, or a size of a SlimmableContainer"
        )
    return model


def _readers(rate: float | None, depth: int, with_knobs: bool) -> Readers:
    """Return the reader of each architecture, for a model of this rate at this depth.

    Those of models ``with_knobs`` are imported when they are needed.
    """
    if with_knobs:
        from ..parametric.read import READERS

        return READERS

    def nested(row: Fields) -> Network:
        model = _without_knobs(row, depth)
        known = model.given_rate
        if known != rate:
            found, allowed = ("nothing" if r is None else f"{r:g}" for r in (known, rate))
            path = row.at("sample_rate")
            raise SampleRateError(
                f"{path} is {found}: must be {allowed}, as in the model around it",
                found=known,
                expected=rate,
            )
        return model.running

    return {
        "WaveNet": lambda config: read_wavenet(config, nested),
        "LSTM": read_lstm,
        "ConvNet": read_convnet,
        "Linear": read_linear,
    }


def _check_ports(row: Fields, model: Model) -> Model:
    """Refuse models with more channels than a node may have."""
    path = row.at("config")
    for side, count in zip(("in", "out"), model.channels, strict=True):
        if count > MAX_CHANNELS:
            found = f"{path} has {count} channels {side}"
            raise too_large(found, "channels", count, MAX_CHANNELS)
    return model


def _version(row: Fields, architecture: str) -> str:
    if architecture == FILM_A2 and not row.has("version"):
        return ""  # its documents show sizes of a container without one
    text = row.text("version")
    if not re.fullmatch("[0-9]{1,9}[.][0-9]{1,9}[.][0-9]{1,9}", text):
        raise fault(row.at("version"), text, "three numbers with dots, such as 0.5.4")
    number = tuple(map(int, text.split(".")))
    if architecture in PARAMETRIC and is_version(number):
        return text
    if number < EARLIEST or number[:2] > LATEST:
        allowed = f"{VERSIONS}{', or 1.0' if architecture in PARAMETRIC else ''}"
        raise UnsupportedVersionError(
            f"{row.at('version')} is {format_json(text)}: must be {allowed}",
            version=text,
            supported=allowed,
        )
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


def _submodels(
    config: Fields, rate: float | None, depth: int
) -> tuple[tuple[Submodel, ...], float | None]:
    """Read the submodels of a container; return them and the sample rate of all.

    ``rate`` is that of the container; if it has none, that of the first submodel with one counts,
    and submodels without one have that of the others.
    """
    made: list[Submodel] = []
    rate_source = "the container's"
    for value, path in config.items("submodels", MAX_SUBMODELS):
        row = Fields(value, path)
        above = made[-1].max_value if made else -FINITE
        most = as_number(row.raw("max_value"), row.at("max_value"), -FINITE, FINITE)
        if most <= above:
            raise fault(row.at("max_value"), most, f"above {above:g}, the one before")
        model = _model(row.fields("model"), depth + 1)
        if model.channels != (1, 1):
            raise UnsupportedFeatureError(
                f"{row.at('model')} is not mono: must be mono in a container"
            )
        _check_knobs(row, made, model)
        known = model.given_rate
        if rate is None and known is not None:
            rate, rate_source = known, f"as in {row.at('model')}"
        elif known not in (None, rate):
            raise SampleRateError(
                f"{row.at('model.sample_rate')} is {known:g}: must be {rate:g}, {rate_source}",
                found=known,
                expected=rate,
            )
        made.append(Submodel(most, model))
        check_work(row.path, [m.model for m in made])
    if made[-1].max_value < 1.0:
        last = f"{config.at('submodels')}[{len(made) - 1}].max_value"
        raise fault(last, made[-1].max_value, "at least 1 in the last submodel")
    return tuple(Submodel(s.max_value, s.model.at_rate(rate)) for s in made), rate


def _check_knobs(row: Fields, before: list[Submodel], model: Model) -> None:
    """Refuse sizes of a container that have other knobs than the first, or are LSTMs with knobs."""
    if isinstance(model.running, Conditioned):
        raise UnsupportedFeatureError(
            f"{row.at('model.architecture')} is {model.architecture}: a size of a container with"
            " knobs must be a WaveNet"
        )
    if before and model.knobs != before[0].model.knobs:
        path = row.at("model.config")
        message = f"{path} has other knobs than the size before: must have the same"
        raise FieldValueError(message, field=path, allowed="the same knobs")
