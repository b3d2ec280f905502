"""Prevent Numba from importing the modules of the functions that it compiles.

Importing a module that another thread is importing waits for that thread, and that thread may be
waiting for the compiler: a module that starts workers, each of which renders, would deadlock.  The
module of a function being compiled is in ``sys.modules``, so no import is needed.
"""

import contextlib
import importlib
import operator
import sys
import types as python
from collections.abc import Iterator
from typing import Any

from numba.core.funcdesc import FunctionDescriptor
from numba.core.serialize import NumbaPickler
from numba.core.utils import _dynamic_module

__all__ = ["no_imports"]


def _look_up(description: Any) -> Any:
    """Return the module of a function from ``sys.modules``; replaces ``lookup_module``."""
    return sys.modules.get(description.modname, _dynamic_module)


def _is_being_imported(name: Any) -> bool:
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))


def _by_name(module: str, name: str) -> Any:
    """Return the object with a dotted name in a module; called when a pickle is read."""
    return operator.attrgetter(name)(importlib.import_module(module))


@contextlib.contextmanager
def no_imports() -> Iterator[None]:
    """Replace two methods of Numba that import modules; call under Numba's compiler lock.

    ``FunctionDescriptor.lookup_module`` imports the module of each compiled function, and the
    pickler the module of each function and class in a pickle (exceptions, for instance).
    """
    lookup_module = FunctionDescriptor.lookup_module
    reducer_override = NumbaPickler.reducer_override

    def reduce(self: Any, value: Any) -> Any:
        made = reducer_override(self, value)
        named = isinstance(value, type | python.FunctionType)
        if made is NotImplemented and named and _is_being_imported(value.__module__):
            return _by_name, (value.__module__, value.__qualname__)
        return made

    FunctionDescriptor.lookup_module = _look_up
    NumbaPickler.reducer_override = reduce
    try:
        yield
    finally:
        FunctionDescriptor.lookup_module = lookup_module
        NumbaPickler.reducer_override = reducer_override
