"""A copy of a plan's state for each of many streams, in which its kernels play in place.

An *image* has all memory that differs from stream to stream: the plan's state, and those of its
constants that refer to it (rows, parameters, lists of addresses).  The plan's kernels play an image
as they play the plan, so a step copies no state.  All other memory, weights and scratch, is the
plan's, for all streams.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.control import ControlQueue
from ...engine.engine_state import EngineState
from ...engine.messages.message_queue import aligned
from ...plan.arena import ALIGN, Block, offset, padded
from ...plan.plan import Plan
from ...plan.records import PLAN, ROW
from .native_step import IMAGES, step
from .streams import Which, check_memory, restore_head, save_head

__all__ = ["ImageStreams"]

Link = tuple[int, Block, int]
WORD = 8
MOST_LINES = 32
"""Cache lines of an image that are loaded ahead: all of a small one."""
FEW_BYTES = 4096
"""States up to this size are copied by one call of NumPy, larger ones one by one."""


class ImageStreams:
    """Many streams: a tentative state in an image, and a committed one, of each."""

    native = step

    def __init__(self, queue: ControlQueue, streams: int) -> None:
        self._queue, self._plan = queue, queue.plan
        layout = _Layout(self._plan)
        self._size = self._plan.arena.state_bytes
        lines = -(-layout.nbytes // ALIGN) | 1  # odd: images begin in different cache sets
        stride = lines * ALIGN
        check_memory(streams, (stride + self._size) * streams)
        self._images = aligned(streams * stride, np.uint8).reshape(streams, stride)
        self._images[:, : layout.nbytes] = layout.content
        self._states = self._images[:, layout.begin : layout.begin + self._size]
        self._committed = aligned(streams * self._size, np.uint8).reshape(streams, self._size)
        self._words = self._images.view(np.int64)
        self._begins = self._images.ctypes.data + stride * np.arange(streams, dtype=np.int64)
        links = self._links = layout.links[layout.links[:, 0] >= layout.begin]
        self._pointers = (links[:, 0] - layout.begin) // WORD
        """Indexes of the words of a state that are pointers."""
        self._link(slice(None), layout.links)
        self._frames, self._committed_frames = np.zeros((2, streams), np.int64)
        self._changed = np.zeros(streams, bool)
        self.is_tentative = True
        """Whether all streams may differ from what was committed; else those in ``_changed``."""
        self.commit(slice(None))
        self.record = aligned(1, IMAGES)
        """What the native step needs."""
        self.record[0] = (
            self._images.ctypes.data,
            stride,
            layout.header,
            self._frames.ctypes.data,
            links.ctypes.data,
            len(links),
            min(lines, MOST_LINES),
        )

    def commit(self, which: Which) -> None:
        """Copy the states of the streams that have changed."""
        which = self._take_changed(which)
        _copy(self._committed, self._states, which)
        self._committed_frames[which] = self._frames[which]

    def rollback(self, which: Which) -> None:
        """Copy the committed states back."""
        which = self._take_changed(which)
        _copy(self._states, self._committed, which)
        self._frames[which] = self._committed_frames[which]

    def reset(self, which: Which) -> None:
        """Start again; this is committed."""
        self._write(which, self._plan.arena.initial, 0)
        self.commit(which)

    def select(self, sources: NDArray[np.int64]) -> None:
        """Make the state of stream ``sources[k]`` the tentative one of stream ``k``."""
        moved = np.flatnonzero(sources != np.arange(len(sources)))
        self._write(moved, self._states[sources[moved]], self._frames[sources[moved]])

    def save(self, into: EngineState, stream: int) -> None:
        """Copy the tentative state of a stream to a saved one, with the plan's pointers."""
        state = save_head(self._queue, into, int(self._frames[stream]))
        state[:] = self._states[stream]
        words, own = state.view(np.int64), self._plan.arena.state.view(np.int64)
        words[self._pointers] = own[self._pointers]

    def restore(self, state: EngineState, which: Which, params: bool) -> None:
        """Make a saved state the tentative one of some streams."""
        state = restore_head(self._queue, state, params)
        self._write(which, state.data[state.begin :], state.frame)

    def reading(self, place: int) -> float:
        """Return the float64 of the last stream that the plan has at this address."""
        begin = place - self._plan.arena.state_address
        return float(self._states[-1, begin : begin + WORD].view(np.float64)[0])

    def _write(self, which: Which, states: NDArray[np.uint8], frames: Any) -> None:
        """Copy states, with any pointers, to the images of some streams."""
        self._states[which] = states
        self._link(which, self._links)
        self._frames[which] = frames
        if isinstance(which, slice):
            self.is_tentative = True
        else:
            self._changed[which] = True

    def _link(self, which: Which, links: NDArray[np.int64]) -> None:
        """Write the addresses of each image into it."""
        begins = self._begins[which]
        if len(links):
            rows = np.arange(len(self._begins))[which]
            self._words[rows[:, None], links[:, 0] // WORD] = begins[:, None] + links[:, 1]

    def _take_changed(self, which: Which) -> Which:
        """Return those of some streams that differ from the committed ones; they will not."""
        whole = isinstance(which, slice)
        if self.is_tentative:
            self._changed.fill(not whole)
            self.is_tentative = False
            if whole:
                return which
        chosen = np.arange(len(self._changed))[which]
        chosen = np.unique(chosen[self._changed[chosen]])
        self._changed[chosen] = False
        return chosen


def _copy(target: NDArray[Any], source: NDArray[Any], which: Which) -> None:
    if isinstance(which, slice) or target.shape[1] <= FEW_BYTES:
        target[which] = source[which]
    else:
        for k in which:
            target[k] = source[k]


class _Layout:
    """What an image has: its content, and where its pointers to itself lie."""

    def __init__(self, plan: Plan) -> None:
        arena = plan.arena
        blocks = [block for memory in arena.memories for block in memory.blocks]
        always = {plan.address, int(plan.header["rows"]), int(plan.header["params"])}
        tables = plan.table_links()
        links_of = {id(block): tables.get(id(block), block.links) for block in blocks}
        own = _referring(blocks, links_of, always)
        begins, end = dict[int, int](), 0
        for block in own:
            begins[id(block)] = end
            end += padded(block.nbytes)
        for block in blocks:
            if block.region == "state":
                begins[id(block)] = end + block.address - arena.state_address
        self.begin = end
        """Offset of the state; the constants are before it."""
        self.nbytes = end + arena.state_bytes
        self.content = np.zeros(self.nbytes, np.uint8)
        self.content[end:] = arena.initial
        for block in own:
            begin = begins[id(block)]
            self.content[begin : begin + block.nbytes] = arena.bytes_at(block.address, block.nbytes)
        links = [
            (begins[id(block)] + at, begins[id(target)] + inside)
            for block in blocks
            if id(block) in begins
            for at, target, inside in links_of[id(block)]
            if id(target) in begins
        ]
        self.header = self._place(own, begins, plan.address)
        rows = self._place(own, begins, int(plan.header["rows"])) + offset(ROW, "memory")
        states = [end + begin for begin, _ in arena.ranges[1:]]
        links += [(rows + ROW.itemsize * k, begin) for k, begin in enumerate(states)]
        links.append((self.header + offset(PLAN, "state"), end))
        self.links = np.array(links, np.int64).reshape(-1, 2)
        """``(offset, offset it refers to)`` of each pointer from the image to itself."""

    @staticmethod
    def _place(own: Sequence[Block], begins: dict[int, int], address: int) -> int:
        return next(begins[id(block)] for block in own if block.address == address)


def _referring(
    blocks: Sequence[Block], links_of: Mapping[int, Sequence[Link]], always: set[int]
) -> list[Block]:
    """Return the blocks outside of the state that refer to it, or to each other and so to it.

    Those at the addresses ``always`` are among them.
    """
    found = [block for block in blocks if block.region != "state" and block.address in always]
    known = {id(block) for block in (*found, *(b for b in blocks if b.region == "state"))}
    while True:
        more = [
            block
            for block in blocks
            if id(block) not in known and any(id(to) in known for _, to, _ in links_of[id(block)])
        ]
        if not more:
            return found
        found += more
        known |= {id(block) for block in more}
