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
import hashlib
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

from numba import njit, types
from numba.core import sigutils
from numba.core.caching import FunctionCache, NullCache
from numba.core.ccallback import CFunc

from ..graph import ParamError
from ..graph.arguments import said
from .compiler import KernelCompiler

__all__ = ["NODE", "Native", "helper", "kernel", "native", "natives", "source_key"]

NODE = types.void(types.int64, types.int64, types.int64, types.int32)
"""The signature of every node's kernel."""

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "boundscheck": False}
_lock = threading.Lock()
_natives: list["Native"] = []


@cache
def source_key() -> str:
    """Name the sources that kernels are made from.

    Numba notices that a kernel's own file changed, not that a helper or the emitter behind an
    intrinsic did.  Hashing every source beside and under this one closes that hole.
    """
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parents[1]
    for path in sorted(p for f in ("runtime", "nodes") for p in (root / f).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


class _KeyedCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache on disk, with more in its key.

    The sources of the emitter; and the module's name, because a cached kernel is loaded by it, and
    the same file can be imported under two names (a test by its path, and as part of a package).
    """

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        from .simd.host import host_lanes

        ours = source_key(), host_lanes(), self._py_func.__module__
        return (*super()._index_key(sig, codegen), *ours)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load what was compiled before; what is damaged counts as not there, and is replaced.

        Numba's own would first load all that it knows of types: only what is compiled needs that.
        """
        try:
            with self._guard_against_spurious_io_errors():
                return self._load_overload(sig, target_context)
        except Exception:  # a pickle that was cut off can raise anything
            with contextlib.suppress(OSError):
                self._cache_file.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled, if the disk has room."""
        try:
            super().save_overload(sig, data)
        except OSError as reason:
            _warn_of_cache(str(reason))


@cache
def _warn_of_cache(reason: str) -> None:
    """Say once that every start will compile anew."""
    warnings.warn(
        f"compiled kernels cannot be kept on disk: {reason}", RuntimeWarning, stacklevel=2
    )


def _cache_for(function: Callable[..., Any]) -> Any:
    """Return the cache on disk of a function, or none where there is no place for one."""
    try:
        return _KeyedCache(function)
    except (
        RuntimeError
    ) as reason:  # nowhere to write; or the source is no file (a prompt, a string)
        if not function.__code__.co_filename.startswith("<"):
            _warn_of_cache(f"{reason} (set NUMBA_CACHE_DIR to a folder that can be written)")
        return NullCache()


def _apart(work: Callable[[], Any]) -> Any:
    """Run what a signal must not interrupt in a thread of its own, where none does.

    LLVM calls back into Python as it compiles; an exception that Ctrl-C raises there is lost, and
    the process crashes some time later.  Python raises it in the main thread alone, which here
    only waits.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    done: list[tuple[Any, BaseException | None]] = []

    def run() -> None:
        try:
            done.append((work(), None))
        except BaseException as error:
            done.append((None, error))

    thread = threading.Thread(target=run, name="namgraph compiler")
    thread.start()
    thread.join()
    made, error = done[0]
    if error is not None:
        raise error
    return made


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

    def _compile(self) -> CFunc:
        with _lock:
            if self._compiled is None:
                made = CFunc(
                    self.function,
                    sigutils.normalize_signature(self.signature),
                    locals={},
                    options={"nopython": True, **_OPTIONS},
                    pipeline_class=KernelCompiler,
                )
                made._cache = _cache_for(self.function)
                with _uncollected():
                    _apart(made.compile)
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
