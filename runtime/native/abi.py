"""The native contract: what a kernel is, and how a Python function becomes one.

Every kernel is a C function ``void kernel(int64 state, int64 ins, int64 outs, int32 frames)``:
``ins`` and ``outs`` are the addresses of arrays of ``float*``, one per channel in port order, and
``state`` is the address of the node's record in the arena.  A kernel never allocates, locks,
raises, prints or takes the GIL, touches nothing past ``frames``, and gives the same bits for every
way of cutting a signal into blocks.

``@kernel`` compiles on the first use of ``.address`` and keeps the machine code on disk, so that
importing a node costs nothing and a second process compiles nothing.
"""

import contextlib
import gc
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from numba import njit, types
from numba.core import sigutils
from numba.core.ccallback import CFunc
from numba.core.compiler_lock import global_compiler_lock

from ...graph import KernelError, ParamError
from ...graph.arguments import said
from .compiler import KernelCompiler
from .disk_cache import KernelCache
from .kernel_check import cannot_compile
from .no_imports import no_imports
from .signals import signals_deferred

__all__ = ["NODE", "Native", "helper", "kernel", "native", "natives"]

NODE = types.void(types.int64, types.int64, types.int64, types.int32)
"""The signature of every node's kernel."""

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "boundscheck": False}
_natives: list["Native"] = []


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python's collector from going again and again through all that the compiler has made."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Native:
    """A Python function that becomes a C function when its address is first asked for."""

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        self.function = function
        self.signature = signature
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self._compiled: CFunc | None = None
        _natives.append(self)

    @property
    def address(self) -> int:
        """Where the machine code starts; compiles it, or loads it from disk, the first time."""
        compiled = self._compiled or self._compile()
        return int(compiled.address)

    @property
    def ctypes(self) -> Any:
        """The same function for Python to call; the GIL is released while it runs."""
        compiled = self._compiled or self._compile()
        return compiled.ctypes

    @property
    def depends(self) -> bytes:
        """A digest of the code and the values it is compiled from; empty if there can be none."""
        compiled = self._compiled or self._compile()
        return bytes(compiled._cache.depends)

    def _compile(self) -> CFunc:
        """Compile, or load from disk, in the calling thread; raise ``KernelError`` if refused.

        Not in a thread of its own: the caller may be in the middle of an import, and whatever the
        compiler imports there would wait for the caller, which waits for the compiler.
        """
        with global_compiler_lock, no_imports(), signals_deferred(), _uncollected():
            if self._compiled is None:
                kept = KernelCache(self.function, self.signature)
                made = CFunc(
                    kept.function,
                    sigutils.normalize_signature(self.signature),
                    locals={},
                    options={"nopython": True, **_OPTIONS},
                    pipeline_class=KernelCompiler,
                )
                made._cache = kept
                try:
                    made.compile()
                except KernelError:
                    raise
                except Exception as error:
                    raise cannot_compile(self.function, error) from error
                self._compiled = made
        return self._compiled

    def __repr__(self) -> str:
        return f"<native {self.function.__module__}.{self.function.__qualname__}>"


def native(signature: Any) -> Callable[[Callable[..., Any]], Native]:
    """Make a C function of the given Numba signature (for the runtime's own entry points)."""
    return lambda function: Native(function, signature)


def kernel(function: Callable[[int, int, int, int], None]) -> Native:
    """Make a node's kernel of a plain Numba function ``(state, ins, outs, frames)``."""
    if not isinstance(function, FunctionType):
        raise ParamError(f"function is {said(function)}: must be one (state, ins, outs, frames)")
    return Native(function, NODE)


helper: Callable[[Callable[..., Any]], Any] = njit(inline="always", **_OPTIONS)
"""Decorates a function that kernels call; it is compiled into them."""


def natives() -> tuple[Native, ...]:
    """Return every native function declared so far (``namgraph warm`` compiles them all)."""
    return tuple(_natives)
