"""Which vector code a plan really calls, found by the addresses in its memory."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ....graph import EngineError
from ....runtime.native.abi import Native, natives
from ....runtime.native.host import host_lanes
from ....runtime.native.intrinsic import Intrinsic
from ....runtime.plan.arena import ALIGN

__all__ = ["check_kernels", "kernels_used"]

PREFIX = "namgraph."
TILE = re.compile(r"[.]t\d+(?=[.]w\d+$)")
"""The part of a name that tells for which length of a block it is."""


def kernels_used(plan: Any) -> tuple[str, ...]:
    """Return the names of the emitted functions that kernels of nodes in a plan call.

    A name ends in ``.w`` and the float32 lanes of its vectors: ``nam.layers.fused16.tanh.w16``.
    Every pointer to a kernel lies in the plan's memory, so its words are compared with the
    addresses of all kernels that were compiled.
    """
    arena = plan.arena
    words = arena.bytes_at(arena.state_address, (arena.nbytes - ALIGN) // 8 * 8).view(np.int64)
    rooms = f"{__name__.split('.', maxsplit=1)[0]}.nodes."
    made = {n.address: n for n in natives() if n.is_compiled}
    own = {at: n for at, n in made.items() if n.function.__module__.startswith(rooms)}
    called = set(words[np.isin(words, np.array([*own], np.int64))].tolist())
    names = {name for at in called for name in _emitted(own[at])}
    return tuple(sorted({TILE.sub("", name.removeprefix(PREFIX)) for name in names}))


def _emitted(kernel: Native) -> Iterator[str]:
    """Yield the names of the emitted functions that the Python source of a kernel refers to."""
    function = kernel.function
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    outside = [function.__globals__.get(name) for name in function.__code__.co_names]
    for value in (*cells, *outside):
        if isinstance(value, Intrinsic) and value.__name__.startswith(PREFIX):
            yield value.__name__


def check_kernels(plan: Any, wanted: str, label: str) -> tuple[str, ...]:
    """Return ``kernels_used``; ``EngineError`` unless one begins with ``wanted``.

    None may have wider vectors than this process emits code for.
    """
    found, lanes = kernels_used(plan), host_lanes()
    if not any(name.startswith(wanted) for name in found):
        raise EngineError(
            f"{label}: plays {', '.join(found) or 'no emitted kernel'}: must be one of {wanted}*"
        )
    if any(int(name.rpartition(".w")[2]) > lanes for name in found):
        raise EngineError(f"{label}: plays {', '.join(found)}: must have at most {lanes} lanes")
    return found
