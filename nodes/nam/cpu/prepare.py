"""From a network to its kernel and the record the kernel is called with.

``prepare_network`` belongs to control threads; the kernels run on the audio thread.
"""

from typing import Any

import numpy as np

from ....graph.prepare import LONGEST_BLOCK, Memory
from ....runtime.native.abi import Native
from ....runtime.native.host import host_lanes
from ....runtime.simd.activations import ACTIVATIONS
from ...dsp.convolver.prepare import Route, convolution, convolution_kernel
from ..model.captures import Conditioned, ConvStack, Gru
from ..model.networks import Activation, Conv, ConvNet, Linear, Lstm
from ..model.wavenet import (
    Gained,
    Interleaved,
    Network,
    ParametricWaveNet,
    Sequential,
    WaveNet,
)
from ..precision import FAST
from . import program_ops as ops
from .knob_columns import KnobColumns
from .layers import OperationBuilder
from .live_weights import Moved, add_live_wavenet
from .program import Matrix, Program, walk
from .program_conv import conv as conv_kernel, dense
from .wavenet import add_wavenet
from .wavenet_layers import layers

__all__ = ["common_kernels", "prepare_network"]

FIRST_GENERATION = (16, 8, 12, 6, 4, 2)
"""Channels of the A1 models standard, lite, feather and nano."""
SECOND_GENERATION = (3, 8)
"""Channels of the A2 models lite and full."""
RECURRENT = ((12, 1), (16, 1), (24, 1), (8, 2), (12, 2), (16, 2), (18, 3))
"""Hidden size and layers of the trainers' LSTM presets."""
GRUS = (8, 12, 16, 40, 64)
"""Hidden sizes of AIDA-X's GRUs; the last stands for all that are looped."""


def prepare_network(
    memory: Memory,
    network: Network,
    width: int | None = None,
    moved: list[Moved] | None = None,
    frames: int = LONGEST_BLOCK,
) -> tuple[Native, Any]:
    """Allocate the memory of a network; return its kernel and the record to call it with.

    Blocks of any length may be played; the kernel is chosen for blocks of at most ``frames``.

    Knobs are at their defaults; if there is a list ``moved``, the biases and weights that depend on
    them are added to it, so that they can be moved.

    The kernel takes lists of channel addresses, as every node's does; but with one input and one
    output channel, the two addresses themselves.
    """
    if isinstance(network, Interleaved):
        return _interleaved(memory, network, width, moved, frames)
    inner, knobs = _at_rest(network, moved)
    if inner.inputs == inner.outputs == 1:
        if isinstance(inner, Gained) and isinstance(inner.inner, Lstm | Gru):
            from .side_by_side.gained import prepare_gained

            return prepare_gained(memory, inner, _recurrent(memory, inner.inner, width))
        if isinstance(inner, Lstm | Gru):
            return _recurrent(memory, inner, width, knobs=knobs)
    program = Program(memory, width, frames)
    source = program.matrix(network.inputs)
    return walk, program.finish(source, _add(program, network, source, moved))


def _interleaved(
    memory: Memory,
    network: Interleaved,
    width: int | None,
    moved: list[Moved] | None,
    frames: int,
) -> tuple[Native, Any]:
    """Allocate the copies of a mono network; blocks must be of multiples of ``times`` frames."""
    from .interleaved import GROUP, INTERLEAVED, PIECE, play_copies
    from .side_by_side.group import group_size, prepare_group

    inner, times = network.network, network.times
    copies = [prepare_network(memory, inner, width, moved, frames) for _ in range(times)]
    plain, _ = _at_rest(inner, moved)
    size, ends = min(times, group_size(plain, width)), ("source", "target")
    rooms = {name: memory.scratch(size * PIECE) for name in ends}
    lists = list(rooms.values())
    if size > 1:
        groups = [copies[n : n + size] for n in range(0, times, size)]
        records = [[at for _, at in group] for group in groups]
        made = [prepare_group(memory, [plain] * size, group, width) for group in records]
        copies = [group for group in made if group is not None]
        lists = [memory.pointers([room[4 * n * PIECE] for n in range(size)]) for room in lists]
    record = memory.record(
        INTERLEAVED,
        times=times,
        size=size,
        count=len(copies),
        groups=memory.table(GROUP, [{"kernel": k.address, "record": at} for k, at in copies]),
        ins=lists[0],
        outs=lists[1],
        **rooms,
    )
    return play_copies, record


def common_kernels(width: int | None = None, precision: str = "exact") -> tuple[Native, ...]:
    """Return the kernels to compile ahead: those of all published sizes, and the general ones.

    ``width`` is the number of SIMD lanes; by default that of this CPU.  With ``precision`` "fast"
    also those that ``Nam(precision="fast")`` needs.
    """
    from .gru.prepare import gru_kernel
    from .lstm.prepare import lstm_kernel
    from .lstm.voices import lstm_voices_kernel

    width = width or host_lanes()
    tanhs = ("tanh", FAST["tanh"]) if precision == "fast" else ("tanh",)
    made = [
        dense(width),
        *(layers(channels, tanh, width) for tanh in tanhs for channels in FIRST_GENERATION),
        *(layers(channels, "leaky_max", width) for channels in SECOND_GENERATION),
        *(lstm_kernel(hidden, depth, width) for hidden, depth in RECURRENT),
        *(gru_kernel(hidden, 1, width) for hidden in GRUS),
        lstm_voices_kernel(width),
        *(make(width) for make in (conv_kernel, ops.film, ops.gate, ops.blend, ops.copy)),
        *(ops.activate(name, width) for name in ACTIVATIONS),
    ]
    return tuple(dict.fromkeys(made))


