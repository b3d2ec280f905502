"""Describe a file as JSON values: a model, an impulse response or other audio, a preset."""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..graph import FileError, NamgraphError
from ..graph.paths import checked_path
from ..graph.text import counted, one_line
from ..nodes.analysis.measure import measure
from ..nodes.cabinet.impulse_response import Header
from ..nodes.nam import Model
from ..presets.bundled import shipped_presets
from ..presets.files.bundle import is_bundle
from ..presets.rendering.levels import SILENT_DB, LevelMeter, Levels
from ..runtime.io.audio_reader import open_sound
from ..runtime.io.file_kind import (
    CAPTURES,
    MODEL,
    MODEL_SUFFIXES,
    PRESET,
    READ,
    Kind,
    complaint,
    kind_of_file,
)
from .describe_preset import describe_preset, layout_of

__all__ = ["describe", "format_description"]

IMPULSE_RESPONSE_S = 3.0
"""Longest audio, in seconds, that is called an impulse response."""

UNPRINTED = (
    *("file", "kind", "receptive_field", "sample_rate_assumed", "delay_frames", "inverted"),
    "fast_error_db",
)
"""Keys whose values are in other lines."""


def describe(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return kind and properties of a file as JSON values.

    A name that ends in .nam, .aidax or .namb is a model.  Else the content decides, and if that is
    unknown, the suffix.  A bare name is a bundled preset, or a file.  Raises ``NamgraphError`` for
    others.
    """
    name = checked_path(path, "file", FileError)
    suffix, bare = Path(name).suffix.lower(), name in shipped_presets()
    named = suffix in MODEL_SUFFIXES
    kind = None if bare or named else kind_of_file(name)
    if named or (kind is not None and kind.what in CAPTURES):
        return {"file": name, "kind": "model", **_model(name)}
    if bare or kind == Kind(PRESET) or is_bundle(name):
        file = name if bare or Path(name).suffix else os.path.abspath(name)
        return {"file": name, "kind": "preset", **describe_preset(file)}
    if kind is not None and kind not in READ:
        raise FileError(f"{name}: {complaint(kind, 'a NAM model, audio or a preset')}")
    if kind is None and suffix in ("", ".json"):
        return {"file": name, "kind": "preset", **describe_preset(name)}
    return {"file": name, **_audio(name)}


def format_description(found: Mapping[str, Any]) -> str:
    """Return a description as lines; line feeds inside values are escaped."""
    lines = [f"{one_line(found['file'])}: {found['kind']}"]
    assumed = found.get("sample_rate_assumed")
    for key, value in found.items():
        if key == "sample_rate" and assumed is not None:
            value = f"no rate in the file: {assumed:g} Hz assumed"
        if key == "values":
            value = {name: _format_value(fields) for name, fields in value.items()}
        if key == "snapshots":
            value = {
                f"{k} {s['name']}".strip(): _format_value(s["values"]) for k, s in value.items()
            }
        if key not in UNPRINTED:
            lines += _lines(key.replace("_", " "), value, "  ")
    return "\n".join(lines)


def _lines(label: str, value: Any, indent: str) -> list[str]:
    if isinstance(value, Mapping):
        named = ((one_line(str(k)), v) for k, v in value.items())
        inner = [line for k, v in named for line in _lines(k, v, indent + "  ")]
        return [f"{indent}{label}:", *inner] if inner else []
    if isinstance(value, list):
        rows = [f"{indent}  {_format_value(v)}" for v in value]
        return [f"{indent}{label}:", *rows] if rows else []
    return [f"{indent}{label:<18} {_format_value(value)}"]


def _knob(knob: Any) -> str:
    """Return the range of a knob and its default."""
    if knob.choices:
        return f"{' or '.join(knob.choices)}, {knob.choices[round(knob.default)]}"
    return f"{knob.low:g} to {knob.high:g}, {knob.default:g}"


def _format_value(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return " ".join(_format_value(one) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{one_line(str(k))} {_format_value(v)}" for k, v in value.items())
    return one_line(str(value))


def _model(path: str | os.PathLike[str]) -> dict[str, Any]:
    from ..nodes.nam import load_capture
    from ..nodes.nam.cuda import refusal
    from ..nodes.nam.levels import MODES, applied
    from ..nodes.nam.model.captures import Conditioned, Gru
    from ..nodes.nam.model.networks import Linear, Lstm
    from ..nodes.nam.model.wavenet import Gained, ParametricWaveNet, Sequential, WaveNet

    model = load_capture(path)
    network, field = model.running, model.receptive_field
    core = network
    while isinstance(core, Gained | Conditioned | ParametricWaveNet):
        core = core.inner
    if isinstance(core, Sequential) and not isinstance(network, Sequential):
        network = core
    found: dict[str, Any] = {
        **({"format": model.kind} if model.kind != MODEL else {}),
        "architecture": model.architecture,
        **({"version": model.version} if model.version else {}),
        "sample_rate": model.given_rate,
        **({"sample_rate_assumed": model.sample_rate} if model.sample_rate_is_assumed else {}),
        "weights": model.weight_count,
        "multiply_adds": model.multiply_adds,
        "remembers": "everything" if field is None else counted(field, "frame"),
        "receptive_field": field,
        "prewarm": model.prewarm,
    }
    if isinstance(core, WaveNet):
        found["layers"] = [{"channels": a.channels, "layers": len(a.layers)} for a in core.arrays]
    elif isinstance(core, Lstm | Gru):
        found["layers"] = [{"channels": core.hidden_size, "layers": len(core.layers)}]
    elif isinstance(network, Linear):
        found["channels"] = {"in": network.inputs, "out": network.outputs}
        found["responses"] = len(network.taps)
    elif isinstance(network, Sequential):
        found["models"] = _parts(network)
    if model.knobs:
        found["knobs"] = {knob.name: _knob(knob) for knob in model.knobs}
    if model.submodels:
        found["sizes"] = [
            {
                "below_slim": s.max_value,
                "architecture": s.model.architecture,
                "weights": s.model.weight_count,
                "multiply_adds": s.model.multiply_adds,
            }
            for s in model.submodels
        ]
    found |= _delay(model)
    reason = refusal(model.running)
    found["gpu"] = f"no: {reason}" if reason else "can"
    found["levels"] = {
        "loudness_db": model.loudness,
        "input_level_dbu": model.input_level_dbu,
        "output_level_dbu": model.output_level_dbu,
        **{mode: str(applied(model, mode)) for mode in MODES if mode != "raw"},
    }
    known = ("loudness", "input_level_dbu", "output_level_dbu")
    rest = {k: v for k, v in model.metadata.items() if k not in known}
    found["metadata"] = {
        k: None if isinstance(v, float) and not math.isfinite(v) else v  # 1e999 is inf
        for k, v in rest.items()
        if isinstance(v, str | int | float)
    }
    if isinstance(rest.get("date"), dict):
        parts = [rest["date"].get(k) for k in ("year", "month", "day")]
        found["metadata"]["date"] = "-".join(f"{p:02d}" for p in parts if isinstance(p, int))
    return found


def _delay(model: Model) -> dict[str, Any]:
    """Return the delay and the polarity of a model, or why they are not known."""
    try:
        made = measure(model)
    except NamgraphError as error:
        return {"delay": f"not measured: {error}", "delay_frames": None, "inverted": None}
    known = {
        "delay_frames": None if made.unclear else made.frames,
        "inverted": None if made.doubt else made.inverted,
    }
    return {"delay": str(made), **known}


def _parts(network: Any) -> list[dict[str, Any]]:
    """Describe the models of a Sequential in order, nested ones flattened."""
    from ..nodes.nam.model.networks import Lstm
    from ..nodes.nam.model.wavenet import Sequential

    rows = list[dict[str, Any]]()
    for part in network.parts:
        if isinstance(part, Sequential):
            rows += _parts(part)
            continue
        name = "LSTM" if isinstance(part, Lstm) else type(part).__name__
        about = {"architecture": name, "in": part.inputs, "out": part.outputs}
        rows.append({**about, "weights": part.weight_count, "multiply_adds": part.multiply_adds})
    return rows


def _audio(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Describe an audio file, read block by block."""
    with open_sound(path) as sound:
        meter = LevelMeter(sound.channels, sound.rate)
        for block in sound.checked_blocks():
            meter.add(block.T)
        head = Header(sound.channels, meter.frames, sound.rate, sound.ambisonic)
    levels = meter.levels()
    short = levels.seconds <= IMPULSE_RESPONSE_S
    layout = {"layout": layout_of(path, head)} if short or sound.ambisonic else {}
    return {
        "kind": "impulse response or short audio" if short else "audio",
        "sample_rate": sound.rate,
        "channels": sound.channels,
        **layout,
        "frames": levels.frames,
        "seconds": levels.seconds,
        "subtype": sound.subtype,
        "peak_dbfs": levels.peak_db,
        "rms_dbfs": levels.rms_db,
        **_loudness(levels),
        "energy": meter.energy,
        "peak_at_frame": meter.peak_at,
    }


def _loudness(levels: Levels) -> dict[str, float | None]:
    """Return loudness and true peak; None where there is no such loudness."""
    names = ("integrated_lufs", "momentary_max_lufs", "short_term_max_lufs")
    found = {name: getattr(levels, name) for name in names}
    return {
        **{name: None if lufs <= SILENT_DB else lufs for name, lufs in found.items()},
        "range_lu": levels.range_lu,
        "true_peak_dbtp": levels.true_peak_dbtp,
    }
