"""Blocks of memory that nodes allocate during preparation, and copies of them.  Control threads."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ....graph import EngineError
from ....graph.prepare import Glide
from ...limits import MAX_GRAPH_BYTES, format_bytes
from .block import (
    ArenaLike,
    Block,
    BlockCopy,
    Region,
    address_field,
    field_numbers,
    offset,
    padded,
    size_in_arena,
)

__all__ = ["Memory", "MemoryCopy", "TooLargeError", "check_total"]

ALLOWED = f"at most {format_bytes(MAX_GRAPH_BYTES)} for all nodes of a graph together"
NAMED_NODES = 3
"""Nodes listed in the error of a graph that is too large."""

Link = tuple[int, int, int, int]
Begins = tuple[int, int, int]
"""Addresses (or sizes in bytes) of the state, the constants and the scratch memory of a node."""
STATE, CONSTANT, SCRATCH, ELSEWHERE, SHARED = range(5)
_codes: dict[Region, int] = {"state": STATE, "constant": CONSTANT, "scratch": SCRATCH}


class Image(NamedTuple):
    """How a memory lies in an arena, apart from where: the same for all its copies."""

    sizes: Begins
    links: NDArray[np.int64]
    """Of each field that holds an address: the region it lies in, its byte offset there, the region
    of what it refers to, the byte offset of that; the region ``ELSEWHERE`` is the whole process,
    ``SHARED`` the plan's transport."""
    state_links: int
    """How many of the links, the first, lie in state and refer to the arena."""
    store_links: int
    """How many of the links, the next, lie in state and refer to stores."""
    is_complete: bool
    """Whether all links refer to blocks of this memory."""
    state_types: tuple[tuple[np.dtype[Any], tuple[int, ...]], ...]
    """Dtype and shape of each block of state."""
    glides: tuple[tuple[int, int], ...]
    """``(byte offset in the state, bytes)`` of each field that was given a ``Glide``."""


