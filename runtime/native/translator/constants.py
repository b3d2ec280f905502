"""Constants in the syntax of a kernel: what Python and Numba compute before a kernel is compiled.

Numba disregards a branch whose condition is a constant, or an operator between two, and with it the
kinds that variables would have of it.
"""

import ast
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .values import Constant, UnsupportedError, number

__all__ = [
    "MOST_SWAPPED",
    "PLAIN",
    "decided",
    "folded",
    "is_literal",
    "is_simple",
    "operands",
    "variable",
]

Operator = Callable[[Any, Any], Any]
MOST_SWAPPED = 3
"""Python assigns tuples of this many without making them."""
PLAIN = (bool, int, float, np.number, np.bool_, type(None), tuple)
_OPERATORS: dict[type[ast.operator] | type[ast.cmpop], Operator] = {
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
"""Operators between constants."""


def operands(node: ast.expr) -> tuple[Operator, list[ast.expr]] | None:
    """Return an operator and the two operands, if they are names or constants."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        apply, parts = _OPERATORS.get(type(node.ops[0])), [node.left, node.comparators[0]]
    elif isinstance(node, ast.BinOp):
        apply, parts = _OPERATORS.get(type(node.op)), [node.left, node.right]
    else:
        return None
    return (apply, parts) if apply and all(map(is_simple, parts)) else None


def decided(apply: Operator, operands: Iterable[Any]) -> bool | None:
    """Return whether an operator's result is true, if its operands are constants."""
    values = [_plain(value) for value in operands]
    is_identity = apply in (operator.is_, operator.is_not)
    if any(value is Ellipsis for value in values):
        return None
    if not (is_identity or all(isinstance(value, PLAIN) for value in values)):
        return None
    try:
        return bool(apply(*values))
    except (ArithmeticError, TypeError, ValueError):
        return None


def _plain(value: Any) -> Any:
    """Return the Python object of a constant, or of a tuple of constants; else ``Ellipsis``."""
    if isinstance(value, tuple):
        parts = tuple(map(_plain, value))
        return Ellipsis if any(part is Ellipsis for part in parts) else parts
    return value.value if isinstance(value, Constant) else Ellipsis


def variable(value: Any) -> Any:
    """Return a value for a variable: constants that are numbers become numbers."""
    if isinstance(value, tuple):
        return tuple(map(variable, value))
    if isinstance(value, Constant):
        try:
            return number(value)
        except UnsupportedError:
            return value
    return value


def is_simple(node: ast.expr) -> bool:
    """Return whether an expression is a name or a constant, for Python's compiler too."""
    return isinstance(node, ast.Name | ast.Constant) or is_literal(node)


def is_literal(node: ast.expr) -> bool:
    """Return whether an expression is of numbers alone: Python has computed it."""
    if isinstance(node, ast.BinOp):
        return is_literal(node.left) and is_literal(node.right)
    if isinstance(node, ast.UnaryOp):
        return is_literal(node.operand)
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def folded(node: ast.expr) -> Any:
    """Return the number that an expression of numbers is."""
    try:
        return eval(compile(ast.Expression(node), "literal", "eval"), {})
    except (ArithmeticError, TypeError, ValueError) as error:  # 1 / 0, 1.5 & 1, 1 << -1
        raise UnsupportedError(str(error)) from None
