"""Nam: a Neural Amp Modeler model as a node."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from ...graph.errors import CudaError, NamFileError
from ...graph.node import Node, file, node, option, param
from ...graph.paths import checked_file
from ...graph.port import Port, Space
from ...graph.prepare import Io, Processor, Spec
from ..dsp.oversampling.half_band import filter_frames
from ..dsp.resample import Rates
from .kernel import SMOOTHING_S
from .knobs import KNOBS, KnobNode, Knobs
from .levels import INTERFACE_DBU, MODES, Applied, applied, check_interface, warn_of_missing
from .model.model import Model
from .pair.sides import check_sides
from .precision import PRECISIONS
from .prepare_model import Prepared, Running, prepare_model, stream_frames
from .resolved_model import ResolvedModel, keep_models, resolve
from .slimmable import FADE_S, exact_field

__all__ = ["BACKENDS", "Nam", "space_of"]

BACKENDS = ("cpu", "cuda", "auto")


@node("nam", display_name="NAM model", category="amp", example='"amp.nam", input_db=3.0')
class Nam(KnobNode):
    """Run a .nam file: the neural network model of an amplifier, a pedal or a whole rig.

    Captures of AIDA-X, RTNeural and GuitarML, and .namb, play as well: ``load_capture``
    lists the formats.  Knobs of a capture are parameters of the node, ``amp.knob1``; ``knobs`` sets
    them at first: ``Nam("amp.json", knobs={"knob1": 0.7})``; of a switch a choice, ``"lead"``, too.

    ``path`` is the path of the file, or a ``Model`` that ``load_capture`` or ``load_nam``
    returned.  The file is read once, when the ports are first listed (``Graph.add``); the model
    read then is the one that runs, even if the file is replaced later.

    With a second one, ``right``, the node is a stereo device: ``Nam("left.nam", "right.nam")`` has
    two channels out, and in two, or one for both sides.  Each side has the bits of a ``Nam`` of its
    file, with its own levels; the parameters, and knobs of one name, are those of both.  Both must
    be mono, of one sample rate, and run on the CPU.  They cost as much as two nodes, but for small
    LSTMs of one shape (1.3 to 1.8 times one): every other model fills the processor alone.

    With ``levels="raw"`` nothing is scaled: with both gains at 0 dB the output is that of the
    network, bit for bit. ``"normalized"`` brings the output to a common loudness;
    ``"calibrated"`` matches input and output to an interface whose full scale is
    ``interface_dbu`` (``calibrate_input`` does so for the input alone); ``levels_applied``
    returns the gains. An end whose level is missing from the file stays raw, with a
    ``LevelsWarning`` when the graph is built. A model runs at the rate it was trained at: a
    stream at another rate is refused, or, with ``resample``, converted there and back, which
    adds latency. ``slim`` selects the size of a slimmable model, 0 the smallest and 1 the
    largest; it may change while the node plays. The node has as many channels as the model,
    nearly always one.

    A model starts as after half a second of silence, or as many frames of it as the model
    remembers, and ``reset`` returns there.  With ``prewarm=False`` it starts from the initial state
    in the file (that of an LSTM) and a history of zeros, on the CPU alone.

    With ``oversample`` 2, 4 or 8 a mono model runs at a multiple of its rate, for fewer aliases:
    copies of the network play interleaved frames of the signal, between half-band filters.  It
    costs as many times as much, adds 47, 55 or 58 frames of latency (with ``quality`` "live", whose
    filters are flat to 18 kHz of 48 kHz in place of 20: 21, 29, 32), and some models sound other
    than at their own rate: docs/oversampling.md has measurements.

    With ``backend="cuda"`` the model runs on a GPU and the node's ports are in device memory;
    ``"auto"`` does so if there is a device and it can run the model.  The CPU takes over from a
    device that fails or keeps missing its deadlines, and when ``slim`` selects another size.

    With ``precision="fast"`` tanh and sigmoid between the layers are cheaper functions, off by at
    most 6.4e-5 (-84 dB): an A1 nano takes 0.87 of the time, a standard 0.95, and networks of other
    activations, LSTMs and GRUs have the bits of "exact".  ``namgraph info amp.nam --precision
    fast`` prints the error of a model.  On a device "exact" is float32, "tf32x3" and "fast" are
    close to float32 on tensor cores, "tf32" has an error 60 dB below the signal; on the CPU
    these two are "exact".
    """

    generates = True  # silence is a number like any other: its output may have an offset
    jump_ratio = 200.0  # where such an offset is much larger than the sine
    path: str | os.PathLike[str] | Model = file(kw_only=False, content=Model)
    right: str | os.PathLike[str] | Model | None = file(kw_only=False, content=Model, default=None)
    slim: float = param(default=1.0, low=0.0, high=1.0, smoothing_s=FADE_S)
    levels: str = option(default="raw", choices=MODES)
    interface_dbu: float = option(default=INTERFACE_DBU, machine=True)
    calibrate_input: bool = option(default=False, choices=(False, True))
    resample: bool = option(default=False, choices=(False, True))
    prewarm: bool = option(default=True, choices=(False, True))
    oversample: int = option(default=1, choices=(1, 2, 4, 8))
    quality: str = option(default="studio", choices=("studio", "live"))
    backend: str = option(default="cpu", choices=BACKENDS, machine=True)
    precision: str = option(default="exact", choices=PRECISIONS)
    knobs: Knobs | Mapping[str, float | str] = KNOBS
    input_db: float = param(default=0.0, low=-60.0, high=60.0, unit="dB", smoothing_s=SMOOTHING_S)
    output_db: float = param(default=0.0, low=-60.0, high=60.0, unit="dB", smoothing_s=SMOOTHING_S)

    def __post_init__(self) -> None:
        """Check all fields without reading the file."""
        object.__setattr__(self, "path", checked_file(self.path, "path", NamFileError, Model))
        if self.right is not None:
            right = checked_file(self.right, "right", NamFileError, Model)
            object.__setattr__(self, "right", right)
        super().__post_init__()
        object.__setattr__(self, "interface_dbu", check_interface(self.interface_dbu))
        self.check_knobs()

    __eq__ = KnobNode.__eq__

    @cached_property
    def resolved(self) -> ResolvedModel:
        """The model as read from ``path`` on first access; a later access reads nothing.

        A file that cannot be used raises ``NamFileError``, and is tried again at the next access.
        """
        return resolve(self.path, self.slim)

    @cached_property
    def resolved_right(self) -> ResolvedModel | None:
        """The model of the right side of a pair, as ``resolved`` is that of the left one."""
        if self.right is None:
            return None
        right = resolve(self.right, self.slim)
        check_sides(self.resolved, right)
        return right

    @property
    def sides(self) -> tuple[ResolvedModel, ...]:
        """The models as read: one, or left and right."""
        right = self.resolved_right
        return (self.resolved,) if right is None else (self.resolved, right)

    @property
    def own_channels(self) -> int:
        """Channels of a graph of this node alone: those of the model; of a pair 2."""
        return 1 if self.right is None else 2

    @property
    def inputs(self) -> tuple[Port, ...]:
        """One port with the channels of the model; raises ``NamFileError`` as ``resolved`` does.

        That of a pair takes one channel or two.  A knob that the capture has not is a
        ``ParamError``.
        """
        _ = self.knob_values
        if self.right is not None:
            return (Port("in"),)
        return (Port("in", self.resolved.file_model.channels[0], space=self._space),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """One port with the channels of the model; with two of a pair."""
        if self.right is not None:
            return (Port("out", len(self.sides)),)
        return (Port("out", self.resolved.file_model.channels[1], space=self._space),)

    @property
    def _space(self) -> Space:
        return space_of(self.backend, self.device_refusal)

    def contents(self) -> tuple[str, ...]:
        """Return the digest of the file; of a pair those of both."""
        return tuple(side.digest for side in self.sides)

    def device_refusal(self) -> str:
        """Return why the model cannot run on a device, or an empty string if it can.

        A file that cannot be used raises its ``NamFileError``.
        """
        if self.right is not None:
            return "a pair of captures is for the CPU"
        return self.resolved.device_refusal(
            self.precision,
            resample=self.resample,
            prewarm=self.prewarm,
            oversample=self.oversample,
        )

    @property
    def model(self) -> Model:
        """The model in the file, of the size for ``slim``."""
        return self.resolved.model

    def with_params(self, values: Mapping[str, float]) -> "Nam":
        """Return the node with other parameter values and the model it has already read."""
        made: Nam = replace(self, **self.field_values(values))
        if "resolved" in vars(self):
            vars(made)["resolved"] = self.resolved.selected(made.slim)
            if self.resolved_right is not None:
                vars(made)["resolved_right"] = self.resolved_right.selected(made.slim)
            _ = made.knob_values  # refuses wrong ones
        return made

    def levels_applied(self, side: int = 0) -> Applied:
        """Return the gains ``levels`` puts before and after the model, and what was missing.

        ``side`` is 1 for the right model of a pair.
        """
        model = self.sides[side].file_model
        return applied(model, self.levels, self.interface_dbu, self.calibrate_input)

    def latency(self, spec: Spec) -> int:
        """Return the frames of delay of the filters of ``resample`` and ``oversample``, or 0."""
        between = self._rate_conversion(spec.rate) if self.resample else None
        return self._running.latency if between is None else between.latency

    @property
    def _running(self) -> Running:
        return Running(self.slim, self.prewarm, self.oversample, self.quality, self.precision)

    def own_rate(self) -> float | None:
        """Return the rate of the model in Hz; ``None`` if the node resamples."""
        return None if self.resample else self.resolved.sample_rate

    def on_cpu(self) -> Node | None:
        """Return the same node and model with backend "cpu", if its backend is "auto"."""
        if self.backend != "auto":
            return None
        return keep_models(self, replace(self, backend="cpu"))

    def tail(self, spec: Spec) -> int:
        """Return the stream frames for which an input frame is audible (an LSTM: about)."""
        between = self._rate_conversion(spec.rate) if self.resample else None
        longest = max(side.model.prewarm for side in self.sides)
        return stream_frames(longest + 2 * self._running.latency, between)

    def receptive_field(self, spec: Spec) -> int | None:
        """Return that of the network and of ``oversample``; ``None`` for LSTMs and resamplers.

        Of a pair it is the longer one.
        """
        fields = [exact_field(side.model.running) for side in self.sides]
        between = self._rate_conversion(spec.rate) if self.resample else None
        if between is not None or None in fields:
            return None
        return max(field or 0 for field in fields) + filter_frames(self.oversample, self.quality, 0)

    def _rate_conversion(self, stream_rate: float) -> Rates | None:
        """Return that of the left model, whose rate the right one of a pair has too."""
        return self.resolved.rate_conversion(
            stream_rate, resample=self.resample, delay=self._running.latency
        )

    def prepare(self, io: Io) -> Processor:
        """Allocate memory for every size of the model and compile the kernels."""
        on_device = self._space is Space.DEVICE
        if on_device and (reason := self.device_refusal()):
            name = self.resolved.path
            raise CudaError(f"{name}: cannot play with backend cuda: {reason}: must be auto or cpu")
        between, sides = self._rate_conversion(io.spec.rate), self.sides
        levels = [self.levels_applied(n) for n in range(len(sides))]
        warn_of_missing([(each.path, gains) for each, gains in zip(sides, levels, strict=True)])

        def prepared(number: int) -> Prepared:
            work = (lambda prewarm: self._work(io, prewarm)) if on_device else None
            what = sides[number], levels[number], self._running
            return prepare_model(io, *what, between, work)

        if len(sides) == 1:
            return prepared(0).processor
        from .pair.prepare import prepare_pair  # late: not needed by one model

        return prepare_pair(
            io, [prepared(0), prepared(1)], [each.file_model.knobs for each in sides]
        )

    def _work(self, io: Io, prewarm: int) -> Any:
        """Allocate what the model needs on the device."""
        from .cuda.host_kernel import before_launch
        from .cuda.prepare import allocate_cuda  # late: not needed without a device

        memory: Any = io.memory
        return allocate_cuda(memory, [self.model.running], prewarm, before_launch, self.precision)


def space_of(backend: str, device_refusal: Callable[[], str]) -> Space:
    """Return the space of the ports; with "auto" the device, if ``device_refusal`` is empty."""
    if backend == "cpu":
        return Space.HOST
    return Space.DEVICE if backend == "cuda" or not device_refusal() else Space.HOST
