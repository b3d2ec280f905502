"""Digest of the sources that kernels are made from, kept on disk beside the kernels.

To read and to hash 450 files took a tenth of a start whose kernels are compiled already.  So the
digest is kept with sizes and times of all files, as Python keeps byte code: while none of them has
changed, no file is read.

Python reads a module once: a process compiles what a file had when it was imported, also if it
was edited since.  ``edited_modules`` finds such modules: their kernels are not kept on disk.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from .cache_files import digest_of, distrust, make_private, read_entry, write_entry

__all__ = ["FOLDERS", "edited_modules", "source_digest"]

FOLDERS = ("runtime", "nodes")
NAME = "source_digest"
IMPORTED_NS = time.time_ns()
"""When this process began to import the sources."""
SETTLED_NS = 2_000_000_000
"""Age of the newest file from which times tell every change: some file systems count in 2 s."""


def source_digest(root: Path, kept: Iterable[Path]) -> str:
    """Return a digest of names and contents of all sources in ``FOLDERS`` of ``root``.

    ``kept`` are the cache folders that may have the digest; it is written to the first that can be.
    """
    files = dict(sorted(_files(str(root))))
    stamp = digest_of(*(os.fsencode(f"{name} {_stamp(found)}") for name, found in files.items()))
    folders = list(kept)
    for folder in folders:
        with contextlib.suppress(PermissionError):
            found = None if distrust(folder) else read_entry(folder / NAME, stamp)
            if found is not None:
                return found.decode()
    digest = sha256()
    for name in files:
        digest.update(os.fsencode(name) + b"\0" + (root / name).read_bytes())
    newest = max(map(_newest, files.values()), default=0)
    for folder in folders if time.time_ns() - newest > SETTLED_NS else ():
        with contextlib.suppress(OSError):
            make_private(folder)
            write_entry(folder / NAME, stamp, digest.hexdigest().encode())
            break
    return digest.hexdigest()


def edited_modules(package: str) -> list[str]:
    """Return the imported modules in ``FOLDERS`` whose files changed since this process began.

    Times to come, as where a machine starts without a clock, tell of no edit.
    """
    above, found = tuple(f"{package}.{folder}." for folder in FOLDERS), []
    now = time.time_ns()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) if name.startswith(above) else None
        try:
            if file and IMPORTED_NS < _newest(os.stat(file)) <= now:
                found.append(name)
        except FileNotFoundError:
            found.append(name)
        except OSError:  # a module in a ZIP file
            continue
    return found


def _newest(found: os.stat_result) -> int:
    return max(found.st_mtime_ns, found.st_ctime_ns)


def _files(root: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield each source by its path below ``root``, with slashes; leave out ``testing``."""
    for top in FOLDERS:
        for folder, inside, names in os.walk(os.path.join(root, top)):
            inside[:] = [name for name in inside if name not in ("testing", "__pycache__")]
            below = folder[len(root) + 1 :].replace(os.sep, "/")
            for name in names:
                if name.endswith(".py"):
                    yield f"{below}/{name}", os.stat(os.path.join(folder, name))


def _stamp(found: os.stat_result) -> str:
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
