"""Nam: a Neural Amp Modeler model as a node."""

import os

import numpy as np

from ...graph.errors import NamFileError, ParamError
from ...graph.node import Node, Port, file, node, option, param
from ...graph.prepare import Io, Processor, Spec
from ...runtime.abi import kernel
from ...runtime.pointers import call_node, floats, load, record
from ...runtime.smooth import decibels, glide, glide_coefficient
from .file import load_nam
from .lstm import prepare_lstm
from .model import UNKNOWN_RATE, Lstm, Model, WaveNet
from .wavenet import prepare_wavenet

__all__ = ["Nam"]

RATE_TOLERANCE_HZ = 0.5
SMOOTHING_S = 0.01

STATE = np.dtype(
    [
        *((name, np.float64) for name in ("input_db", "output_db")),
        *((name, np.float64) for name in ("input_db_now", "output_db_now")),  # factors on their way
        ("coefficient", np.float64),
        *((name, np.int64) for name in ("kernel", "network", "curve", "driven")),
    ]
)


@kernel
def _nam(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, STATE)
    x, y = load(ins, 0), load(outs, 0)
    # At 0 dB and at rest nothing is multiplied: the output is the model's, and costs no more.
    if s.input_db != 0.0 or s.input_db_now != 1.0:
        target = decibels(s.input_db)
        s.input_db_now = glide(s.curve, s.input_db_now, target, s.coefficient, frames)
        dry, driven, factor = floats(x, frames), floats(s.driven, frames), floats(s.curve, frames)
        for i in range(frames):
            driven[i] = factor[i] * dry[i]
        x = s.driven
    call_node(s.kernel, s.network, x, y, frames)
    if s.output_db != 0.0 or s.output_db_now != 1.0:
        target = decibels(s.output_db)
        s.output_db_now = glide(s.curve, s.output_db_now, target, s.coefficient, frames)
        wet, factor = floats(y, frames), floats(s.curve, frames)
        for i in range(frames):
            wet[i] = factor[i] * wet[i]


@node("nam")
class Nam(Node):
    """Play a .nam file: an amplifier, a pedal, or a whole rig, as a neural network learned it.

    The model runs at the rate it was trained at and nothing is scaled: with both gains at 0 dB the
    output is the network's, bit for bit.  ``slim`` chooses among the sizes of a container, 0 for
    the smallest and 1 for the largest.
    """

    path: str = file(kw_only=False)
    slim: float = option(default=1.0)
    levels: str = option(default="raw", choices=("raw",))
    input_db: float = param(default=0.0, low=-60.0, high=60.0, unit="dB", smoothing_s=SMOOTHING_S)
    output_db: float = param(default=0.0, low=-60.0, high=60.0, unit="dB", smoothing_s=SMOOTHING_S)

    def __post_init__(self) -> None:
        """Check what can be checked without the file."""
        super().__post_init__()
        try:
            object.__setattr__(self, "path", os.fsdecode(self.path))
        except TypeError:
            raise NamFileError(f"path is {self.path!r}: must be the name of a file") from None
        slim = self.slim
        if isinstance(slim, bool) or not isinstance(slim, (int, float)) or not 0 <= slim <= 1:
            raise ParamError(f"slim is {slim!r}: must be a number in [0, 1]")
        object.__setattr__(self, "slim", float(slim))

    @property
    def inputs(self) -> tuple[Port, ...]:
        """One channel: models are mono."""
        return (Port("in", 1),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """One channel."""
        return (Port("out", 1),)

    @property
    def model(self) -> Model:
        """The model in the file, of the size ``slim`` asks for."""
        return load_nam(self.path).select(self.slim)

    def tail(self, spec: Spec) -> int:
        """Return how long the model hears a frame (an LSTM: about how long)."""
        return self.model.prewarm

    def prepare(self, io: Io) -> Processor:
        """Read the file, lay the network out, compile its kernels."""
        model = self.model
        known = model.sample_rate or load_nam(self.path).sample_rate
        rate = UNKNOWN_RATE if known is None else known
        if abs(rate - io.spec.rate) > RATE_TOLERANCE_HZ:
            says = "" if known else " (the file does not say, which means 48000)"
            raise NamFileError(
                f"{self.path}: the model runs at {rate:g} Hz{says}, the stream at"
                f" {io.spec.rate:g} Hz: must be equal"
            )
        network = model.network
        if isinstance(network, WaveNet):
            made, at = prepare_wavenet(io.memory, network)
        else:
            assert isinstance(network, Lstm)  # a selected model is no container
            made, at = prepare_lstm(io.memory, network)
        block = io.memory.record(
            STATE,
            input_db=io.params["input_db"],
            output_db=io.params["output_db"],
            coefficient=glide_coefficient(SMOOTHING_S, io.spec.rate),
            kernel=made.address,
            network=at,
            curve=io.memory.scratch(io.spec.max_frames),
            driven=io.memory.scratch(io.spec.max_frames),
        )
        return Processor(_nam, block, prewarm=model.prewarm)
