"""Nam: a Neural Amp Modeler model as a node."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from ...graph.errors import CudaError, NamFileError, UnsupportedFeatureError
from ...graph.node import Node, file, node, option, param
from ...graph.paths import checked_file
from ...graph.port import Port, Space
from ...graph.prepare import Io, Processor, Spec
from ..dsp.oversampling.half_band import filter_frames, latency
from ..dsp.oversampling.oversampled import oversampled
from ..dsp.resample import Rates, resampled
from .cpu.knob_columns import Fold
from .kernel import SMOOTHING_S, STATE, play
from .knob_kernel import TICK, knob_state, play_knobs, prepare_knobs
from .knobs import KNOBS, KnobNode, Knobs
from .levels import INTERFACE_DBU, MODES, Applied, applied, check_interface, warn_of_missing
from .model.interleaved import interleaved_model
from .model.model import Model
from .resolved_model import ResolvedModel, keep_models, resolve
from .slimmable import FADE_S, exact_field, prepare_sizes, slim_range
from .voices import voices

__all__ = ["BACKENDS", "PRECISIONS", "Nam", "space_of"]

BACKENDS = ("cpu", "cuda", "auto")
PRECISIONS = ("exact", "tf32x3", "tf32")


@node("nam", display_name="NAM model", category="amp", example='"amp.nam", input_db=3.0')
class Nam(KnobNode):
    """Run a .nam file: the neural network model of an amplifier, a pedal or a whole rig.

    Captures of AIDA-X, RTNeural and GuitarML (Proteus, NeuralPi) play as well: ``load_capture``
    lists the formats.  Knobs of a capture are parameters of the node, ``amp.knob1``; ``knobs`` sets
    them at first: ``Nam("amp.json", knobs={"knob1": 0.7})``.

    ``path`` is the path of the file, or a ``Model`` that ``load_capture`` or ``load_nam``
    returned.  The file is read once, when the ports are first listed (``Graph.add``); the model
    read then is the one that runs, even if the file is replaced later.

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
    ``precision`` is that of the device: "exact" is float32, "tf32x3" is close to float32 on tensor
    cores, "tf32" has an error 60 dB below the signal.
    """

    generates = True  # silence is a number like any other: its output may have an offset
    jump_ratio = 200.0  # where such an offset is much larger than the sine
    path: str | os.PathLike[str] | Model = file(kw_only=False, content=Model)
    slim: float = param(default=1.0, low=0.0, high=1.0, smoothing_s=FADE_S)
    levels: str = option(default="raw", choices=MODES)
    interface_dbu: float = option(default=INTERFACE_DBU)
    calibrate_input: bool = option(default=False, choices=(False, True))
    resample: bool = option(default=False, choices=(False, True))
    prewarm: bool = option(default=True, choices=(False, True))
    oversample: int = option(default=1, choices=(1, 2, 4, 8))
    quality: str = option(default="studio", choices=("studio", "live"))
    backend: str = option(default="cpu", choices=BACKENDS)
    precision: str = option(default="exact", choices=PRECISIONS)
    knobs: Knobs | Mapping[str, float] = KNOBS
    input_db: float = param(default=0.0, low=-60.0, high=60.0, unit="dB", smoothing_s=SMOOTHING_S)
    output_db: float = param(default=0.0, low=-60.0, high=60.0, unit="dB", smoothing_s=SMOOTHING_S)

    def __post_init__(self) -> None:
        """Check all fields without reading the file."""
        object.__setattr__(self, "path", checked_file(self.path, "path", NamFileError, Model))
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

    @property
    def inputs(self) -> tuple[Port, ...]:
        """One port with the channels of the model; raises ``NamFileError`` as ``resolved`` does.

        So does a knob that the capture has not: ``ParamError``.
        """
        _ = self.knob_values
        return (Port("in", self.resolved.file_model.channels[0], space=self._space),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """One port with the channels of the model."""
        return (Port("out", self.resolved.file_model.channels[1], space=self._space),)

    @property
    def _space(self) -> Space:
        return space_of(self.backend, self.device_refusal)

    def contents(self) -> tuple[str, ...]:
        """Return the digest of the file."""
        return (self.resolved.digest,)

    def device_refusal(self) -> str:
        """Return why the model cannot run on a device, or an empty string if it can.

        A file that cannot be used raises its ``NamFileError``.
        """
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
            _ = made.knob_values  # refuses wrong ones
        return made

    def levels_applied(self) -> Applied:
        """Return the gains ``levels`` puts before and after the model, and what was missing."""
        model = self.resolved.file_model
        return applied(model, self.levels, self.interface_dbu, self.calibrate_input)

    def latency(self, spec: Spec) -> int:
        """Return the frames of delay of the filters of ``resample`` and ``oversample``, or 0."""
        between = self._rate_conversion(spec.rate) if self.resample else None
        return self._own_latency if between is None else between.latency

    @property
    def _own_latency(self) -> int:
        """Frames of delay at the model's rate."""
        return latency(self.oversample, self.quality, 0)

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
        return _frames(self.model.prewarm + 2 * self._own_latency, between)

    def receptive_field(self, spec: Spec) -> int | None:
        """Return that of the network and of ``oversample``; ``None`` for LSTMs and resamplers."""
        field = exact_field(self.model.running)
        between = self._rate_conversion(spec.rate) if self.resample else None
        if field is None or between is not None:
            return None
        return field + filter_frames(self.oversample, self.quality, 0)

    def _rate_conversion(self, stream_rate: float) -> Rates | None:
        return self.resolved.rate_conversion(
            stream_rate, resample=self.resample, delay=self._own_latency
        )

    def prepare(self, io: Io) -> Processor:
        """Allocate memory for every size of the model and compile the kernels."""
        model, memory, name = self.resolved.file_model, io.memory, self.resolved.path
        on_device = self._space is Space.DEVICE
        if on_device and (reason := self.device_refusal()):
            raise CudaError(f"{name}: cannot play with backend cuda: {reason}: must be auto or cpu")
        between, levels = self._rate_conversion(io.spec.rate), self.levels_applied()
        warn_of_missing([(name, levels)])
        inputs, outputs = model.channels
        multichannel = (inputs, outputs) != (1, 1)
        if multichannel and between is not None:
            raise UnsupportedFeatureError(
                f"{name}: a model with {inputs} channels in and {outputs} out cannot be"
                " resampled: it must run at its own rate"
            )
        times, names, folds = self.oversample, list(self.knob_params), list[Fold]()
        if multichannel and times > 1:
            raise UnsupportedFeatureError(
                f"{name}: a model with {inputs} channels in and {outputs} out cannot be"
                " oversampled: oversample must be 1"
            )
        model = interleaved_model(model, times)
        made, at, prewarm = prepare_sizes(memory, model, self.slim, self.prewarm, times, folds)
        sizes = at if len(model.sizes) > 1 else 0
        prewarm = prewarm // times + 2 * self._own_latency
        prewarm = _frames(prewarm, between) if self.prewarm else 0
        if len(model.sizes) > 1:  # prewarm lasts until the filters have settled
            settled = prewarm if between is None else between.inner_frames(prewarm)
            at.content["prewarm_left"] = times * settled
        if times > 1:
            made, at = oversampled(memory, times, self.quality, made, at)
        if between is not None:
            made, at = resampled(memory, between, made, at)
        room = io.spec.max_frames
        scaled = memory.scratch((inputs, room))
        work = self._work(io, prewarm) if on_device else None
        low, high = slim_range(model, self.slim)
        more: dict[str, Any] = {}
        if names:
            prewarm = -(-prewarm // TICK) * TICK  # so that ticks lie where those of controls do
            more = prepare_knobs(memory, folds, names)
            more |= {name: io.params[name] for name in names}
            more |= {f"{name}_coefficient": io.glide(name, TICK) for name in names}
        block = memory.record(
            knob_state(names) if names else STATE,
            slim=io.params["slim"],
            input_db=io.params["input_db"],
            output_db=io.params["output_db"],
            input_level_db=levels.input_db,
            output_level_db=levels.output_db,
            input_db_coefficient=io.glide("input_db"),
            output_db_coefficient=io.glide("output_db"),
            kernel=made.address,
            network=at,
            sizes=sizes,
            curve=memory.scratch(room),
            scaled=memory.pointers([scaled[4 * room * c] for c in range(inputs)]),
            inputs=inputs,
            outputs=outputs,
            multichannel=int(multichannel),
            device=0 if work is None else work.memory.node,
            room=room,
            slim_low=low,
            slim_high=high,
            **more,
        )
        if names:
            return Processor(play_knobs, block, prewarm=prewarm)
        if work is None:
            plain = len(model.sizes) == 1 and between is None and times == 1
            many = voices(model.sizes[0].model.running, block, at) if plain else None
            return Processor(play, block, prewarm=prewarm, voices=many)
        from .cuda.host_kernel import cpu_fallback

        return Processor(cpu_fallback, block, prewarm=prewarm, device=work)

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


def _frames(prewarm: int, between: Rates | None) -> int:
    """Return the stream frames to prewarm a model and the resamplers around it."""
    if between is None:
        return prewarm
    return math.ceil(prewarm * between.down / between.up) + between.latency
