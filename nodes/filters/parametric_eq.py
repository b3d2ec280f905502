"""Parametric EQ: up to eight bands of any type in series."""

import math
from typing import Any

import numpy as np

from ...runtime import authoring as ng
from ..dsp.filters import svf
from ..dsp.filters.chains import LAYOUT, in_series, lay_out, play_lanes, scale_outputs
from ..dsp.filters.decay import decay_frames
from ..dsp.filters.design import DESIGN, ask_design, design

__all__ = ["ParametricEq"]

BANDS = 8
NUMBERS = 3 * BANDS
NAMES = [f"{name}{band}" for band in range(1, BANDS + 1) for name in ("freq", "gain", "q")]
UNITS = {"freq": "_hz", "gain": "_db", "q": ""}
PARAMS = [f"{name}{UNITS[name.rstrip('12345678')]}" for name in NAMES]
"""Frequency, gain and Q of band 1, of band 2, and so on, as they lie in the record."""
KINDS = {
    "bell": svf.BELL,
    "low_shelf": svf.LOW_SHELF,
    "high_shelf": svf.HIGH_SHELF,
    "low_pass": svf.LOW_PASS,
    "high_pass": svf.HIGH_PASS,
    "notch": svf.NOTCH,
    "band_pass": svf.BAND_PASS,
    "all_pass": svf.ALL_PASS,
    "off": svf.OFF,
}
SMOOTHING_S = 0.02
FARTHEST_DB, FARTHEST_Q = 18.0, 8.0
"""A gain that is farther from its target, or a Q by a larger ratio, glides no faster than one that
is as far: else a fall by 48 dB would begin with a click."""

STATE = np.dtype(
    LAYOUT.descr
    + [(name, "f8") for name in PARAMS]
    + [(f"{name}_now", "f8") for name in PARAMS]
    + [(f"{name}_coefficient", "f8") for name in PARAMS]
    + [
        ("output_db", "f8"),
        ("output_db_now", "f8"),
        ("output_db_coefficient", "f8"),
        ("sections", "i8"),
        ("kinds", "i8"),  # address: of each section, its band and its kind
        ("matched", "i8"),
        ("frame_s", "f8"),
        ("design", "i8"),
        ("request", "i8"),
        ("play", "i8"),
        ("curve", "i8"),
    ]
)
TARGETS = LAYOUT.itemsize


