"""Loudness: a meter of loudness and true peaks as in ITU-R BS.1770 and EBU R 128."""

import math
from typing import ClassVar

import numpy as np

from ...graph.arguments import check_flag
from ...runtime import authoring as ng
from ...runtime.native.pointers import zero_bytes
from ..dsp.dynamics.true_peak import TAPS, interpolator
from ..dsp.loudness.k_weighting import channel_weights, k_weighting
from ..dsp.loudness.measure import (
    MEASURE,
    NOTHING,
    READINGS,
    STEP_S,
    measure_fields,
    measure_step,
)

__all__ = ["Loudness"]

CHUNK = 64
HIGHEST = np.finfo(np.float32).max
PLACES = 4
"""From one sample to the next that are looked at for true peaks."""
STATE = np.dtype(
    [
        *((name, MEASURE[name]) for name in MEASURE.names or ()),
        ("true_peak_dbtp", np.float64),
        ("sample_peak_db", np.float64),
        ("true_peak", np.float64),
        ("sample_peak", np.float64),
        ("channels", np.int64),
        ("step_frames", np.int64),
        ("place", np.int64),  # frames since the last step
        *((name, np.int64) for name in ("weights", "memories")),  # addresses
        ("lasts", np.int64),  # per channel: the last TAPS samples
        *((name, np.int64) for name in ("line", "peaks", "taps")),
        ("weigh", np.int64),  # addresses of C functions
        ("step", np.int64),
    ]
)
MEMORY = np.dtype(
    [
        *((name, np.float64) for name in ("a", "b", "c", "d")),  # states of the filters
        ("square", np.float64),  # sum of the squares of this step
        ("peak", np.float64),
        ("filters", np.int64),
    ]
)
"""Of a channel."""
SIZE = MEMORY.itemsize


@ng.kernel
def _weigh(state: int, samples: int, _outs: int, frames: int) -> None:
    """Add the squares of a channel's weighted samples, and find its peak."""
    s = ng.record(state, MEMORY)
    f, x = ng.numbers(s.filters, 10, np.float64), ng.floats(samples, frames)
    b0, b1, b2, a1, a2 = f[0], f[1], f[2], f[3], f[4]
    c0, c1, c2, d1, d2 = f[5], f[6], f[7], f[8], f[9]
    a, b, c, d, square, peak = s.a, s.b, s.c, s.d, s.square, s.peak
    for i in range(frames):
        sample = np.float64(x[i])
        size = abs(sample)
        peak = size if size > peak else peak
        shelved = b0 * sample + a
        a = b1 * sample - a1 * shelved + b
        b = b2 * sample - a2 * shelved
        weighted = c0 * shelved + c
        c = c1 * shelved - d1 * weighted + d
        d = c2 * shelved - d2 * weighted
        square += weighted * weighted
    s.a, s.b, s.c, s.d, s.square, s.peak = a, b, c, d, square, peak


@ng.kernel
def _loudness(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    channels, first = s.channels, s.line + 4 * TAPS
    peaks = ng.floats(s.peaks, CHUNK)
    weights = ng.numbers(s.weights, channels, np.float64)
    done, place, top, highest = 0, s.place, np.float32(0.0), 0.0
    for c in range(channels):
        ng.copy_bytes(ng.channel_address(outs, c), ng.channel_address(ins, c), 4 * frames)
    while done < frames:
        n = frames - done
        if n > CHUNK:
            n = CHUNK
        if n > s.step_frames - place:
            n = s.step_frames - place
        zero_bytes(s.peaks, 4 * n)
        for c in range(channels):
            source, last = ng.channel_address(ins, c) + 4 * done, s.lasts + 4 * TAPS * c
            ng.call_node(s.weigh, s.memories + SIZE * c, source, 0, np.int32(n))
            ng.copy_bytes(s.line, last, 4 * TAPS)
            ng.copy_bytes(first, source, 4 * n)
            ng.fir_peak_run(s.peaks, first, n, s.taps, TAPS, PLACES)
            ng.copy_bytes(last, s.line + 4 * n, 4 * TAPS)
        for i in range(n):
            top = peaks[i] if peaks[i] > top else top
        done += n
        place += n
        if place == s.step_frames:
            place = 0
            energy = 0.0
            for c in range(channels):
                memory = ng.record(s.memories + SIZE * c, MEMORY)
                energy += weights[c] * memory.square
                memory.square = 0.0
            s.energy = energy / s.step_frames
            ng.call_node(s.step, state, ins, outs, np.int32(0))
    s.place = place
    for c in range(channels):
        peak = ng.record(s.memories + SIZE * c, MEMORY).peak
        highest = peak if peak > highest else highest
    if highest > s.sample_peak:
        s.sample_peak = highest
        s.sample_peak_db = 20.0 * math.log10(highest)
    if top > HIGHEST:  # between samples near the largest float32
        top = HIGHEST
    if top > s.true_peak:
        s.true_peak = np.float64(top)
        s.true_peak_dbtp = 20.0 * math.log10(s.true_peak)


@ng.node("loudness", category="analysis")
class Loudness(ng.Node):
    """Pass a signal unchanged and show its loudness: ``engine.get("loudness.integrated_lufs")``.

    As in ITU-R BS.1770-4 and EBU R 128; readings are of all channels together:

    * ``momentary_lufs``: of the last 0.4 s, ``short_term_lufs``: of the last 3 s; both renewed
      every 10 ms; ``momentary_max_lufs``, ``short_term_max_lufs``: the highest since the last reset
    * ``integrated_lufs``: since the last reset, without pauses (gates at -70 LUFS and 10 LU below
      the mean); ``gate=False`` counts everything
    * ``range_lu``: the loudness range of EBU Tech 3342, from short-term loudness
    * ``true_peak_dbtp``, ``sample_peak_db``: the highest since the last reset, between samples
      too, and of the samples alone

    Where there is nothing to show yet (a momentary loudness takes 0.4 s), or silence, a reading is
    -200.  With up to three channels all count alike; four have two surrounds, five a centre and
    two surrounds, six a low-frequency channel besides, which is not counted.
    """

    gate: bool = ng.option(default=True)
    reports: ClassVar[tuple[str, ...]] = (*READINGS, "true_peak_dbtp", "sample_peak_db")

    def __post_init__(self) -> None:
        """Check the option."""
        super().__post_init__()
        object.__setattr__(self, "gate", check_flag("gate", self.gate))

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate filters for each channel, and histograms of the loudness."""
        channels, memory = io.outputs["out"], io.memory
        filters = memory.constant(k_weighting(io.spec.rate))
        made = memory.record(
            STATE,
            **measure_fields(io, self.gate),
            true_peak_dbtp=NOTHING,
            sample_peak_db=NOTHING,
            channels=channels,
            step_frames=max(1, round(STEP_S * io.spec.rate)),
            weights=memory.constant(channel_weights(channels)),
            memories=memory.records(MEMORY, [{"filters": filters}] * channels),
            lasts=memory.state((channels, TAPS)),
            line=memory.scratch(TAPS + CHUNK),
            peaks=memory.scratch(CHUNK),
            taps=memory.constant(interpolator(PLACES)),
            weigh=_weigh.address,
            step=measure_step.address,
        )
        return ng.Processor(_loudness, made)
