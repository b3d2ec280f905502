"""Which shim fits this machine: a prebuilt one, or one compiled on first use."""

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .....graph import EngineError
from ....native.cache_files import (
    distrust,
    make_private,
    read_entry,
    unfinished,
    user_cache,
    write_entry,
)
from .build import HERE, NAME, PLIST, PREBUILT, SOURCES, TARGETS

__all__ = ["Shim", "compilers", "find_shim", "shim"]

ABI = 1
DIGEST_KEY = b"shim for pedalboard"
SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
MACHINES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}


@dataclass(frozen=True)
class Shim:
    """The shim as a host opens it, and as this process has it open."""

    bundle: Path
    library: ctypes.CDLL


@cache
def shim() -> Shim:
    """Return this process's shim; it stays loaded, so that plugins may come and go."""
    return find_shim()


def find_shim(prebuilt: Path = PREBUILT, commands: Iterable[list[str]] | None = None) -> Shim:
    """Open the prebuilt shim for this machine, or compile one; ``EngineError`` if neither works."""
    tried = []
    try:
        return _open(*_places(prebuilt / _prebuilt_name()))
    except (OSError, KeyError) as reason:
        text = reason if isinstance(reason, OSError) else "there is none for this machine"
        tried.append(f"prebuilt: {text}")
    bundle, file = _places(_cache() / _layout())
    try:
        if _is_whole(file):
            return _open(bundle, file)
    except OSError as reason:
        tried.append(f"kept: {reason}")
    for command in compilers() if commands is None else commands:
        try:
            _compile(command, file)
            return _open(bundle, file)
        except (OSError, subprocess.SubprocessError) as reason:
            tried.append(f"{command[0]}: {reason}")
    where = f"{sys.platform} {platform.machine()}"
    raise EngineError(
        f"no shim for pedalboard on {where} ({'; '.join(tried)}): install a C compiler "
        "(cc, gcc, clang, or pip install ziglang), or use namgraph.Board, which needs none"
    )


def compilers() -> list[list[str]]:
    """Return the C compilers to be found here, as commands."""
    named = [shlex.split(os.environ["CC"])] if os.environ.get("CC", "").strip() else []
    found = [[path] for name in ("cc", "gcc", "clang") if (path := shutil.which(name))]
    zig = [[sys.executable, "-m", "ziglang", "cc"]] if _has("ziglang") else []
    return named + found + zig


def _has(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


def _prebuilt_name() -> str:
    machine = MACHINES[platform.machine().lower()]
    system = SYSTEMS[sys.platform]
    return next(
        (n for t, n in TARGETS.items() if t.startswith(f"{machine}-{system}")), "none for it"
    )


def _layout() -> str:
    """Where a host looks for the code of a plugin, on this system."""
    if sys.platform == "win32":
        return f"{NAME}.vst3"
    inside = "MacOS" if sys.platform == "darwin" else f"{platform.machine()}-linux"
    suffix = "" if sys.platform == "darwin" else ".so"
    return f"{NAME}.vst3/Contents/{inside}/{NAME}{suffix}"


def _places(file: Path) -> tuple[Path, Path]:
    """Return the plugin that the file of code belongs to, and the file."""
    bundle = next((p for p in (file, *file.parents) if p.suffix == ".vst3"), file)
    return bundle, file


def _cache() -> Path:
    """Return a folder of one's own for a shim of just these sources."""
    key = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in SOURCES))
    own = user_cache()
    if own is None:
        raise EngineError("no shim for pedalboard can be kept: the user has no home folder")
    return own / f"shim-{key.hexdigest()[:16]}-{platform.machine()}"


def _is_whole(file: Path) -> bool:
    """Whether a shim is there as it was compiled, and could be written by this user alone.

    A library that was changed or cut off would end the process that opens it.
    """
    if not file.is_file():
        return False
    reason = distrust(file)
    if reason:
        raise PermissionError(reason)
    return read_entry(_digest_file(file), DIGEST_KEY) == hashlib.sha256(file.read_bytes()).digest()


def _digest_file(file: Path) -> Path:
    return file.with_name(f"{NAME}.digest")


def _compile(command: list[str], file: Path) -> None:
    """Compile the shim; the file appears whole or not at all."""
    make_private(file.parent)
    part = unfinished(file.parent)
    try:
        flags = ["-std=c11", "-O2", "-fvisibility=hidden", "-shared"]
        flags += [] if sys.platform == "win32" else ["-fPIC"]
        call = [*command, *flags, str(HERE / SOURCES[0]), "-o", str(part)]
        done = subprocess.run(call, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise OSError(said[0])
        os.chmod(part, 0o755)
        if sys.platform == "darwin":
            (file.parents[1] / "Info.plist").write_text(PLIST, encoding="utf-8")
        if _is_whole(file):  # another process was faster, and may have it open
            return
        os.replace(part, file)
        digest = hashlib.sha256(file.read_bytes()).digest()
        write_entry(_digest_file(file), DIGEST_KEY, digest)
    finally:
        part.unlink(missing_ok=True)


def _open(bundle: Path, file: Path) -> Shim:
    """Open the library: the host will open the same file and get the same image."""
    library = ctypes.CDLL(str(file))
    try:
        found = int(library.namgraph_shim_abi())
    except AttributeError:
        raise OSError(f"{file} is not the shim") from None
    if found != ABI:
        raise OSError(f"{file} speaks version {found}: must be {ABI}")
    return Shim(bundle, library)
