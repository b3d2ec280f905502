"""From the bytes of a capture of any maker to a checked ``Model``, or one ``NamFileError``.

The content decides which format it is: the first bytes, or the keys of the outermost JSON object.
"""

import hashlib
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ....runtime.io.file_kind import (
    CAPTURES,
    GUITARML,
    KERAS,
    NAMB,
    SMARTAMP,
    SMARTAMP_PRO,
    kind_of,
)
from ..format.checked_json import Fields, as_number
from ..format.cost import check_work
from ..format.parse import RATES, nam_model, read_values
from ..model.model import DEFAULT_SAMPLE_RATE, Model
from ..model.wavenet import Network

__all__ = ["parse_capture"]

GUITARML_RATE = 44_100.0
"""Hz: that of GuitarML's training and plugins; the files do not say it."""
RATE_KEYS = ("samplerate", "sample_rate")


def parse_capture(content: bytes) -> Model:
    """Return the model in the bytes of a file of any format; ``NamFileError`` if they are bad.

    The readers of other formats than .nam are imported when they are needed.
    """
    first = kind_of(content)
    if first is not None and first.what == NAMB:
        from .namb.parse import namb_values

        return replace(nam_model(namb_values(content), content), kind=NAMB)
    values, kind = read_values(content, CAPTURES)
    if kind not in (KERAS, GUITARML, SMARTAMP, SMARTAMP_PRO):
        return nam_model(values, content)  # or its error, which names what is missing
    root = Fields(values)
    if kind == KERAS:
        from .keras import keras_architecture, read_batch, read_keras

        network = read_keras(root)
        name, batch = keras_architecture(root), read_batch(root, network)
        return _model(root, network, name, batch, kind, content)
    if kind == GUITARML:
        from .guitarml import read_guitarml

        network = read_guitarml(root)
        name = str(root.raw("model_data").get("unit_type", "LSTM"))
    elif kind == SMARTAMP:
        from .smartamp import read_smartamp

        network, name = read_smartamp(root), "WaveNet"
    else:
        from .smartamp_pro import read_smartamp_pro

        network, name = read_smartamp_pro(root), "Conv1D and LSTM without memory"
    return _model(root, network, name, None, kind, content)


def _model(
    root: Fields,
    network: Network,
    name: str,
    batch: Any,
    kind: str,
    content: bytes,
) -> Model:
    rate = _rate(root)
    assumed = DEFAULT_SAMPLE_RATE if kind == KERAS else GUITARML_RATE
    about = root.raw("metadata", None)
    made = Model(
        "",
        name,
        rate or assumed,
        MappingProxyType(dict(about) if isinstance(about, dict) else {}),
        network,
        sample_rate_is_assumed=rate is None,
        kind=kind,
        batch=batch,
    )
    check_work("", [made])
    return made.identified(hashlib.sha256(content).hexdigest())


def _rate(root: Fields) -> float | None:
    """Return the sample rate in Hz that a file gives, as a number or as text (AIDA-X)."""
    for place in ("", "metadata", "model_data"):
        if place and not isinstance(root.raw(place, None), dict):
            continue
        row = root.fields(place) if place else root
        for key in RATE_KEYS:
            if not row.has(key):
                continue
            value = row.raw(key)
            if isinstance(value, str):
                with suppress(ValueError):
                    value = float(value)
            return as_number(value, row.at(key), *RATES)
    return None
