"""Find the lag by which a delay can jump inaudibly: a peak of the normalised autocorrelation.

The last 20 ms are compared, at about 12 kHz, with the same stretch before, for all lags of a
range: 64 lags a tick of 32 frames, so that no frame has much to do, and the work does not depend
on where a signal is cut.  Of the peaks of the normalised correlation r that with the least ``(1 -
r) / lag`` is chosen: among equally good ones the longest, which needs the fewest jumps.  Its
place between samples is that of a parabola's peak.
"""

import math
from typing import Any

import numpy as np

from ....graph.prepare import Memory
from ....runtime import authoring as ng
from ..dynamics.history import allocate_history, keep

__all__ = [
    "IDLE",
    "LAGS",
    "READY",
    "SEARCH",
    "SEARCHING",
    "lower_times",
    "search",
    "search_begin",
    "search_feed",
    "search_tick",
]

LAGS = 64
"""Lags that are compared in a tick."""
LOWER_HZ, WINDOW_S, FLAT = 12_000.0, 0.02, 0.004
IDLE, SEARCHING, READY = 0, 1, 2
SEARCH = np.dtype(
    [
        ("times", np.int64),  # frames to a sample of the lower rate, which divide 32
        ("count", np.int64),  # taps of the low-pass
        ("taps", np.int64),
        ("mono", np.int64),  # count - 1 frames, then the 32 of a tick
        ("low", np.int64),  # 32 frames
        ("size", np.int64),
        ("bytes", np.int64),
        ("history", np.int64),
        ("at", np.int64),  # of the next sample in the history
        ("window", np.int64),  # samples that are compared
        ("template", np.int64),  # them, backwards
        ("sums", np.int64),
        ("ratios", np.int64),  # correlations
        ("phase", np.int64),  # IDLE, SEARCHING or READY
        ("first", np.int64),  # of the lags in samples
        ("last", np.int64),
        ("lag", np.int64),  # the next to compare
        ("age", np.int64),  # samples since the search began
        ("template_energy", np.float64),
        ("energy", np.float64),  # of the stretch ``lag`` before
        ("sum1", np.float64),  # normalised, at the lag before
        ("sum2", np.float64),
        ("score", np.float64),
        ("best", np.float64),  # found: lag in frames
        ("likeness", np.float64),  # found: correlation there, 0 to 1
    ]
)


def lower_times(rate: float) -> int:
    """Return the frames of a sample of the lower rate: 1, 2, 4, 8 or 16."""
    times = 1
    while times < 16 and rate / (2 * times) > 0.8 * LOWER_HZ:
        times *= 2
    return times


def search(memory: Memory, rate: float, longest: float) -> Any:
    """Allocate the record, for lags up to ``longest`` frames."""
    times = lower_times(rate)
    count = 4 * times if times > 1 else 1
    taps = np.hanning(count + 2)[1:-1]
    window = round(WINDOW_S * rate / times)
    lags = math.ceil(longest / times) + 2
    ticks = lags // LAGS + 2
    return memory.record(
        SEARCH,
        times=times,
        count=count,
        taps=memory.constant((taps / taps.sum()).astype(np.float32)),
        mono=memory.state(count - 1 + 32),
        low=memory.scratch(32),
        window=window,
        template=memory.state(window),
        sums=memory.scratch(LAGS),
        ratios=memory.scratch(LAGS, np.float64),
        **allocate_history(memory, 1, window + lags + LAGS + (ticks + 2) * 32 // times),
    )


@ng.kernel
def search_feed(state: int, ins: int, outs: int, frames: int) -> None:
    """Take the 32 frames in ``mono``; leave the samples of the lower rate in ``low``."""
    s = ng.record(state, SEARCH)
    before, times = s.count - 1, s.times
    ng.fir_run(s.low, s.mono + 4 * before, np.int64(32), s.taps, s.count)
    mono, low = ng.floats(s.mono, before + 32), ng.floats(s.low, 32)
    for i in range(before):
        mono[i] = mono[i + 32]
    made = 32 // times
    for i in range(made):
        low[i] = low[times * i + times - 1]
    keep(s.history, s.low, s.at, s.size, np.int64(made))
    s.at = (s.at + made) & (s.size - 1)
    s.age += made


@ng.kernel
def search_begin(state: int, ins: int, outs: int, frames: int) -> None:
    """Begin with the newest samples, for lags of ``ins`` to ``outs`` frames."""
    s = ng.record(state, SEARCH)
    window, times = s.window, s.times
    newest = s.history + 4 * (s.at + s.size - 1)
    first = ins // times
    s.first = first if first > 3 else 3
    s.last = outs // times
    s.lag = s.first - 1
    x, kept = ng.floats(newest - 4 * (window - 1), window), ng.floats(s.template, window)
    y = ng.floats(newest - 4 * (s.lag + window - 1), window)
    whole, energy = 0.0, 0.0
    for i in range(window):
        kept[i] = x[window - 1 - i]
        whole += np.float64(kept[i]) * np.float64(kept[i])
        energy += np.float64(y[i]) * np.float64(y[i])
    s.template_energy = whole
    s.energy, s.sum1, s.sum2, s.score = energy, 2.0, 3.0, 2.0  # the first lag is no peak
    s.best, s.likeness, s.age, s.phase = 0.5 * (ins + outs), 0.0, 0, SEARCHING


@ng.kernel
def search_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Compare the next lags; after the last, ``phase`` is READY."""
    s = ng.record(state, SEARCH)
    window, times, lag = s.window, np.float64(s.times), s.lag
    newest = s.history + 4 * (s.at + s.size - 1 - s.age)  # of the template
    ng.fir_run(s.sums, newest - 4 * (lag + LAGS - 1), np.int64(LAGS), s.template, window)
    sums = ng.floats(s.sums, LAGS)
    count = s.last + 2 - lag if s.last + 2 - lag < LAGS else LAGS
    leaving = ng.floats(newest - 4 * (lag + LAGS - 1), LAGS)
    coming = ng.floats(newest - 4 * (lag + LAGS - 1 + window), LAGS)
    energy, sum1, sum2, whole = s.energy, s.sum1, s.sum2, s.template_energy
    ratios = ng.numbers(s.ratios, LAGS, np.float64)
    for i in range(count):
        ratios[i] = energy
        gone, new = np.float64(leaving[LAGS - 1 - i]), np.float64(coming[LAGS - 1 - i])
        energy += new * new - gone * gone
        energy = energy if energy > 0.0 else 0.0
    for i in range(count):
        ratios[i] = np.float64(sums[LAGS - 1 - i]) / math.sqrt(whole * ratios[i] + 1e-30)
    for i in range(count):
        now = ratios[i]
        if sum1 >= sum2 and sum1 > now and sum1 > 0.0:
            level = sum1 if sum1 < 1.0 else 1.0
            place = np.float64(lag + i - 1)
            away = 1.0 - level
            score = (away if away > FLAT else FLAT) / place
            if score < s.score:
                shift = 0.5 * (sum2 - now) / (sum2 - 2.0 * sum1 + now)
                s.score, s.likeness, s.best = score, level, times * (place + shift)
        sum2, sum1 = sum1, now
    s.energy, s.sum1, s.sum2 = energy, sum1, sum2
    s.lag = lag + LAGS
    if s.lag > s.last + 1:
        s.phase = READY
