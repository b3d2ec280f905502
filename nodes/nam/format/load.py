"""Read models from files and from memory: ``load_nam``, ``load_capture``.  Control threads only.

Models read from a path are cached; a file that has not changed on disk is not read again.
"""

import copy
import os
from collections.abc import Mapping
from typing import Any

from ....graph.errors import NamFileError, NamJsonError, NamReadError
from ....graph.paths import checked_path, file_label, format_path
from ....runtime.io.file_kind import HEAD, MODEL, NAMB, Kind, complaint, kind_of
from ....runtime.io.regular_file import check_plain, file_stamp
from ..captures.parse import parse_capture as parse_capture
from ..model.model import Model
from .checked_json import too_large
from .memory_source import MAX_BYTES as MAX_BYTES, Readable, content_of
from .parse import parse_nam

__all__ = ["Source", "load_capture", "load_nam", "parse_nam", "read_content"]

MIN_CACHE_WEIGHTS = 4096
"""Least number of weights that a model counts for in the cache."""
MAX_CACHE_WEIGHTS = 1 << 24
"""Weights of all cached models together: 1,200 models of the largest usual size."""
ALLOWED = (
    "the path of a file (str or os.PathLike), its content (bytes, JSON text or a dict), "
    "or a file object"
)

Source = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | Mapping[str, Any] | Readable | Model
)
"""What ``load_capture`` takes; a ``Model`` is returned as it is."""
CacheEntry = tuple[tuple[int, int, int], Model | NamFileError, int]
_cache: dict[str, CacheEntry] = {}
"""By absolute path: mtime, size and inode of the file, its model or error, and its weights."""


def load_nam(source: Source) -> Model:
    """Read and check a model: from the path of a .nam file, or from its content in memory.

    Content is bytes, JSON text, a ``dict`` as ``json.load`` returns (arrays may stand for lists),
    or a file object, binary or text, which is read to its end and stays open.  A ``str`` is JSON
    text if its first character, after whitespace, is ``{``, else a path.  At most 64 MiB.

    Raises ``NamFileError`` if the model is bad: the source, the place in it, what was found, and
    what is allowed; a subclass tells the kind of fault (``graph/errors.py``).  The result of a
    path, model or error, is cached, and a file that has not changed on disk is not read again.
    """
    model = load_capture(source)
    if wrong := complaint(Kind(model.kind, "namgraph.load_capture reads it"), MODEL):
        raise NamFileError(f"{file_label(source)}: {wrong}")
    return model


def load_capture(source: Source) -> Model:
    """Read and check a capture: .nam, AIDA-X and RTNeural (Keras), GuitarML.

    Of GuitarML those of Proteus, NeuralPi, SmartAmp and SmartAmpPro; .namb in both of its forms.

    The content decides which it is; the suffix of a file does not count.  ``source`` is what
    ``load_nam`` takes: a path, bytes, JSON text, a ``dict`` or a file object.  Raises
    ``NamFileError`` as ``load_nam`` does: a layer that is not played is named, sizes are checked
    before memory is allocated, and weights are counted before they are used.
    """
    if isinstance(source, Model):
        return source
    found = content_of(source)
    if found is None:
        return _load_file(source)
    content, name = found
    try:
        model = parse_capture(content)
    except NamFileError as error:
        raise error.within(name) from None
    return model.identified(model.digest, name, content)


def _load_file(path: Any) -> Model:
    path = checked_path(path, "source", NamFileError, ALLOWED)
    name = format_path(path)
    try:
        whole = os.path.abspath(path)
        status = check_plain(whole, NamReadError, name, MODEL)
        stamp = file_stamp(status)
        known = _cache.get(whole)
        if known is None or known[0] != stamp:
            known = (stamp, *_read(whole, status.st_size))
            _store(whole, known)
    except OSError as error:
        raise NamReadError(f"{name}: cannot be read: {error.strerror or error}") from None
    if isinstance(known[1], NamFileError):
        raise known[1].within(name)
    return known[1]


def read_content(path: str, size: int) -> bytes:
    """Return the bytes of a file; refuse one that is no model by its first bytes or its size."""
    with open(path, "rb") as file:
        head = file.read(HEAD)
        kind = kind_of(head)
        if (kind is None or kind.what != NAMB) and (wrong := complaint(kind, MODEL)):
            raise NamJsonError(wrong)
        if size > MAX_BYTES:
            raise too_large(f"has {size} bytes", "bytes", size, MAX_BYTES)
        return head + file.read(MAX_BYTES)


def _read(whole: str, size: int) -> tuple[Model | NamFileError, int]:
    """Return the model in a file, or the error, and the weights it counts for in the cache."""
    try:
        model = parse_capture(read_content(whole, size))
    except NamFileError as error:
        kept = copy.copy(error).with_traceback(None)  # a traceback holds the bytes
        kept.__context__ = kept.__cause__ = None
        return kept, MIN_CACHE_WEIGHTS
    return model.identified(model.digest, whole), max(model.weight_count, MIN_CACHE_WEIGHTS)


def _store(whole: str, known: CacheEntry) -> None:
    """Put a model into the cache, and drop the oldest ones above ``MAX_CACHE_WEIGHTS``."""
    _cache.pop(whole, None)
    _cache[whole] = known
    room = MAX_CACHE_WEIGHTS - sum(count for _, _, count in list(_cache.values()))
    for path, (_, _, count) in list(_cache.items()):
        if room >= 0 or path == whole:
            break
        _cache.pop(path, None)
        room += count
