"""The kernels that models need, for those who want them compiled ahead of time.

Those of published sizes, and the few that all other models are put together from.
"""

from ...runtime.native.abi import Native
from ...runtime.native.host import host_lanes
from ...runtime.simd.activations import ACTIVATIONS
from .cpu import program_ops as ops
from .cpu.lstm import lstm_kernel
from .cpu.program_conv import conv
from .cpu.wavenet_layers import layers
from .wavenet_dense import dense

__all__ = ["common_kernels"]

FIRST_GENERATION = (16, 8, 12, 6, 4, 2)
"""Channels of standard, lite, feather and nano."""
SECOND_GENERATION = (3, 8)
"""Channels of lite and full."""
RECURRENT = ((12, 1), (16, 1), (24, 1), (8, 2), (12, 2), (16, 2), (18, 3))
"""Hidden size and layers of the presets there have been."""


def common_kernels(width: int | None = None) -> tuple[Native, ...]:
    """Return the kernels of all model sizes that trainers offer, and the general ones."""
    width = width or host_lanes()
    made = [
        dense(width),
        *(layers(channels, "tanh", width) for channels in FIRST_GENERATION),
        *(layers(channels, "leaky", width) for channels in SECOND_GENERATION),
        *(lstm_kernel(hidden, depth, width) for hidden, depth in RECURRENT),
        *(make(width) for make in (conv, ops.film, ops.gate, ops.blend, ops.copy)),
        *(ops.activate(name, width) for name in ACTIVATIONS),
    ]
    return tuple(dict.fromkeys(made))
