"""Translate the statements of a function: assignments, branches, loops, returns."""

import ast
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from types import FunctionType
from typing import Any

from llvmlite import ir

from ..kinds import Kind
from .branches import joined
from .calls import emit_call
from .constants import variable
from .expressions import Expressions
from .loops import Loop, range_of
from .operators import binary
from .source import syntax
from .values import Constant, UnsupportedError, Value, cast, number
from .variables import Scope

__all__ = ["emit_function"]

DEEPEST = 16
"""Helpers within helpers: one that calls itself is refused by Numba."""


def emit_function(
    builder: Any, function: FunctionType, given: dict[str, Any], depth: int = 0
) -> Any:
    """Emit the body of a function with these arguments; return what it returns.

    Code after it is emitted where the builder is then.
    """
    if depth > DEEPEST:
        raise UnsupportedError("helpers within helpers")
    return _Function(builder, function, given, depth).emit()


class _Function:
    def __init__(
        self, builder: Any, function: FunctionType, given: dict[str, Any], depth: int
    ) -> None:
        self._builder, self._tree = builder, syntax(function)
        self._x = Expressions(
            builder,
            function,
            lambda x, node: emit_call(
                x, node, lambda f, values: emit_function(builder, f, values, depth + 1)
            ),
        )
        self._loops: list[Loop] = []
        self._returned: list[tuple[Any, Any]] = []
        """Each value that is returned, and the block that it is returned in."""
        counts = Counter(_assigned(self._tree.body))
        top = {
            t.id
            for step in self._tree.body
            if isinstance(step, ast.Assign)
            for target in step.targets
            for t in ast.walk(target)
            if isinstance(t, ast.Name)
        }
        self._once = {name for name in top if counts[name] == 1 and name not in given}
        for name, value in given.items():
            self._assign_name(name, value, once=not counts[name])

    def emit(self) -> Any:
        self._body(self._tree.body)
        builder = self._builder
        if not builder.block.is_terminated:
            self._returned.append((Constant(None), builder.block))
        if len(self._returned) == 1:
            value, block = self._returned[0]
            builder.position_at_end(block)
            return value
        return self._joined_returns()

    def _joined_returns(self) -> Any:
        after = self._builder.append_basic_block("returned")
        values = [value for value, _ in self._returned]
        if all(isinstance(v, Constant) and v.value is None for v in values):
            for _, block in self._returned:
                self._builder.position_at_end(block)
                self._builder.branch(after)
            self._builder.position_at_end(after)
            return Constant(None)
        if not self._returned:
            raise UnsupportedError("a function that does not return")
        return joined(self._builder, self._returned, after)

    # ---- statements ----------------------------------------------------------------------------

    def _body(self, steps: Sequence[ast.stmt]) -> None:
        for step in steps:
            if self._builder.block.is_terminated:
                return
            emit = getattr(self, f"_{type(step).__name__.lower()}", None)
            if emit is None:
                raise UnsupportedError(type(step).__name__)
            emit(step)

    def _expr(self, step: ast.Expr) -> None:
        if not isinstance(step.value, ast.Constant):  # a docstring
            self._x.value(step.value)

    def _pass(self, step: ast.Pass) -> None:
        pass

    def _assign(self, step: ast.Assign) -> None:
        value = self._x.assigned(step.value)
        for target in step.targets:
            self._assign_to(target, value)

    def _annassign(self, step: ast.AnnAssign) -> None:
        if step.value is not None:
            self._assign_to(step.target, self._x.assigned(step.value))

    def _augassign(self, step: ast.AugAssign) -> None:
        target, kind = step.target, type(step.op)
        if isinstance(target, ast.Name):
            old = self._x.value(ast.Name(target.id, ast.Load()))
            change = self._x.value(step.value)
            self._assign_name(target.id, binary(self._builder, kind, old, change))
            return
        place = self._x.place(target)
        old, change = self._x.load(place), self._x.value(step.value)
        self._store(place, binary(self._builder, kind, old, change))

    def _assign_to(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self._assign_name(target.id, value)
        elif isinstance(target, ast.Tuple):
            if not isinstance(value, tuple) or len(value) != len(target.elts):
                raise UnsupportedError("an assignment of other than a tuple")
            for part, item in zip(target.elts, value, strict=True):
                self._assign_to(part, item)
        else:
            self._store(self._x.place(target), value)

    def _store(self, place: tuple[Kind, Any], value: Any) -> None:
        kind, pointer = place
        self._builder.store(cast(self._builder, number(value), kind), pointer)

    def _assign_name(self, name: str, value: Any, *, once: bool = False) -> None:
        once = once or name in self._once
        self._x.places.write(name, value if once else variable(value), once=once)

    def _return(self, step: ast.Return) -> None:
        value = Constant(None) if step.value is None else self._x.value(step.value)
        self._returned.append((value, self._builder.block))
        self._leave()

    def _leave(self) -> None:
        """Mark that what follows in this block is not reached: its end is emitted later."""
        block = self._builder.block
        self._builder.position_at_end(self._builder.append_basic_block("unreached"))
        self._builder.unreachable()
        assert not block.is_terminated

    def _if(self, step: ast.If) -> None:
        condition = self._x.truth(step.test)
        if isinstance(condition, bool):
            self._body(step.body if condition else step.orelse)
            return
        builder, places = self._builder, self._x.places
        yes, after = (builder.append_basic_block(n) for n in ("yes", "after"))
        no = builder.append_basic_block("no") if step.orelse else after
        builder.cbranch(condition, yes, no)
        before, parted = places.scope, builder.block
        ends: list[tuple[Scope, Any]] = []
        for begin, steps in ((yes, step.body), (no, step.orelse)):
            places.scope = dict(before)
            if not steps:
                ends.append((places.scope, parted))
                continue
            builder.position_at_end(begin)
            self._body(steps)
            if not builder.block.is_terminated:
                builder.branch(after)
                ends.append((places.scope, builder.block))
        if ends:
            places.meet(ends)
        builder.position_at_end(after)
        if not ends:
            builder.unreachable()

    # ---- loops ---------------------------------------------------------------------------------

    def _while(self, step: ast.While) -> None:
        if step.orelse:
            raise UnsupportedError("else of a loop")
        builder = self._builder
        head, body, after = (builder.append_basic_block(n) for n in ("head", "body", "after"))
        builder.branch(head)
        builder.position_at_end(head)
        self._x.places.begin_loop(_assigned([step]))
        condition = self._x.truth(step.test)
        if isinstance(condition, bool):
            builder.branch(body if condition else after)
        else:
            builder.cbranch(condition, body, after)
        self._turn(step.body, Loop(head, after), body, head, endless=condition is True)

    def _for(self, step: ast.For) -> None:
        if step.orelse or not isinstance(step.target, ast.Name):
            raise UnsupportedError("a loop over other than a range")
        name, (kind, start, stop, by) = step.target.id, range_of(self._x, step.iter)
        builder = self._builder
        with builder.goto_entry_block():
            counter = builder.alloca(kind.llvm)
        builder.store(start, counter)
        head, body, again, after = (
            builder.append_basic_block(n) for n in ("head", "body", "again", "after")
        )
        builder.branch(head)
        builder.position_at_end(head)
        index = builder.load(counter, typ=kind.llvm)
        builder.cbranch(builder.icmp_signed("<" if by > 0 else ">", index, stop), body, after)
        self._x.places.begin_loop(_assigned([step]))
        loop = Loop(again, after)
        begin = partial(self._assign_name, name, Value(kind, index))
        self._turn(step.body, loop, body, again, begin=begin)
        builder.position_at_end(again)
        ahead = ir.Constant(kind.llvm, by)
        builder.store(builder.add(index, ahead, flags=["nsw"]), counter)
        builder.branch(head)
        builder.position_at_end(after)

    def _turn(
        self,
        steps: Sequence[ast.stmt],
        loop: Loop,
        body: Any,
        again: Any,
        begin: Callable[[], None] = lambda: None,
        endless: bool = False,
    ) -> None:
        """Emit the body of a loop, and end the loop."""
        builder, places = self._builder, self._x.places
        builder.position_at_end(body)
        places.scope = dict(places.scope)
        begin()
        self._loops.append(loop)
        self._body(steps)
        self._loops.pop()
        if not builder.block.is_terminated:
            builder.branch(again)
            loop.ends.append(places.scope)
        places.end_loop(loop.ends, loop.breaks, endless=endless)
        builder.position_at_end(loop.after)
        if endless and not loop.breaks:
            builder.unreachable()

    def _continue(self, step: ast.Continue) -> None:
        self._loops[-1].ends.append(dict(self._x.places.scope))
        self._builder.branch(self._loops[-1].again)

    def _break(self, step: ast.Break) -> None:
        self._loops[-1].breaks.append(dict(self._x.places.scope))
        self._builder.branch(self._loops[-1].after)


def _assigned(steps: Sequence[ast.stmt]) -> list[str]:
    """Return the names that statements assign to, as often as they do."""
    return [
        node.id
        for step in steps
        for node in ast.walk(step)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
