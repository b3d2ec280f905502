"""Measure the loudness of arrays: the meter node played over them, faster than real time."""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...graph import Graph, PortError, Spec
from ...runtime.engine.audio_arrays import as_channels, check_samples
from ...runtime.engine.engine import Engine
from ..dsp.dynamics.true_peak import HALF
from ..dsp.loudness.measure import NOTHING
from .loudness import Loudness

__all__ = ["LoudnessMeter", "LoudnessResult", "loudness"]

BLOCK = 4096
MOST_CHANNELS = 64
METER = "loudness"
MOST_IDLE = 8
_lock = threading.Lock()
_idle = dict[tuple[int, float], list[Engine]]()
"""Engines of meters that have given their result, by channels and rate, for the next ones."""


@dataclass(frozen=True)
class LoudnessResult:
    """Loudness and peaks of a signal, as in ITU-R BS.1770-4 and EBU R 128; -200 where it has none.

    Silence has none, and a signal that is shorter than the window that is measured: 0.4 s for the
    integrated and the momentary loudness, 3 s for the short-term loudness and the range (then 0).
    """

    integrated_lufs: float
    range_lu: float
    momentary_max_lufs: float
    short_term_max_lufs: float
    """The highest of any 0.4 s, and of any 3 s."""
    true_peak_dbtp: float
    """Highest peak, also between samples (4x oversampled)."""
    sample_peak_db: float

    def __repr__(self) -> str:
        loud = f"{self.integrated_lufs:.1f} LUFS" if self.measurable else "no loudness"
        return (
            f"<LoudnessResult: {loud}, range {self.range_lu:.1f} LU, momentary up to "
            f"{self.momentary_max_lufs:.1f}, short-term {self.short_term_max_lufs:.1f} LUFS, "
            f"true peak {self.true_peak_dbtp:.1f} dBTP>"
        )

    @property
    def measurable(self) -> bool:
        """Whether there is an integrated loudness: 0.4 s or more, and not below -70 LUFS."""
        return self.integrated_lufs > NOTHING


class LoudnessMeter:
    """Measures a signal that comes in parts.  Any thread, one at a time."""

    def __init__(self, channels: int, rate: float) -> None:
        self._channels, self._rate = channels, Spec(rate, BLOCK).rate
        self._engine = _engine(channels, self._rate)

    def add(self, part: NDArray[np.float32]) -> None:
        """Measure the next part, finite float32 samples ``(channels, frames)``."""
        for start in range(0, part.shape[1], BLOCK):
            self._engine.process(np.ascontiguousarray(part[:, start : start + BLOCK]))

    def result(self) -> LoudnessResult:
        """Return the figures of all parts.  Nothing can be added afterwards."""
        self.add(np.zeros((self._channels, HALF), np.float32))  # the last peaks between samples
        names = LoudnessResult.__dataclass_fields__
        found = {name: self._engine.get(f"{METER}.{name}") for name in names}
        _keep((self._channels, self._rate), self._engine)
        del self._engine
        return LoudnessResult(**found)


def _engine(channels: int, rate: float) -> Engine:
    """Return an engine that plays a meter, from its start: an idle one, or a new one."""
    with _lock:
        idle = _idle.get((channels, rate))
        engine = idle.pop() if idle else None
    if engine is not None:
        engine.reset()
        return engine
    graph = Graph()
    meter = graph.add(METER, Loudness())
    graph.input("in", channels=channels) >> meter >> graph.output("out", channels=channels)
    return Engine(graph, sample_rate=rate, max_frames=BLOCK, strict=None)


def _keep(key: tuple[int, float], engine: Engine) -> None:
    """Keep an engine for the next meter of this kind, unless enough are kept."""
    with _lock:
        if key not in _idle and len(_idle) == MOST_IDLE:
            del _idle[next(iter(_idle))]
        idle = _idle.setdefault(key, [])
        if len(idle) < MOST_IDLE:
            idle.append(engine)


def loudness(samples: ArrayLike, rate: float) -> LoudnessResult:
    """Return loudness and true peak of audio, as in ITU-R BS.1770-4 and EBU R 128.

    ``samples`` are floats, full scale 1, of shape ``(channels, frames)``, or ``(frames,)`` for
    mono; ``rate`` is their sample rate in Hz.  ``PortError`` for anything else, and for NaN.
    Channels are weighted as by the node ``Loudness``, which measures a signal while it plays.
    """
    x = check_samples("samples", samples)
    channels = 1 if x.ndim == 1 else len(x) if x.ndim == 2 else 1
    if not 1 <= channels <= MOST_CHANNELS:
        raise PortError(
            f"samples: shape is {x.shape}: must be (channels, frames) or (frames,), with 1 to "
            f"{MOST_CHANNELS} channels"
        )
    planar = as_channels("samples", x, channels)
    if not np.isfinite(planar).all():
        raise PortError("samples: hold NaN or infinity: must be finite")
    meter = LoudnessMeter(channels, rate)
    meter.add(planar)
    return meter.result()
