"""Tuner: the note of a signal that passes unchanged, to a fraction of a cent."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...graph.arguments import check_number
from ...runtime import authoring as ng
from ...runtime.native.pointers import store_release, zero_bytes
from ...runtime.plan.arena import offset
from ..dsp.pitch.find_pitch import find_pitch

__all__ = ["Tuner"]

CHUNK = 64
RING = 16_384
"""Kept samples, at about 24 kHz."""
LOW_RATE = 24_000.0
STATE = np.dtype(
    [
        ("mute", np.float64),
        ("mute_now", np.float64),  # amplitude factor
        ("mute_coefficient", np.float64),
        ("written", np.int64),  # samples written to the ring since reset
        ("skip", np.int64),  # frames before the next that is kept
        ("apart", np.int64),  # frames from one that is kept to the next
        ("channels", np.int64),
        ("taps", np.int64),
        ("count", np.int64),  # of taps
        ("last", np.int64),  # samples, of all channels together, that the filter still needs
        *((name, np.int64) for name in ("line", "low", "ring", "curve")),
    ]
)
WRITTEN = offset(STATE, "written")
TAPS = 16
"""Of the low-pass, for each frame from one that is kept to the next."""
PASSED = 0.42
"""Its cutoff, as a share of the lower rate."""
LONG, SHORT = 8192, 4096
"""Samples that are analysed: of notes below ``LONG_HZ``, and of others."""
LONG_HZ = 75.0
CLEAR = 0.9
"""Clarity from which there is a note."""
SOFTEST_DB = -75.0
NOTHING_DB = -200.0
MARGIN = 4096
"""Samples of the ring after the window that may be written while it is copied."""

TRIES = 100


@ng.kernel
def _tuner(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    s.mute_now = ng.glide(s.curve, s.mute_now, 1.0 - s.mute, s.mute_coefficient, frames)
    for c in range(s.channels):
        ng.scale(ng.channel_address(outs, c), ng.channel_address(ins, c), s.curve, frames)
    before = 4 * (s.count - 1)
    low, ring = ng.floats(s.low, CHUNK), ng.floats(s.ring, RING)
    written, skip, apart, done = s.written, s.skip, s.apart, 0
    while done < frames:
        n = frames - done
        if n > CHUNK:
            n = CHUNK
        ng.copy_bytes(s.line, s.last, before)
        zero_bytes(s.line + before, 4 * n)
        for c in range(s.channels):
            ng.add_to(s.line + before, ng.channel_address(ins, c) + 4 * done, n)
        ng.fir_run(s.low, s.line + before, n, s.taps, s.count)
        ng.copy_bytes(s.last, s.line + 4 * n, before)
        i = skip
        while i < n:
            ring[written & (RING - 1)] = low[i]
            written += 1
            i += apart
        skip = i - n
        done += n
        store_release(state + WRITTEN, written)
    s.skip = skip


class _Analysis:
    """Returns the readings of a tuner from its ring.  Control threads, while it is written."""

    def __init__(self, record: Any, ring: Any, rate: float, reference_hz: float) -> None:
        self._record, self._ring = record, ring
        self._rate, self._reference_hz = rate, reference_hz
        self._last: tuple[bytes, Mapping[str, float]] = (b"", _readings(0.0, 0.0, NOTHING_DB, 0.0))

    def __repr__(self) -> str:
        return f"<analysis of a tuner at {self._rate:g} Hz>"

    def __call__(self) -> Mapping[str, float]:
        window = self._window()
        content, (known, readings) = window.tobytes(), self._last
        if content != known:
            readings = self._analyzed(window)
            self._last = content, readings
        return readings

    def _window(self) -> NDArray[np.float32]:
        """Return a copy of the last samples in order, none of them written meanwhile.

        It has no samples if the ring was overtaken each time: nothing plays as fast for long.
        """
        for _ in range(TRIES):
            end = int(self._record.content["written"][0])
            places = np.arange(max(0, end - LONG), end) & (RING - 1)
            copied: NDArray[np.float32] = self._ring.content[places]
            if 0 <= int(self._record.content["written"][0]) - end <= RING - LONG - MARGIN:
                return copied
        return np.zeros(0, np.float32)

    def _analyzed(self, window: NDArray[np.float32]) -> Mapping[str, float]:
        short = window[-SHORT:]
        square = float(np.square(short, dtype=np.float64).mean()) if len(short) else 0.0
        level_db = 10.0 * math.log10(square) if 1e-20 < square < math.inf else NOTHING_DB
        if level_db < SOFTEST_DB or not np.isfinite(window).all():
            return _readings(0.0, 0.0, level_db, self._reference_hz)
        found = find_pitch(short, self._rate)
        if found.clarity < CLEAR or found.hz < LONG_HZ:
            found = find_pitch(window, self._rate)
        hz = found.hz if found.clarity >= CLEAR else 0.0
        return _readings(hz, found.clarity, level_db, self._reference_hz)


def _readings(hz: float, clarity: float, level_db: float, reference_hz: float) -> dict[str, float]:
    place = 69.0 + 12.0 * math.log2(hz / reference_hz) if hz > 0.0 else 0.0
    note = math.floor(place + 0.5)
    return {
        "pitch_hz": hz,
        "cents": 100.0 * (place - note),
        "note": float(note),
        "clarity": clarity,
        "level_db": level_db,
    }


def _low_pass(apart: int) -> NDArray[np.float32]:
    """Return the taps that come before keeping one frame of ``apart``: a sinc, Kaiser window."""
    if apart == 1:
        return np.ones(1, np.float32)
    count = TAPS * apart
    t = (np.arange(count) - 0.5 * (count - 1)) / apart
    taps = np.sinc(2.0 * PASSED * t) * np.kaiser(count, 6.0)
    made: NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return made


@ng.node("tuner", category="analysis")
class Tuner(ng.Node):
    """Pass a signal and show its note: ``engine.get("tuner.cents")``.

    Readings, of all channels together, are computed where they are asked for, on the thread that
    asks, from the last 0.17 s (below 75 Hz 0.34 s); the audio thread only keeps the samples:

    * ``pitch_hz``: within a cent from B0 (31 Hz) to E6 (1.3 kHz); 0 where no note is heard
    * ``note``: the nearest MIDI note number (69 is the A at ``reference_hz``), ``cents``: how far
      the pitch is above it, -50 to 50; both 0 where no note is heard
    * ``clarity``: how periodic the signal is, 0 to 1; a note from 0.9 up, sure from 0.97
    * ``level_db``: RMS of the signal below 10 kHz, in dBFS

    ``mute`` 1 silences the output, for tuning unheard.
    """

    mute: float = ng.param(default=0.0, low=0.0, high=1.0)
    reference_hz: float = ng.option(default=440.0)
    reports: ClassVar[tuple[str, ...]] = ("pitch_hz", "cents", "note", "clarity", "level_db")

    def __post_init__(self) -> None:
        """Check the option."""
        super().__post_init__()
        reference = check_number("reference_hz", self.reference_hz, 415.0, 466.0, "Hz")
        object.__setattr__(self, "reference_hz", reference)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the ring and the filter before it."""
        apart, memory = max(1, round(io.spec.rate / LOW_RATE)), io.memory
        taps = _low_pass(apart)
        ring = memory.state(RING)
        made = memory.record(
            STATE,
            **io.params,
            mute_coefficient=io.glide("mute"),
            apart=apart,
            channels=io.outputs["out"],
            taps=memory.constant(taps),
            count=len(taps),
            last=memory.state(max(1, len(taps) - 1)),
            line=memory.scratch(len(taps) - 1 + CHUNK),
            low=memory.scratch(CHUNK),
            ring=ring,
            curve=memory.scratch(io.spec.max_frames),
        )
        analysis = _Analysis(made, ring, io.spec.rate / apart, self.reference_hz)
        return ng.Processor(_tuner, made, analysis=analysis)