def _at_rest(network: Network, moved: list[Moved] | None) -> tuple[Network, KnobColumns | None]:
    """Return the network that knobs at their defaults make, and the knobs if they may move."""
    if not isinstance(network, Conditioned):
        return network, None
    return network.at(), None if moved is None else KnobColumns(network, moved)


def _add(
    program: Program, network: Network, source: Matrix, moved: list[Moved] | None = None
) -> Matrix:
    """Add a network to a program; return the matrix of its output."""
    if isinstance(network, Sequential):
        for part in network.parts:
            source = _add(program, part, source, moved)
        return source
    if isinstance(network, Gained):
        return _add_gained(program, network, source, moved)
    if isinstance(network, ParametricWaveNet):
        if moved is not None:
            return add_live_wavenet(program, network, source, moved)
        network = network.inner
    network, knobs = _at_rest(network, moved)
    if isinstance(network, Lstm | Gru):
        return _add_recurrent(program, network, source, knobs)
    if isinstance(network, ConvStack):
        return _add_stack(program, network, source, knobs)
    if isinstance(network, ConvNet):
        return _add_convnet(program, network, source)
    if isinstance(network, Linear):
        return _add_linear(program, network, source)
    assert isinstance(network, WaveNet)  # an Interleaved is always the whole of a model
    condition = source if network.condition is None else _add(program, network.condition, source)
    return add_wavenet(program, network, source, condition)


def _add_recurrent(
    program: Program, network: Lstm | Gru, source: Matrix, knobs: KnobColumns | None
) -> Matrix:
    target, where = program.matrix(network.outputs), (program.width, program.piece, knobs)
    made, at = _recurrent(program.memory, network, *where)
    program.stage(made, at, source.address, target.address)
    return target


def _recurrent(memory: Memory, network: Lstm | Gru, *where: Any, **more: Any) -> tuple[Native, Any]:
    """Allocate the memory of an LSTM or a GRU, whose kernels are imported now."""
    if isinstance(network, Gru):
        from .gru.prepare import prepare_gru

        return prepare_gru(memory, network, *where, **more)
    from .lstm.prepare import prepare_lstm

    return prepare_lstm(memory, network, *where, **more)


def _add_stack(
    program: Program, network: ConvStack, source: Matrix, knobs: KnobColumns | None
) -> Matrix:
    operations, steps = OperationBuilder(program), network.steps
    needed = [step.lookback if isinstance(step, Conv) else 0 for step in (*steps, None)]
    signal = program.matrix(network.inputs, needed[0])
    operations.copy(source, signal)
    for number, step in enumerate(steps):
        channels = step.outputs if isinstance(step, Conv) else signal.channels
        target = program.matrix(channels, needed[number + 1])
        if isinstance(step, Conv):
            operations.conv(step, signal, target, knobs=None if number else knobs)
        elif isinstance(step, Activation):
            operations.activate(step, signal, target)
        else:
            operations.softmax(signal, target)
        signal = target
    return signal


def _add_gained(
    program: Program, network: Gained, source: Matrix, moved: list[Moved] | None
) -> Matrix:
    operations = OperationBuilder(program)
    scaled = program.matrix(network.inputs)
    operations.conv(_gain(network.inputs, network.input_gain), source, scaled)
    made = _add(program, network.inner, scaled, moved)
    if network.skip:
        whole = program.matrix(network.outputs)
        operations.copy(made, whole, start=scaled)
        made = whole
    target = program.matrix(network.outputs)
    operations.conv(_gain(network.outputs, network.output_gain), made, target)
    return target


def _gain(channels: int, factor: float) -> Conv:
    """Return a convolution that multiplies each channel by a factor."""
    return Conv(np.full((channels, 1, 1), factor, np.float32), groups=channels)


def _add_convnet(program: Program, network: ConvNet, source: Matrix) -> Matrix:
    operations = OperationBuilder(program)
    signal = program.matrix(network.inputs, network.blocks[0][0].lookback)
    operations.copy(source, signal)
    after = [conv.lookback for conv, _ in network.blocks[1:]] + [0]
    for (conv, kind), lookback in zip(network.blocks, after, strict=True):
        raw = program.shared(conv.outputs, "mixed")
        operations.conv(conv, signal, raw)
        signal = program.matrix(conv.outputs, lookback)
        operations.activate(kind, raw, signal)
    target = program.matrix(network.outputs)
    operations.conv(network.head, signal, target)
    return target


def _add_linear(program: Program, network: Linear, source: Matrix) -> Matrix:
    operations, taps, bias = OperationBuilder(program), network.taps, network.bias
    inputs, outputs = network.inputs, network.outputs
    target = program.matrix(outputs)
    if bias is not None:
        bias = np.broadcast_to(bias, outputs)
    if network.fast:
        whole = target if bias is None else program.matrix(outputs)
        if inputs == outputs:
            routes = [Route(c, c, 0) for c in range(outputs)]
        else:
            routes = [Route(o, i, max(o, i)) for o in range(outputs) for i in range(inputs)]
        made = convolution(program.memory, taps, routes)
        lists = [m.pointers(program.memory) for m in (source, whole)]
        program.stage(convolution_kernel(made.depth), made.record, *lists)
        if bias is not None:
            one = Conv(np.ones((outputs, 1, 1), np.float32), bias, groups=outputs)
            operations.conv(one, whole, target)
        return target
    history = program.matrix(inputs, network.receptive_field - 1)
    operations.copy(source, history)
    reversed_ = taps[:, ::-1]
    if inputs == outputs:
        weight = np.repeat(reversed_[:, None], outputs, axis=0)
        operations.conv(Conv(weight, bias, groups=outputs), history, target)
    else:
        operations.conv(Conv(reversed_.reshape(outputs, inputs, -1), bias), history, target)
    return target
