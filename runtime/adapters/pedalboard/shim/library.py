"""Find the plugin binary: prebuilt on Linux x86-64, elsewhere compiled on first use.

A compiled one is stored in the user's cache folder, under a key made of the sources.  All functions
here run on the control thread.
"""

import ctypes
import hashlib
import importlib.util
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
from .build import BINARY, HERE, NAME, PREBUILT, SOURCES

__all__ = ["Shim", "compilers", "find_shim", "shim"]

ABI = 1
DIGEST_KEY = b"shim for pedalboard"
PLIST = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"
 "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>CFBundleExecutable</key><string>{NAME}</string>
<key>CFBundleIdentifier</key><string>org.namgraph.shim</string>
<key>CFBundleName</key><string>{NAME}</string>
<key>CFBundlePackageType</key><string>BNDL</string>
<key>CFBundleVersion</key><string>1.0.0</string>
</dict></plist>
"""


@dataclass(frozen=True)
class Shim:
    """The plugin binary: the path that the host loads, and the same library opened by ctypes."""

    bundle: Path
    library: ctypes.CDLL


@cache
def shim() -> Shim:
    """Return this process's plugin binary; it stays loaded until the process exits."""
    return find_shim()


def find_shim(prebuilt: Path = PREBUILT, commands: Iterable[list[str]] | None = None) -> Shim:
    """Open the prebuilt binary, or the cached one, or compile one with ``commands`` in turn.

    ``EngineError`` if none of them works; it names each attempt.
    """
    tried = []
    if _is_prebuilt_platform():
        try:
            return _open(*_bundle_of(prebuilt / BINARY))
        except OSError as reason:
            tried.append(f"prebuilt: {reason}")
    bundle, file = _bundle_of(_cache() / _binary_name())
    try:
        if _is_whole(file):
            return _open(bundle, file)
    except OSError as reason:
        tried.append(f"cached: {reason}")
    for command in compilers() if commands is None else commands:
        try:
            _compile(command, file)
            return _open(bundle, file)
        except (OSError, subprocess.SubprocessError) as reason:
            tried.append(f"{command[0]}: {reason}")
    where = f"{sys.platform} {platform.machine()}"
    attempts = f" ({'; '.join(tried)})" if tried else ""
    raise EngineError(
        f"no shim for pedalboard on {where}{attempts}: it is compiled here on first use: install a "
        "C compiler (cc, gcc, clang, or pip install ziglang), or use namgraph.Board, which needs "
        "none"
    )


def compilers() -> list[list[str]]:
    """Return the commands of the C compilers found: ``$CC``, cc, gcc, clang, ziglang."""
    named = [shlex.split(os.environ["CC"])] if os.environ.get("CC", "").strip() else []
    found = [[path] for name in ("cc", "gcc", "clang") if (path := shutil.which(name))]
    has_zig = importlib.util.find_spec("ziglang") is not None
    return named + found + ([[sys.executable, "-m", "ziglang", "cc"]] if has_zig else [])


def _is_prebuilt_platform() -> bool:
    return sys.platform == "linux" and platform.machine().lower() in ("x86_64", "amd64")


def _binary_name() -> str:
    """Return the path of the binary inside its folder, as VST3 hosts expect it on this system."""
    if sys.platform == "win32":
        return f"{NAME}.vst3"
    inside = "MacOS" if sys.platform == "darwin" else f"{platform.machine()}-linux"
    suffix = "" if sys.platform == "darwin" else ".so"
    return f"{NAME}.vst3/Contents/{inside}/{NAME}{suffix}"


def _bundle_of(file: Path) -> tuple[Path, Path]:
    """Return the ``.vst3`` bundle that contains a binary, and the binary."""
    bundle = next((p for p in (file, *file.parents) if p.suffix == ".vst3"), file)
    return bundle, file


def _cache() -> Path:
    """Return the cache folder for a binary compiled from these sources."""
    key = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in SOURCES))
    own = user_cache()
    if own is None:
        raise EngineError("no shim for pedalboard can be cached: the user has no home folder")
    return own / f"shim-{key.hexdigest()[:16]}-{platform.machine()}"


def _is_whole(file: Path) -> bool:
    """Return whether a cached binary exists and matches its digest.

    ``PermissionError`` if other users may write it.  A changed or truncated library would crash the
    process that opens it.
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
    """Compile the binary to a temporary file and rename it: it appears complete or not at all."""
    make_private(file.parent)
    part = unfinished(file.parent)
    try:
        flags = ["-std=c11", "-O2", "-fvisibility=hidden", "-shared"]
        flags += [] if sys.platform == "win32" else ["-fPIC"]
        call = [*command, *flags, str(HERE / SOURCES[0]), "-o", str(part)]
        done = subprocess.run(call, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise OSError(lines[0])
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
    """Open a binary; a host that opens the same file gets the same image in memory."""
    library = ctypes.CDLL(str(file))
    try:
        found = int(library.namgraph_shim_abi())
    except AttributeError:
        raise OSError(f"{file} is not the shim") from None
    if found != ABI:
        raise OSError(f"{file} has ABI version {found}: must be {ABI}")
    return Shim(bundle, library)
