"""Numba's compiler, less what kernels have no use for: it is most of a cold start.

A kernel has no closures, no whole-array expressions, and raises nothing; and its LLVM code is
optimised once, as a whole, where Numba does so function by function, then cheaply, then in full
(which is to prune reference counts: kernels have none).  Nor does LLVM unroll loops: that made no
kernel faster, and was a tenth of a cold start.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import binding as llvm, ir
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering, NopythonRewrites
from numba.core.untyped_passes import InlineClosureLikes

from .kernel_check import Sites, allowed, refusal, refuse_bytecode, refuse_statements

__all__ = ["KernelCompiler"]


class _Library(JITCodeLibrary):  # type: ignore[misc]
    """The machine code of one kernel in the making; refuses what must not run on an audio thread.

    ``_Lower`` fills in these fields before the module is linked.
    """

    kernel: str
    """Its name in the source, for errors."""
    entry: str
    """The C function that callers get the address of."""
    start: Any
    """Where the kernel's source begins."""
    sites: Sites
    environment: str
    """The global variable that Numba sets when it loads the code from disk."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        self._hide_all_but_the_entry()
        wanted = llvm.create_pipeline_tuning_options(speed_level=3)
        wanted.loop_vectorization = True
        wanted.slp_vectorization = False
        wanted.loop_unrolling = False  # emitted loops are as long as they should be
        builder = llvm.create_pass_builder(self._codegen._tm, wanted)
        builder.getModulePassManager().run(self._final_module, builder)
        self._check()

    def _hide_all_but_the_entry(self) -> None:
        """Let LLVM drop what the entry does not reach, among it the allocator that Numba links."""
        module = self._final_module
        for made in (*module.functions, *module.global_variables):
            if not made.is_declaration and made.name not in (self.entry, self.environment):
                made.linkage = "internal"

    def _check(self) -> None:
        """Raise ``KernelError`` if the optimised code reaches anything but pure functions."""
        module = self._final_module
        reached = [f.name for f in module.functions if f.is_declaration and not allowed(f.name)]
        reached += [g.name for g in module.global_variables if g.is_declaration]
        if reached:
            raise refusal(self.kernel, reached, self.sites, self._callees(), self.start)

    def _callees(self) -> Callable[[str], set[str]]:
        """Return a function that names what a function of the linked libraries calls."""
        found: dict[str, set[str]] = {}
        for library in self._linking_libraries:
            for function in library._get_module_for_linking().functions:
                calls = found.setdefault(function.name, set())
                for block in function.blocks:
                    for step in block.instructions:
                        calls.update(o.name for o in step.operands if o.name)
        return lambda name: found.get(name, set())


class _Lower(Lower):  # type: ignore[misc]
    """From typed statements to LLVM's."""

    def __init__(self, context: Any, library: Any, fndesc: Any, *rest: Any, **more: Any) -> None:
        # Numba keeps the name of a function's module to import it by whenever it wants the
        # function's globals.  A kernel never needs them, and an import could wait for ever: for a
        # thread that is importing the module, and waits for this kernel meanwhile.
        fndesc.modname = "builtins"
        super().__init__(context, library, fndesc, *rest, **more)
        library.sites, library.start = Sites(), self.func_ir.loc
        library.kernel = self.func_ir.func_id.func_name
        library.entry = fndesc.llvm_cfunc_wrapper_name
        library.environment = self.context.get_env_name(fndesc)

    def lower_inst(self, inst: Any) -> None:
        """Lower a statement, and record what calls it made."""
        blocks, block = self.function.blocks, self.builder.block
        known, begin = len(blocks), len(block.instructions)
        super().lower_inst(inst)
        self.library.sites.add(block, begin, self.loc)
        for made in blocks[known:]:
            self.library.sites.add(made, 0, self.loc)

    def lower_normal_function(self, fndesc: Any) -> None:
        """Lower the function, and beside it the C function that calls it.

        Numba's C function would take the GIL and print what was raised: nothing may be.
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
        """Do nothing: it is there."""


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(NativeLowering):  # type: ignore[misc]
    _name = "kernel_lowering"

    @property
    def lowering_class(self) -> Any:
        return _Lower

    def run_pass(self, state: Any) -> bool:
        """Lower, link, optimise and check: what is refused is never kept on disk."""
        changed: bool = super().run_pass(state)
        state.library.finalize()
        return changed


class KernelCompiler(CompilerBase):  # type: ignore[misc]
    """The pipeline of passes for kernels."""

    def define_pipelines(self) -> list[Any]:
        """Return Numba's own passes, but for those that kernels do not need."""
        refuse_bytecode(self.state.func_id.func)
        library = _Library(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        library.enable_object_caching()
        self.state.library = library
        whole = DefaultPassBuilder.define_nopython_pipeline(self.state, "kernel")
        left_out = {InlineClosureLikes, NopythonRewrites}
        instead = {NativeLowering: _Lowering}
        whole.passes = [
            (instead.get(kind, kind), text) for kind, text in whole.passes if kind not in left_out
        ]
        whole.finalize()
        return [whole]
