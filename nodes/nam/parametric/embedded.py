"""A plain .nam file that a model with knobs is embedded in, next to what the knobs made of it.

Facts by parametric-nam (MIT): other players play the plain model, without ``embedded_parametric``;
``metadata.baked_setting`` has the values of knobs that the plain model was made at.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..model.flat_weights import plain_network
from ..model.knob import Knob
from ..model.model import Model, Submodel
from ..model.wavenet import ParametricWaveNet

__all__ = ["joined"]


def joined(plain: Model, embedded: Model) -> Model:
    """Return the embedded model, its knobs at the setting and all else as in the plain one."""
    setting = plain.metadata.get("baked_setting")
    made = _set(embedded, setting) if isinstance(setting, Mapping) else embedded
    return replace(made, version=plain.version, metadata=plain.metadata)


def _set(model: Model, setting: Mapping[str, Any]) -> Model:
    if model.submodels:
        sizes = (Submodel(s.max_value, _set(s.model, setting)) for s in model.submodels)
        return replace(model, submodels=tuple(sizes))
    network = model.network
    if not isinstance(network, ParametricWaveNet):
        return model
    knobs = tuple(_with_default(knob, setting) for knob in network.knobs)
    inner = plain_network(network, [knob.default for knob in knobs])
    return replace(model, network=replace(network, inner=inner, knobs=knobs))


def _with_default(knob: Knob, setting: Mapping[str, Any]) -> Knob:
    value = setting.get(knob.label or knob.name)
    fits = type(value) in (int, float) and knob.low <= value <= knob.high  # type: ignore[operator]
    return replace(knob, default=float(value)) if fits else knob  # type: ignore[arg-type]
