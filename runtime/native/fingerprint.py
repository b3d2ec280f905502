"""Digest of everything that a kernel's machine code depends on, the same in every process.

A kernel is compiled with the values that its globals and closure have at that moment.  The digest
covers its byte code, these values, and those of every function that it calls.  Of this package's
own functions it covers only names and closures: ``source_key`` covers their source.
"""

import enum
import sys
import types as python
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np

from .intrinsic import Intrinsic

__all__ = ["fingerprint", "is_ours"]

KNOWN = {"numpy", "numba", "llvmlite", "math", "cmath", "operator", "builtins", "ctypes"}
"""Packages whose functions are known by name: their versions are part of the cache's key."""
_PACKAGE = __name__.rpartition(".runtime.")[0]
_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), slice, range)


def fingerprint(function: Callable[..., Any], *, closure_only: bool = False) -> bytes:
    """Return the digest of a function and of all values that its code reads.

    Raises ``ValueError`` if one of these values cannot be serialised.
    """
    walk = _Walk()
    if closure_only:
        walk.closure(function)
    else:
        walk.function(function, whole=True)
    return walk.digest.digest()


class _Walk:
    """Adds a function and everything it refers to, recursively, to one digest."""

    def __init__(self) -> None:
        self.digest = blake2b(digest_size=32)
        self.seen: dict[int, tuple[int, Any]] = {}

    def add(self, *words: object) -> None:
        """Add words to the digest."""
        for word in words:
            text = word if isinstance(word, bytes) else repr(word).encode("utf-8", "replace")
            self.digest.update(len(text).to_bytes(8, "little"))
            self.digest.update(text)

    def value(self, value: Any) -> None:
        """Add any value to the digest."""
        if isinstance(value, _PLAIN) and not isinstance(value, enum.Enum):
            self.add(type(value).__name__, value)
            return
        if id(value) in self.seen:
            self.add("again", self.seen[id(value)][0])
            return
        self.seen[id(value)] = len(self.seen), value  # keep a reference: ids are reused
        self._once(value)

    def _once(self, value: Any) -> None:
        if isinstance(value, tuple | list):
            self.add(type(value).__qualname__, len(value))
            for item in value:
                self.value(item)
        elif isinstance(value, dict):
            self.add("dict", len(value))
            for key, item in value.items():
                self.value(key)
                self.value(item)
        elif isinstance(value, set | frozenset):
            self.add("set", *sorted(map(repr, value)))
        elif isinstance(value, np.ndarray):
            self.add("array", value.dtype, value.shape, value.flags.f_contiguous, value.tobytes())
        elif isinstance(value, np.generic):
            self.add("scalar", value.dtype, value.tobytes())
        elif isinstance(value, np.dtype):
            self.add("dtype", value)
        elif _is_numba_type(value):
            self.add("type", type(value).__name__, value.name)
        elif isinstance(value, python.CodeType):
            self.code(value)
        elif isinstance(value, python.FunctionType):
            self.function(value)
        elif isinstance(value, python.ModuleType):
            self.add("module", value.__name__)
        elif isinstance(value, type):
            self.add("class", value.__module__, value.__qualname__)
            if issubclass(value, enum.Enum):
                self.value({m.name: m.value for m in value})
        elif hasattr(value, "py_func"):  # what Numba's decorators return
            self.add("compiled", sorted(getattr(value, "targetoptions", {}).items()))
            self.value(value.py_func)
        elif isinstance(value, Intrinsic):
            self.add("emitted", value.__name__)
            if value.count is None:
                self.value(value.define)
        elif hasattr(value, "_defn") and not is_ours(type(value)):  # Numba's intrinsics
            self.add("intrinsic", value._name)
            self.value(value._defn)
        elif _top(value) in KNOWN and hasattr(value, "__name__"):
            self.add("known", value.__name__)
        else:
            self._pickled(value)

    def _pickled(self, value: Any) -> None:
        from numba.core import serialize
        from numba.core.compiler_lock import global_compiler_lock

        from .compiler.no_imports import no_imports

        try:
            with global_compiler_lock, no_imports():
                self.add("pickled", serialize.dumps(value))
        except Exception as reason:  # whatever its own methods raise
            raise ValueError(
                f"{type(value).__qualname__} cannot be serialised: {reason}"
            ) from reason

    def function(self, function: Any, *, whole: bool = False) -> None:
        """Add a function to the digest; ``whole``: with its code even if it is this package's."""
        self.add("function", function.__module__, function.__qualname__)
        ours = is_ours(function)
        if _top(function) in KNOWN:
            return
        if whole or not ours:
            self.code(function.__code__)
            self.value(function.__defaults__)
            self.value(function.__kwdefaults__)
        self.closure(function)
        if not ours:
            self._globals(function)

    def closure(self, function: Any) -> None:
        """Add the closure of a function to the digest."""
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            self.add("cell", name)
            try:
                self.value(cell.cell_contents)
            except ValueError as reason:
                if reason.args != ("Cell is empty",):
                    raise

    def _globals(self, function: Any) -> None:
        names, space = _names(function.__code__), function.__globals__
        for name in names:
            if name in space:
                self._named(name, space[name], names)

    def _named(self, name: str, value: Any, names: list[str]) -> None:
        """Add a global; of a module, every attribute that the code may refer to."""
        self.add("global", name)
        self.value(value)
        if isinstance(value, python.ModuleType) and value.__name__.split(".")[0] not in KNOWN:
            for inner in names:
                found = _attribute(value, inner)
                if found is not None and id(found) not in self.seen:
                    self._named(inner, found, names)

    def code(self, code: python.CodeType) -> None:
        """Add byte code, without line numbers."""
        self.add("code", code.co_code, code.co_names, code.co_varnames, code.co_cellvars)
        self.add(code.co_argcount, code.co_kwonlyargcount, code.co_flags, code.co_freevars)
        self.value(code.co_consts)


def _attribute(module: python.ModuleType, name: str) -> Any:
    """Return an attribute of a module, or ``None``; this package imports its names when asked."""
    if f"{module.__name__}.".startswith(f"{_PACKAGE}."):
        return getattr(module, name, None)
    return vars(module).get(name)


def _is_numba_type(value: Any) -> bool:
    types = sys.modules.get("numba.core.types")  # without Numba there are none
    return types is not None and isinstance(value, types.Type)


def _names(code: python.CodeType) -> list[str]:
    """Return the names of globals and attributes that code, and code nested in it, reads."""
    found = dict.fromkeys(code.co_names)
    for const in code.co_consts:
        if isinstance(const, python.CodeType):
            found |= dict.fromkeys(_names(const))
    return list(found)


def _top(value: Any) -> str:
    return str(getattr(value, "__module__", None) or "").split(".")[0]


def is_ours(value: Any) -> bool:
    """Return whether a function or class is defined in a file that ``source_key`` covers."""
    module = str(getattr(value, "__module__", None) or "")
    return module.startswith((f"{_PACKAGE}.runtime.", f"{_PACKAGE}.nodes."))
