"""What a file is: a model, an impulse response or other audio, a preset."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..nodes.nam import junctions
from ..runtime.adapters.files import read_audio
from .files import read_preset
from .render import levels_of
from .rig import model_rates, models
from .runs import running

__all__ = ["describe", "spelled"]

SHORT_S = 3.0
"""Audio up to this long is taken for an impulse response."""


def describe(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what a file is, as values that JSON has."""
    suffix = Path(path).suffix.lower()
    if suffix == ".nam":
        return {"file": os.fspath(path), "kind": "model", **_model(path)}
    if suffix in (".json", ""):
        return {"file": os.fspath(path), "kind": "preset", **_preset(path)}
    return {"file": os.fspath(path), **_audio(path)}


def spelled(found: Mapping[str, Any]) -> str:
    """Return a description as lines for people to read."""
    lines = [f"{found['file']}: {found['kind']}"]
    for key, value in found.items():
        if key not in ("file", "kind", "receptive_field"):
            lines += _lines(key.replace("_", " "), value, "  ")
    return "\n".join(lines)


def _lines(label: str, value: Any, indent: str) -> list[str]:
    if isinstance(value, Mapping):
        inner = [line for k, v in value.items() for line in _lines(str(k), v, indent + "  ")]
        return [f"{indent}{label}:", *inner] if inner else []
    if isinstance(value, list):
        rows = [f"{indent}  {_word(v)}" for v in value]
        return [f"{indent}{label}:", *rows] if rows else []
    return [f"{indent}{label:<18} {_word(value)}"]


def _word(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_word(v)}" for k, v in value.items())
    return str(value)


def _model(path: str | os.PathLike[str]) -> dict[str, Any]:
    from ..nodes.nam.cuda import refusal
    from ..nodes.nam.file import load_nam
    from ..nodes.nam.levels import MODES, applied
    from ..nodes.nam.networks import Lstm
    from ..nodes.nam.wavenet_network import WaveNet

    model = load_nam(path)
    network, field = model.running, model.receptive_field
    found: dict[str, Any] = {
        "architecture": model.architecture,
        "version": model.version,
        "sample_rate": model.sample_rate,
        "weights": model.weight_count,
        "multiply_adds": model.multiply_adds,
        "remembers": "everything" if field is None else f"{field} frames",
        "receptive_field": field,
        "prewarm": model.prewarm,
    }
    if isinstance(network, WaveNet):
        found["layers"] = [
            {"channels": a.channels, "layers": len(a.layers)} for a in network.arrays
        ]
    elif isinstance(network, Lstm):
        found["layers"] = [{"channels": network.hidden_size, "layers": len(network.layers)}]
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
    reason = refusal(network)
    found["gpu"] = f"no: {reason}" if reason else "can"
    found["levels"] = {
        "loudness_db": model.loudness,
        "input_level_dbu": model.input_level_dbu,
        "output_level_dbu": model.output_level_dbu,
        **{mode: str(applied(model, mode)) for mode in MODES if mode != "raw"},
    }
    known = ("loudness", "input_level_dbu", "output_level_dbu")
    rest = {k: v for k, v in model.metadata.items() if k not in known}
    found["metadata"] = {k: v for k, v in rest.items() if isinstance(v, str | int | float)}
    if isinstance(rest.get("date"), dict):
        parts = [rest["date"].get(k) for k in ("year", "month", "day")]
        found["metadata"]["date"] = "-".join(f"{p:02d}" for p in parts if isinstance(p, int))
    return found


def _audio(path: str | os.PathLike[str]) -> dict[str, Any]:
    audio = read_audio(path)
    levels = levels_of(audio.samples, audio.rate)
    mono = np.abs(audio.samples).max(axis=0)
    return {
        "kind": "impulse response or short audio" if levels.seconds <= SHORT_S else "audio",
        "sample_rate": audio.rate,
        "channels": audio.channels,
        "frames": audio.frames,
        "seconds": levels.seconds,
        "subtype": audio.subtype,
        "peak_dbfs": levels.peak_db,
        "rms_dbfs": levels.rms_db,
        "energy": float(np.square(audio.samples.astype(np.float64)).sum(axis=1).max()),
        "peak_at_frame": int(mono.argmax()),
    }


def _preset(path: str | os.PathLike[str]) -> dict[str, Any]:
    preset = read_preset(path)
    graph = preset.graph
    rates = sorted(set(model_rates(graph).values()))
    return {
        "name": preset.name,
        "sample_rate": rates[0] if len(rates) == 1 else None,
        "inputs": dict(graph.inputs),
        "outputs": dict(graph.outputs),
        "nodes": {name: node.type_name for name, node in graph.nodes.items()},
        "connections": [f"{c.source} -> {c.target}" for c in graph.connections],
        "levels": {name: str(node.levels_applied()) for name, node in models(graph).items()},
        "between_models": [str(j) for j in junctions(graph)],
        **running(path, graph),
    }
