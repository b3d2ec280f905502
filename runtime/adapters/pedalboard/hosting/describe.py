"""Describe pedalboard plugins: class name or file, constructor settings, parameter table.

Control thread.
"""

import base64
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .....graph import EngineError, Param, ParamError
from ....io.pedalboard_module import host

__all__ = ["FIXED", "Description", "describe", "make", "parameters", "set_parameter"]

Value = float | int | bool | str
Settings = tuple[tuple[str, Value], ...]
CONTAINERS = ("Chain", "Mix", "Pedalboard")
FIXED = {
    "BrickwallLimiter": ("true_peak",),
    "Convolution": ("impulse_response_filename", "sample_rate"),
    "GSMFullRateCompressor": ("quality",),
    "LadderFilter": ("mode",),
    "Resample": ("quality", "target_sample_rate"),
}
"""Constructor arguments, by class: they cannot change afterwards."""
NOT_SETTINGS = ("is_effect", "is_instrument", "impulse_response", "quality", "mode", "true_peak")

RANGES: dict[str, tuple[float, float, str]] = {
    "attack_ms": (0.01, 1_000.0, "ms"),
    "bit_depth": (1.0, 32.0, "bit"),
    "ceiling_db": (-60.0, 0.0, "dB"),
    "centre_delay_ms": (1.0, 99.0, "ms"),
    "centre_frequency_hz": (20.0, 20_000.0, "Hz"),
    "cutoff_frequency_hz": (10.0, 20_000.0, "Hz"),
    "cutoff_hz": (10.0, 20_000.0, "Hz"),
    "damping": (0.0, 1.0, ""),
    "delay_seconds": (0.0, 30.0, "s"),
    "depth": (0.0, 1.0, ""),
    "drive": (1.0, 100.0, ""),
    "drive_db": (-60.0, 80.0, "dB"),
    "dry_level": (0.0, 1.0, ""),
    "feedback": (0.0, 0.99, ""),
    "freeze_mode": (0.0, 1.0, ""),
    "gain_db": (-80.0, 60.0, "dB"),
    "lookahead_ms": (0.1, 50.0, "ms"),
    "mix": (0.0, 1.0, ""),
    "q": (0.05, 50.0, ""),
    "rate_hz": (0.01, 99.0, "Hz"),
    "ratio": (1.0, 1_000.0, ""),
    "release_ms": (0.01, 10_000.0, "ms"),
    "resonance": (0.0, 1.0, ""),
    "room_size": (0.0, 1.0, ""),
    "semitones": (-72.0, 72.0, "semitones"),
    "threshold_db": (-120.0, 24.0, "dB"),
    "vbr_quality": (0.0, 9.5, ""),
    "wet_level": (0.0, 1.0, ""),
    "width": (0.0, 1.0, ""),
}
"""Lowest value, highest value and unit of each parameter of pedalboard's own classes, which
publish no ranges."""


@dataclass(frozen=True)
class Description:
    """Everything needed to create a plugin: class or file, constructor settings, state."""

    effect: str
    """The name of a pedalboard class, or the path of a VST3 or Audio Unit plugin."""
    fixed: Settings = ()
    state: str = ""
    """``raw_state`` of a plugin loaded from a file, in base64."""
    plugin_name: str = ""


def make(what: Description) -> Any:
    """Create a plugin; its parameters have their defaults, or the values in ``state``.

    ``EngineError`` if pedalboard refuses the class, the settings or the file.
    """
    if is_file(what.effect):
        named = {"plugin_name": what.plugin_name} if what.plugin_name else {}
        try:
            plugin = host().load_plugin(what.effect, **named)
            if what.state:
                plugin.raw_state = base64.b64decode(what.state)
        except (ImportError, RuntimeError, ValueError) as error:
            text = " ".join(str(error).split())
            raise EngineError(f"{what.effect}: cannot be loaded: {text}") from error
        return plugin
    cls = effect_class(what.effect)
    values = {name: _constructor_value(name, value) for name, value in what.fixed}
    try:
        return cls(**values)
    except (TypeError, ValueError, RuntimeError, OSError) as error:
        text = str(error).splitlines()[0].rstrip(":")
        needs = ", ".join(FIXED.get(what.effect, ())) or "nothing more"
        raise EngineError(
            f"{what.effect} with {values}: cannot be created: {text} (it may need {needs})"
        ) from error


