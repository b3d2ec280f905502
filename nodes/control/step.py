"""Step: a sequence of values as a control signal."""

import math
from typing import Any

import numpy as np

from ...runtime import authoring as ng
from ..dsp.modulation.lfo_shapes import TURN
from ..dsp.modulation.tempo import parse_beats
from .oscillator import PHASE, phase_fields, tick_step
from .source import TICK, ControlSource, hold

__all__ = ["Step"]

MAX_STEPS = 16
"""Parameters belong to the class, so each possible step has one."""

STATE = np.dtype(
    [(f"step{k}", np.float64) for k in range(1, MAX_STEPS + 1)]
    + [
        *PHASE,
        ("glide_ms", np.float64),
        ("share_ms", np.float64),  # the glide_ms that share is for
        ("share", np.float64),  # of the way to a new value covered in a tick
        ("tick_s", np.float64),
        ("count", np.int64),
        ("index", np.int64),  # of the step at the last tick
        ("frame", np.int64),
        ("held", np.float64),  # the value of this tick; NaN before the first
    ]
)


@ng.kernel
def _step(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    values = ng.numbers(state, MAX_STEPS, np.float64)
    place, frame, held = ng.channel_address(outs, 0), s.frame, s.held
    if s.glide_ms != s.share_ms:
        s.share_ms = s.glide_ms
        s.share = 1.0 - math.exp(-s.tick_s / (s.glide_ms * 1e-3)) if s.glide_ms > 0.0 else 1.0
    step, turn, index, share = tick_step(s), s.turn, s.index, s.share
    i = 0
    while i < frames:
        if (frame + i) & 31 == 0:
            if turn >= TURN:
                turn -= TURN
                index = index + 1 if index + 1 < s.count else 0
            turn += step
            if share < 1.0 and held == held:
                held += share * (values[index] - held)
            else:
                held = values[index]
        i = hold(place, frames, i, frame, held)
    s.frame, s.held, s.turn, s.index = frame + frames, held, turn, index


def _value() -> Any:
    return ng.param(default=0.0, low=-1.0, high=1.0, smoothing_s=0.0)


@ng.node("step", example="count=3, step2=0.5, step3=-0.5, sync='1/8'")
class Step(ControlSource):
    """Give the values ``step1`` to the one numbered ``count`` in turn, ``rate_hz`` a second.

    With ``sync`` each lasts as long as that note at ``tempo_bpm``.  ``glide_ms`` is the time
    constant (63 %) from one to the next; 0 jumps.  Steps beyond ``count`` do nothing.
    """

    count: int = ng.option(default=8, choices=range(1, MAX_STEPS + 1), kw_only=False)
    step1: float = _value()
    step2: float = _value()
    step3: float = _value()
    step4: float = _value()
    step5: float = _value()
    step6: float = _value()
    step7: float = _value()
    step8: float = _value()
    step9: float = _value()
    step10: float = _value()
    step11: float = _value()
    step12: float = _value()
    step13: float = _value()
    step14: float = _value()
    step15: float = _value()
    step16: float = _value()
    # None is smoothed: what they move is.
    rate_hz: float = ng.param(
        default=4.0, low=0.01, high=100.0, unit="Hz", taper="log", smoothing_s=0.0
    )
    glide_ms: float = ng.param(default=0.0, low=0.0, high=2000.0, unit="ms", smoothing_s=0.0)
    tempo_bpm: float = ng.param(default=120.0, low=20.0, high=400.0, unit="bpm", smoothing_s=0.0)
    sync: str = ng.option(default="")

    def __post_init__(self) -> None:
        """Check the fields; ``sync`` must be a note value or empty."""
        super().__post_init__()
        parse_beats(self.sync)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the record; there is no other memory."""
        made = io.memory.record(
            STATE,
            **io.params,
            **phase_fields(io.spec.rate, self.sync),
            tick_s=TICK / io.spec.rate,
            count=self.count,
            turn=TURN,  # the first step begins at the first tick
            index=-1,
            share_ms=-1.0,
            held=math.nan,
        )
        return ng.Processor(_step, made)
