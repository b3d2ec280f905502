"""The cache of compiled kernels on disk: one file of object code per kernel, nothing pickled.

Neither the key of a kernel nor its file needs Numba.

The files lie below ``NUMBA_CACHE_DIR`` if that is set, else in the ``__pycache__`` beside the
kernel's source; if those cannot be used, in the user's cache folder.  ``cache_files.py`` checks
that a file is intact and this user's before it is linked.
"""

import contextlib
import os
import platform
import re
import struct
import sys
import types as python
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha1, sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import llvmlite

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
from .host import host_lanes, setting, target
from .loader import ObjectCode
from .source_digest import edited_modules, source_digest

__all__ = ["KernelCache", "code_in_memory", "source_key"]

LONGEST_NAME = 120
ROOT = Path(__file__).resolve().parents[2]
_PACKAGE = __name__.rpartition(".runtime.")[0]
_PARTS = struct.Struct("<3Q")
"""Lengths of the parts of a payload: name of the C function, of those it calls, object code."""
_ROW = struct.Struct("<32s32sQ")
"""Before a payload in memory: its key, a digest of both, and its length."""
_memory: list[int] = []
"""The file in memory, if any, to which this process and its copies write what no folder takes."""
_handed_over: dict[bytes, bytes] = {}
"""By key: payloads that copies of this process have written there."""


@contextlib.contextmanager
def code_in_memory() -> Iterator[None]:
    """Take over the object code that copies, made in the body, can write to no folder.

    A disk may be full.  Where the system has no files in memory, this process compiles it again.
    """
    try:
        from fcntl import F_SETFL, fcntl  # not on Windows

        handle = os.memfd_create("namgraph")
        fcntl(handle, F_SETFL, os.O_APPEND)  # or copies write to one place at once
    except (AttributeError, ImportError, OSError):
        yield
        return
    _memory.append(handle)
    try:
        yield
    finally:
        _memory.clear()
        with open(handle, "rb") as file:
            file.seek(0)
            data = file.read()
        while len(data) >= _ROW.size:
            key, digest, length = _ROW.unpack_from(data)
            payload, data = data[_ROW.size : _ROW.size + length], data[_ROW.size + length :]
            if digest_of(key, payload) != digest:  # its writer was killed
                break
            _handed_over[key] = payload


@cache
def source_key() -> str:
    """Return a digest of every source under runtime/ and nodes/.

    A kernel's machine code depends on helpers and emitters in other files than its own.  Where
    an imported one was edited meanwhile, the digest is one that no other process has.
    """
    own = os.urandom(16).hex() if edited_modules(_PACKAGE) else ""
    return source_digest(ROOT, _folders(Path(__file__))) + own


