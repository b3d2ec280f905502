"""Half-band filters for sample rates 2, 4 and 8 times as high, and the latency there and back.

Each stage doubles the rate by a linear-phase FIR whose every second tap is 0, but for the middle
one: windowed sincs by Kaiser's formula (J. Kaiser, R. Schafer, "On the use of the I0-sinh window
for spectrum analysis", IEEE Trans. ASSP 28, 1980).  At 48 kHz the stages are flat to 20 kHz within
0.0001 dB and down by 100 dB where images are; the lean ones to 18 kHz, and 80 dB.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["DESIGNS", "TIMES", "Design", "filter_frames", "half_band", "latency", "pad_taps"]

TIMES = (1, 2, 4, 8)
"""The factors by which a rate can be raised."""


class Design(NamedTuple):
    """One stage: taps on each side of the middle one (an odd number), attenuation in dB."""

    side: int
    attenuation_db: float


_HIGHER = (Design(15, 100.0), Design(11, 100.0))
DESIGNS: dict[str, tuple[Design, Design, Design]] = {
    "studio": (Design(47, 100.0), *_HIGHER),
    "live": (Design(21, 83.0), *_HIGHER),
}
"""Of each quality the stages from 1 to 2, from 2 to 4, from 4 to 8 times the rate."""

DROOP_TAPS = {2: 8, 4: 4, 8: 6}
"""Taps of the filter that undoes the response of first-order ADAA, at each factor."""
FLAT_TO = 20.0 / 48.0
"""The part of the lower rate up to which it does, 20 kHz of 48 kHz: within 0.02 dB."""


def half_band(design: Design) -> NDArray[np.float64]:
    """Return the ``2 * side + 1`` taps of a half-band low-pass with a gain of 1 at 0 Hz."""
    place = np.arange(-design.side, design.side + 1)
    beta = 0.1102 * (design.attenuation_db - 8.7)
    taps = 0.5 * np.sinc(place / 2) * np.kaiser(len(place), beta)
    odd = place % 2 != 0
    taps[~odd] = 0.0
    taps[odd] *= 0.5 / taps[odd].sum()
    taps[design.side] = 0.5
    return taps


def _undo_droop(times: int, adaa: int) -> NDArray[np.float64]:
    """Return symmetric taps: their response times that of ``adaa`` curves is nearly 1.

    First-order ADAA has the response cos(w / 2), w in radians per frame of the raised rate; the
    taps are the least-squares fit up to ``FLAT_TO``.  They are as many as make the delay whole.
    """
    count = DROOP_TAPS[times] - (adaa + 1) % 2
    w = np.linspace(0.0, 2.0 * math.pi * FLAT_TO / times, 512)
    place = np.arange(count // 2, count) - (count - 1) / 2  # the upper half
    columns = [(2.0 if k else 1.0) * np.cos(k * w) * np.cos(w / 2) ** adaa for k in place]
    half = np.linalg.lstsq(np.stack(columns, 1), np.ones_like(w), rcond=None)[0]
    return np.concatenate([half[: None if count % 2 == 0 else 0 : -1], half])


def _delay_there_and_back(times: int, quality: str) -> int:
    """Return the delay of all stages in frames of the raised rate."""
    stages = times.bit_length() - 1
    sides = [design.side for design in DESIGNS[quality][:stages]]
    return sum(2 * side * (times >> (n + 1)) for n, side in enumerate(sides))


def _own_delay(times: int, adaa: int) -> int:
    """Return the delay of ``adaa`` curves, half a frame each, and of the taps for their droop."""
    return (DROOP_TAPS[times] - (adaa + 1) % 2 - 1 + adaa) // 2 if adaa else 0


def filter_frames(times: int, quality: str, adaa: int) -> int:
    """Return the frames of the lower rate on which one frame depends, there and back.

    The filters are symmetric about their delay; a curve with ADAA takes one frame more.
    """
    return 2 * latency(times, quality, adaa) + adaa + 2


def latency(times: int, quality: str, adaa: int, inner: int = 0) -> int:
    """Return the frames of the lower rate there and back, with ``adaa`` curves with ADAA between.

    ``inner`` is the delay of anything else between, in frames of the raised rate.  Without
    oversampling this is ``inner``: the half frame of ADAA is not counted.
    """
    if times == 1:
        return inner
    own = _own_delay(times, adaa) + inner
    return -(-(_delay_there_and_back(times, quality) + own) // times)


def pad_taps(times: int, quality: str, adaa: int, inner: int = 0) -> NDArray[np.float64]:
    """Return the taps of a filter at the raised rate, before the way back.

    They make the delay ``latency(...)``, a whole number of frames of the lower rate, and undo the
    droop of ADAA.
    """
    if times == 1:
        return np.ones(1)
    made = _undo_droop(times, adaa) if adaa else np.ones(1)
    own = _own_delay(times, adaa) + inner
    total = times * latency(times, quality, adaa, inner)
    return np.concatenate([np.zeros(total - _delay_there_and_back(times, quality) - own), made])
