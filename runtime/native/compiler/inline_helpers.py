"""Numba's pass that inlines helpers into kernels, without compiling each helper at each call.

The statements of a helper of this package, with the helpers that it calls inlined, are kept for the
process.  Numba's own pass would translate the helper's byte code for each call, and copy its
statements twice.
"""

from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from numba.core import ir, types
from numba.core.analysis import compute_cfg_from_blocks
from numba.core.bytecode import ByteCode, FunctionIdentity
from numba.core.compiler import StateDict, _CompileStatus
from numba.core.compiler_machinery import register_pass
from numba.core.errors import UnsupportedError
from numba.core.inline_closurecall import _get_callee_args
from numba.core.ir_utils import guard, resolve_func_from_module, simplify_CFG
from numba.core.untyped_passes import InlineInlinables
from numba.parfors.parfor import ParforDiagnostics

from ..fingerprint import is_ours

__all__ = ["InlineHelpers"]

_kept: dict[FunctionType, Any] = {}
"""Numba's statements of helpers of this package, whose globals do not change."""


@register_pass(mutates_CFG=True, analysis_only=False)
class InlineHelpers(InlineInlinables):  # type: ignore[misc]
    """Inline functions that are decorated with ``helper``, that is ``inline="always"``."""

    _name = "inline_helpers"
    pipeline: Callable[[Any], Any]
    """Returns the passes over a helper, of a state (``compiler.py`` sets it)."""

    def run_pass(self, state: Any) -> bool:
        """Inline each call of a helper."""
        caller, found = state.func_ir, False
        waiting = list(caller.blocks.values())
        while waiting:
            block = waiting.pop()
            for number, function in _calls(caller, block):
                rest = _inline(caller, block, number, self._statements(state, function))
                waiting.append(rest)
                found = True
                break
        if found:
            for dead in compute_cfg_from_blocks(caller.blocks).dead_nodes():
                del caller.blocks[dead]
            caller.blocks = simplify_CFG(caller.blocks)
        return found

    def _statements(self, state: Any, function: FunctionType) -> Any:
        made = _kept.get(function)
        if made is None:
            made = self._translated(state, function)
            if is_ours(function):
                _kept[function] = made
        return made

    def _translated(self, state: Any, function: FunctionType) -> Any:
        """Return a helper's statements, after all of Numba's passes that know no types."""
        inner = StateDict()
        inner.func_ir = None
        inner.typingctx, inner.targetctx = state.typingctx, state.targetctx
        inner.locals, inner.pipeline = {}, state.pipeline
        inner.flags = state.flags.copy()
        inner.flags.enable_ssa = False  # the whole kernel is brought into that form
        inner.func_id = FunctionIdentity.from_function(function)
        inner.bc = ByteCode(inner.func_id)
        inner.args = (types.pyobject,) * len(inner.func_id.pysig.parameters)
        inner.typemap = inner.calltypes = inner.type_annotation = inner.return_type = None
        inner.status, inner.metadata = _CompileStatus(False), {}
        inner.parfor_diagnostics = ParforDiagnostics()
        self.pipeline(inner).run(inner)
        if inner.func_id.is_generator:
            raise UnsupportedError("a helper must not be a generator", loc=inner.func_ir.loc)
        inner.func_ir.blocks = simplify_CFG(inner.func_ir.blocks)
        return inner.func_ir


def _calls(caller: Any, block: Any) -> Iterator[tuple[int, FunctionType]]:
    """Yield each call of a helper in a block: the number of the statement, and the helper."""
    for number, statement in enumerate(block.body):
        value = statement.value if isinstance(statement, ir.Assign) else None
        if isinstance(value, ir.Expr) and value.op == "call":
            function = guard(_callee, caller, value)
            if function is not None:
                yield number, function


def _callee(caller: Any, call: Any) -> FunctionType | None:
    """Return the helper that is called, or None for any other function."""
    made = caller.get_definition(call.func)
    if isinstance(made, ir.Expr):
        value = resolve_func_from_module(caller, made) if made.op == "getattr" else None
    else:
        value = getattr(made, "value", None)
    options: dict[str, Any] = getattr(value, "targetoptions", {})
    if value is None or options.get("inline") != "always":
        return None
    function: FunctionType = value.py_func
    return function


def _inline(caller: Any, block: Any, number: int, callee: Any) -> Any:
    """Replace statement ``number`` of a block, a call, by the callee's statements.

    Returns the block of the statements after it.
    """
    call = block.body[number]
    copied = _Copy(block.scope, callee.func_id.unique_name)
    arguments = _get_callee_args(call.value, callee.func_id.func, call.loc, caller)
    offset = max(caller.blocks) + 1
    after = offset + max(callee.blocks) + 1
    rest = ir.Block(block.scope, block.loc)
    rest.body = block.body[number + 1 :]
    block.body = [*block.body[:number], ir.Jump(offset + min(callee.blocks), call.loc)]
    known = caller._definitions[call.target.name]
    if call.value in known:
        known.remove(call.value)
    for label, source in callee.blocks.items():
        made = ir.Block(block.scope, source.loc)
        made.body = list(copied.body(source.body, arguments, call.target, offset, after))
        caller.blocks[offset + label] = made
        for statement in made.find_insts(ir.Assign):
            caller._definitions[statement.target.name].append(statement.value)
    caller.blocks[after] = rest
    return rest


class _Copy:
    """Copies statements of a helper, with variables of the kernel in place of its own."""

    def __init__(self, scope: Any, name: str) -> None:
        self._scope = scope
        self._name = "".join(c if c.isalnum() else "_" for c in name)
        self._variables: dict[str, Any] = {}

    def body(
        self, statements: list[Any], arguments: Any, target: Any, offset: int, after: int
    ) -> Iterator[Any]:
        """Yield the statements of a block; a return becomes an assignment to ``target``."""
        ends = statements[-1]
        returned = ends.value.name if isinstance(ends, ir.Return) else None
        for statement in statements[:-1]:
            made = self.value(statement)
            if isinstance(made, ir.Assign):
                value = made.value
                if isinstance(value, ir.Arg):
                    made.value = arguments[value.index]
                elif returned == statement.target.name and _is(value, "cast"):
                    made.value = value.value  # the caller's variable need not be of that type
            yield made
        if isinstance(ends, ir.Return):
            yield ir.Assign(self.value(ends.value), target, ends.loc)
            yield ir.Jump(after, ends.loc)
        elif isinstance(ends, ir.Jump):
            yield ir.Jump(ends.target + offset, ends.loc)
        elif isinstance(ends, ir.Branch):
            branches = ends.truebr + offset, ends.falsebr + offset
            yield ir.Branch(self.value(ends.cond), *branches, ends.loc)
        else:
            yield self.value(ends)

    def value(self, value: Any) -> Any:
        """Return a copy of a statement or of a part of one."""
        if isinstance(value, ir.Var):
            return self._variable(value)
        if isinstance(value, ir.Inst):
            made = object.__new__(type(value))
            for name, part in vars(value).items():
                made.__dict__[name] = self.value(part)
            return made
        if isinstance(value, list | tuple):
            return type(value)(map(self.value, value))
        if isinstance(value, dict):
            return {name: self.value(part) for name, part in value.items()}
        return value

    def _variable(self, old: Any) -> Any:
        made = self._variables.get(old.name)
        if made is None:
            name = "".join(c if c.isalnum() else "_" for c in old.name)
            made = self._scope.redefine(f"{self._name}_{name}", loc=old.loc)
            self._variables[old.name] = made
        return made


def _is(value: Any, operation: str) -> bool:
    return isinstance(value, ir.Expr) and value.op == operation
