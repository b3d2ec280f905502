"""Memory of a plan: blocks allocated during preparation, then laid out and linked in one arena.

Control threads only.  While they prepare, nodes allocate blocks from a ``Memory``.  The plan then
lays all blocks out in one ``Arena``, copies their contents in, and writes addresses into the record
fields that refer to other blocks, as a linker does.  The arena is one allocation in four regions:

    state      the state of nodes, node after node      the only region saved and restored
    initial    the state after preparation              reset copies it to ``state``
    constant   weights, tables, pointer lists           read only
    scratch    buffers between nodes                    not preserved between blocks
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...graph import EngineError
from ..limits import MAX_GRAPH_BYTES, format_bytes

__all__ = ["ALIGN", "Arena", "Block", "Memory", "TooLargeError", "check_total", "offset"]

ALIGN = 64
"""Bytes: a cache line, and the widest vector."""

PAGE_BYTES = 4096
ALLOWED = f"at most {format_bytes(MAX_GRAPH_BYTES)} for all nodes of a graph together"
NAMED_NODES = 3
"""Nodes listed in the error of a graph that is too large."""

Region = Literal["state", "constant", "scratch"]


@cache
def offset(dtype: np.dtype[Any], name: str) -> int:
    """Return the byte offset of a field of a structured dtype."""
    fields: Any = dtype.fields
    return int(fields[name][1])


@cache
def _field_numbers(dtype: np.dtype[Any]) -> dict[str, int]:
    """Return the index of each field of a structured dtype."""
    return {name: number for number, name in enumerate(dtype.names or ())}


@cache
def _address_field(dtype: np.dtype[Any], name: str) -> int:
    """Return the byte offset of a field; ``TypeError`` if it cannot hold an address."""
    kind, begin = dtype[name], offset(dtype, name)
    if kind != np.int64:
        raise TypeError(f"field {name!r} is given memory, so it must be an int64, not {kind}")
    if begin % 8:
        raise TypeError(
            f"field {name!r} is given memory, so it must lie at a multiple of 8 bytes, not at "
            f"{begin}: put it before the fields that are narrower than 8 bytes"
        )
    return begin


@dataclass(eq=False)
class Block:
    """One allocation of a ``Memory``: its content, and the addresses in it to be linked.

    Once the arena is made, ``content`` is a view of the block in it.
    """

    region: Region
    content: NDArray[Any]
    links: list[tuple[int, "Block", int]] = field(default_factory=list)
    """``(byte offset in this block, target block, byte offset there)``."""
    address: int = 0
    """Set once by the arena."""

    def __repr__(self) -> str:
        return f"<Block of {self.region} memory, {self.nbytes} bytes>"

    def __getitem__(self, offset_bytes: int) -> tuple["Block", int]:
        """Return a reference to a byte offset in this block, for a field of another block."""
        return (self, offset_bytes)

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return int(self.content.nbytes)

    def place(self, name: str) -> int:
        """Return the address of a field of the (first) record."""
        return self.address + offset(self.content.dtype, name)


class Memory:
    """Allocates the blocks of one node; ``graph.Memory`` is the interface that nodes see."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.nbytes = 0
        """Bytes of all blocks in an arena, where state is stored twice."""

    def __repr__(self) -> str:
        return f"<Memory of {len(self.blocks)} blocks, {self.nbytes} bytes>"

    def record(self, dtype: Any, /, **fields: Any) -> Block:
        """Allocate one record of state; a field given a block will hold that block's address."""
        return self.records(dtype, [fields])

    def records(self, dtype: Any, rows: Sequence[Mapping[str, Any]], /) -> Block:
        """Allocate an array of records of state."""
        return self._records("state", dtype, rows)

    def table(self, dtype: Any, rows: Sequence[Mapping[str, Any]], /) -> Block:
        """Allocate an array of constant records."""
        return self._records("constant", dtype, rows)

    def state(self, shape: int | tuple[int, ...], dtype: Any = np.float32) -> Block:
        """Allocate zeroed state."""
        self._check(_size(shape, dtype, "state"))
        return self._add(Block("state", np.zeros(shape, dtype)))

    def constant(self, array: Any) -> Block:
        """Allocate a constant copy of ``array``."""
        return self._add(Block("constant", np.ascontiguousarray(array)))

    def scratch(self, shape: int | tuple[int, ...], dtype: Any = np.float32) -> Block:
        """Allocate scratch memory, which is not preserved between blocks."""
        self._check(_size(shape, dtype, "scratch"))
        return self._add(Block("scratch", np.zeros(shape, dtype)))

    def pointers(self, targets: Iterable["Block | tuple[Block, int]"]) -> Block:
        """Allocate a constant list of the addresses of blocks."""
        places = [t if isinstance(t, tuple) else (t, 0) for t in targets]
        block = Block("constant", np.zeros(len(places), np.int64))
        block.links = [(8 * k, target, inside) for k, (target, inside) in enumerate(places)]
        return self._add(block)

    def copy(self, arena: "Arena") -> tuple["Memory", dict[int, Block]]:
        """Return a copy of this memory, which is laid out in ``arena``, for another arena.

        State has its initial content.  The copy of each block is found by the block's ``id``.
        """
        made = Memory()
        made.nbytes = self.nbytes
        copies = {id(b): Block(b.region, arena.initial_content(b)) for b in self.blocks}
        for block in self.blocks:
            links = [(at, copies[id(target)], inside) for at, target, inside in block.links]
            copies[id(block)].links = links
        made.blocks = list(copies.values())
        return made, copies

    def _records(self, region: Region, dtype: Any, rows: Sequence[Mapping[str, Any]]) -> Block:
        dtype = np.dtype(dtype)
        numbers = _field_numbers(dtype)
        links, filled = [], []  # tuples of whole records: NumPy is much slower field by field
        for index, row in enumerate(rows):
            values: list[Any] = [0] * len(numbers)
            for name, value in row.items():
                if name not in numbers:
                    raise TypeError(
                        f"the record has no field {name!r}: its dtype has {', '.join(numbers)}"
                    )
                kind = type(value)
                if kind is Block:
                    begin = index * dtype.itemsize + _address_field(dtype, name)
                    links.append((begin, value, 0))
                elif kind is tuple and type(value[0]) is Block:
                    begin = index * dtype.itemsize + _address_field(dtype, name)
                    links.append((begin, *value))
                else:
                    values[numbers[name]] = value
            filled.append(tuple(values))
        return self._add(Block(region, np.array(filled, dtype), links))

    def _add(self, block: Block) -> Block:
        self.nbytes += _size(block.content.shape, block.content.dtype, block.region)
        self.blocks.append(block)
        return block

    def _check(self, more: int) -> None:
        """Raise ``TooLargeError`` before an allocation above the limit of a graph."""
        if self.nbytes + more > MAX_GRAPH_BYTES:
            raise TooLargeError(f"needs {format_bytes(self.nbytes + more)} of memory: {ALLOWED}")


