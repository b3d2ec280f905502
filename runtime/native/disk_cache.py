"""Compiled kernels on disk: one file each, never unpickled, linked only if whole and this user's.

They lie below ``NUMBA_CACHE_DIR`` if that is set, else in the ``__pycache__`` beside the kernel's
source, else in the user's cache folder (also where the ones before cannot be used).  A file holds
the object code and the key it was made from: cache_files.py says when it is read.
"""

import os
import platform
import re
import struct
import sys
import types as python
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha1, sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import llvmlite
import numba
from numba.core import config

from .cache_files import (
    digest_of,
    distrust,
    make_private,
    read_entry,
    user_cache,
    warn_once,
    write_entry,
)
from .fingerprint import fingerprint
from .host import host_lanes

__all__ = ["KernelCache", "source_key"]

LONGEST_NAME = 120
_PARTS = struct.Struct("<4Q")
"""Lengths of what a payload holds: names of the library and the C function, object, bitcode."""


@cache
def source_key() -> str:
    """Return a digest of every source under runtime/ and nodes/.

    A kernel's machine code depends on helpers and emitters in other files than its own.
    """
    digest = sha256()
    root = Path(__file__).resolve().parents[2]
    for path in sorted(
        p
        for f in ("runtime", "nodes")
        for p in (root / f).rglob("*.py")
        if "testing" not in p.parts
    ):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


class KernelCache:
    """Where one kernel's machine code is kept between processes, as Numba's ``CFunc`` asks for it.

    ``function`` is the function to compile: the one given, under a name that has the key in it.
    Symbols of compiled code are found by name in all of a process: kernels of different code, such
    as two versions of one notebook cell, must not have the same.
    """

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        self.function = function
        self.depends = b""
        """A digest of what the machine code depends on; empty if there can be none."""
        self._folders: list[Path] = []
        try:
            said = fingerprint(function), fingerprint(function, closure_only=True)
        except ValueError:  # compiled anew in each process
            return
        source = Path(function.__code__.co_filename)
        self.depends = digest_of(
            *said, _source_stamp(source), str(function.__module__).encode(), source_key().encode()
        )
        self.function = _renamed(function, self.depends)
        self._said = str(signature), host_lanes(), _versions()
        self._stem = f"{_stem(source)}.{function.__qualname__}-{function.__code__.co_firstlineno}"
        self._closure = said[1]
        self._folders = list(_folders(source))

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return what an earlier process compiled, or ``None``.  Imports and unpickles nothing."""
        for path, key in self._places(target):
            payload, reason = None, distrust(path.parent)
            if not reason:
                try:
                    payload = read_entry(path, key)
                except PermissionError as error:
                    reason = str(error)
            if payload is not None:
                return _linked(target, payload)
            if reason and (config.CACHE_DIR or os.path.lexists(path)):
                warn_once(
                    "distrust",
                    f"compiled kernels in {path.parent} are not read: {reason}: set "
                    "NUMBA_CACHE_DIR to a folder of your own that others cannot write to",
                )
        return None

    def save_overload(self, signature: Any, made: Any) -> None:
        """Keep what was compiled in the first folder that takes it; warn once if none does."""
        if made.library.has_dynamic_globals:
            self._folders = []
            warn_once(
                self._stem,
                f"{self._stem} is compiled anew in each process: its code has addresses in it",
            )
        reasons = []
        for path, key in self._places(made.target_context):
            try:
                make_private(path.parent)
                write_entry(path, key, _payload(made))
                return
            except OSError as error:
                reasons.append(error)
        if reasons:
            warn_once(
                "unkept",
                f"compiled kernels cannot be kept on disk: {reasons[0]} "
                "(set NUMBA_CACHE_DIR to a folder of your own that can be written)",
            )

    def _places(self, target: Any) -> Iterator[tuple[Path, bytes]]:
        """Yield each file where the machine code may be, and its key."""
        if not self._folders:
            return
        said = repr((*self._said, target.codegen().magic_tuple())).encode()
        variant = digest_of(said, self._closure).hex()[:16]
        stem = re.sub(r"[^\w.-]", "", self._stem)[:LONGEST_NAME]
        for folder in self._folders:
            yield folder / f"{stem}-{variant}.kernel", digest_of(said, self.depends)


def _linked(target: Any, payload: bytes) -> Any:
    """Return the compiled library in a payload, as much of it as ``CFunc`` looks at."""
    parts, at = [], _PARTS.size
    for length in _PARTS.unpack(payload[:at]):
        parts.append(payload[at : at + length])
        at += length
    name, wrapper, code, bitcode = parts
    library = target.codegen().unserialize_library((name.decode(), "object", (code, bitcode)))
    fndesc = SimpleNamespace(llvm_cfunc_wrapper_name=wrapper.decode())
    return SimpleNamespace(library=library, fndesc=fndesc)


def _payload(made: Any) -> bytes:
    name, _, (code, bitcode) = made.library.serialize_using_object_code()
    parts = [name.encode(), made.fndesc.llvm_cfunc_wrapper_name.encode(), code, bitcode]
    return _PARTS.pack(*map(len, parts)) + b"".join(parts)


def _renamed(function: Any, depends: bytes) -> Any:
    """Return the same function with a name that tells it from all others of other code."""
    made = python.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    made.__module__, made.__kwdefaults__ = function.__module__, function.__kwdefaults__
    made.__qualname__ = f"k{depends.hex()[:32]}.{function.__qualname__}"
    return made


@cache
def _versions() -> tuple[str, ...]:
    compiled_by = numba.__version__, llvmlite.__version__, platform.python_implementation()
    return *compiled_by, sys.version, str(config.OPT)


def _folders(source: Path) -> Iterator[Path]:
    """Yield the folders for kernels of a source file, the first one preferred; none for a prompt.

    What is typed at a prompt, or made by ``exec``, is kept only if it comes from a notebook.
    """
    notebook = _is_notebook(source)
    if not (notebook or source.exists() or ".zip" in str(source) or getattr(sys, "frozen", False)):
        return
    above = source.absolute().parent
    # The folder's own name beside its digest: for people who look.
    name = "notebook" if notebook else f"{above.name}_{sha1(os.fsencode(above)).hexdigest()}"
    if config.CACHE_DIR:
        yield Path(config.CACHE_DIR).absolute() / name
    elif above.is_dir() and not notebook:
        yield above / "__pycache__"
    own = user_cache()
    if own is not None:
        yield own / "kernels" / name


def _is_notebook(source: Path) -> bool:
    return str(source).startswith("<ipython-") or source.parent.name.startswith("ipykernel_")


def _stem(source: Path) -> str:
    return "cell" if _is_notebook(source) else source.stem


def _source_stamp(source: Path) -> bytes:
    """Return a digest of a kernel's own file: any change to it makes the kernel another one."""
    try:
        return sha256(source.read_bytes()).digest()
    except (OSError, ValueError):
        return b""
