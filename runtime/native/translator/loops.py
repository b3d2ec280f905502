"""Loops of a kernel: what a ``range`` counts, and where ``continue`` and ``break`` lead."""

import ast
from typing import Any

from ..kinds import Kind, int32, int64
from .expressions import Expressions
from .values import Constant, UnsupportedError, cast, number
from .variables import Scope

__all__ = ["Loop", "range_of"]


class Loop:
    """Where ``continue`` and ``break`` of a loop lead, and the scopes there."""

    def __init__(self, again: Any, after: Any) -> None:
        self.again, self.after = again, after
        self.ends: list[Scope] = []
        self.breaks: list[Scope] = []


def range_of(expressions: Expressions, node: ast.expr) -> tuple[Kind, Any, Any, int]:
    """Return the kind of a ``range``'s numbers, its first and its end (LLVM values), its step."""
    of = expressions.value(node.func) if isinstance(node, ast.Call) and not node.keywords else None
    if not (isinstance(node, ast.Call) and isinstance(of, Constant) and of.value is range):
        raise UnsupportedError("a loop over other than a range")
    given = [expressions.value(part) for part in node.args]
    kinds = {number(v).kind for v in given}
    if not 0 < len(given) <= 3 or not kinds <= {int32, int64}:
        raise UnsupportedError("a range of other than integers")
    by = given[2] if len(given) == 3 else Constant(1)
    if not (isinstance(by, Constant) and type(by.value) is int and by.value):
        raise UnsupportedError("a step of a range that is not known")
    start, stop = (Constant(0), *given)[:2] if len(given) == 1 else given[:2]
    kind = int32 if kinds == {int32} else int64
    first, end = (cast(expressions.builder, number(v), kind) for v in (start, stop))
    return kind, first, end, by.value
