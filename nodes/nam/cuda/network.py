"""A network as a device plays it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....runtime.cuda.kernel import CudaKernel

__all__ = ["CudaNetwork"]


@dataclass(frozen=True, eq=False)
class CudaNetwork:
    """A kernel for one network (not for all: its sizes are in the text), and its weights."""

    kernel: CudaKernel
    weights: NDArray[np.float32]
    """As the kernel wants them; the same for every instance of this network."""
    state_floats: int
    """Memory on the device, for each instance and slot."""
    past_floats: int
    """What a fresh start needs: frames heard before, or the state itself if recurrent."""
    recurrent: bool
    """Whether it never forgets, as an LSTM."""
