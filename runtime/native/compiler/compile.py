"""Compile a Python function to the object code of a C function."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from numba.core import config, sigutils
from numba.core.ccallback import CFunc
from numba.core.compiler_lock import global_compiler_lock
from numba.core.errors import NumbaError

from ....graph import KernelError
from ..loader import ObjectCode
from ..translator.compile import garbage_collection_off
from .call_types import remembered_call_types
from .kernel_check import cannot_compile
from .no_imports import no_imports
from .pipeline import KernelCompiler

__all__ = ["compile_kernel"]

OPTIONS = {"nopython": True, "error_model": "numpy", "boundscheck": False}


@contextlib.contextmanager
def _compiler_on() -> Iterator[None]:
    """Disregard ``NUMBA_DISABLE_JIT``, with which Numba leaves helpers to Python."""
    was_off, config.DISABLE_JIT = config.DISABLE_JIT, 0
    try:
        yield
    finally:
        config.DISABLE_JIT = was_off


def compile_kernel(function: Callable[..., Any], signature: str) -> tuple[ObjectCode, bool]:
    """Return the object code, and whether another process may use it; ``KernelError`` if refused.

    Another process may not if there are addresses of this process in the code.
    """
    with global_compiler_lock, no_imports(), garbage_collection_off(), _compiler_on():
        made = CFunc(
            function,
            sigutils.normalize_signature(signature),
            locals={},
            options=OPTIONS,
            pipeline_class=KernelCompiler,
        )
        try:
            with remembered_call_types():
                library = made._compile_uncached().library
        except KernelError:
            raise
        except Exception as error:
            # Numba's own errors are told in full; their tracebacks are a hundred lines.
            told = isinstance(error, NumbaError)
            raise cannot_compile(function, error) from (None if told else error)
        return library.object_code(), not library.has_dynamic_globals
