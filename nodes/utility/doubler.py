"""Doubler: a mono signal made wide, as if it were played twice."""

import math

import numpy as np
from numpy.typing import NDArray

from ...runtime import authoring as ng
from ...runtime.simd.loops.svf import (
    COEFFICIENTS,
    GOAL,
    LANES,
    ROWS,
    SKEW,
    START,
    STATES,
    svf_half,
    svf_in,
    svf_out,
    svf_run,
)
from ..dsp.filters.chains import chain_numbers
from ..dsp.filters.decay import decay_frames
from ..dsp.filters.svf import ALL_PASS, HIGH_PASS, LOW_PASS, direct
from ..dsp.modulation.lfo_phase import LFO, lfo_record
from ..dsp.reverb.lines import LINE, MOVE, line_rows, lines_tick, read_line, ring, write_ring

__all__ = ["Doubler"]

SPLIT_HZ = 130.0
PASSES_HZ = tuple(300.0 * 20.0 ** (k / 5) for k in range(6))
WALK_HZ = 0.3
Q = math.sqrt(0.5)
LATEST_MS, FARTHEST_MS = 40.0, 5.0
STATE = np.dtype(
    [
        ("delay_ms", np.float64),
        ("wander_ms", np.float64),
        ("wander_ms_now", np.float64),
        ("wander_ms_step", np.float64),
        ("late_db", np.float64),
        ("late_db_now", np.float64),  # a factor
        ("late_coefficient", np.float64),
        ("rate", np.float64),
        ("frame", np.int64),  # since reset
        *((name, np.int64) for name in ("lfo", "move", "line", "tick", "lines_tick", "read_line")),
        ("coefficients", np.int64),  # of two groups: the late side; the low-pass and an all-pass
        ("states", np.int64),
        ("chains", np.int64),
        ("rows", np.int64),
        ("late", np.int64),  # 32 float32
        ("curve", np.int64),
    ]
)
LATE_OUT, LOW_OUT, EARLY = (8 * (LANES * SKEW + 1) * 7, 8 * (LANES * SKEW + 1), 16)


