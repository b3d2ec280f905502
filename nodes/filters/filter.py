"""Filter: a high-pass and a low-pass in one node."""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.native.pointers import element
from ..dsp.filters import svf
from ..dsp.filters.chains import LAYOUT, in_series, lay_out, play_lanes, step_ratios
from ..dsp.filters.decay import decay_frames
from ..dsp.filters.design import DESIGN, ask_design, design
from ..dsp.filters.prototypes import FAMILIES, prototype

__all__ = ["Filter"]

SLOPES = ("off", 6, 12, 18, 24, 36, 48)
SMOOTHING_S = 0.02
BUTTERWORTH_Q = 0.707
"""``resonance`` at which a slope of 12 dB is exactly the Butterworth filter."""

SECTION = np.dtype(
    [
        ("kind", "i8"),  # of dsp/filters/svf.py
        ("side", "i8"),  # 0: follows low_cut_hz, 1: high_cut_hz
        ("ratio", "f8"),  # of the section's frequency to that
        ("q", "f8"),  # of resonance 1 where ``resonant``
        ("resonant", "i8"),
    ]
)
STATE = np.dtype(
    [
        *LAYOUT.descr,
        ("low_cut_hz", "f8"),
        ("high_cut_hz", "f8"),
        ("resonance", "f8"),
        ("low_cut_hz_now", "f8"),
        ("high_cut_hz_now", "f8"),
        ("resonance_now", "f8"),
        ("low_cut_hz_coefficient", "f8"),
        ("high_cut_hz_coefficient", "f8"),
        ("resonance_coefficient", "f8"),
        ("sections", "i8"),
        ("table", "i8"),  # address: a SECTION for each
        ("matched", "i8"),
        ("frame_s", "f8"),
        ("design", "i8"),
        ("request", "i8"),
    ]
)
TARGETS = LAYOUT.itemsize


@ng.kernel
def _tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Step the parameters; if one moved, design all sections anew."""
    s = ng.record(state, STATE)
    if step_ratios(state + TARGETS, 3):
        s.gliding = 1
        numbers = ng.numbers(state + TARGETS, 9, np.float64)
        request = ng.record(s.request, DESIGN)
        request.sign, request.gain_db, request.matched, request.aim = (
            1.0,
            0.0,
            s.matched,
            s.coefficients,
        )
        request.copies, request.spacing = s.side_by_side, s.apart
        for n in range(s.sections):
            section = element(s.table, n, SECTION)
            request.kind, request.lane, request.q = section.kind, n, section.q
            if section.resonant != 0:
                request.q = section.q * s.resonance_now
            request.turn = numbers[3 + section.side] * section.ratio * s.frame_s
            ask_design(s.design, s.request)


@ng.node("filter", category="filter", example="low_cut_hz=80.0, high_cut_hz=8000.0, high_slope=24")
class Filter(ng.Node):
    """Cut what is below ``low_cut_hz`` and what is above ``high_cut_hz``, in dB per octave.

    A slope is "off" or 6 to 48 dB per octave.  At its corner frequency a filter of the
    "butterworth" family, the flattest, or "bessel", the one with the least overshoot, is down by
    3 dB, "linkwitz_riley" by 6 dB: its high-pass and low-pass add up to a flat response, and its
    slopes are even (12, 24, 36, 48).  ``resonance`` raises the corner of Butterworth slopes of
    12 dB; 0.707 is none.

    With ``design="matched"`` the response follows the analogue filter's up to the end of the band,
    with "bilinear" it falls faster there, to nothing at half the sample rate.  Changes glide.
    """

    low_slope: int | str = ng.option(default=12, choices=SLOPES)
    high_slope: int | str = ng.option(default=12, choices=SLOPES)
    family: str = ng.option(default="butterworth", choices=FAMILIES)
    design: str = ng.option(default="matched", choices=("matched", "bilinear"))
    low_cut_hz: float = ng.param(
        default=20.0, low=10.0, high=2_000.0, unit="Hz", taper="log", smoothing_s=SMOOTHING_S
    )
    high_cut_hz: float = ng.param(
        default=20_000.0, low=200.0, high=20_000.0, unit="Hz", taper="log", smoothing_s=SMOOTHING_S
    )
    resonance: float = ng.param(
        default=BUTTERWORTH_Q, low=0.5, high=8.0, taper="log", smoothing_s=SMOOTHING_S
    )

    def __post_init__(self) -> None:
        """Check the fields, and that the family has these slopes."""
        super().__post_init__()
        for name in ("low_slope", "high_slope"):
            slope = getattr(self, name)
            if self.family == "linkwitz_riley" and slope in (6, 18):
                raise ng.ParamError(
                    f"{name} is {slope}: must be off, 12, 24, 36 or 48 where family is "
                    "'linkwitz_riley'"
                )

    def _sections(self) -> list[tuple[int, int, float, float, int]]:
        """Return the ``SECTION`` of every section: one at least, that does nothing."""
        made = []
        pairs = (svf.HIGH_PASS, svf.HIGH_PASS_1), (svf.LOW_PASS, svf.LOW_PASS_1)
        for side, slope in enumerate((self.low_slope, self.high_slope)):
            if slope == "off":
                continue
            second, first = pairs[side]
            resonant = self.family == "butterworth" and slope == 12
            for ratio, q in prototype(self.family, int(slope) // 6):
                kind = second if q > 0 else first
                q = q / BUTTERWORTH_Q if resonant else q or 1.0
                made.append((kind, side, ratio if side else 1.0 / ratio, q, int(resonant)))
        return made or [(svf.OFF, 0, 1.0, 1.0, 0)]

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until the answer to an impulse has fallen by 100 dB."""
        total, hertz = 0.0, (self.low_cut_hz, self.high_cut_hz)
        for kind, side, ratio, q, resonant in self._sections():
            q *= self.resonance if resonant else 1.0
            total += decay_frames(kind, hertz[side] * ratio / spec.rate, q)
        return math.ceil(total)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Lay the sections of both filters out in lanes; the channels share coefficients."""
        sections = self._sections()
        made = io.memory.record(
            STATE,
            **lay_out(io, in_series(len(sections)), _tick),
            **io.params,
            **{f"{name}_coefficient": io.glide(name, 32) for name in io.params},
            sections=len(sections),
            table=io.memory.constant(np.array(sections, SECTION)),
            matched=int(self.design == "matched"),
            frame_s=1.0 / io.spec.rate,
            design=design.address,
            request=io.memory.scratch(DESIGN.itemsize, np.uint8),
        )
        return ng.Processor(play_lanes, made)