def is_file(effect: str) -> bool:
    """Return whether ``effect`` is the path of a plugin, not the name of a class."""
    return not effect.isidentifier()


def effect_class(name: str) -> Any:
    """Return a pedalboard class by its name; ``EngineError`` lists the names if there is none."""
    pedalboard = host()
    known = [
        n
        for n, c in vars(pedalboard).items()
        if isinstance(c, type) and issubclass(c, pedalboard.Plugin) and n not in CONTAINERS
        if not issubclass(c, pedalboard.ExternalPlugin)
        if n not in ("IIRFilter", "Plugin", "PluginContainer") and not n.startswith("_")
    ]
    if name in CONTAINERS:
        raise EngineError(f"effect is {name}: must be one plugin; join several in the graph itself")
    if name not in known:
        raise EngineError(
            f"effect is {name!r}: must be the path of a plugin, "
            f"or one of {', '.join(sorted(known))}"
        )
    return getattr(pedalboard, name)


def describe(plugin: Any) -> tuple[Description, Settings]:
    """Return the description and the current parameter values of a plugin of a pedalboard class."""
    name = type(plugin).__name__
    if isinstance(plugin, host().ExternalPlugin):
        raise EngineError(
            f"effect is {plugin!r}: give the path of the plugin, and its raw_state in base64 as "
            "state: a loaded plugin does not know its path"
        )
    effect_class(name)
    fixed = tuple(
        (key, _plain(getattr(plugin, key)))
        for key in FIXED.get(name, ())
        if getattr(plugin, key, None) is not None
    )
    return Description(name, fixed), tuple((n, p.default) for n, p in parameters(plugin).items())


def parameters(plugin: Any) -> dict[str, Param]:
    """Return the parameter table of a plugin; its current values become the defaults."""
    if isinstance(plugin, host().ExternalPlugin):
        return {name: _hosted_param(p) for name, p in plugin.parameters.items()}
    name, rows = type(plugin).__name__, {}
    for key in dir(type(plugin)):
        if isinstance(getattr(type(plugin), key), property) and key not in NOT_SETTINGS:
            if key in FIXED.get(name, ()) or key not in RANGES:
                continue
            low, high, unit = RANGES[key]
            rows[key] = Param(float(getattr(plugin, key)), low, high, unit, smoothing_s=0.0)
    return rows


def set_parameter(plugin: Any, name: str, value: float) -> None:
    """Set a parameter to a value in the range of its ``Param``."""
    if not isinstance(plugin, host().ExternalPlugin):
        setattr(plugin, name, value)
        return
    parameter = plugin.parameters[name]
    if parameter.type is bool:
        parameter.raw_value = float(value >= 0.5)
    elif _has_range(parameter):
        setattr(plugin, name, value)
    else:
        parameter.raw_value = value


def _hosted_param(parameter: Any) -> Param:
    """Return the ``Param`` of a hosted plugin: numbers in their range, others as 0 to 1."""
    if not _has_range(parameter):
        return Param(float(parameter.raw_value), 0.0, 1.0, smoothing_s=0.0)
    low, high = float(parameter.min_value), float(parameter.max_value)
    value = min(max(float(parameter), low), high)
    return Param(value, low, high, str(parameter.units or ""), smoothing_s=0.0)


def _has_range(parameter: Any) -> bool:
    limits = (parameter.min_value, parameter.max_value)
    finite = all(isinstance(v, int | float) and math.isfinite(v) for v in limits)
    return parameter.type is float and finite and limits[0] < limits[1]


def _constructor_value(name: str, value: Value) -> Any:
    """Return a setting as the class takes it; enumeration members are given by name."""
    kinds = {"quality": host().Resample.Quality, "mode": host().LadderFilter.Mode}
    if name not in kinds:
        return value
    members = kinds[name].__members__
    if value not in members:
        raise ParamError(f"{name} is {value!r}: must be one of {', '.join(members)}")
    return members[value]


def _plain(value: Any) -> Value:
    """Return a setting as a preset stores it: bool, int, float or str."""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()  # type: ignore[no-any-return]
    return str(value).rpartition(".")[2]
