"""A kernel of several networks from code that plays them side by side."""

from collections.abc import Callable

import numpy as np

from .....runtime.native.abi import Native, kernel
from .....runtime.native.pointers import load, record, store
from .....runtime.simd.embed import embed
from .....runtime.simd.lanes import Lanes, Value
from .gained import GAINED, PIECE, apply_after, apply_before

__all__ = ["records_kernel"]

WORDS = 3
"""Of the record of each network: addresses of its weights, its state and its first biases."""


def records_kernel(
    name: str, count: int, width: int, emit: Callable[..., None], gained: bool
) -> Native:
    """Return the kernel of ``count`` networks; its record is the list of theirs.

    If ``gained`` each record is a ``GAINED``, of a network between two gains.

    ``ins`` and ``outs`` of the kernel are lists of as many channels.  ``emit(lanes, *networks,
    [frames])`` gets of each network the addresses of its weights, its state, the biases of its
    first layer, its input and its output.
    """

    def emit_all(lanes: Lanes, records: Value, ins: Value, outs: Value, frames: Value) -> None:
        networks = []
        for number in range(count):
            own_at, x, y = (lanes.word(lanes.pointer(at), number) for at in (records, ins, outs))
            own = [lanes.word(lanes.pointer(own_at), n) for n in range(WORDS)]
            networks.append([*own, x, y])
        emit(lanes, *networks, [frames])

    run = embed(name, 4, emit_all, width)

    @kernel
    def play(state: int, ins: int, outs: int, frames: int) -> None:
        run(state, ins, outs, frames)

    @kernel
    def play_gained(state: int, ins: int, outs: int, frames: int) -> None:
        first = record(load(state, 0), GAINED)
        done = np.int64(0)
        while done < frames:
            n = np.int64(frames) - done
            if n > PIECE:
                n = np.int64(PIECE)
            for k in range(count):
                at, y = load(state, k), load(outs, k) + 4 * done
                apply_before(at, load(ins, k) + 4 * done, n)
                store(first.records, k, record(at, GAINED).network)
                store(first.sources, k, record(at, GAINED).aside)
                store(first.targets, k, y)
            run(first.records, first.sources, first.targets, np.int32(n))
            for k in range(count):
                apply_after(load(state, k), load(outs, k) + 4 * done, n)
            done += n

    return play_gained if gained else play
