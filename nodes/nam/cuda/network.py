"""A network as a device plays it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ....runtime.cuda.driver.kernel import CudaKernel

__all__ = ["CudaNetwork", "once_a_network"]

Made = TypeVar("Made")
Args = ParamSpec("Args")


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


def once_a_network(
    make: Callable[Concatenate[Any, Args], Made],
) -> Callable[Concatenate[Any, Args], Made]:
    """Make a function of a network compute once for each, and remember it as long as that is there.

    Ports, checks and preparation all ask how a network lies on a device; to lay it out is the work.
    """
    known: WeakKeyDictionary[Any, dict[Any, Made]] = WeakKeyDictionary()

    @wraps(make)
    def remembered(network: Any, /, *args: Args.args, **more: Args.kwargs) -> Made:
        found = known.setdefault(network, {})
        key = (args, *more.items())
        if key not in found:
            found[key] = make(network, *args, **more)
        return found[key]

    return remembered
