"""Writes trained weights as `.nam` files, with measured loudness and gain.

Loudness is the RMS level of the output for a fixed clip; gain tells how early that output stops
growing with the input. Both follow the formulas of the Neural Amp Modeler trainer, but its standard
clip is not ours to ship: the clip here is one second of our own phrase at the same RMS level.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .guitar import RATE, phrase
from .networks import CHANNELS, DILATIONS, HEAD_KERNEL, HIDDEN, KERNELS, SLOPE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Signal = npt.NDArray[np.float64]

CLIP_RMS_DB = -14.968  # the RMS level of the trainer's clip
CLIP_CREST_DB = 12.02  # and its ratio of peak to RMS


def loudness_clip() -> Signal:
    """Return the second of the phrase's chords and riff with the nearest crest factor, levelled."""
    x = phrase()[: 4 * RATE]
    windows = [x[a : a + RATE] for a in range(0, x.size - RATE, RATE // 20)]

    def crest(w: Signal) -> float:
        return float(20.0 * np.log10(np.max(np.abs(w)) / np.sqrt(np.mean(w**2))))

    best = min(windows, key=lambda w: abs(crest(w) - CLIP_CREST_DB))
    scale: float = 10.0 ** (CLIP_RMS_DB / 20.0) / float(np.sqrt(np.mean(best**2)))
    return best * scale


def loudness_and_gain(model: Callable[[Signal], Signal]) -> tuple[float, float]:
    """Return loudness in dB and gain in 0..1 of a model that maps audio to audio."""
    clip = loudness_clip()
    levels = [float(np.sqrt(np.mean(model(g * clip) ** 2))) for g in np.arange(11) / 10.0]
    most = 11.0 * levels[-1]
    least = most / 2.0  # an amplifier without compression
    gain = float(np.clip((sum(levels) - least) / (most - least), 0.0, 1.0))
    return float(20.0 * np.log10(levels[-1])), gain


def wavenet_config(head_scale: float) -> dict[str, Any]:
    """Return the config of the A2-Lite shape, with every key that readers of A2 files need."""
    count = len(KERNELS)
    layer: dict[str, Any] = {
        "input_size": 1,
        "condition_size": 1,
        "head": {"out_channels": 1, "kernel_size": HEAD_KERNEL, "bias": True},
        "channels": CHANNELS,
        "kernel_sizes": list(KERNELS),
        "dilations": list(DILATIONS),
        "activation": [{"type": "LeakyReLU", "negative_slope": SLOPE} for _ in KERNELS],
        "bottleneck": CHANNELS,
        "head1x1": {"active": False, "out_channels": 1, "groups": 1},
        "layer1x1": {"active": True, "groups": 1},
        "groups_input": 1,
        "groups_input_mixin": 1,
    }
    for place in ("conv_pre", "conv_post", "input_mixin_pre", "input_mixin_post", "activation_pre",
                  "activation_post", "layer1x1_post", "head1x1_post"):  # fmt: skip
        layer[f"{place}_film"] = {"active": False, "shift": True, "groups": 1}
    layer["gating_mode"] = ["none"] * count
    layer["secondary_activation"] = [None] * count
    layer["slimmable"] = None
    return {"layers": [layer], "head": None, "head_scale": head_scale}


def lstm_config() -> dict[str, Any]:
    """Return the config of the one-layer LSTM."""
    return {"input_size": 1, "hidden_size": HIDDEN, "num_layers": 1}


def write(
    path: Path,
    architecture: str,
    config: dict[str, Any],
    weights: npt.NDArray[np.float32],
    metadata: dict[str, Any],
) -> None:
    """Write one `.nam` file; weights as the shortest decimals that read back the same float32."""
    now = datetime.now()
    parts = ("year", "month", "day", "hour", "minute", "second")
    data = {
        "version": "0.7.0" if architecture == "WaveNet" else "0.5.4",
        "metadata": {
            "date": {part: getattr(now, part) for part in parts},
            "loudness": None,
            "gain": None,
            "modeled_by": "namgraph",
            "gear_type": "amp",
            "gear_make": "namgraph",
            "gear_model": "amplifier.py",
            "tone_type": "crunch",
            **metadata,
        },
        "architecture": architecture,
        "config": config,
        "weights": [float(str(w)) for w in weights],
        "sample_rate": RATE,
    }
    path.write_text(json.dumps(data, allow_nan=False) + "\n", encoding="utf-8")