class KernelCache:
    """The file of one kernel.

    ``function`` is the function to compile: the one given, under a name that contains its digest.
    Symbols of compiled code are global in a process, so kernels of different code, such as two
    versions of a notebook cell, must have different names.
    """

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        self.function = function
        self.depends = b""
        """Digest of what the machine code depends on; empty if there is none."""
        self._folders: list[Path] = []
        try:
            whole, closure = fingerprint(function), fingerprint(function, closure_only=True)
        except ValueError:  # cannot be cached
            return
        source = Path(function.__code__.co_filename)
        self.depends = digest_of(
            whole,
            closure,
            _source_stamp(source),
            str(function.__module__).encode(),
            source_key().encode(),
        )
        self.function = _renamed(function, self.depends)
        self._target_key = repr(
            (signature, host_lanes(), _versions(), _effort(), target())
        ).encode()
        self._stem = f"{_stem(source)}.{function.__qualname__}-{function.__code__.co_firstlineno}"
        self._closure = closure
        self._folders = list(_folders(source))

    def read(self) -> ObjectCode | None:
        """Return the kernel's object code, or ``None`` if it is not there, or not to be trusted."""
        for path, key in self._paths():
            payload, reason = None, distrust(path.parent)
            if not reason:
                try:
                    payload = read_entry(path, key)
                except PermissionError as error:
                    reason = str(error)
            if payload is not None:
                return _unpacked(payload)
            if reason and (setting("CACHE_DIR") or os.path.lexists(path)):
                warn_once(
                    "distrust",
                    f"compiled kernels in {path.parent} are not read: {reason}: set "
                    "NUMBA_CACHE_DIR to a folder of your own that others cannot write to",
                )
        for _, key in self._paths():
            if key in _handed_over:
                made = _unpacked(_handed_over.pop(key))
                self.write(made)  # there may be room now; else this process warns
                return made
        return None

    @property
    def is_writable(self) -> bool:
        """Whether another process may find here what this one writes."""
        usable = (folder for folder in self._folders if not distrust(folder))
        return any(os.access(_existing(folder), os.W_OK) for folder in usable)

    def write(self, made: ObjectCode) -> None:
        """Write object code to the first folder that can be written; warn once if none can.

        It is not kept on disk if it may be that of sources which were edited since their import.
        """
        reasons: list[OSError] = []
        edited = bool(edited_modules(_PACKAGE))
        for path, key in () if edited else self._paths():
            try:
                make_private(path.parent)
                write_entry(path, key, _packed(made))
                return
            except OSError as error:
                reasons.append(error)
        if (reasons or edited) and _memory and self._folders:
            payload, key = _packed(made), digest_of(self._target_key, self.depends)
            row = _ROW.pack(key, digest_of(key, payload), len(payload))
            with contextlib.suppress(OSError):
                os.write(_memory[0], row + payload)
        elif reasons:
            warn_once(
                "unkept",
                f"compiled kernels cannot be kept on disk: {reasons[0]} "
                "(set NUMBA_CACHE_DIR to a folder of your own that can be written)",
            )

    def warn_of_addresses(self) -> None:
        """Warn, once, that the code of this kernel has addresses of this process in it."""
        if self._folders:
            warn_once(
                self._stem,
                f"{self._stem} is compiled again in each process: its code contains addresses",
            )

    def _paths(self) -> Iterator[tuple[Path, bytes]]:
        """Yield each path where the object code may be, and its key."""
        if not self._folders:
            return
        variant = digest_of(self._target_key, self._closure).hex()[:16]
        stem = re.sub(r"[^\w.-]", "", self._stem)[:LONGEST_NAME]
        for folder in self._folders:
            key = digest_of(self._target_key, self.depends)
            yield folder / f"{stem}-{variant}.kernel", key


def _existing(folder: Path) -> Path:
    """Return a folder, or the nearest above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _unpacked(payload: bytes) -> ObjectCode:
    parts, at = [], _PARTS.size
    for length in _PARTS.unpack(payload[:at]):
        parts.append(payload[at : at + length])
        at += length
    entry, calls, code = parts
    return ObjectCode(entry.decode(), tuple(calls.decode().split()), code)


def _packed(made: ObjectCode) -> bytes:
    parts = made.entry.encode(), " ".join(made.calls).encode(), made.code
    return _PARTS.pack(*map(len, parts)) + b"".join(parts)


def _renamed(function: Any, depends: bytes) -> Any:
    """Return the same function under a name that is unique to its code."""
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
    compiled_by = _numba_version(), llvmlite.__version__, platform.python_implementation()
    return *compiled_by, sys.version


def _numba_version() -> str:
    """Return a digest of the file with Numba's version, or the version where there is none.

    Numba is not imported for it, nor ``importlib.metadata``, which imports much.
    """
    spec = find_spec("numba")
    for folder in (spec and spec.submodule_search_locations) or ():
        with contextlib.suppress(OSError):
            return sha256(Path(folder, "_version.py").read_bytes()).hexdigest()
    return str(import_module("numba").__version__)


def _effort() -> str:
    """Return Numba's level of optimisation."""
    level = setting("OPT")
    return "max" if getattr(level, "is_opt_max", level == "max") else str(int(level or 3))


def _folders(source: Path) -> Iterator[Path]:
    """Yield the cache folders for kernels of a source file, the preferred one first.

    There are none for a prompt or ``exec``, except in a notebook.
    """
    notebook = _is_notebook(source)
    if not (notebook or source.exists() or ".zip" in str(source) or getattr(sys, "frozen", False)):
        return
    above = source.absolute().parent
    # The folder's name makes the digest readable.
    name = "notebook" if notebook else f"{above.name}_{sha1(os.fsencode(above)).hexdigest()}"
    chosen = setting("CACHE_DIR")
    if chosen:
        yield Path(chosen).absolute() / name
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
    """Return a digest of a kernel's source file: any change to the file invalidates the cache."""
    try:
        return sha256(source.read_bytes()).digest()
    except (OSError, ValueError):
        return b""
