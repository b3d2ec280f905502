"""Graphic EQ: ten octave bands, or 31 third-octave bands."""

import math
from typing import Any

import numpy as np

from ...runtime import authoring as ng
from ...runtime.simd.loops.svf import COEFFICIENTS, LANES
from ..dsp.filters import svf
from ..dsp.filters.chains import LAYOUT, in_series, lay_out, play_lanes, scale_outputs
from ..dsp.filters.decay import decay_frames, ring_share
from ..dsp.filters.graphic import bell_damping, tables

__all__ = ["GraphicEq"]

MOST = 31
NAMES = [f"band{n}_db" for n in range(1, MOST + 1)]
SMOOTHING_S = 0.02

STATE = np.dtype(
    [
        *LAYOUT.descr,
        *((name, "f8") for name in NAMES),
        *((f"{name}_now", "f8") for name in NAMES),
        *((f"{name}_coefficient", "f8") for name in NAMES),
        ("output_db", "f8"),
        ("output_db_now", "f8"),
        ("output_db_coefficient", "f8"),
        ("bands", "i8"),
        ("numbers", "i8"),  # address: tables of ``dsp/filters/graphic.py``, one after the other
        ("work", "i8"),
        ("solve", "i8"),
        ("play", "i8"),
        ("curve", "i8"),
    ]
)
TARGETS = LAYOUT.itemsize