class Memory:
    """Allocates the blocks of one node; ``graph.Memory`` is the interface that nodes see."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.stores: list[Block] = []
        """Memory outside of the arena; those that a swap has taken over, too."""
        self.nbytes = 0
        """Bytes of all blocks in an arena, where state is stored twice, and of the stores."""
        self.transport: Block | None = None
        """The transport of the plan, a block of another memory, which this one may refer to."""

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
        self._check(size_in_arena(shape, dtype, "state"))
        return self._add(Block("state", np.zeros(shape, dtype)))

    def constant(self, array: Any) -> Block:
        """Allocate a constant copy of ``array``."""
        return self._add(Block("constant", np.ascontiguousarray(array)))

    def scratch(self, shape: int | tuple[int, ...], dtype: Any = np.float32) -> Block:
        """Allocate scratch memory, which is not preserved between blocks."""
        self._check(size_in_arena(shape, dtype, "scratch"))
        return self._add(Block("scratch", np.zeros(shape, dtype)))

    def store(self, shape: int | tuple[int, ...], dtype: Any = np.float32) -> Block:
        """Allocate memory that is kept between blocks and swaps, and is in no reset or saved state.

        For long recordings, which no audio thread may copy.  It is zero when the node is prepared;
        how much of it counts must be a number in the node's state, which a reset sets to 0.
        """
        self._check(size_in_arena(shape, dtype, "store"))
        content = np.zeros(shape, dtype)
        content.fill(0)  # so that the audio thread meets no page fault
        made = Block("store", content, address=int(content.ctypes.data))
        self.nbytes += content.nbytes
        self.stores.append(made)
        return made

    def pointers(self, targets: Iterable["Block | tuple[Block, int]"]) -> Block:
        """Allocate a constant list of the addresses of blocks."""
        places = [t if isinstance(t, tuple) else (t, 0) for t in targets]
        block = Block("constant", np.zeros(len(places), np.int64))
        block.links = [(8 * k, target, inside) for k, (target, inside) in enumerate(places)]
        return self._add(block)

    def sizes(self) -> Begins:
        """Return the bytes of each region in an arena (of state: one of its two copies)."""
        sizes = [0, 0, 0]
        for block in self.blocks:
            sizes[_codes[block.region]] += padded(block.nbytes)
        return sizes[0], sizes[1], sizes[2]

    def place(self, arena: ArenaLike, begins: Begins) -> None:
        """Move all blocks into an arena, to the addresses where the regions of this memory begin.

        Addresses in them are written later: ``image`` says which.
        """
        self.begins, at = begins, list(begins)
        for block in self.blocks:
            code, content = _codes[block.region], block.content
            block.address = at[code]
            block.content = arena.array_at(block.address, block)
            if code != SCRATCH:
                block.content[...] = content
            at[code] += padded(block.nbytes)

    @cached_property
    def image(self) -> Image:
        """Where its addresses lie, and what they refer to; once all memories are placed.

        ``ValueError`` if an address lies across two words.
        """
        regions = {id(self.transport): SHARED}
        regions |= {id(block): _codes[block.region] for block in self.blocks}
        begins = self.begins_of_regions
        found = [
            (
                regions[id(block)],
                block.address - begins[regions[id(block)]] + at,
                there := regions.get(id(target), ELSEWHERE),
                target.address - begins[there] + inside,
            )
            for block in self.blocks
            for at, target, inside in block.links
        ]
        if any(at % 8 for _, at, _, _ in found):
            raise ValueError("a field that holds an address must lie at a multiple of 8 bytes")
        stores = {block.address for block in self.stores}

        def order(link: Link) -> int:
            """Return 0 for a link from state to the arena, 1 for one to a store, 2 for others."""
            if link[0] != STATE:
                return 2
            return int(link[2] == ELSEWHERE and link[3] in stores)

        found.sort(key=order)
        kinds = [order(link) for link in found]
        return Image(
            self.sizes(),
            np.array(found, np.int64).reshape(-1, 4),
            kinds.count(0),
            kinds.count(1),
            all(there != ELSEWHERE or at in stores for _, _, there, at in found),
            tuple((b.dtype, b.shape) for b in self.blocks if b.region == "state"),
            tuple(
                (block.address - begins[STATE] + at, size)
                for block in self.blocks
                if block.region == "state"
                for at, size in block.glides
            ),
        )

    @property
    def begins_of_regions(self) -> tuple[int, ...]:
        """The addresses at which the regions of ``Image.links`` begin, once it is placed."""
        return (*self.begins, 0, self.transport.address if self.transport else 0)

    def copy(self, arena: ArenaLike, transport: Block | None = None) -> "MemoryCopy":
        """Return a copy of this memory, which lies in ``arena``, for another arena.

        State has its initial content.  It refers to the ``transport`` of its own plan.
        """
        made = MemoryCopy(self, arena)
        made.transport = transport
        return made

    def _records(self, region: Region, dtype: Any, rows: Sequence[Mapping[str, Any]]) -> Block:
        dtype = np.dtype(dtype)
        numbers = field_numbers(dtype)
        links, glides, filled = (
            [],
            [],
            [],
        )  # tuples of whole records: NumPy is much slower field by field
        for index, row in enumerate(rows):
            values: list[Any] = [0] * len(numbers)
            for name, value in row.items():
                if name not in numbers:
                    raise TypeError(
                        f"the record has no field {name!r}: its dtype has {', '.join(numbers)}"
                    )
                if isinstance(value, Block):
                    begin = index * dtype.itemsize + address_field(dtype, name)
                    links.append((begin, value, 0))
                elif type(value) is tuple and isinstance(value[0], Block):
                    begin = index * dtype.itemsize + address_field(dtype, name)
                    links.append((begin, *value))
                else:
                    values[numbers[name]] = value
                    if isinstance(value, Glide):
                        begin = index * dtype.itemsize + offset(dtype, name)
                        glides.append((begin, dtype[name].itemsize))
            filled.append(tuple(values))
        return self._add(Block(region, np.array(filled, dtype), links, glides=glides))

    def _add(self, block: Block) -> Block:
        self.nbytes += size_in_arena(block.shape, block.dtype, block.region)
        self.blocks.append(block)
        return block

    def _check(self, more: int) -> None:
        """Raise ``TooLargeError`` before an allocation above the limit of a graph."""
        if self.nbytes + more > MAX_GRAPH_BYTES:
            raise TooLargeError(f"needs {format_bytes(self.nbytes + more)} of memory: {ALLOWED}")


class MemoryCopy(Memory):
    """A copy of a memory that is laid out, in two pieces: its state and its constants.

    It has ``Block`` objects only for the blocks asked for, and none can be added.
    """

    def __init__(self, source: Memory, arena: ArenaLike) -> None:
        super().__init__()
        self.nbytes, self.image = source.nbytes, source.image
        self.stores = source.stores  # the same memory: both plans play it while one fades out
        if not self.image.is_complete:
            raise ValueError("a memory that refers to another one cannot be copied alone")
        self._source = [(source, arena)]
        self._copies: list[BlockCopy] = []

    def counterpart(self, block: Block) -> Block:
        """Return the copy of a block of the source; asked for before the copy is placed."""
        made = BlockCopy(block)
        self._copies.append(made)
        return made

    def sizes(self) -> Begins:
        """Return the bytes of each region, as of the source."""
        return self.image.sizes

    def place(self, arena: ArenaLike, begins: Begins) -> None:
        """Copy the content of the source into an arena."""
        source, before = self._source.pop()  # it, and its arena, must not live on here
        state, constants, _ = self.image.sizes
        if state:
            old = before.bytes_at(before.initial_address_of(source.begins[STATE]), state)
            arena.bytes_at(begins[STATE], state)[:] = old
        if constants:
            old = before.bytes_at(source.begins[CONSTANT], constants)
            arena.bytes_at(begins[CONSTANT], constants)[:] = old
        for block in self._copies:
            code = _codes[block.region]
            block.address += begins[code] - source.begins[code]
            block.arena = arena
        self.begins = begins


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
