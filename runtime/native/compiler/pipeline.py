"""Numba's compiler without the passes that kernels do not need, which dominate a cold start.

A kernel has no closures, no whole-array expressions, and raises nothing.  Its LLVM code is
optimised once, as a whole; Numba would optimise each function, then the module cheaply, then in
full (to prune reference counts, which kernels do not have).  Loops are not unrolled: that made no
kernel faster, and took a tenth of a cold start.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import ir as statements
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.ir_utils import build_definitions
from numba.core.lowering import Lower
from numba.core.ssa import reconstruct_ssa
from numba.core.typed_passes import NativeLowering, NopythonRewrites, PreLowerStripPhis
from numba.core.untyped_passes import (
    InlineClosureLikes,
    InlineInlinables,
    IRProcessing,
    ReconstructSSA,
    WithLifting,
)

from .. import machine_code
from ..loader import ObjectCode
from .call_types import PLAIN
from .inline_helpers import InlineHelpers
from .kernel_check import Sites, refusal, refuse_bytecode, refuse_statements

__all__ = ["KernelCompiler"]


class _Library(JITCodeLibrary):  # type: ignore[misc]
    """The LLVM module of one kernel; refuses calls that must not run on the audio thread.

    ``_Lower`` fills in these fields before the module is linked.
    """

    kernel: str
    """Name of the kernel in the source, for errors."""
    entry: str
    """Name of the C function that callers get the address of."""
    start: Any
    """Source location where the kernel begins."""
    sites: Sites

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        self._hide_all_but_the_entry()
        machine_code.optimize(self._final_module, self._codegen._tm)
        self._check()

    def _finalize_final_module(self) -> None:
        """Note which globals are addresses, and leave the linking to ``loader.py``."""
        self._finalize_dynamic_globals()
        self._finalized = True

    def object_code(self) -> ObjectCode:
        """Return the machine code of the module."""
        return machine_code.object_code(self._final_module, self._codegen._tm, self.entry)

    def _hide_all_but_the_entry(self) -> None:
        """Make the rest internal, so that LLVM drops what is not called (Numba's allocator)."""
        module = self._final_module
        for made in (*module.functions, *module.global_variables):
            if not made.is_declaration and made.name != self.entry:
                made.linkage = "internal"

    def _check(self) -> None:
        """Raise ``KernelError`` if the optimised code calls anything but pure functions."""
        reached = machine_code.forbidden(self._final_module)
        if reached:
            raise refusal(self.kernel, reached, self.sites, self._callees(), self.start)

    def _callees(self) -> Callable[[str], set[str]]:
        """Return a function that maps a linked function's name to the names it calls."""
        found: dict[str, set[str]] = {}
        for library in self._linking_libraries:
            for function in library._get_module_for_linking().functions:
                calls = found.setdefault(function.name, set())
                for block in function.blocks:
                    for step in block.instructions:
                        calls.update(o.name for o in step.operands if o.name)
        return lambda name: found.get(name, set())


class _Lower(Lower):  # type: ignore[misc]
    """Numba's lowering to LLVM IR, with a C entry function of our own."""

    def __init__(self, context: Any, library: Any, fndesc: Any, *rest: Any, **more: Any) -> None:
        # Numba imports a function's module by name to find the function's globals.  A kernel never
        # needs them, and the import could deadlock: another thread may be importing that module
        # and waiting for this kernel.
        fndesc.modname = "builtins"
        super().__init__(context, library, fndesc, *rest, **more)
        library.sites, library.start = Sites(), self.func_ir.loc
        library.kernel = self.func_ir.func_id.func_name
        library.entry = fndesc.llvm_cfunc_wrapper_name

    def lower_inst(self, inst: Any) -> None:
        """Lower a statement, and record the calls in it."""
        if isinstance(inst, statements.Del) and isinstance(self.typeof(inst.value), PLAIN):
            return  # there is nothing to free
        blocks, block = self.function.blocks, self.builder.block
        known, begin = len(blocks), len(block.instructions)
        super().lower_inst(inst)
        self.library.sites.add(block, begin, self.loc)
        for made in blocks[known:]:
            self.library.sites.add(made, 0, self.loc)

    def lower_binop(self, resty: Any, expr: Any, op: Any) -> Any:
        """Lower an operation; between numbers without a search for code of its own for constants.

        There is such code for powers alone.
        """
        signature = self.fndesc.calltypes[expr]
        if op not in _ARITHMETIC or not all(isinstance(k, types.Number) for k in signature.args):
            return super().lower_binop(resty, expr, op)
        context = self.context
        function = context.typing_context.resolve_value_type(op)
        signature = function.get_call_type(context.typing_context, signature.args, {})
        numbers = [
            context.cast(self.builder, self.loadvar(v.name), self.typeof(v.name), kind)
            for v, kind in zip((expr.lhs, expr.rhs), signature.args, strict=True)
        ]
        made = context.get_function(function, signature)(self.builder, numbers)
        return context.cast(self.builder, made, signature.return_type, resty)

    def lower_normal_function(self, fndesc: Any) -> None:
        """Lower the function, and the C function that calls it.

        Numba's own C function would take the GIL to print exceptions; a kernel raises none.
        """
        written = (line for block in self.blocks.values() for line in block.body)
        refuse_statements(self.func_ir.func_id.func, written)
        super().lower_normal_function(fndesc)
        self.function.linkage = "internal"
        context = self.context
        takes = [context.get_value_type(kind) for kind in fndesc.argtypes]
        kind = ir.FunctionType(context.get_value_type(fndesc.restype), takes)
        outer = ir.Function(self.module, kind, fndesc.llvm_cfunc_wrapper_name)
        builder = ir.IRBuilder(outer.append_basic_block("entry"))
        _, made = self.call_conv.call_function(
            builder, self.function, fndesc.restype, fndesc.argtypes, outer.args
        )
        builder.ret(made)

    def create_cfunc_wrapper(self) -> None:
        """Do nothing: ``lower_normal_function`` has made the C function."""


_ARITHMETIC = {
    getattr(operator, name)
    for names in ("add sub mul truediv floordiv mod", "eq ne lt le gt ge", "and_ or_ xor")
    for name in names.split()
}


@register_pass(mutates_CFG=True, analysis_only=False)
class _Ssa(ReconstructSSA):  # type: ignore[misc]
    """Convert to SSA form: give each assignment a variable of its own."""

    _name = "kernel_ssa"

    def run_pass(self, state: Any) -> bool:
        state.func_ir = reconstruct_ssa(state.func_ir)
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class _StripPhis(PreLowerStripPhis):  # type: ignore[misc]
    """Turn phi nodes of the SSA form into assignments."""

    _name = "kernel_strip_phis"

    def run_pass(self, state: Any) -> bool:
        state.func_ir = self._strip_phi_nodes(state.func_ir)
        state.func_ir._definitions = build_definitions(state.func_ir.blocks)
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(NativeLowering):  # type: ignore[misc]
    _name = "kernel_lowering"

    @property
    def lowering_class(self) -> Any:
        return _Lower

    def run_pass(self, state: Any) -> bool:
        """Lower, link, optimise and check, before anything is cached on disk."""
        changed: bool = super().run_pass(state)
        state.library.finalize()
        return changed


class _Passes(PassManager):  # type: ignore[misc]
    """Numba's passes without those that kernels do not need, and without its checks between them.

    After each pass Numba would compute anew where variables are alive; the passes that need that
    compute it themselves.
    """

    _ENFORCING = False

    def __init__(self, made: Any) -> None:
        super().__init__(made.pipeline_name)
        left_out = {IRProcessing, WithLifting, InlineClosureLikes, NopythonRewrites}
        instead = {
            InlineInlinables: InlineHelpers,
            NativeLowering: _Lowering,
            PreLowerStripPhis: _StripPhis,
            ReconstructSSA: _Ssa,
        }
        self.passes = [
            (instead.get(kind, kind), text) for kind, text in made.passes if kind not in left_out
        ]
        self.finalize()


def _helper_passes(state: Any) -> PassManager:
    return _Passes(DefaultPassBuilder.define_untyped_pipeline(state, "helper"))


InlineHelpers.pipeline = staticmethod(_helper_passes)


class KernelCompiler(CompilerBase):  # type: ignore[misc]
    """The compiler pipeline of kernels."""

    def define_pipelines(self) -> list[Any]:
        """Return Numba's passes without those that kernels do not need."""
        refuse_bytecode(self.state.func_id.func)
        library = _Library(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        self.state.library = library
        return [_Passes(DefaultPassBuilder.define_nopython_pipeline(self.state, "kernel"))]
