"""Lfo: a low-frequency oscillator as a control signal."""

import numpy as np

from ...graph.arguments import check_whole
from ...runtime import authoring as ng
from ..dsp.modulation.lfo_phase import LFO, SHAPES, TAP, lfo_record
from ..dsp.modulation.tempo import parse_beats, synced_rate
from .source import ControlSource, hold

__all__ = ["Lfo"]

STATE = np.dtype(
    [
        ("rate_hz", np.float64),
        ("depth", np.float64),
        ("offset", np.float64),
        ("phase", np.float64),
        ("tempo_bpm", np.float64),
        ("beats", np.float64),  # of a cycle; 0: rate_hz counts
        ("unipolar", np.int64),
        ("lfo", np.int64),
        ("frame", np.int64),
        ("held", np.float64),  # the value of this tick
    ]
)


@ng.kernel
def _lfo(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    target, frame, held = ng.channel_address(outs, 0), s.frame, s.held
    lfo = ng.record(s.lfo, LFO)
    i = 0
    while i < frames:
        if (frame + i) & 31 == 0:
            lfo.rate_hz = synced_rate(s.rate_hz, s.tempo_bpm, s.beats)
            lfo.spread = s.phase
            ng.call_node(lfo.tick, s.lfo, 0, 0, np.int32(0))
            held = ng.record(lfo.taps, TAP).start
            if s.unipolar != 0:
                held = 0.5 * held + 0.5
            held = s.offset + s.depth * held
            if held < -1.0:
                held = -1.0
            if held > 1.0:
                held = 1.0
        i = hold(target, frames, i, frame, held)
    s.frame, s.held = frame + frames, held


@ng.node("lfo", display_name="LFO", example="rate_hz=0.5, shape='triangle'")
class Lfo(ControlSource):
    """Swing between -1 and 1 (``unipolar``: 0 and 1), ``rate_hz`` times a second.

    The output is ``offset`` + ``depth`` times the shape, limited to -1 to 1.  With ``sync``, a note
    value such as "1/4" or "1/8.", a cycle lasts as long as that note at ``tempo_bpm``.  The phase
    is an integer, so that two oscillators of rates in a whole ratio stay together for ever;
    ``phase`` shifts it, in turns.  "random" and "walk" depend on ``seed``, and are the same in
    every run.
    """

    # None is smoothed: what they move is.
    rate_hz: float = ng.param(
        default=1.0, low=0.001, high=50.0, unit="Hz", taper="log", smoothing_s=0.0
    )
    depth: float = ng.param(default=1.0, low=0.0, high=1.0, smoothing_s=0.0)
    offset: float = ng.param(default=0.0, low=-1.0, high=1.0, smoothing_s=0.0)
    phase: float = ng.param(default=0.0, low=0.0, high=1.0, unit="turns", smoothing_s=0.0)
    tempo_bpm: float = ng.param(default=120.0, low=20.0, high=400.0, unit="bpm", smoothing_s=0.0)
    shape: str = ng.option(default="sine", choices=SHAPES)
    sync: str = ng.option(default="")
    unipolar: bool = ng.option(default=False, choices=(False, True))
    seed: int = ng.option(default=0)

    def __post_init__(self) -> None:
        """Check the fields; ``sync`` must be a note value or empty."""
        super().__post_init__()
        parse_beats(self.sync)
        object.__setattr__(self, "seed", check_whole("seed", self.seed, 0, 2**53))

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate one oscillator with one tap."""
        made = io.memory.record(
            STATE,
            **io.params,
            beats=parse_beats(self.sync),
            unipolar=int(self.unipolar),
            lfo=lfo_record(io.memory, io.spec.rate, self.shape, ((0.0, 1.0),), seed=self.seed),
        )
        return ng.Processor(_lfo, made)
