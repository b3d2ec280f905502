"""From a network to its kernel and the record the kernel is called with.

``prepare_network`` belongs to control threads; the kernels run on the audio thread.
"""

from typing import Any

import numpy as np

from ....graph.prepare import Memory
from ....runtime.native.abi import Native
from ....runtime.native.host import host_lanes
from ....runtime.simd.activations import ACTIVATIONS
from ...dsp.convolver.prepare import Route, convolution, convolution_kernel
from ..model.networks import Conv, ConvNet, Linear, Lstm
from ..model.wavenet import Interleaved, Network, Sequential
from . import program_ops as ops
from .interleaved import COPY, INTERLEAVED, PIECE, play_copies
from .layers import OperationBuilder
from .lstm import lstm_kernel, prepare_lstm
from .lstm_voices import lstm_voices_kernel
from .program import Matrix, Program, walk
from .program_conv import conv as conv_kernel
from .wavenet import add_wavenet
from .wavenet_layers import dense, layers

__all__ = ["common_kernels", "prepare_network"]

FIRST_GENERATION = (16, 8, 12, 6, 4, 2)
"""Channels of the A1 models standard, lite, feather and nano."""
SECOND_GENERATION = (3, 8)
"""Channels of the A2 models lite and full."""
RECURRENT = ((12, 1), (16, 1), (24, 1), (8, 2), (12, 2), (16, 2), (18, 3))
"""Hidden size and layers of the trainers' LSTM presets."""


def prepare_network(
    memory: Memory, network: Network, width: int | None = None
) -> tuple[Native, Any]:
    """Allocate the memory of a network; return its kernel and the record to call it with.

    The kernel takes lists of channel addresses, as every node's does; but with one input and one
    output channel, the two addresses themselves.
    """
    if isinstance(network, Lstm) and network.inputs == network.outputs == 1:
        return prepare_lstm(memory, network, width)
    if isinstance(network, Interleaved):
        return _interleaved(memory, network, width)
    program = Program(memory, width)
    source = program.matrix(network.inputs)
    return walk, program.finish(source, _add(program, network, source))


def _interleaved(memory: Memory, network: Interleaved, width: int | None) -> tuple[Native, Any]:
    """Allocate the copies of a mono network; blocks must be of multiples of ``times`` frames."""
    inner, times = network.network, network.times
    copies = [prepare_network(memory, inner, width) for _ in range(times)]
    rows = [{"kernel": made.address, "record": at} for made, at in copies]
    record = memory.record(
        INTERLEAVED,
        times=times,
        copies=memory.table(COPY, rows),
        source=memory.scratch(PIECE),
        target=memory.scratch(PIECE),
    )
    return play_copies, record


def common_kernels(width: int | None = None) -> tuple[Native, ...]:
    """Return the kernels to compile ahead: those of all published sizes, and the general ones.

    ``width`` is the number of SIMD lanes; by default that of this CPU.
    """
    width = width or host_lanes()
    made = [
        dense(width),
        *(layers(channels, "tanh", width) for channels in FIRST_GENERATION),
        *(layers(channels, "leaky", width) for channels in SECOND_GENERATION),
        *(lstm_kernel(hidden, depth, width) for hidden, depth in RECURRENT),
        lstm_voices_kernel(width),
        *(make(width) for make in (conv_kernel, ops.film, ops.gate, ops.blend, ops.copy)),
        *(ops.activate(name, width) for name in ACTIVATIONS),
    ]
    return tuple(dict.fromkeys(made))


def _add(program: Program, network: Network, source: Matrix) -> Matrix:
    """Add a network to a program; return the matrix of its output."""
    if isinstance(network, Sequential):
        for part in network.parts:
            source = _add(program, part, source)
        return source
    if isinstance(network, Lstm):
        return _add_lstm(program, network, source)
    if isinstance(network, ConvNet):
        return _add_convnet(program, network, source)
    if isinstance(network, Linear):
        return _add_linear(program, network, source)
    assert not isinstance(network, Interleaved)  # that is always the whole of a model
    condition = source if network.condition is None else _add(program, network.condition, source)
    return add_wavenet(program, network, source, condition)


def _add_lstm(program: Program, network: Lstm, source: Matrix) -> Matrix:
    target = program.matrix(network.outputs)
    made, at = prepare_lstm(program.memory, network, program.width, row=program.piece)
    program.stage(made, at, source.address, target.address)
    return target


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
        whole = program.matrix(outputs)
        if inputs == outputs:
            routes = [Route(c, c, 0) for c in range(outputs)]
        else:
            routes = [Route(o, i, max(o, i)) for o in range(outputs) for i in range(inputs)]
        made = convolution(program.memory, taps, routes)
        lists = [m.pointers(program.memory) for m in (source, whole)]
        program.stage(convolution_kernel(made.depth), made.record, *lists)
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
