"""Memory of a plan: blocks allocated during preparation, then laid out and linked in one arena.

Control threads only.  While they prepare, nodes allocate blocks from a ``Memory``
(``layout/memory.py``).  The plan then lays all blocks out in one ``Arena``, copies their contents
in, and writes addresses into the record fields that refer to other blocks, as a linker does.  The
arena is one allocation in four regions:

    state      the state of nodes, node after node      the only region saved and restored
    initial    the state after preparation              reset copies it to ``state``
    constant   weights, tables, pointer lists           read only
    scratch    buffers between nodes                    not preserved between blocks
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layout.block import ALIGN, Block, offset, padded
from .layout.memory import ELSEWHERE, STATE, Memory, TooLargeError, check_total

__all__ = [
    "ALIGN",
    "Arena",
    "Block",
    "Memory",
    "TooLargeError",
    "aligned",
    "check_total",
    "offset",
    "padded",
]

PAGE_BYTES = 4096


def aligned(count: int, dtype: Any) -> NDArray[Any]:
    """Return zeros that begin on a cache line."""
    kind = np.dtype(dtype)
    raw = np.zeros(count * kind.itemsize + ALIGN, np.uint8)
    skip = -raw.ctypes.data % ALIGN
    return raw[skip : skip + count * kind.itemsize].view(kind)


class Arena:
    """The one allocation that holds every block of a plan."""

    def __init__(self, memories: Sequence[Memory]) -> None:
        self.memories = memories
        sizes = [memory.sizes() for memory in memories]
        state, constant, scratch = map(sum, zip(*sizes, strict=True))
        total = 2 * state + constant + scratch + ALIGN
        check_total({}, total)
        self._bytes = np.zeros(total, np.uint8)
        self._base = int(self._bytes.ctypes.data)
        self.nbytes = total
        self.state_bytes: int = state
        self.state_address = padded(self._base)
        self.initial_address = self.state_address + state
        self.ranges: list[tuple[int, int]] = []
        """Of each memory, ``(byte offset, bytes)`` of its state."""
        at, constant_at = self.state_address, self.initial_address + state
        scratch_at = constant_at + constant
        for memory, (size, constants, scratches) in zip(memories, sizes, strict=True):
            memory.place(self, (at, constant_at, scratch_at))
            self.ranges.append((at - self.state_address, size))
            at, constant_at, scratch_at = at + size, constant_at + constants, scratch_at + scratches
        self.store_links: list[NDArray[np.int64]] = []
        """Of each memory, ``(address, value)`` of each pointer in its state to a store."""
        self.relocations = self._link(memories)
        """The same of each pointer to the arena: ``(pointers, 2)``."""

    def _link(self, memories: Sequence[Memory]) -> list[NDArray[np.int64]]:
        """Write the addresses of blocks into the fields that refer to them."""
        images = [memory.image for memory in memories]
        counts = [len(image.links) for image in images]
        begins = np.array([at for m in memories for at in m.begins_of_regions], np.int64)
        links = np.concatenate([image.links for image in images])
        firsts = np.arange(0, len(begins), len(begins) // len(memories))
        regions = links[:, ::2] + firsts.repeat(counts)[:, None]
        found = begins[regions] + links[:, 1::2]
        base = self.state_address
        words = self.bytes_at(base, (self.nbytes - ALIGN) // 8 * 8).view(np.int64)
        words[(found[:, 0] - base) // 8] = found[:, 1]
        in_state, at = [], 0
        for image, count in zip(images, counts, strict=True):
            end = at + image.state_links
            in_state.append(found[at:end])
            self.store_links.append(found[end : end + image.store_links])
            at += count
        return in_state

    def take_over_stores(self, number: int, before: Memory) -> None:
        """Let a memory refer to the stores of the same node in an earlier plan, not to its own.

        The state that is handed over does too, and what is recorded there must not be lost.
        """
        own = self.memories[number]
        if own.stores is before.stores:  # it is a copy
            return
        links, known = own.image.links, self.store_links[number]
        moved = np.zeros(len(links), bool)
        for new, old in zip(own.stores, before.stores, strict=True):
            for values, found in ((links[:, 3], moved), (known[:, 1], np.zeros(len(known), bool))):
                inside = (values >= new.address) & (values < new.address + new.nbytes)
                found |= inside
                values[inside] += old.address - new.address
            new.address, new.content = old.address, old.content
        begins = np.array(own.begins_of_regions, np.int64)
        for region, at, _, value in links[moved & (links[:, 2] == ELSEWHERE)].tolist():
            place = int(begins[region]) + at
            self.bytes_at(place, 8).view(np.int64)[0] = value
            if region == STATE:
                self.bytes_at(self.initial_address_of(place), 8).view(np.int64)[0] = value
        own.stores[:] = before.stores

    def initial_address_of(self, state: int) -> int:
        """Return the address of the initial content of the state at an address."""
        return state - self.state_address + self.initial_address

    def array_at(self, address: int, like: Block) -> NDArray[Any]:
        """Return a view at an address, of the shape and type of a block."""
        return np.ndarray(like.shape, like.dtype, self._bytes.data, address - self._base)

    def touch(self) -> None:
        """Write to every page, so that the audio thread meets no page fault."""
        pages = self._bytes[::PAGE_BYTES]
        pages[...] = pages.copy()

    def bytes_at(self, address: int, count: int) -> NDArray[np.uint8]:
        """Return a view of ``count`` bytes at an absolute address."""
        offset = address - self._base
        return self._bytes[offset : offset + count]

    @property
    def state(self) -> NDArray[np.uint8]:
        """View of the state region."""
        return self.bytes_at(self.state_address, self.state_bytes)

    @property
    def initial(self) -> NDArray[np.uint8]:
        """View of the initial region, to which ``reset`` returns."""
        return self.bytes_at(self.initial_address, self.state_bytes)
