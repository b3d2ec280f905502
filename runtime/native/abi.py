"""The native contract of kernels, and ``@kernel``, which compiles a Python function to one.

Every kernel is a C function ``void kernel(int64 state, int64 ins, int64 outs, int32 frames)``:
``ins`` and ``outs`` are the addresses of arrays of ``float*``, one per channel in port order, and
``state`` is the address of the node's record in the arena.  The audio thread calls it.  A kernel
never allocates, locks, raises, prints or takes the GIL; it reads and writes nothing past
``frames``; and its output does not depend on how a signal is cut into blocks, to the bit.

``@kernel`` compiles on the first use of ``.address``, on the calling control thread, and keeps the
machine code on disk: importing a node compiles nothing, and neither does a second process.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, update_wrapper
from types import FunctionType
from typing import Any

from ...graph import ParamError
from ...graph.arguments import format_value
from .disk_cache import KernelCache
from .loader import ObjectCode, link
from .parallel import Stop, collector
from .signals import signals_deferred

__all__ = ["NODE", "Helper", "Native", "helper", "kernel", "native", "natives"]

NODE = "void(int64, int64, int64, int32)"
"""The signature of every node's kernel."""

OPTIONS: dict[str, Any] = {"error_model": "numpy", "boundscheck": False}
"""Numba's options for all code of kernels."""
_C_TYPES = {
    "void": None,
    **{kind: getattr(ctypes, f"c_{kind}") for kind in ("int32", "int64", "uint32", "uint64")},
    "float32": ctypes.c_float,
    "float64": ctypes.c_double,
}
_natives: list["Native"] = []
_lock = threading.RLock()


@dataclass(frozen=True)
class Linked:
    """A kernel that is ready to be called."""

    address: int
    entry: str
    """Name of the C function."""
    depends: bytes
    """Digest of the code and the values it is compiled from; empty if they have no digest."""
    from_disk: bool


class Native:
    """A Python function that is compiled to a C function on the first use of its address.

    ``signature`` is ``"void(int64, float64)"``, for instance.
    """

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        self.function = function
        self.signature = signature
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self._linked: Linked | None = None
        _natives.append(self)

    @property
    def address(self) -> int:
        """Address of the machine code; compiles it, or loads it from disk, the first time."""
        if collector.collects(self, self.is_compiled):
            return 0
        return (self._linked or self._link()).address

    @cached_property
    def ctypes(self) -> Any:
        """The function as a ctypes callable; calls release the GIL while it runs."""
        if collector.collects(self, is_compiled=False):
            raise Stop
        given, _, rest = self.signature.partition("(")
        takes = rest.rstrip(")").split(", ") if rest != ")" else []
        kind = ctypes.CFUNCTYPE(_C_TYPES[given], *(_C_TYPES[name] for name in takes))
        return kind(self.address)

    @property
    def is_compiled(self) -> bool:
        """Whether it has an address already."""
        return self._linked is not None

    @property
    def depends(self) -> bytes:
        """Digest of the code and the values it is compiled from; empty if they have no digest."""
        if collector.collects(self, self.is_compiled):
            return b""
        return (self._linked or self._link()).depends

    def _link(self) -> Linked:
        """Load from disk, or compile, in the calling thread; raise ``KernelError`` if refused.

        A thread of its own could deadlock: the caller may be importing a module, an import by the
        compiler would wait for the caller, and the caller waits for the compiler.
        """
        with _lock, signals_deferred() as is_stopped:
            if self._linked is None:
                cache = KernelCache(self.function, self.signature)
                found = cache.read()
                if found is None and cache.is_writable and collector.compile_all(is_stopped):
                    found = cache.read()
                made = found or self._compile(cache)
                self._linked = Linked(link(made), made.entry, cache.depends, found is not None)
        return self._linked

    def _compile(self, cache: KernelCache) -> ObjectCode:
        made, kept = self._translated(cache), True
        if made is None:
            from .compiler.compile import compile_kernel

            made, kept = compile_kernel(cache.function, self.signature)
        if kept:
            cache.write(made)
        else:
            cache.warn_of_addresses()
        return made

    def _translated(self, cache: KernelCache) -> ObjectCode | None:
        """Compile without Numba; return None for what is left to it: it tells what is wrong.

        An unexpected error is a fault of the translator: Numba compiles the kernel all the same,
        unless ``NAMGRAPH_TRANSLATOR_RAISES`` is set, as it is in the tests.
        """
        function = cache.function
        if not (cache.depends and isinstance(function, FunctionType)):
            return None  # its code has no name of its own
        from .translator.compile import translate
        from .translator.values import UnsupportedError

        try:
            return translate(function, self.signature)
        except UnsupportedError:
            return None
        except Exception:
            if os.environ.get("NAMGRAPH_TRANSLATOR_RAISES"):
                raise
            return None

    def __repr__(self) -> str:
        return f"<native {self.function.__module__}.{self.function.__qualname__}>"


def native(signature: Any) -> Callable[[Callable[..., Any]], Native]:
    """Return a decorator that makes a C function of the given signature.

    ``"float64(int64, float64)"``, or a signature of Numba.
    """
    if not isinstance(signature, str):
        takes = ", ".join(map(str, signature.args))
        signature = f"{signature.return_type}({takes})".replace("none", "void")
    return lambda function: Native(function, signature)


def kernel(function: Callable[[int, int, int, int], None]) -> Native:
    """Make the kernel of a node from a function ``(state, ins, outs, frames)``."""
    if not isinstance(function, FunctionType):
        raise ParamError(
            f"function is {format_value(function)}: must be one (state, ins, outs, frames)"
        )
    return Native(function, NODE)


class Helper:
    """A function that kernels call: it is inlined into them.  Python can call it, too."""

    targetoptions = {"inline": "always", **OPTIONS}  # noqa: RUF012
    """What Numba compiles it with; by this name, for ``compiler/inline_helpers.py``."""

    def __init__(self, function: Callable[..., Any]) -> None:
        update_wrapper(self, function)
        self.py_func = function

    @cached_property
    def compiled(self) -> Any:
        """The function as one of ``numba.njit``."""
        from numba import njit

        return njit(**self.targetoptions)(self.py_func)

    @property
    def _numba_type_(self) -> Any:
        return self.compiled._numba_type_

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Call it from Python; the first call compiles it."""
        return self.compiled(*args, **keywords)


def helper(function: Callable[..., Any]) -> Any:
    """Make a function that kernels call; it is inlined into them."""
    return Helper(function)


def natives() -> tuple[Native, ...]:
    """Return every native function declared so far, for ``namgraph warm`` to compile."""
    return tuple(_natives)
