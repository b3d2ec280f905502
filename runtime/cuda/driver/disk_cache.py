"""Disk cache of compiled CUDA kernels, keyed by source, options, architecture and NVRTC version.

The file format and the ownership check are in ``runtime/native/cache_files.py``.
"""

import os
from pathlib import Path

from ...native.cache_files import (
    distrust,
    make_private,
    read_entry,
    user_cache,
    warn_once,
    write_entry,
)

__all__ = ["folder", "read_cached", "write_cached"]

LENGTH_BYTES = 8
HINT = "set NAMGRAPH_CUDA_CACHE to a folder of your own"


def folder() -> Path:
    """Return the cache folder: NAMGRAPH_CUDA_CACHE, or ``cuda`` in the user's cache folder.

    Raises ``OSError`` if the user has none.
    """
    given = os.environ.get("NAMGRAPH_CUDA_CACHE")
    if given:
        return Path(given)
    own = user_cache()
    if own is None:
        raise FileNotFoundError("the user has no home folder")
    return own / "cuda"


def read_cached(key: str) -> tuple[bytes, str] | None:
    """Return a cubin and its compiler log, or ``None`` if no intact entry is there.

    Warns once of files that other users own or may write; these are not read.
    """
    try:
        path = folder() / f"{key}.bin"
        reason = distrust(path.parent) if os.path.lexists(path) else ""
        if reason:
            raise PermissionError(reason)
        body = read_entry(path, key.encode())
    except PermissionError as error:
        warn_once("cuda distrust", f"compiled CUDA kernels are not read: {error}: {HINT}")
        return None
    except OSError:
        return None
    if body is None:
        return None
    length = int.from_bytes(body[:LENGTH_BYTES], "little")
    log, image = body[LENGTH_BYTES : LENGTH_BYTES + length], body[LENGTH_BYTES + length :]
    return image, log.decode("utf-8", "replace")


def write_cached(key: str, image: bytes, log: str) -> None:
    """Write a cubin and its compiler log; warn once if that fails."""
    text = log.encode()
    try:
        path = folder() / f"{key}.bin"
        make_private(path.parent)
        write_entry(path, key.encode(), len(text).to_bytes(LENGTH_BYTES, "little") + text + image)
    except OSError as error:
        warn_once("cuda unkept", f"compiled CUDA kernels cannot be kept on disk: {error}: {HINT}")