@ng.kernel
def _solve(state: int, ins: int, outs: int, frames: int) -> None:
    """Solve for the gains of the bells; write their sections."""
    s = ng.record(state, STATE)
    n = s.bands
    sliders = ng.numbers(state + TARGETS + 8 * MOST, n, np.float64)
    warped = ng.numbers(s.numbers, n, np.float64)
    widths = ng.numbers(s.numbers + 8 * n, n, np.float64)
    apart = ng.numbers(s.numbers + 16 * n, n * n, np.float64)
    fit = ng.numbers(s.numbers + 16 * n + 8 * n * n, n * n, np.float64)
    newton = ng.numbers(s.numbers + 16 * n + 16 * n * n, n * n, np.float64)
    gains = ng.numbers(s.work, n, np.float64)
    damping = ng.numbers(s.work + 8 * n, n, np.float64)
    boosted = ng.numbers(s.work + 16 * n, n, np.float64)
    errors = ng.numbers(s.work + 24 * n, n, np.float64)
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += fit[n * i + j] * sliders[j]
        gains[i] = total
        errors[i] = 0.0
    for step in range(2):
        for i in range(n):
            total = 0.0
            for j in range(n):
                total += newton[n * i + j] * errors[j]
            gains[i] += total
            damping[i] = widths[i] * bell_damping(gains[i])
            boosted[i] = damping[i] * ng.decibels(gains[i])
        if step == 0:
            for i in range(n):
                ratio = 1.0
                for j in range(n):
                    here = apart[n * i + j]
                    above, below = here + boosted[j] * boosted[j], here + damping[j] * damping[j]
                    ratio *= above / below
                errors[i] = sliders[i] - 10.0 * math.log10(ratio)
    for i in range(n):
        lane = COEFFICIENTS * (i // LANES) + i % LANES
        aim = ng.numbers(s.coefficients + 8 * lane, 5 * LANES, np.float64)
        aim[0], aim[LANES], aim[2 * LANES] = warped[i], damping[i], 1.0
        aim[3 * LANES], aim[4 * LANES] = boosted[i] - damping[i], 0.0


@ng.kernel
def _tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Step the sliders; if one moved, solve for the gains of all bells."""
    s = ng.record(state, STATE)
    numbers, moved = ng.numbers(state + TARGETS, 3 * MOST, np.float64), False
    for n in range(s.bands):
        now, target = numbers[MOST + n], numbers[n]
        if now != target:
            numbers[MOST + n] = ng.glide_step(now, target, numbers[2 * MOST + n])
            moved = True
    if moved:
        s.gliding = 1
        ng.call_node(s.solve, state, ins, outs, np.int32(0))


@ng.kernel
def _graphic_eq(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    ng.call_node(s.play, state, ins, outs, np.int32(frames))
    scale_outputs(s, outs, frames)


def _slider() -> Any:
    return ng.param(default=0.0, low=-12.0, high=12.0, unit="dB", smoothing_s=SMOOTHING_S)


@ng.node(
    "graphic_eq",
    display_name="Graphic EQ",
    category="filter",
    example="band2_db=-3.0, band7_db=4.0",
)
class GraphicEq(ng.Node):
    """Equalize with sliders, ten an octave apart or 31 a third of an octave apart.

    With ``bands=10`` the sliders are at 31.25, 62.5, 125, 250, 500 Hz, 1, 2, 4, 8, 16 kHz; with 31,
    slider 1 is 20 Hz, slider 18 1 kHz, slider 31 20 kHz.  The response meets every slider to
    0.15 dB with ten bands and 0.4 dB with 31, because the gains of the overlapping filters are
    solved for (V. Välimäki, J. Liski, "Accurate Cascade Graphic Equalizer", 2017).  With all
    sliders at 0 dB no bit changes.  Sliders beyond ``bands``, and those at 0.47 of the sample rate
    and above, can be set and do nothing.
    """

    bands: int = ng.option(default=10, choices=(10, MOST), kw_only=False)
    band1_db: float = _slider()
    band2_db: float = _slider()
    band3_db: float = _slider()
    band4_db: float = _slider()
    band5_db: float = _slider()
    band6_db: float = _slider()
    band7_db: float = _slider()
    band8_db: float = _slider()
    band9_db: float = _slider()
    band10_db: float = _slider()
    band11_db: float = _slider()
    band12_db: float = _slider()
    band13_db: float = _slider()
    band14_db: float = _slider()
    band15_db: float = _slider()
    band16_db: float = _slider()
    band17_db: float = _slider()
    band18_db: float = _slider()
    band19_db: float = _slider()
    band20_db: float = _slider()
    band21_db: float = _slider()
    band22_db: float = _slider()
    band23_db: float = _slider()
    band24_db: float = _slider()
    band25_db: float = _slider()
    band26_db: float = _slider()
    band27_db: float = _slider()
    band28_db: float = _slider()
    band29_db: float = _slider()
    band30_db: float = _slider()
    band31_db: float = _slider()
    output_db: float = ng.param(default=0.0, low=-24.0, high=24.0, unit="dB")

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until what rings has fallen by 100 dB."""
        made = tables(self.bands, spec.rate)
        gains = made.gains(np.array([getattr(self, name) for name in NAMES[: made.count]]))
        turns = np.arctan(made.warped) / math.pi
        each = [
            ring_share(gain_db) * decay_frames(svf.LOW_PASS, turn, 1.0 / damping)
            for gain_db, turn, damping in zip(gains, turns, made.dampings(gains), strict=True)
        ]
        return math.ceil(max(each) + 0.2 * sum(each))

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Compute the tables of the solver for the sample rate; lay the bands out in lanes."""
        made = tables(self.bands, io.spec.rate)
        numbers = (made.warped, made.widths, made.apart, made.fit, made.newton)
        record = io.memory.record(
            STATE,
            **lay_out(io, in_series(made.count), _tick),
            **io.params,
            **{f"{name}_coefficient": io.glide(name, 32) for name in NAMES},
            output_db_coefficient=io.glide("output_db"),
            bands=made.count,
            numbers=io.memory.constant(np.concatenate([table.ravel() for table in numbers])),
            work=io.memory.scratch(4 * made.count, np.float64),
            solve=_solve.address,
            play=play_lanes.address,
            curve=io.memory.scratch(io.spec.max_frames),
        )
        return ng.Processor(_graphic_eq, record)
