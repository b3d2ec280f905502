"""Crossover: two to four bands whose sum is flat."""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.native.pointers import element
from ...runtime.simd.loops.svf import COEFFICIENTS
from ..dsp.filters.chains import LAYOUT, lay_out, places, play_lanes, step_ratios
from ..dsp.filters.crossover_tree import crossover_tree
from ..dsp.filters.decay import decay_frames
from ..dsp.filters.design import DESIGN, ask_design, design

__all__ = ["Crossover"]

PORTS = {2: ("low", "high"), 3: ("low", "mid", "high"), 4: ("low", "mid", "high_mid", "high")}
NAMES = ("f1_hz", "f2_hz", "f3_hz")
SPLITS = len(NAMES)
APART = 1.1
"""The least ratio of the frequency of a split to that of the one before."""
SMOOTHING_S = 0.05
"""Of the frequencies: the sum of the bands is an all-pass, and if its phase turns fast the level
changes."""

SECTION = np.dtype(
    [("kind", "i8"), ("q", "f8"), ("split", "i8"), ("sign", "f8"), ("group", "i8"), ("lane", "i8")]
)
STATE = np.dtype(
    [
        *LAYOUT.descr,
        *((name, "f8") for name in NAMES),
        *((f"{name}_now", "f8") for name in NAMES),
        *((f"{name}_coefficient", "f8") for name in NAMES),
        ("sections", "i8"),
        ("table", "i8"),  # address: a SECTION for each
        ("frame_s", "f8"),
        ("design", "i8"),
        ("request", "i8"),
    ]
)
TARGETS = LAYOUT.itemsize


@ng.kernel
def _tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Step the frequencies; if one moved, design all sections anew."""
    s = ng.record(state, STATE)
    if step_ratios(state + TARGETS, SPLITS):
        s.gliding = 1
        first, second, third = s.f1_hz_now, s.f2_hz_now, s.f3_hz_now
        if second < APART * first:
            second = APART * first
        if third < APART * second:
            third = APART * second
        request = ng.record(s.request, DESIGN)
        request.gain_db, request.matched = 0.0, 0
        request.copies, request.spacing = s.side_by_side, s.apart
        for n in range(s.sections):
            section, hz = element(s.table, n, SECTION), first
            if section.split == 1:
                hz = second
            elif section.split == 2:
                hz = third
            request.kind, request.q, request.sign = section.kind, section.q, section.sign
            request.aim = s.coefficients + 8 * COEFFICIENTS * section.group
            request.lane, request.turn = section.lane, hz * s.frame_s
            ask_design(s.design, s.request)


def _frequency(default: float) -> float:
    made: float = ng.param(
        default=default, low=40.0, high=12_000.0, unit="Hz", taper="log", smoothing_s=SMOOTHING_S
    )
    return made


@ng.node("crossover", category="filter", example="bands=3, f1_hz=200.0, f2_hz=2500.0")
class Crossover(ng.Node):
    """Take a signal apart into two to four bands whose sum is flat.

    Outputs are "low" and "high" with ``bands=2``, "low", "mid", "high" with 3, "low", "mid",
    "high_mid", "high" with 4; each has the channels of the input.  Linkwitz-Riley filters of
    ``slope`` dB per octave: both bands are down by 6.02 dB at their common frequency and in phase
    (with 12 dB the upper one is inverted for it).  The sum has the magnitude of the input and the
    phase of an all-pass.  A frequency below 1.1 times the one before is taken for that; those of
    absent splits do nothing.
    """

    bands: int = ng.option(default=2, choices=tuple(PORTS), kw_only=False)
    slope: int = ng.option(default=24, choices=(12, 24, 48))
    f1_hz: float = _frequency(250.0)
    f2_hz: float = _frequency(2_000.0)
    f3_hz: float = _frequency(6_000.0)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One port for each band, from low to high."""
        return tuple(ng.Port(name) for name in PORTS[self.bands])

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until the answer to an impulse has fallen by 100 dB."""
        hertz = [self.f1_hz, self.f2_hz, self.f3_hz]
        for n in range(1, SPLITS):
            hertz[n] = max(hertz[n], APART * hertz[n - 1])
        chains, sections = crossover_tree(self.bands, self.slope)
        total: list[float] = []
        for chain, rows in zip(chains, sections, strict=True):
            before = total[chain.source] if chain.source >= 0 else 0.0
            own = (decay_frames(row.kind, hertz[row.split] / spec.rate, row.q) for row in rows)
            total.append(before + sum(own))
        return math.ceil(max(total))

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Lay the chains of sections out in lanes; the channels share coefficients."""
        chains, sections = crossover_tree(self.bands, self.slope)
        table = [
            (row.kind, row.q, row.split, row.sign, place.group, place.lane + n)
            for place, rows in zip(places(chains), sections, strict=True)
            for n, row in enumerate(rows)
        ]
        made = io.memory.record(
            STATE,
            **lay_out(io, chains, _tick),
            **io.params,
            **{f"{name}_coefficient": io.glide(name, 32) for name in io.params},
            sections=len(table),
            table=io.memory.constant(np.array(table, SECTION)),
            frame_s=1.0 / io.spec.rate,
            design=design.address,
            request=io.memory.scratch(DESIGN.itemsize, np.uint8),
        )
        return ng.Processor(play_lanes, made)
