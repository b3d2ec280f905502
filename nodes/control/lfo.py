"""Lfo: a low-frequency oscillator as a control signal."""

from ...graph.arguments import check_whole
from ...runtime import authoring as ng
from ..dsp.modulation.lfo_shapes import SHAPES
from ..dsp.modulation.tempo import parse_beats
from .oscillator import oscillator
from .source import ControlSource

__all__ = ["Lfo"]


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
        """Allocate an oscillator."""
        return oscillator(io, self.shape, sync=self.sync, unipolar=self.unipolar, seed=self.seed)
