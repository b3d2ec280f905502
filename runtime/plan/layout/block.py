"""A block of memory in a plan: its content, and the addresses in it.  Control threads."""

import math
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ALIGN",
    "ArenaLike",
    "Block",
    "BlockCopy",
    "Region",
    "address_field",
    "field_numbers",
    "offset",
    "padded",
    "size_in_arena",
]

ALIGN = 64
"""Bytes: a cache line, and the widest vector."""
Region = Literal["state", "constant", "scratch", "store"]
"""``store`` is memory of its own, outside of the arena: see ``Memory.store``."""


class ArenaLike(Protocol):
    """Where blocks are placed: an ``Arena``."""

    def initial_address_of(self, state: int) -> int:
        """Return the address of the initial content of the state at an address."""

    def bytes_at(self, address: int, count: int) -> NDArray[np.uint8]:
        """Return a view of ``count`` bytes at an absolute address."""

    def array_at(self, address: int, like: "Block") -> NDArray[Any]:
        """Return a view at an address, of the shape and type of a block."""


def padded(nbytes: int) -> int:
    """Return a number of bytes in whole cache lines: the next multiple of ``ALIGN``."""
    return -(-nbytes // ALIGN) * ALIGN


@cache
def offset(dtype: np.dtype[Any], name: str) -> int:
    """Return the byte offset of a field of a structured dtype."""
    fields: Any = dtype.fields
    return int(fields[name][1])


@cache
def field_numbers(dtype: np.dtype[Any]) -> dict[str, int]:
    """Return the index of each field of a structured dtype."""
    return {name: number for number, name in enumerate(dtype.names or ())}


@cache
def address_field(dtype: np.dtype[Any], name: str) -> int:
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
    glides: list[tuple[int, int]] = field(default_factory=list)
    """``(byte offset, bytes)`` of each field that was given a ``Glide``."""

    def __post_init__(self) -> None:
        """Note the shape and type, which do not change."""
        self.shape, self.dtype = self.content.shape, self.content.dtype

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
        return self.address + offset(self.dtype, name)


class BlockCopy(Block):
    """A block of a copied memory; its view in the arena is made when it is first asked for."""

    def __init__(self, source: Block) -> None:
        self.region, self.links, self.address = source.region, [], source.address
        self.shape, self.dtype = source.shape, source.dtype
        self.arena: ArenaLike | None = None
        """Set once by the arena."""

    @cached_property
    def content(self) -> NDArray[Any]:  # type: ignore[override]
        """The view of the block in its arena; there is none before that is laid out."""
        if self.arena is None:
            raise ValueError("a copied block has no content until its arena is laid out")
        return self.arena.array_at(self.address, self)


def size_in_arena(shape: int | tuple[int, ...], dtype: Any, region: Region) -> int:
    """Return the bytes that a block occupies in an arena."""
    count = math.prod(shape) if isinstance(shape, tuple) else int(shape)
    whole = padded(count * np.dtype(dtype).itemsize)
    return 2 * whole if region == "state" else whole
