"""Compiled kernels on disk, by a key that says all that they were made from.

A file is there whole or not at all, and what is damaged counts as not there.
"""

import os
import warnings
from functools import cache
from hashlib import sha256
from pathlib import Path

from ...graph import FileError
from ..adapters.atomic import whole_file

__all__ = ["folder", "keep", "kept"]

MARK = b"namgraph cuda 2\n"
SUM = 32
LENGTH = 8


def folder() -> Path:
    """Return where compiled kernels are: NAMGRAPH_CUDA_CACHE, or below the user's cache folder."""
    given = os.environ.get("NAMGRAPH_CUDA_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "namgraph" / "cuda"


def kept(key: str) -> tuple[bytes, str] | None:
    """Return an image and its compiler's log, or nothing if they are not there as they were."""
    try:
        data = (folder() / f"{key}.bin").read_bytes()
    except (OSError, RuntimeError):
        return None
    body = data[len(MARK) + SUM :]
    if data[: len(MARK) + SUM] != MARK + sha256(body).digest():
        return None
    length = int.from_bytes(body[:LENGTH], "little")
    log, image = body[LENGTH : LENGTH + length], body[LENGTH + length :]
    return image, log.decode("utf-8", "replace")


def keep(key: str, image: bytes, log: str) -> None:
    """Keep an image and its compiler's log, if the disk has room; warn once where it has not."""
    text = log.encode()
    body = len(text).to_bytes(LENGTH, "little") + text + image
    try:
        place = folder()
        place.mkdir(parents=True, exist_ok=True)
        with whole_file(place / f"{key}.bin") as part:
            part.write_bytes(MARK + sha256(body).digest() + body)
    except (FileError, OSError, RuntimeError) as reason:
        _warn(str(reason))


@cache
def _warn(reason: str) -> None:
    """Say once that every start will compile anew."""
    warnings.warn(
        f"compiled CUDA kernels cannot be kept on disk: {reason} "
        "(set NAMGRAPH_CUDA_CACHE to a folder that can be written)",
        RuntimeWarning,
        stacklevel=3,
    )