@ng.kernel
def _tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Set where the delay goes in the next 32 frames."""
    s = ng.record(state, STATE)
    move, lfo = ng.record(s.move, MOVE), ng.record(s.lfo, LFO)
    s.wander_ms_now = ng.glide_step(s.wander_ms_now, s.wander_ms, s.wander_ms_step)
    ng.call_node(lfo.tick, s.lfo, 0, 0, np.int32(0))
    move.size, move.depth, move.taps = 1e-3 * s.delay_ms * s.rate, s.wander_ms_now, lfo.taps
    ng.call_node(s.lines_tick, s.line, s.move, 0, np.int32(1))


@ng.kernel
def _doubler(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    level = ng.decibels(s.late_db)
    s.late_db_now = ng.glide(s.curve, s.late_db_now, level, s.late_coefficient, frames)
    line, done = ng.record(s.line, LINE), 0
    other = s.coefficients + 8 * COEFFICIENTS
    while done < frames:
        place = s.frame & 31
        if place == 0:
            ng.call_node(s.tick, state, 0, 0, np.int32(0))
        n = frames - done if frames - done < 32 - place else 32 - place
        x = ng.channel_address(ins, 0) + 4 * done
        early = ng.channel_address(outs, 0) + 4 * done
        late = ng.channel_address(outs, 1) + 4 * done
        svf_in(s.rows, s.rows, x, n)
        svf_run(s.coefficients, s.chains, place, s.states, s.rows, n)
        svf_out(s.late, s.rows + LATE_OUT, n)
        write_ring(line.ring, line.mask, s.frame, s.late, n)
        ng.call_node(s.read_line, s.line, s.frame, s.late, np.int32(n))
        svf_in(s.rows, s.rows + EARLY, x, n)
        svf_half(other, s.chains + 72, place, s.states + 8 * STATES, s.rows, n)
        svf_out(early, s.rows + EARLY, n)
        svf_out(late, s.rows + LOW_OUT, n)
        y, again = ng.floats(late, n), ng.floats(s.late, n)
        gain = ng.floats(s.curve + 4 * done, n)
        for i in range(n):
            y[i] += gain[i] * again[i]
        s.frame += n
        done += n


@ng.node("doubler", category="utility", example="delay_ms=15.0, wander_ms=2.0")
class Doubler(ng.Node):
    """Put a mono signal on the left and, later and at a slowly wandering time, on the right.

    The right is ``delay_ms`` late, plus or minus ``wander_ms`` (a random walk), ``late_db`` louder
    (it seems softer, as it comes later), and goes through six all-passes from 300 Hz to 6 kHz.
    What is below 130 Hz comes at the same time on both sides (Linkwitz-Riley, 24 dB per octave).
    """

    stereo = True

    delay_ms: float = ng.param(default=12.0, low=6.0, high=LATEST_MS, unit="ms", smoothing_s=0.2)
    wander_ms: float = ng.param(default=1.2, low=0.0, high=FARTHEST_MS, unit="ms", smoothing_s=0.3)
    late_db: float = ng.param(default=1.5, low=-12.0, high=6.0, unit="dB", smoothing_s=0.02)

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """One mono port."""
        return (ng.Port("in", channels=1),)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One stereo port."""
        return (ng.Port("out", channels=2),)

    def tail(self, spec: ng.Spec) -> int:
        """Return the delay, and the frames until the filters' answer has fallen by 100 dB."""
        rings = 2.0 * decay_frames(LOW_PASS, SPLIT_HZ / spec.rate, Q)
        rings += sum(decay_frames(ALL_PASS, hertz / spec.rate, Q) for hertz in PASSES_HZ)
        return math.ceil(1e-3 * (self.delay_ms + self.wander_ms) * spec.rate + rings)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Lay the filter sections out in the lanes of two groups; allocate the delay line."""
        memory, rate = io.memory, io.spec.rate
        longest = 1e-3 * (LATEST_MS + FARTHEST_MS) * rate
        row = {"base": 1.0, "shortest": 2.0, "swing": 1e-3 * rate, **ring(memory, longest)}
        made = memory.record(
            STATE,
            **io.params,
            wander_ms_step=io.glide("wander_ms", 32),
            late_coefficient=io.glide("late_db"),
            rate=rate,
            lfo=lfo_record(memory, rate, "walk", rate_hz=WALK_HZ),
            move=memory.record(MOVE, size_step=io.glide("delay_ms", 32)),
            line=line_rows(memory, [row], read_line),
            tick=_tick.address,
            lines_tick=lines_tick.address,
            read_line=read_line.address,
            coefficients=memory.constant(_coefficients(rate)),
            states=memory.state((2, STATES), np.float64),
            chains=memory.constant(np.array([chain_numbers([8]), chain_numbers([2, 1])])),
            rows=memory.scratch((ROWS, LANES), np.float64),
            late=memory.scratch(32),
            curve=memory.scratch(io.spec.max_frames),
        )
        return ng.Processor(_doubler, made)


def _coefficients(rate: float) -> NDArray[np.float64]:
    """Return the numbers of both groups."""
    late = [(HIGH_PASS, SPLIT_HZ)] * 2 + [(ALL_PASS, hertz) for hertz in PASSES_HZ]
    beside = [(LOW_PASS, SPLIT_HZ)] * 2 + [(ALL_PASS, SPLIT_HZ)]
    made = np.zeros((2, COEFFICIENTS))
    for group, sections in zip(made, (late, beside), strict=True):
        for lane, (kind, hertz) in enumerate(sections):
            for k, number in enumerate(direct.py_func(kind, hertz / rate, Q, 0.0)):
                group[START + LANES * k + lane] = group[GOAL + LANES * k + lane] = number
    return made