def _size(shape: int | tuple[int, ...], dtype: Any, region: Region) -> int:
    """Return the bytes that a block occupies in an arena."""
    count = math.prod(shape) if isinstance(shape, tuple) else int(shape)
    whole: int = -(-count * np.dtype(dtype).itemsize // ALIGN) * ALIGN
    return 2 * whole if region == "state" else whole


class TooLargeError(EngineError):
    """A graph or a node needs more memory than is allowed."""


def check_total(sizes: Mapping[str, int], total: int) -> None:
    """Raise ``TooLargeError`` if ``total`` bytes are too many; ``sizes`` are bytes by node."""
    if total > MAX_GRAPH_BYTES:
        largest = sorted(sizes, key=lambda name: -sizes[name])[:NAMED_NODES]
        listed = ", ".join(f"{name} {format_bytes(sizes[name])}" for name in largest)
        raise TooLargeError(
            f"the graph needs {format_bytes(total)} of memory with {len(sizes)} of its nodes "
            f"(the largest: {listed or 'unknown'}): {ALLOWED}"
        )


class Arena:
    """The one allocation that holds every block of a plan."""

    def __init__(self, memories: Sequence[Memory]) -> None:
        self.memories = memories
        sizes = dict.fromkeys(("state", "constant", "scratch"), 0)
        places: list[tuple[Block, int]] = []
        self.ranges: list[tuple[int, int]] = []
        """Of each memory, ``(byte offset, bytes)`` of its state."""
        for memory in memories:
            begin = sizes["state"]
            for block in memory.blocks:
                places.append((block, sizes[block.region]))
                sizes[block.region] += -(-block.nbytes // ALIGN) * ALIGN
            self.ranges.append((begin, sizes["state"] - begin))
        self.state_bytes = sizes["state"]
        total = 2 * sizes["state"] + sizes["constant"] + sizes["scratch"] + ALIGN
        check_total({}, total)
        self._bytes = np.zeros(total, np.uint8)
        self._base = int(self._bytes.ctypes.data)
        base = -(-self._base // ALIGN) * ALIGN
        starts = {"state": base, "constant": base + 2 * sizes["state"]}
        starts["scratch"] = starts["constant"] + sizes["constant"]
        self.state_address = base
        self.initial_address = base + sizes["state"]
        self.nbytes = total
        whole, base_address = self._bytes.data, self._base
        for block, offset in places:
            content, address = block.content, starts[block.region] + offset
            made = np.ndarray(content.shape, content.dtype, whole, address - base_address)
            if block.region != "scratch":
                made[...] = content
            block.content, block.address = made, address
        self.relocations = self._link(memories, base)
        """Of each memory, ``(address, value)`` of each pointer in its state."""

    def _link(self, memories: Sequence[Memory], base: int) -> list[list[tuple[int, int]]]:
        """Write the addresses of blocks into the fields that refer to them."""
        every: list[tuple[int, int]] = []
        found = []
        for memory in memories:
            relocations: list[tuple[int, int]] = []
            for block in memory.blocks:
                if not block.links:
                    continue
                begin = block.address
                made = [(begin + at, to.address + inside) for at, to, inside in block.links]
                every += made
                if block.region == "state":
                    relocations += made
            found.append(relocations)
        if every:
            places, values = np.array(every, np.int64).T
            if (places % 8).any():
                raise ValueError("a field that holds an address must lie at a multiple of 8 bytes")
            words = self._bytes[base - self._base :]
            words = words[: len(words) // 8 * 8].view(np.int64)
            words[(places - base) // 8] = values
        return found

    def initial_content(self, block: Block) -> NDArray[Any]:
        """Return the content of a block in this arena: of state, that to which reset returns."""
        if block.region != "state":
            return block.content
        begin = block.address - self.state_address + self.initial_address - self._base
        shape, dtype = block.content.shape, block.content.dtype
        return np.ndarray(shape, dtype, self._bytes.data, begin)

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
