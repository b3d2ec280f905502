"""Translate expressions of a kernel."""

import ast
import builtins
from collections.abc import Callable
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

from llvmlite import ir

from ..kinds import Kind, boolean, int64
from .branches import both_or_either, joined, one_of
from .constants import (
    MOST_SWAPPED,
    PLAIN,
    decided,
    folded,
    is_literal,
    is_simple,
    operands,
    variable,
)
from .operators import binary, compare, negative, truth
from .source import names
from .values import (
    Constant,
    Numbers,
    Record,
    UnsupportedError,
    Value,
    cast,
    kind_of_dtype,
    number,
)
from .variables import Places

__all__ = ["Expressions"]

i8 = ir.IntType(8)


class Expressions:
    """Emits the code of expressions of one function.

    ``call(expressions, node)`` emits that of a call.
    """

    def __init__(
        self, builder: Any, function: FunctionType, call: Callable[["Expressions", ast.Call], Any]
    ) -> None:
        self.builder, self.places = builder, Places(builder)
        self._call = call
        self._outside = {**function.__globals__, **names(function)}
        self._locals = frozenset(function.__code__.co_varnames)

    def value(self, node: ast.expr) -> Any:
        """Return the value of an expression: ``Value``, ``Constant`` or a tuple of them."""
        emit = _EMIT.get(type(node))
        if emit is None:
            raise UnsupportedError(type(node).__name__)
        return emit(self, node)

    def number(self, node: ast.expr) -> Value:
        """Return the value of an expression that is a number."""
        return number(self.value(node))

    def truth(self, node: ast.expr) -> Any:
        """Return a condition as an ``i1``, or as a ``bool`` if it is known already."""
        if isinstance(node, ast.BoolOp):
            parts = [partial(self.truth, part) for part in node.values]
            return both_or_either(self.builder, parts, isinstance(node.op, ast.And))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand)
            return not inner if isinstance(inner, bool) else self.builder.not_(inner)
        known = self._known(node)
        return truth(self.builder, self.value(node)) if known is None else known

    def _known(self, node: ast.expr) -> bool | None:
        """Return whether a condition holds that Numba decides before it looks at kinds.

        That is a constant, or an operator between two: Numba then disregards the other branch,
        and what it would make of the kinds of variables.
        """
        if not is_simple(node):
            return self._decided(node)
        value = self.value(node)
        if isinstance(value, Constant) and isinstance(value.value, PLAIN):
            return bool(value.value)
        return value.known if isinstance(value, Value) else None

    def _decided(self, node: ast.expr) -> bool | None:
        """Return the truth of an operator between two constants, as Python has it."""
        found = operands(node)
        return None if found is None else decided(found[0], map(self.value, found[1]))

    def assigned(self, node: ast.expr) -> Any:
        """Return the value of an expression for a variable, which is a constant only if it is.

        Numba knows as constants what has a name or is written as a number, not what is computed.
        """
        value = self.value(node)
        if (
            isinstance(node, ast.Tuple)
            and len(node.elts) <= MOST_SWAPPED
            and not all(map(is_literal, node.elts))
        ):
            return tuple(
                item if is_simple(part) else variable(item)
                for part, item in zip(node.elts, value, strict=True)
            )
        if isinstance(node, ast.BoolOp | ast.IfExp) and isinstance(value, Constant):
            raise UnsupportedError("one of several constants")
        return value if is_simple(node) else variable(value)

    def place(self, node: ast.expr) -> tuple[Kind, Any]:
        """Return the kind and the pointer of a field or a number in memory."""
        if isinstance(node, ast.Attribute):
            return self._field(self.value(node.value), node.attr)
        if isinstance(node, ast.Subscript):
            view, index = self.value(node.value), self.number(node.slice)
            if isinstance(view, Value) and isinstance(view.kind, Numbers):
                if not index.kind.is_integer:
                    raise UnsupportedError("an index that is no integer")
                at = [cast(self.builder, index, int64)]
                kind = view.kind.kind
                begin = self._pointer(view.llvm)
                return kind, self.builder.gep(begin, at, source_etype=kind.llvm)
        raise UnsupportedError(f"memory at a {type(node).__name__}")

    def load(self, place: tuple[Kind, Any]) -> Value:
        """Return the number at a place."""
        kind, pointer = place
        return Value(kind, self.builder.load(pointer, typ=kind.llvm))

    def _pointer(self, address: Any) -> Any:
        return self.builder.inttoptr(address, ir.PointerType())

    def _field(self, record: Any, name: str) -> tuple[Kind, Any]:
        if not (isinstance(record, Value) and isinstance(record.kind, Record)):
            raise UnsupportedError(f"attribute {name}")
        fields = record.kind.dtype.fields
        if name not in fields:
            raise UnsupportedError(f"no field {name}")
        dtype, offset = fields[name][:2]
        at = [ir.Constant(int64.llvm, offset)]
        pointer = self.builder.gep(self._pointer(record.llvm), at, source_etype=i8)
        return kind_of_dtype(dtype), pointer

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.places.scope:
            return self.places.read(node.id)
        if node.id in self._locals:
            raise UnsupportedError(f"{node.id} before it has a value")
        if node.id in self._outside:
            return _constant(self._outside[node.id])
        if hasattr(builtins, node.id):
            return Constant(getattr(builtins, node.id))
        raise UnsupportedError(f"the name {node.id}")

    def _literal(self, node: ast.Constant) -> Any:
        return Constant(node.value)

    def _attribute(self, node: ast.Attribute) -> Any:
        of = self.value(node.value)
        if not isinstance(of, Constant):
            return self.load(self._field(of, node.attr))
        if isinstance(of.value, ModuleType) and hasattr(of.value, node.attr):
            return _constant(getattr(of.value, node.attr))
        raise UnsupportedError(f"attribute {node.attr}")

    def _subscript(self, node: ast.Subscript) -> Any:
        view = self.value(node.value)
        if isinstance(view, tuple):
            index = self.value(node.slice)
            at = index.value if isinstance(index, Constant) else None
            if type(at) is int and -len(view) <= at < len(view):
                return view[at]
            raise UnsupportedError("an index of a tuple")
        return self.load(self.place(node))

    def _tuple(self, node: ast.Tuple) -> Any:
        return tuple(map(self.value, node.elts))

    def _binary(self, node: ast.BinOp) -> Any:
        if is_literal(node):
            return Constant(folded(node))
        left, right = self.value(node.left), self.value(node.right)
        made = binary(self.builder, type(node.op), left, right)
        return Value(made.kind, made.llvm, self._decided(node))

    def _unary(self, node: ast.UnaryOp) -> Any:
        if is_literal(node):
            return Constant(folded(node))
        if isinstance(node.op, ast.Not):
            return self._condition(node)
        if isinstance(node.op, ast.USub):
            of = self.value(node.operand)
            if isinstance(of, Constant) and type(of.value) in (int, float) and of.value == of.value:
                return Constant(-of.value)
            return negative(self.builder, of)
        raise UnsupportedError(type(node.op).__name__)

    def _condition(self, node: ast.expr) -> Any:
        made = self.truth(node)
        return number(made) if isinstance(made, bool) else Value(boolean, made)

    def _logical(self, node: ast.BoolOp) -> Any:
        """Emit ``and`` or ``or`` as a value, which is one of its parts."""
        parts = [(partial(self._known, part), partial(self.value, part)) for part in node.values]
        return one_of(self.builder, parts, isinstance(node.op, ast.And))

    def _compare(self, node: ast.Compare) -> Any:
        if len(node.ops) != 1:
            return self._chain(node)
        (kind,), left = map(type, node.ops), self.value(node.left)
        right = self.value(node.comparators[0])
        known = self._decided(node)
        if known is not None and kind in (ast.Is, ast.IsNot):
            return Value(boolean, ir.Constant(boolean.llvm, int(known)), known)
        if kind in (ast.In, ast.NotIn) and isinstance(right, tuple) and right:
            made = [compare(self.builder, ast.Eq, left, item).llvm for item in right]
            found = made[0]
            for other in made[1:]:
                found = self.builder.or_(found, other)
            return Value(boolean, found if kind is ast.In else self.builder.not_(found), known)
        return Value(boolean, compare(self.builder, kind, left, right).llvm, known)

    def _chain(self, node: ast.Compare) -> Any:
        """Emit ``a < b < c`` of numbers: all are computed, which must not show."""
        operands = [node.left, *node.comparators]
        inner = [type(node) for part in operands for node in ast.walk(part)]
        if ast.Call in inner or ast.Subscript in inner:
            raise UnsupportedError("calls or memory in a chain of comparisons")
        values, result = [self.number(part) for part in operands], None
        for kind, left, right in zip(map(type, node.ops), values, values[1:], strict=False):
            made = compare(self.builder, kind, left, right).llvm
            result = made if result is None else self.builder.and_(result, made)
        return Value(boolean, result)

    def _either(self, node: ast.IfExp) -> Any:
        """Emit ``a if condition else b``."""
        condition = self.truth(node.test)
        if isinstance(condition, bool):
            return self.value(node.body if condition else node.orelse)
        builder = self.builder
        yes, no, after = (builder.append_basic_block(n) for n in ("yes", "no", "after"))
        builder.cbranch(condition, yes, no)
        made = []
        for begin, part in ((yes, node.body), (no, node.orelse)):
            builder.position_at_end(begin)
            made.append((self.value(part), builder.block))
        return joined(self.builder, made, after)

    def _called(self, node: ast.Call) -> Any:
        return self._call(self, node)


_EMIT: dict[type[ast.expr], Callable[[Expressions, Any], Any]] = {
    ast.Attribute: Expressions._attribute,
    ast.BinOp: Expressions._binary,
    ast.BoolOp: Expressions._logical,
    ast.Call: Expressions._called,
    ast.Compare: Expressions._compare,
    ast.Constant: Expressions._literal,
    ast.IfExp: Expressions._either,
    ast.Name: Expressions._name,
    ast.Subscript: Expressions._subscript,
    ast.Tuple: Expressions._tuple,
    ast.UnaryOp: Expressions._unary,
}


def _constant(value: Any) -> Any:
    if type(value) is tuple:
        return tuple(map(_constant, value))
    return Constant(value)
