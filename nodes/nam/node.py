"""Nam: a Neural Amp Modeler model as a node."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...graph.errors import CudaError, NamFileError, ParamError
from ...graph.node import Node, file, node, option, param
from ...graph.paths import checked_path
from ...graph.port import Port, Space
from ...graph.prepare import Io, Processor, Spec
from ...runtime.simd.smoothing import glide_coefficient
from ..dsp.resample import Rates, rates, resampled
from .format.load import load_nam
from .kernel import SMOOTHING_S, STATE, play
from .levels import INTERFACE_DBU, MODES, Applied, applied, check_interface, warn_of_missing
from .model.model import UNKNOWN_RATE, Model
from .sizes import FADE_S, prepare_sizes

__all__ = ["BACKENDS", "PRECISIONS", "Nam", "space_of"]

BACKENDS = ("cpu", "cuda", "auto")
PRECISIONS = ("exact", "tf32x3", "tf32")
RATE_TOLERANCE_HZ = 0.5


@node("nam")
class Nam(Node):
    """Play a .nam file: an amplifier, a pedal, or a whole rig, as a neural network learned it.

    With ``levels="raw"`` nothing is scaled: with both gains at 0 dB the output is the
    network's, bit for bit. ``"normalized"`` brings the output to a common loudness;
    ``"calibrated"`` matches both ends to an interface whose full scale is ``interface_dbu``
    (``calibrate_input`` does so to the input alone); ``levels_applied`` tells the gains. An end
    whose level the file does not say stays raw: that is a ``LevelsWarning`` when the graph is
    built. A model runs at the rate it was trained at: a stream at another is refused, or, with
    ``resample``, brought there and back, which adds latency. ``slim`` chooses among the sizes
    of a container, or of a model that can be cut down, 0 for the smallest and 1 for the
    largest; it may change while the node plays. The node has as many channels as the model,
    which is nearly always one.

    With ``backend="cuda"`` the model plays on a GPU and the node's ports are there; ``"auto"`` does
    so where there is a device and the model can.  The CPU takes over from a device that fails or
    keeps missing its deadlines, and when ``slim`` moves to another size.  ``precision`` is the
    device's: "exact" is float32, "tf32x3" nearly so by tensor cores, "tf32" 60 dB down.
    """

    path: str = file(kw_only=False)
    slim: float = param(default=1.0, low=0.0, high=1.0, smoothing_s=FADE_S)
    levels: str = option(default="raw", choices=MODES)
    interface_dbu: float = option(default=INTERFACE_DBU)
    calibrate_input: bool = option(default=False, choices=(False, True))
    resample: bool = option(default=False, choices=(False, True))
    backend: str = option(default="cpu", choices=BACKENDS)
    precision: str = option(default="exact", choices=PRECISIONS)
    input_db: float = param(default=0.0, low=-60.0, high=60.0, unit="dB", smoothing_s=SMOOTHING_S)
    output_db: float = param(default=0.0, low=-60.0, high=60.0, unit="dB", smoothing_s=SMOOTHING_S)

    def __post_init__(self) -> None:
        """Check what can be checked without the file."""
        object.__setattr__(self, "path", checked_path(self.path, "path", NamFileError))
        super().__post_init__()
        object.__setattr__(self, "interface_dbu", check_interface(self.interface_dbu))

    @property
    def inputs(self) -> tuple[Port, ...]:
        """One port, as wide as the model; a file that cannot be used is its ``NamFileError``."""
        return (Port("in", self._channels[0], space=self._space),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """One port, as wide as the model."""
        return (Port("out", self._channels[1], space=self._space),)

    @property
    def _channels(self) -> tuple[int, int]:
        return load_nam(self.path).channels

    @property
    def _space(self) -> Space:
        return space_of(self.backend, self.device_refusal)

    def device_refusal(self) -> str:
        """Return why the model cannot play on a device, or nothing if it can.

        A file that cannot be used is no reason: it raises its own ``NamFileError``.
        """
        from ...runtime.cuda.driver.device import driver, unavailable_reason
        from .cuda import cuda_network, refusal

        network = self.model.running
        try:
            if self.resample:
                return "resample is for the CPU"
            if reason := refusal(network):
                return reason
            if reason := unavailable_reason():
                return reason
            room = driver().shared_bytes
        except CudaError as error:
            return str(error)
        wanted = cuda_network(network, self.precision).kernel.shared_bytes
        return "" if wanted <= room else f"{wanted} bytes of shared memory: the device has {room}"

    @property
    def model(self) -> Model:
        """The model in the file, of the size ``slim`` asks for."""
        return load_nam(self.path).select(self.slim)

    def levels_applied(self) -> Applied:
        """Return the gains ``levels`` puts before and after the model, and what was missing."""
        return applied(load_nam(self.path), self.levels, self.interface_dbu, self.calibrate_input)

    def latency(self, spec: Spec) -> int:
        """Return the delay of both resamplers, if there are any."""
        between = self.between(spec.rate) if self.resample else None
        return 0 if between is None else between.latency

    def own_rate(self) -> float | None:
        """Return the model's rate, unless the node resamples."""
        if self.resample:
            return None
        return self.model.sample_rate or load_nam(self.path).sample_rate or UNKNOWN_RATE

    def on_cpu(self) -> Node | None:
        """Return the node on the CPU, if its backend is "auto"."""
        return replace(self, backend="cpu") if self.backend == "auto" else None

    def tail(self, spec: Spec) -> int:
        """Return how long the model hears a frame (an LSTM: about how long)."""
        return _frames(self.model.prewarm, self.between(spec.rate) if self.resample else None)

    def between(self, stream: float) -> Rates | None:
        """Return how the stream comes to the model's rate; ``None`` where it is there already."""
        known = self.model.sample_rate or load_nam(self.path).sample_rate
        own = UNKNOWN_RATE if known is None else known
        if abs(own - stream) <= RATE_TOLERANCE_HZ:
            return None
        if self.resample:
            try:
                return rates(stream, own)
            except ParamError as error:
                raise NamFileError(f"{self.path}: {error}") from None
        says = "" if known else " (the file does not say, which means 48000)"
        raise NamFileError(
            f"{self.path}: the model runs at {own:g} Hz{says}, the stream at {stream:g} Hz: "
            f"play it at {own:g} (sample_rate={own:g}, --rate {own:g}), or let the node resample: "
            "Nam(..., resample=True), --resample"
        )

    def prepare(self, io: Io) -> Processor:
        """Read the file, lay its networks out, compile their kernels."""
        model, memory = load_nam(self.path), io.memory
        on_device = self._space is Space.DEVICE
        if on_device and (reason := self.device_refusal()):
            raise CudaError(
                f"{self.path}: cannot play with backend cuda: {reason}: must be auto or cpu"
            )
        between, levels = self.between(io.spec.rate), self.levels_applied()
        warn_of_missing([(self.path, levels)])
        inputs, outputs = model.channels
        listed = (inputs, outputs) != (1, 1)
        if listed and between is not None:
            raise NamFileError(
                f"{self.path}: a model with {inputs} channels in and {outputs} out cannot be"
                " resampled: it must run at its own rate"
            )
        made, at, prewarm = prepare_sizes(memory, model, self.slim)
        sizes, prewarm = at if len(model.sizes) > 1 else 0, _frames(prewarm, between)
        if between is not None:
            if len(model.sizes) > 1:  # they are primed until the resamplers have settled as well
                at.content["unprimed"] = between.inner_frames(prewarm)
            made, at = resampled(memory, between, made, at)
        room = io.spec.max_frames
        driven = memory.scratch((inputs, room))
        work = self._work(io, prewarm) if on_device else None
        low, high = _slim_range(model, self.slim)
        block = memory.record(
            STATE,
            slim=io.params["slim"],
            input_db=io.params["input_db"],
            output_db=io.params["output_db"],
            input_level_db=levels.input_db,
            output_level_db=levels.output_db,
            coefficient=glide_coefficient(SMOOTHING_S, io.spec.rate),
            kernel=made.address,
            network=at,
            sizes=sizes,
            curve=memory.scratch(room),
            driven=memory.pointers([driven[4 * room * c] for c in range(inputs)]),
            inputs=inputs,
            outputs=outputs,
            listed=int(listed),
            device=0 if work is None else work.memory.node,
            room=room,
            slim_low=low,
            slim_high=high,
        )
        if work is None:
            return Processor(play, block, prewarm=prewarm)
        from .cuda.host_kernel import cpu_fallback

        return Processor(cpu_fallback, block, prewarm=prewarm, device=work)

    def _work(self, io: Io, prewarm: int) -> Any:
        """Ask for what the model needs on the device."""
        from .cuda.host_kernel import before_launch
        from .cuda.prepare import (
            allocate_cuda,  # only here: those who have no device need not load it
        )

        memory: Any = io.memory
        return allocate_cuda(memory, [self.model.running], prewarm, before_launch, self.precision)


def space_of(backend: str, device_refusal: Callable[[], str]) -> Space:
    """Return where a model plays; with "auto" on a device, if nothing speaks against it."""
    if backend == "cpu":
        return Space.HOST
    return Space.DEVICE if backend == "cuda" or not device_refusal() else Space.HOST


def _frames(prewarm: int, between: Rates | None) -> int:
    """Return the stream frames after which a model, and what stands around it, has settled."""
    if between is None:
        return prewarm
    return math.ceil(prewarm * between.down / between.up) + between.latency


def _slim_range(model: Model, slim: float) -> tuple[float, float]:
    """Return from where to below where ``slim`` asks for the same size."""
    low = -math.inf
    for size in model.sizes[:-1]:
        if slim < size.max_value:
            return low, size.max_value
        low = size.max_value
    return low, math.inf
