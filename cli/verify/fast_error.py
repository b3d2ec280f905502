"""Error of ``precision="fast"`` against "exact" for a model: both play the same signal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph import Graph
from ...nodes.nam import Nam
from ...presets.bundled import DEMO_DI, asset
from ...presets.rig import models
from ...runtime.adapters.offline import render
from ...runtime.io.audio_file import read_audio, resample

__all__ = ["FastError", "fast_error", "fast_errors"]

GUITAR_S, NOISE_S = 0.3, 0.1
"""Seconds of the bundled guitar about its loudest sample, and of white noise at full scale."""


@dataclass(frozen=True)
class FastError:
    """The largest difference as a share of the peak of "exact", and 0 if the bits are the same."""

    of_peak: float

    @property
    def db(self) -> float | None:
        """The same in dB; ``None`` for the same bits."""
        return 20.0 * float(np.log10(self.of_peak)) if self.of_peak > 0.0 else None

    def __str__(self) -> str:
        if self.db is None:
            return "has the bits of exact"
        return f"off by {self.of_peak:.2g} of the peak ({self.db:.1f} dB)"


def fast_errors(graph: Graph) -> dict[str, FastError]:
    """Return the error of each model in a graph, by node name, whatever its precision is."""
    return {name: fast_error(node) for name, node in models(graph).items()}


def fast_error(node: Nam) -> FastError:
    """Play guitar and noise with both precisions, on the CPU; return the larger of their errors.

    The node's model, size and knobs are used, of a pair of captures those of both sides, without
    gains and filters.  The signal is always the same.
    """
    rate = node.resolved.sample_rate
    guitar, noise = _signals(rate)
    worst = 0.0
    for side in node.sides:
        own = {knob.name for knob in side.file_model.knobs}
        knobs = {name: value for name, value in node.knob_values.items() if name in own}
        nodes = [
            Nam(side.file_model, precision=each, slim=node.slim, knobs=knobs)
            for each in ("exact", "fast")
        ]
        channels = side.file_model.channels[0]
        x = np.tile(np.concatenate([guitar, noise]), (channels, 1))
        exact, fast = (render(Graph.chain(model=each), x, rate) for each in nodes)
        for part in (np.s_[:, : guitar.size], np.s_[:, guitar.size :]):
            peak = float(np.abs(exact[part]).max(initial=0.0))
            size = float(np.abs(fast[part] - exact[part]).max(initial=0.0))
            worst = max(worst, size / peak if peak > 0.0 else size)
    return FastError(worst)


def _signals(rate: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    found = read_audio(asset(DEMO_DI))
    frames, x = round(GUITAR_S * found.rate), found.samples[0]
    begin = max(0, int(np.abs(x).argmax()) - frames // 2)
    guitar = resample(x[None, begin : begin + frames], found.rate, rate)[0]
    noise = np.random.default_rng(0).uniform(-1.0, 1.0, round(NOISE_S * rate))
    return guitar, noise.astype(np.float32)
