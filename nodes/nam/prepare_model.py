"""Memory and kernels of one model of ``Nam``: all of its sizes, its gains, its knobs.

Control threads.  A node of one model is one of these, a pair of captures two.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...graph.errors import UnsupportedFeatureError
from ...graph.prepare import Io, Processor
from ..dsp.oversampling.half_band import latency
from ..dsp.oversampling.oversampled import oversampled
from ..dsp.resample import Rates, resampled
from .cpu.live_weights import Moved
from .kernel import STATE, play
from .knob_kernel import TICK, knob_state, play_knobs, prepare_knobs
from .levels import Applied
from .model.captures import Gru
from .model.interleaved import interleaved_model
from .model.networks import Lstm
from .model.wavenet import Gained, Network
from .precision import model_for
from .resolved_model import ResolvedModel
from .slimmable import prepare_sizes, slim_range

__all__ = ["Prepared", "Running", "prepare_model", "stream_frames"]


@dataclass(frozen=True)
class Running:
    """How a node runs its models: the options of ``Nam`` that are fixed once it is prepared."""

    slim: float
    prewarm: bool
    oversample: int
    quality: str
    precision: str = "exact"

    @property
    def latency(self) -> int:
        """Frames of delay at the model's rate."""
        return latency(self.oversample, self.quality, 0)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A model in memory."""

    processor: Processor
    network: Network | None
    """The network that alone runs between the gains; ``None`` with filters, sizes or knobs."""
    made: Any
    """The record of what runs between the gains."""


def prepare_model(
    io: Io,
    resolved: ResolvedModel,
    levels: Applied,
    how: Running,
    between: Rates | None,
    work_for: Callable[[int], Any] | None = None,
) -> Prepared:
    """Allocate memory for every size of a model and compile the kernels.

    ``work_for`` allocates what the model needs on a device, from the frames to prewarm it.
    """
    model, memory, times = resolved.file_model, io.memory, how.oversample
    inputs, outputs = model.channels
    multichannel = (inputs, outputs) != (1, 1)
    _check_channels(resolved, multichannel, between, times)
    knobs, moved = model.knobs, list[Moved]()
    model = interleaved_model(model_for(model, how.precision), times)
    made, at, prewarm = prepare_sizes(
        memory, model, how.slim, how.prewarm, times, moved, io.spec.max_frames
    )
    sizes = at if len(model.sizes) > 1 else 0
    prewarm = prewarm // times + 2 * how.latency
    prewarm = stream_frames(prewarm, between) if how.prewarm else 0
    if len(model.sizes) > 1:  # prewarm lasts until the filters have settled
        settled = prewarm if between is None else between.inner_frames(prewarm)
        at.content["prewarm_left"] = times * settled
    if times > 1:
        made, at = oversampled(memory, times, how.quality, made, at)
    if between is not None:
        made, at = resampled(memory, between, made, at)
    room = io.spec.max_frames
    scaled = memory.scratch((inputs, room))
    work = None if work_for is None else work_for(prewarm)
    low, high = slim_range(model, how.slim)
    more: dict[str, Any] = {}
    if knobs:
        prewarm = -(-prewarm // TICK) * TICK  # so that ticks lie where those of controls do
        more = prepare_knobs(io, knobs, moved)
    block = memory.record(
        knob_state([knob.name for knob in knobs]) if knobs else STATE,
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
    if knobs:
        return Prepared(Processor(play_knobs, block, prewarm=prewarm), None, at)
    if work is not None:
        from .cuda.host_kernel import cpu_fallback

        return Prepared(Processor(cpu_fallback, block, prewarm=prewarm, device=work), None, at)
    plain = len(model.sizes) == 1 and between is None and times == 1
    network = model.sizes[0].model.running if plain else None
    many = joins = None
    if isinstance(network, Lstm | Gru | Gained):
        from .pair.joined import join_models  # late: not needed by other networks
        from .voices import voices

        many, joins = voices(network, block, at), join_models(network, block, at)
    processor = Processor(play, block, prewarm=prewarm, voices=many, side_by_side=joins)
    return Prepared(processor, network, at)


def stream_frames(prewarm: int, between: Rates | None) -> int:
    """Return the stream frames to prewarm a model and the resamplers around it."""
    if between is None:
        return prewarm
    return math.ceil(prewarm * between.down / between.up) + between.latency


def _check_channels(
    resolved: ResolvedModel, multichannel: bool, between: Rates | None, times: int
) -> None:
    """Refuse filters around a model of several channels."""
    inputs, outputs = resolved.file_model.channels
    whole = f"{resolved.path}: a model with {inputs} channels in and {outputs} out cannot be"
    if multichannel and between is not None:
        raise UnsupportedFeatureError(f"{whole} resampled: it must run at its own rate")
    if multichannel and times > 1:
        raise UnsupportedFeatureError(f"{whole} oversampled: oversample must be 1")
