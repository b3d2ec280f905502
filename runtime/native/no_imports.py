"""Keeps Numba from importing the modules of the functions that it compiles.

An import of a module waits until the thread that is importing it has done so.  That thread may wait
for the one that compiles: a module that starts workers, each of which renders, would never be
imported.  A module whose function is compiled was begun to be imported, so ``sys.modules`` has it.
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
    """Return the module of a function as far as it is imported; for ``lookup_module``."""
    return sys.modules.get(description.modname, _dynamic_module)


def _is_being_imported(name: Any) -> bool:
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))


def _by_name(module: str, name: str) -> Any:
    """Return what a module has under a dotted name; for pickles, when they are read."""
    return operator.attrgetter(name)(importlib.import_module(module))


@contextlib.contextmanager
def no_imports() -> Iterator[None]:
    """Replace two methods of Numba's that import modules; to be used under its compiler lock.

    ``FunctionDescriptor.lookup_module`` imports the module of each function that is compiled, and
    the pickler that of each function and class which a pickle names (exceptions, for instance).
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
