"""Random: random values as a control signal, the same in every run."""

import numpy as np

from ...graph.arguments import check_whole
from ...runtime import authoring as ng
from ..dsp.modulation.lfo_phase import LFO, TAP, lfo_record
from ..dsp.modulation.lfo_shapes import noise_at
from ..dsp.modulation.tempo import parse_beats, synced_rate
from .source import ControlSource, hold

__all__ = ["Random"]

MODES = {"hold": "ramp", "smooth": "random", "walk": "walk"}
"""Of each mode the shape of the oscillator; "hold" takes the number of the cycle alone, no tap."""

STATE = np.dtype(
    [
        ("rate_hz", np.float64),
        ("depth", np.float64),
        ("tempo_bpm", np.float64),
        ("beats", np.float64),  # of a value; 0: rate_hz counts
        ("unipolar", np.int64),
        ("hold", np.int64),
        ("lfo", np.int64),
        ("frame", np.int64),
        ("held", np.float64),  # the value of this tick
    ]
)


@ng.kernel
def _random(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    target, frame, held = ng.channel_address(outs, 0), s.frame, s.held
    lfo = ng.record(s.lfo, LFO)
    i = 0
    while i < frames:
        if (frame + i) & 31 == 0:
            lfo.rate_hz = synced_rate(s.rate_hz, s.tempo_bpm, s.beats)
            ng.call_node(lfo.tick, s.lfo, 0, 0, np.int32(0))
            held = noise_at(lfo.seed, lfo.cycle) if s.hold != 0 else ng.record(lfo.taps, TAP).start
            if s.unipolar != 0:
                held = 0.5 * held + 0.5
            held *= s.depth
        i = hold(target, frames, i, frame, held)
    s.frame, s.held = frame + frames, held


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
    mode: str = ng.option(default="hold", choices=tuple(MODES))
    sync: str = ng.option(default="")
    unipolar: bool = ng.option(default=False, choices=(False, True))
    seed: int = ng.option(default=0)

    def __post_init__(self) -> None:
        """Check the fields; ``sync`` must be a note value or empty."""
        super().__post_init__()
        parse_beats(self.sync)
        object.__setattr__(self, "seed", check_whole("seed", self.seed, 0, 2**53))

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate one oscillator, with one tap unless values are held."""
        taps = () if self.mode == "hold" else ((0.0, 0.0),)
        made = io.memory.record(
            STATE,
            **io.params,
            beats=parse_beats(self.sync),
            unipolar=int(self.unipolar),
            hold=int(self.mode == "hold"),
            lfo=lfo_record(io.memory, io.spec.rate, MODES[self.mode], taps, seed=self.seed),
        )
        return ng.Processor(_random, made)