@ng.kernel
def _tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Step the parameters of every section; design anew those that moved."""
    s, request = ng.record(state, STATE), ng.record(ng.record(state, STATE).request, DESIGN)
    numbers = ng.numbers(state + TARGETS, 3 * NUMBERS, np.float64)
    kinds = ng.numbers(s.kinds, 2 * s.sections, np.int64)
    for section in range(s.sections):
        at, moved = 3 * kinds[2 * section], False
        for n in range(at, at + 3):
            target, now, share = numbers[n], numbers[NUMBERS + n], numbers[2 * NUMBERS + n]
            if now != target:
                moved = True
                if n == at + 1:
                    if target > now + FARTHEST_DB:
                        target = now + FARTHEST_DB
                    elif target < now - FARTHEST_DB:
                        target = now - FARTHEST_DB
                    numbers[NUMBERS + n] = ng.glide_step(now, target, share)
                else:
                    if n == at + 2:
                        if target > now * FARTHEST_Q:
                            target = now * FARTHEST_Q
                        elif target < now / FARTHEST_Q:
                            target = now / FARTHEST_Q
                    numbers[NUMBERS + n] = ng.ratio_step(now, target, share)
        if moved:
            s.gliding = 1
            request.kind, request.sign = kinds[2 * section + 1], 1.0
            request.turn = numbers[NUMBERS + at] * s.frame_s
            request.gain_db, request.q = numbers[NUMBERS + at + 1], numbers[NUMBERS + at + 2]
            request.matched, request.aim, request.lane = s.matched, s.coefficients, section
            request.copies, request.spacing = s.side_by_side, s.apart
            ask_design(s.design, s.request)


@ng.kernel
def _parametric_eq(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    ng.call_node(s.play, state, ins, outs, np.int32(frames))
    scale_outputs(s, outs, frames)


def _freq(default: float) -> Any:
    return ng.param(
        default=default, low=20.0, high=20_000.0, unit="Hz", taper="log", smoothing_s=SMOOTHING_S
    )


def _gain() -> Any:
    return ng.param(default=0.0, low=-24.0, high=24.0, unit="dB", smoothing_s=SMOOTHING_S)


def _q() -> Any:
    return ng.param(default=0.707, low=0.1, high=20.0, taper="log", smoothing_s=SMOOTHING_S)


def _type() -> Any:
    return ng.option(default="bell", choices=tuple(KINDS))


@ng.node(
    "parametric_eq",
    display_name="Parametric EQ",
    category="filter",
    example='type1="high_pass", freq1_hz=80.0, gain5_db=-3.0, freq5_hz=900.0, q5=1.4',
)
class ParametricEq(ng.Node):
    """Equalize with up to eight bands in series, each a bell, a shelf, a pass, a notch or off.

    ``count`` is the number of bands; parameters of further ones, and of those whose type is "off",
    can be set and do nothing.  ``gain`` is that of bells and shelves, ``q`` the quality of all:
    0.707 is a Butterworth low-pass or high-pass, and a shelf without a bump.  A band at 0 dB
    changes no bit.

    With ``design="matched"`` bells, shelves and passes follow the analogue filter up to 20 kHz
    (M. Vicanek, "Matched Second Order Digital Filters", 2016); the other types, and all
    types with "bilinear", are the RBJ cookbook's.  Frequencies above 0.49 of the sample rate are
    taken for it.  Changes glide: the filters are designed anew every 32 frames, and in between
    their coefficients move on straight lines.
    """

    count: int = ng.option(default=BANDS, choices=range(1, BANDS + 1))
    design: str = ng.option(default="matched", choices=("matched", "bilinear"))
    type1: str = _type()
    type2: str = _type()
    type3: str = _type()
    type4: str = _type()
    type5: str = _type()
    type6: str = _type()
    type7: str = _type()
    type8: str = _type()
    freq1_hz: float = _freq(60.0)
    gain1_db: float = _gain()
    q1: float = _q()
    freq2_hz: float = _freq(120.0)
    gain2_db: float = _gain()
    q2: float = _q()
    freq3_hz: float = _freq(250.0)
    gain3_db: float = _gain()
    q3: float = _q()
    freq4_hz: float = _freq(500.0)
    gain4_db: float = _gain()
    q4: float = _q()
    freq5_hz: float = _freq(1_000.0)
    gain5_db: float = _gain()
    q5: float = _q()
    freq6_hz: float = _freq(2_500.0)
    gain6_db: float = _gain()
    q6: float = _q()
    freq7_hz: float = _freq(5_000.0)
    gain7_db: float = _gain()
    q7: float = _q()
    freq8_hz: float = _freq(10_000.0)
    gain8_db: float = _gain()
    q8: float = _q()
    output_db: float = ng.param(default=0.0, low=-24.0, high=24.0, unit="dB")

    def _sections(self) -> list[tuple[int, int]]:
        """Return band (from 0) and kind of every section: one at least, that does nothing."""
        kinds = [(band, KINDS[getattr(self, f"type{band + 1}")]) for band in range(self.count)]
        return [(band, kind) for band, kind in kinds if kind != svf.OFF] or [(0, svf.OFF)]

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until what rings has fallen by 100 dB."""
        total = 0.0
        for band, kind in self._sections():
            hz, gain_db, q = (getattr(self, name) for name in PARAMS[3 * band : 3 * band + 3])
            total += decay_frames(kind, hz / spec.rate, q, gain_db)
        return math.ceil(total)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Lay the bands out in lanes; the channels share their coefficients."""
        sections = self._sections()
        made = io.memory.record(
            STATE,
            **lay_out(io, in_series(len(sections)), _tick),
            **io.params,
            **{f"{name}_coefficient": io.glide(name, 32) for name in PARAMS},
            output_db_coefficient=io.glide("output_db"),
            sections=len(sections),
            kinds=io.memory.constant(np.array(sections, np.int64)),
            matched=int(self.design == "matched"),
            frame_s=1.0 / io.spec.rate,
            design=design.address,
            request=io.memory.scratch(DESIGN.itemsize, np.uint8),
            play=play_lanes.address,
            curve=io.memory.scratch(io.spec.max_frames),
        )
        return ng.Processor(_parametric_eq, made)
