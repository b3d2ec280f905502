"""A kernel of several networks from code that plays them side by side."""

from collections.abc import Callable

from .....runtime.native.abi import Native, kernel
from .....runtime.simd.embed import embed
from .....runtime.simd.lanes import Lanes, Value

__all__ = ["records_kernel"]

WORDS = 3
"""Of the record of each network: addresses of its weights, its state and its first biases."""


def records_kernel(name: str, count: int, width: int, emit: Callable[..., None]) -> Native:
    """Return the kernel of ``count`` networks; its record is the list of theirs.

    ``ins`` and ``outs`` of the kernel are lists of as many channels.  ``emit(lanes, *networks,
    [frames])`` gets of each network the addresses of its weights, its state, the biases of its
    first layer, its input and its output.
    """

    def emit_all(lanes: Lanes, records: Value, ins: Value, outs: Value, frames: Value) -> None:
        networks = []
        for number in range(count):
            record, x, y = (lanes.word(lanes.pointer(at), number) for at in (records, ins, outs))
            own = [lanes.word(lanes.pointer(record), n) for n in range(WORDS)]
            networks.append([*own, x, y])
        emit(lanes, *networks, [frames])

    run = embed(name, 4, emit_all, width)

    @kernel
    def play(state: int, ins: int, outs: int, frames: int) -> None:
        run(state, ins, outs, frames)

    return play
