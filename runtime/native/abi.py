"""The native contract of kernels, and ``@kernel``, which compiles a Python function to one.

Every kernel is a C function ``void kernel(int64 state, int64 ins, int64 outs, int32 frames)``:
``ins`` and ``outs`` are the addresses of arrays of ``float*``, one per channel in port order, and
``state`` is the address of the node's record in the arena.  The audio thread calls it.  A kernel
never allocates, locks, raises, prints or takes the GIL; it reads and writes nothing past
``frames``; and its output does not depend on how a signal is cut into blocks, to the bit.

``@kernel`` compiles on the first use of ``.address``, on the calling control thread, and keeps the
machine code on disk: importing a node compiles nothing, and neither does a second process.
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
from numba.core.errors import NumbaError

from ...graph import KernelError, ParamError
from ...graph.arguments import format_value
from .call_types import remembered_call_types
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
def _garbage_collection_off() -> Iterator[None]:
    """Disable Python's garbage collector: it would scan the compiler's many objects repeatedly."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Native:
    """A Python function that is compiled to a C function on the first use of its address."""

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        self.function = function
        self.signature = signature
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self._compiled: CFunc | None = None
        _natives.append(self)

    @property
    def address(self) -> int:
        """Address of the machine code; compiles it, or loads it from disk, the first time."""
        compiled = self._compiled or self._compile()
        return int(compiled.address)

    @property
    def ctypes(self) -> Any:
        """The function as a ctypes callable; calls release the GIL while it runs."""
        compiled = self._compiled or self._compile()
        return compiled.ctypes

    @property
    def is_compiled(self) -> bool:
        """Whether it has an address already."""
        return self._compiled is not None

    @property
    def depends(self) -> bytes:
        """Digest of the code and the values it is compiled from; empty if they have no digest."""
        compiled = self._compiled or self._compile()
        return bytes(compiled._cache.depends)

    def _compile(self) -> CFunc:
        """Compile, or load from disk, in the calling thread; raise ``KernelError`` if refused.

        A thread of its own could deadlock: the caller may be importing a module, an import by the
        compiler would wait for the caller, and the caller waits for the compiler.
        """
        with global_compiler_lock, no_imports(), signals_deferred(), _garbage_collection_off():
            if self._compiled is None:
                cache = KernelCache(self.function, self.signature)
                made = CFunc(
                    cache.function,
                    sigutils.normalize_signature(self.signature),
                    locals={},
                    options={"nopython": True, **_OPTIONS},
                    pipeline_class=KernelCompiler,
                )
                made._cache = cache
                try:
                    with remembered_call_types():
                        made.compile()
                except KernelError:
                    raise
                except Exception as error:
                    # Numba's own errors are told in full; their tracebacks are a hundred lines.
                    told = isinstance(error, NumbaError)
                    raise cannot_compile(self.function, error) from (None if told else error)
                self._compiled = made
        return self._compiled

    def __repr__(self) -> str:
        return f"<native {self.function.__module__}.{self.function.__qualname__}>"


def native(signature: Any) -> Callable[[Callable[..., Any]], Native]:
    """Return a decorator that makes a C function of the given Numba signature."""
    return lambda function: Native(function, signature)


def kernel(function: Callable[[int, int, int, int], None]) -> Native:
    """Make the kernel of a node from a function ``(state, ins, outs, frames)``."""
    if not isinstance(function, FunctionType):
        raise ParamError(
            f"function is {format_value(function)}: must be one (state, ins, outs, frames)"
        )
    return Native(function, NODE)


helper: Callable[[Callable[..., Any]], Any] = njit(inline="always", **_OPTIONS)
"""Decorates a function that kernels call; it is inlined into them."""


def natives() -> tuple[Native, ...]:
    """Return every native function declared so far, for ``namgraph warm`` to compile."""
    return tuple(_natives)
