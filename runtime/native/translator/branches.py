"""Values that depend on a branch: ``and``, ``or``, and what one of several blocks has made."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from llvmlite import ir

from ..kinds import boolean
from .operators import truth
from .values import UnsupportedError, Value, cast, common_kind, number

__all__ = ["both_or_either", "joined", "one_of"]

Part = Callable[[], Any]
"""Emits a part of an expression; returns its value."""
Known = Callable[[], bool | None]
"""Returns whether a part of an expression is true, if that is known."""


def both_or_either(builder: Any, parts: Sequence[Part], is_and: bool) -> Any:
    """Emit ``and`` or ``or`` of conditions: what follows is computed only if it decides.

    The parts and the result are each an ``i1``, or a ``bool`` if it is known.
    """
    ends: list[tuple[Any, Any]] = []
    after = None
    for part in parts:
        made = part()
        if isinstance(made, bool):
            if made == is_and:
                continue
            if after is not None:
                builder.branch(after)
                builder.position_at_end(after)
            return made
        ends.append((made, builder.block))
        if part is not parts[-1]:
            after = after or builder.append_basic_block("decided")
            further = builder.append_basic_block("further")
            builder.cbranch(made, *((further, after) if is_and else (after, further)))
            builder.position_at_end(further)
    if after is None:
        return ends[-1][0] if ends else is_and
    if builder.block is not ends[-1][1]:  # the last parts are known
        ends.append((ir.Constant(boolean.llvm, int(is_and)), builder.block))
    builder.branch(after)
    builder.position_at_end(after)
    result = builder.phi(boolean.llvm)
    for made, block in ends:
        result.add_incoming(made, block)
    return result


def one_of(builder: Any, parts: Sequence[tuple[Known, Part]], is_and: bool) -> Any:
    """Emit ``and`` or ``or`` of values: the result is the one that decides."""
    known, value = parts[0]
    if len(parts) == 1:
        return value()
    decided = known()
    if decided is not None:
        return one_of(builder, parts[1:], is_and) if decided == is_and else value()
    first = value()
    condition = truth(builder, first)
    kept, further, after = (builder.append_basic_block(n) for n in ("kept", "more", "after"))
    builder.cbranch(condition, *((further, kept) if is_and else (kept, further)))
    builder.position_at_end(further)
    rest = one_of(builder, parts[1:], is_and), builder.block
    return joined(builder, [(first, kept), rest], after)


def joined(builder: Any, made: Sequence[tuple[Any, Any]], after: Any) -> Any:
    """Return the value that one of some blocks has made, in the block ``after`` them.

    ``made`` has the value and the last block, which has no end yet.
    """
    values = [value for value, _ in made]
    if len({len(value) if isinstance(value, tuple) else None for value in values}) > 1:
        raise UnsupportedError("one of several tuples")
    rows = [value if isinstance(value, tuple) else (value,) for value in values]
    columns = [[number(v).kind for v in column] for column in zip(*rows, strict=True)]
    kinds = [reduce(common_kind, column) for column in columns]
    ends = []
    for row, (_, block) in zip(rows, made, strict=True):
        builder.position_at_end(block)
        ends.append([cast(builder, number(v), k) for v, k in zip(row, kinds, strict=True)])
        builder.branch(after)
    builder.position_at_end(after)
    results = []
    for n, kind in enumerate(kinds):
        result = builder.phi(kind.llvm)
        for parts, (_, block) in zip(ends, made, strict=True):
            result.add_incoming(parts[n], block)
        results.append(Value(kind, result))
    return tuple(results) if isinstance(values[0], tuple) else results[0]
