"""Read GuitarML's SmartAmpPro models: two convolutions, an LSTM without memory, a dense layer.

Facts by the sources of SmartAmpPro (``lstm.cpp``, ``ModelLoader.cpp``, ``train.py``).  Each output
sample is computed anew from the last ``input_size`` input samples: two convolutions with strides,
padded with zeros as Keras's "same", make one frame of them; an LSTM cell that starts from zero
takes it (so that neither its recurrent weights nor its forget gate count), and a dense layer makes
the sample.

What is before the cell is linear, and so one convolution of ``input_size`` taps.  The cell,
``h = sigmoid(o) tanh(sigmoid(i) tanh(g))``, is two gated layers of a WaveNet whose condition is
the output of that convolution.
"""

import numpy as np
from numpy.typing import NDArray

from ....graph.errors import UnsupportedFeatureError
from ..format.checked_json import Fields, fault
from ..model.captures import ConvStack
from ..model.networks import Activation, Conv
from ..model.wavenet import WaveNet
from ..model.wavenet_parts import Layer, LayerArray
from .arrays import Arrays

__all__ = ["read_smartamp_pro"]

Doubles = NDArray[np.float64]
MAX_WINDOW, MAX_WIDTH = 4096, 256
KERNEL, BIAS = "kernel:0", "bias:0"
TANH, SIGMOID = Activation("tanh"), Activation("sigmoid")


def read_smartamp_pro(root: Fields) -> WaveNet:
    """Return the network of a file; ``NamFileError`` if a key or a weight is not as it must be."""
    arrays, window = Arrays(), root.integer("input_size", 1, MAX_WINDOW)
    taps, bias = np.eye(window)[:, None, :], np.zeros((window, 1))  # of the window, itself
    for name in ("conv1d", "conv1d_1"):
        taps, bias = _strided(root, name, taps, bias, arrays)
    if len(taps) != 1:
        raise UnsupportedFeatureError(
            f"{root.at('conv1d_1_stride')}: the convolutions make {len(taps)} frames of"
            f" {window} samples: must make 1"
        )
    with np.errstate(over="ignore"):  # the engine mutes infinite output
        weight, offset = taps[0].astype(np.float32), bias[0].astype(np.float32)
    condition = ConvStack((Conv(weight[:, None, :], offset),))
    return _cell(root, condition, arrays)


def _strided(
    root: Fields, name: str, taps: Doubles, bias: Doubles, arrays: Arrays
) -> tuple[Doubles, Doubles]:
    """Return the response to the window after one more convolution.

    Before and after, ``taps`` is ``[frame][channel][sample of the window]``, ``bias`` is
    ``[frame][channel]``.
    """
    row = root.fields(name)
    frames, inputs, window = taps.shape
    size, outputs = _length(row, KERNEL, MAX_WINDOW), _length(row, BIAS, MAX_WIDTH)
    stride = root.integer(f"{name}_stride", 1, MAX_WINDOW)
    kernel = arrays.take(row.raw(KERNEL), row.at(KERNEL), size, inputs, outputs).astype(np.float64)
    own = arrays.take(row.raw(BIAS), row.at(BIAS), outputs).astype(np.float64)
    count = -(-frames // stride)
    padded = max((count - 1) * stride + size - frames, 0)
    made, offset = np.zeros((count, outputs, window)), np.tile(own, (count, 1))
    for frame in range(count):
        first = frame * stride - padded // 2
        for tap in range(max(0, -first), min(size, frames - first)):
            made[frame] += kernel[tap].T @ taps[first + tap]
            offset[frame] += bias[first + tap] @ kernel[tap]
    return made, offset


def _length(row: Fields, key: str, most: int) -> int:
    value = row.raw(key)
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise fault(row.at(key), value, f"a list of 1 to {most}")
    return len(value)


def _cell(root: Fields, condition: ConvStack, arrays: Arrays) -> WaveNet:
    """Return the network of a cell that starts from zero, and of the dense layer."""
    row, dense, features = root.fields("lstm"), root.fields("dense"), condition.outputs
    rows = _length(row, BIAS, 4 * MAX_WIDTH)
    if rows % 4:
        raise fault(row.at(BIAS), rows, "a list of four numbers for each unit")
    hidden = rows // 4
    kernel = arrays.take(row.raw(KERNEL), row.at(KERNEL), features, rows).T
    bias = arrays.take(row.raw(BIAS), row.at(BIAS), rows)
    output = arrays.take(dense.raw(KERNEL), dense.at(KERNEL), hidden, 1).T
    ending = arrays.take(dense.raw(BIAS), dense.at(BIAS), 1)
    gate = {name: slice(n * hidden, (n + 1) * hidden) for n, name in enumerate("ifgo")}

    def zeros(*shape: int) -> NDArray[np.float32]:
        return np.zeros((*shape, 1), np.float32)

    def joined(*parts: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.concatenate(parts)

    same = np.eye(hidden, dtype=np.float32)[:, :, None]
    inner = Layer(  # tanh(g) sigmoid(i), which is added to the zeros that rechannel makes
        Conv(zeros(2 * hidden, hidden), joined(bias[gate["g"]], bias[gate["i"]])),
        Conv(joined(kernel[gate["g"]], kernel[gate["i"]])[:, :, None]),
        TANH,
        Conv(same),
        Conv(zeros(1, hidden)),
        "gated",
        SIGMOID,
    )
    outer = Layer(  # tanh of that, times sigmoid(o)
        Conv(
            joined(same, zeros(hidden, hidden)),
            joined(np.zeros(hidden, np.float32), bias[gate["o"]]),
        ),
        Conv(joined(np.zeros((hidden, features), np.float32), kernel[gate["o"]])[:, :, None]),
        TANH,
        Conv(same),
        Conv(output[:, :, None]),
        "gated",
        SIGMOID,
    )
    total = Conv(np.ones((1, 1, 1), np.float32), ending)
    array = LayerArray(Conv(zeros(hidden, 1)), (inner, outer), total)
    return WaveNet((array,), 1.0, condition=condition)
