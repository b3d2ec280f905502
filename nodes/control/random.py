"""Random: random values as a control signal, the same in every run."""

import numpy as np

from ...graph.arguments import check_whole
from ...runtime import authoring as ng
from ..dsp.modulation.lfo_shapes import TURN, noise_at
from ..dsp.modulation.tempo import parse_beats
from .oscillator import PHASE, oscillator, phase_fields, tick_step
from .source import ControlSource, hold

__all__ = ["Random"]

SHAPES = {"smooth": "random", "walk": "walk"}
"""Of the modes that are shapes of an oscillator."""

STATE = np.dtype(
    [
        *PHASE,
        ("depth", np.float64),
        ("span", np.float64),
        ("centre", np.float64),
        ("seed", np.int64),
        ("noise", np.float64),  # centre + span * the random number of this cycle
        ("frame", np.int64),
        ("held", np.float64),  # the value of this tick
    ]
)


@ng.kernel
def _random(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    target, frame, held = ng.channel_address(outs, 0), s.frame, s.held
    step, turn, depth, noise = tick_step(s), s.turn, s.depth, s.noise
    i = 0
    while i < frames:
        if (frame + i) & 31 == 0:
            if turn >= TURN:
                turn -= TURN
                s.cycle += 1
                noise = s.centre + s.span * noise_at(s.seed, s.cycle)
            turn += step
            held = depth * noise
        i = hold(target, frames, i, frame, held)
    s.frame, s.held, s.turn, s.noise = frame + frames, held, turn, noise


@ng.node("random", example="rate_hz=4.0, mode='smooth'")
class Random(ControlSource):
    """Give ``rate_hz`` random values a second between -1 and 1 (``unipolar``: 0 and 1).

    ``mode`` "hold" keeps each until the next, "smooth" goes from one to the next along half a
    cosine, "walk" is a smooth curve near them.  With ``sync`` a value lasts as long as that note at
    ``tempo_bpm``.  Values depend on ``seed`` and on the time since reset, so that every run has the
    same.
    """

    # None is smoothed: what they move is.
    rate_hz: float = ng.param(
        default=2.0, low=0.001, high=50.0, unit="Hz", taper="log", smoothing_s=0.0
    )
    depth: float = ng.param(default=1.0, low=0.0, high=1.0, smoothing_s=0.0)
    tempo_bpm: float = ng.param(default=120.0, low=20.0, high=400.0, unit="bpm", smoothing_s=0.0)
    mode: str = ng.option(default="hold", choices=("hold", *SHAPES))
    sync: str = ng.option(default="")
    unipolar: bool = ng.option(default=False, choices=(False, True))
    seed: int = ng.option(default=0)

    def __post_init__(self) -> None:
        """Check the fields; ``sync`` must be a note value or empty."""
        super().__post_init__()
        parse_beats(self.sync)
        object.__setattr__(self, "seed", check_whole("seed", self.seed, 0, 2**53))

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate an oscillator, or for "hold" the record alone."""
        if self.mode != "hold":
            return oscillator(
                io, SHAPES[self.mode], sync=self.sync, unipolar=self.unipolar, seed=self.seed
            )
        half = 0.5 if self.unipolar else 0.0
        made = io.memory.record(
            STATE,
            **io.params,
            **phase_fields(io.spec.rate, self.sync),
            span=1.0 - half,
            centre=half,
            seed=self.seed,
            turn=TURN,  # a new cycle, number 0, begins at the first tick
            cycle=-1,
        )
        return ng.Processor(_random, made)
