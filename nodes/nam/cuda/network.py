"""``CudaNetwork``: a network's device kernel, weights and sizes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ....runtime.cuda.driver.kernel import CudaKernel

__all__ = ["CudaNetwork", "cached_per_network"]

Result = TypeVar("Result")
Args = ParamSpec("Args")


@dataclass(frozen=True, eq=False)
class CudaNetwork:
    """The kernel of one network (its sizes are constants of the source), and its weights."""

    kernel: CudaKernel
    weights: NDArray[np.float32]
    """In the kernel's order; shared by all instances of this network."""
    state_floats: int
    """Device memory of an instance and slot."""
    past_floats: int
    """Floats that a kernel starts anew from: past input frames, or the whole state if recurrent."""
    recurrent: bool
    """True for an LSTM: its state depends on all past input."""


def cached_per_network(
    function: Callable[Concatenate[Any, Args], Result],
) -> Callable[Concatenate[Any, Args], Result]:
    """Cache a function's results per network (and other arguments), as long as the network lives.

    Ports, checks and preparation all need a network's layout, which is costly to compute.
    """
    cache: WeakKeyDictionary[Any, dict[Any, Result]] = WeakKeyDictionary()

    @wraps(function)
    def cached(network: Any, /, *args: Args.args, **more: Args.kwargs) -> Result:
        found = cache.setdefault(network, {})
        key = (args, *more.items())
        if key not in found:
            found[key] = function(network, *args, **more)
        return found[key]

    return cached
