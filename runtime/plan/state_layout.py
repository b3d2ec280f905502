"""Where the state of each row lies in a plan, so that another plan can take it over.  Any thread.

A plan keeps all state in one piece.  A copy of it can be given to another plan (a twin, one that
was swapped to, one in another process) if their rows are the same: for each row of the target
there is one in the source with the same node, the same kernel and the same size.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import EngineError, Schedule, Spec
from ..native.abi import natives
from .arena import Arena
from .rows import FadeInRow, MixRow, NodeRow, Row, widths

__all__ = ["StateLayout", "layout_of"]

TRANSPORT_ROW = "the transport"


@dataclass(frozen=True)
class StateRow:
    """The state of one row: whose it is, what has to be equal, and where it lies."""

    name: str
    """The node, or the operation with the number of those before it."""
    identity: str
    """Digest of everything that gives the bytes their meaning."""
    begin: int
    """Offset in bytes."""
    size: int
    optional: bool
    """Whether a plan without it has the same sound: a fade-in that is over."""


@dataclass(frozen=True)
class StateLayout:
    """The rows of a plan, in their order; equal for plans whose states can be exchanged whole."""

    spec: Spec
    rows: tuple[StateRow, ...]
    params: tuple[str, ...]
    """Names of the parameters, in their order; mixes and bypasses too."""
    nbytes: int
    """Bytes of the state."""
    pointers: tuple[tuple[int, int], ...] = field(compare=False, repr=False, default=())
    """``(offset, address)`` of each pointer in the state of this plan, to data or to code.

    They differ from plan to plan, and are not part of a pickle."""

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "pointers": ()}

    def moved(
        self, source: "StateLayout", state: NDArray[np.uint8], initial: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        """Return a copy of a plan's ``state`` as this plan would hold it.

        ``initial`` is this plan's, for fade-ins that the source does not have.  ``EngineError``
        names the first row that differs.
        """
        if source.spec != self.spec:
            raise EngineError(
                f"the state is of an engine at {_format(source.spec)}, this one runs at "
                f"{_format(self.spec)}: must be the same"
            )
        known = {row.name: row for row in source.rows}
        made = initial.copy()
        for row in self.rows:
            old = known.pop(row.name, None)
            if old is not None and (old.identity, old.size) == (row.identity, row.size):
                made[row.begin : row.begin + row.size] = state[old.begin : old.begin + old.size]
            elif not row.optional:
                what = "nothing" if old is None else "another node"
                raise EngineError(
                    f"the state is of another graph: it has {what} for {row.name}; restore it in "
                    "an engine of an equal graph"
                )
        for left in known.values():
            if not left.optional:
                raise EngineError(
                    f"the state is of another graph: it has {left.name}, which is not here; "
                    "restore it in an engine of an equal graph"
                )
        for offset, address in self.pointers:
            made[offset : offset + 8].view(np.int64)[0] = address
        return made


def layout_of(
    rows: Sequence[Row], arena: Arena, schedule: Schedule, params: tuple[str, ...]
) -> StateLayout:
    """Return the layout of a plan's state from its rows, in the order of the arena's memories."""
    counts: dict[str, int] = {}
    own = StateRow(TRANSPORT_ROW, TRANSPORT_ROW, *arena.ranges[0], optional=True)
    made = [own]
    for row, (begin, size) in zip(rows, arena.ranges[1:], strict=True):
        label = _label(row)
        counts[label] = counts.get(label, 0) + 1
        name = label if isinstance(row, NodeRow) else f"{label} {counts[label]} between nodes"
        identity = _identity(row, schedule)
        made.append(StateRow(name, identity, begin, size, isinstance(row, FadeInRow)))
    places = np.concatenate([*arena.relocations, *arena.store_links]).tolist()
    pointers = [(address - arena.state_address, value) for address, value in places]
    pointers += _code_addresses(arena)
    return StateLayout(schedule.spec, tuple(made), params, arena.state_bytes, tuple(pointers))


def _code_addresses(arena: Arena) -> list[tuple[int, int]]:
    """Return ``(offset, address)`` of each word of the initial state that is a kernel's address."""
    words = arena.initial[: arena.state_bytes // 8 * 8].view(np.int64)
    known = [made.address for made in natives() if made.is_compiled]
    found = np.flatnonzero(np.isin(words, np.array(known, np.int64)))
    return [(8 * int(k), int(words[k])) for k in found]


def _label(row: Row) -> str:
    if isinstance(row, NodeRow):
        return row.op.node
    return "fade_in" if isinstance(row, FadeInRow) else row.op.kind


def _identity(row: Row, schedule: Schedule) -> str:
    parts: list[object] = [_label(row), widths(schedule, row.op), row.op.frames]
    if isinstance(row, NodeRow | MixRow):
        parts += [row.node.identity(), *map(_code_parts, row.code[0]), _kernel_part(row.code[1])]
        parts += row.code[2:]
    if isinstance(row, NodeRow):
        parts += row.modulated
    for dtype, shape in row.memory.image.state_types:
        parts += [dtype.descr, shape]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _code_parts(member: object) -> object:
    """Return what a member of a node's class computes, without places in files and memory."""
    if not isinstance(member, CodeType):
        return member
    simple = [c for c in member.co_consts if isinstance(c, int | float | str | None)]
    return member.co_name, member.co_code, member.co_names, simple


def _kernel_part(kernel: object) -> object:
    """Return the digest of a kernel; one without a digest is the same in this process only."""
    return kernel if isinstance(kernel, bytes) else id(kernel)


def _format(spec: Spec) -> str:
    pipelined = ", pipelined" if spec.pipelined else ""
    return f"{spec.rate:g} Hz with max_frames={spec.max_frames}{pipelined}"
