"""Compiled CUDA kernels on disk, by a key that says all that they were made from.

../cache_files.py says what an entry is, and when it is read.
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

__all__ = ["folder", "keep", "kept"]

LENGTH = 8
HOW = "set NAMGRAPH_CUDA_CACHE to a folder of your own"


def folder() -> Path:
    """Return where compiled kernels are: NAMGRAPH_CUDA_CACHE, or below the user's cache folder.

    ``OSError`` if the user has none.
    """
    given = os.environ.get("NAMGRAPH_CUDA_CACHE")
    if given:
        return Path(given)
    own = user_cache()
    if own is None:
        raise FileNotFoundError("the user has no home folder")
    return own / "cuda"


def kept(key: str) -> tuple[bytes, str] | None:
    """Return an image and its compiler's log, or ``None`` if none is there, whole and this user's.

    Warns once of files that others own or may write: these are not read.
    """
    try:
        path = folder() / f"{key}.bin"
        reason = distrust(path.parent) if os.path.lexists(path) else ""
        if reason:
            raise PermissionError(reason)
        body = read_entry(path, key.encode())
    except PermissionError as error:
        warn_once("cuda distrust", f"compiled CUDA kernels are not read: {error}: {HOW}")
        return None
    except OSError:
        return None
    if body is None:
        return None
    length = int.from_bytes(body[:LENGTH], "little")
    log, image = body[LENGTH : LENGTH + length], body[LENGTH + length :]
    return image, log.decode("utf-8", "replace")


def keep(key: str, image: bytes, log: str) -> None:
    """Keep an image and its compiler's log, if the disk has room; warn once where it has not."""
    text = log.encode()
    try:
        path = folder() / f"{key}.bin"
        make_private(path.parent)
        write_entry(path, key.encode(), len(text).to_bytes(LENGTH, "little") + text + image)
    except OSError as error:
        warn_once("cuda unkept", f"compiled CUDA kernels cannot be kept on disk: {error}: {HOW}")
