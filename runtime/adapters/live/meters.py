"""Level meters of a stream: falling peak, peak hold, highest peak and clipped samples."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph.arguments import clip
from ...engine.messages.message_queue import aligned
from ...native.abi import kernel
from ...native.pointers import element, load, numbers

__all__ = ["METER", "Level", "make_meters", "measure", "read_levels"]

FALL_DB_S = 24.0
HOLD_S = 1.5
CLIP_S = 3.0
"""How long ``clipping`` stays true after a clipped sample."""

METER = np.dtype(
    [
        ("peak", np.float64),  # falls
        ("hold", np.float64),  # the highest peak of the last ``HOLD_S``
        ("highest", np.float64),  # since the start
        ("clipped", np.int64),  # samples at full scale or beyond
        ("hold_left", np.int64),  # frames
        ("clip_left", np.int64),
        ("fall", np.float64),  # nepers a frame
        ("rate", np.float64),
    ]
)
"""The meter of one channel: a cache line, written by the audio thread, read by any thread."""

FULL_SCALE = 0x3F800000
"""The bits of 1.0: positive float32 numbers sort like their bits."""


@kernel
def measure(meters: int, channels: int, count: int, frames: int) -> None:
    """Update the meters of ``count`` channels, from a list of ``float*``.  Audio thread."""
    for c in range(count):
        m = element(meters, c, METER)
        bits = numbers(load(channels, c), frames, np.int32)
        top, clipped = np.int32(0), np.int32(0)
        for i in range(frames):  # integers: these two loops become vectors
            top = max(top, bits[i] & np.int32(0x7FFFFFFF))
        if top >= FULL_SCALE:
            for i in range(frames):
                clipped += np.int32((bits[i] & np.int32(0x7FFFFFFF)) >= np.int32(FULL_SCALE))
            m.clip_left = np.int64(CLIP_S * m.rate)
        else:
            m.clip_left = max(0, m.clip_left - frames)
        m.clipped += clipped
        peak = np.float64(np.int32(top).view(np.float32))
        m.peak = max(peak, m.peak * math.exp(-m.fall * frames))
        m.highest = max(m.highest, peak)
        m.hold_left -= frames
        if peak >= m.hold or m.hold_left <= 0:
            m.hold = m.peak
            m.hold_left = np.int64(HOLD_S * m.rate)


@dataclass(frozen=True)
class Level:
    """The levels of one channel, in dB of full scale (silence is -200)."""

    name: str
    peak_db: float
    hold_db: float
    highest_db: float
    clipped: int
    """Samples at full scale or beyond, since the start."""
    clipping: bool
    """Whether there was one in the last 3 seconds."""

    def __repr__(self) -> str:
        over = f", {self.clipped} samples clipped" if self.clipped else ""
        peaks = f"peak {self.peak_db:.1f} dB, highest {self.highest_db:.1f} dB"
        return clip(f"<Level {self.name}: {peaks}{over}>")


def make_meters(count: int, rate: float) -> NDArray[Any]:
    """Return ``METER`` records of ``count`` channels at ``rate`` Hz, all silent."""
    made = aligned(max(1, count), METER)
    made["rate"], made["fall"] = rate, FALL_DB_S / (20.0 * math.log10(math.e)) / rate
    return made


def read_levels(names: list[str], records: NDArray[Any]) -> tuple[Level, ...]:
    """Return the levels of all channels, named.  Any thread."""
    return tuple(
        Level(
            name,
            _decibels(float(m["peak"])),
            _decibels(float(m["hold"])),
            _decibels(float(m["highest"])),
            int(m["clipped"]),
            bool(m["clip_left"] > 0),
        )
        for name, m in zip(names, records, strict=False)
    )


def _decibels(level: float) -> float:
    return 20.0 * math.log10(max(level, 1e-10))
