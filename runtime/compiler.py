"""Numba's compiler, less what kernels have no use for: it is most of a cold start.

A kernel has no closures, no whole-array expressions, and raises nothing; and its LLVM code is
optimised once, as a whole, where Numba does so function by function, then cheaply, then in full
(which is to prune reference counts: kernels have none).  Nor does LLVM unroll loops: that made no
kernel faster, and was a tenth of a cold start.
"""

from typing import Any

from llvmlite import binding as llvm, ir
from numba.core import ir as statements
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering, NopythonRewrites
from numba.core.untyped_passes import InlineClosureLikes

__all__ = ["KernelCompiler"]

RAISES = statements.Raise | statements.StaticRaise | statements.DynamicRaise


class _Library(JITCodeLibrary):  # type: ignore[misc]
    """Machine code in the making."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        wanted = llvm.create_pipeline_tuning_options(speed_level=3)
        wanted.loop_vectorization = True
        wanted.slp_vectorization = False
        wanted.loop_unrolling = False  # emitted loops are as long as they should be
        builder = llvm.create_pass_builder(self._codegen._tm, wanted)
        builder.getModulePassManager().run(self._final_module, builder)


class _Lower(Lower):  # type: ignore[misc]
    """From typed statements to LLVM's."""

    def lower_normal_function(self, fndesc: Any) -> None:
        """Lower the function, and beside it the C function that calls it.

        Numba's C function would take the GIL and print what was raised: nothing may be.
        """
        for block in self.blocks.values():
            if isinstance(block.terminator, RAISES):
                raise TypeError("a kernel must not raise: who would catch it?")
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


class KernelCompiler(CompilerBase):  # type: ignore[misc]
    """The pipeline of passes for kernels."""

    def define_pipelines(self) -> list[Any]:
        """Return Numba's own passes, but for those that kernels do not need."""
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
