"""SHA-256 digests of files, and of a rack with the contents of all its files."""

import hashlib
import json
import os
from collections.abc import Callable
from functools import cache
from importlib import metadata
from typing import Any

from ....graph import AudioFileError
from ....runtime.io.regular_file import check_plain
from ...files.references import paths_of, sha256_of, stored_path
from ...preset import dumps
from ...rig import Rig

__all__ = ["Digests", "digest", "rack_digest"]


class Digests:
    """SHA-256 digests of files, each read once."""

    def __init__(self) -> None:
        self.of: Callable[[str], str] = cache(digest)


def digest(path: str) -> str:
    """Return the SHA-256 of a file's bytes; ``AudioFileError`` if it cannot be read."""
    check_plain(path, AudioFileError)
    try:
        return sha256_of(path)
    except OSError as reason:
        raise AudioFileError(f"{path}: cannot be read: {reason.strerror or reason}") from None


def rack_digest(rig: Rig, of: Callable[[str], str] = digest) -> str:
    """Return a digest of all fields of a rack's nodes, with the contents in place of file names.

    ``of`` returns the digest of a file.  Plugins count with their settings, the version of
    pedalboard, and the files that their settings name; not with their binaries.
    """
    rack = json.loads(dumps(rig.graph, store=stored_path))
    for name, node in rig.graph.nodes.items():
        for key in node.files():
            rack["nodes"][name][key] = [of(os.fspath(p)) for p in paths_of(node, key)]
        if node.type_name == "pedalboard_effect":  # effect and settings may name files
            rack["nodes"][name] = [
                metadata.version("pedalboard"),
                *_with_digests(rack["nodes"][name], of),
            ]
    return hashlib.sha256(json.dumps(rack, sort_keys=True).encode()).hexdigest()


def _with_digests(value: Any, of: Callable[[str], str]) -> list[Any]:
    """Return a JSON value, with the digest of each file that a string in it names."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    named = isinstance(value, str) and os.path.isfile(value)
    return [value, *([of(value)] if named else []), *(_with_digests(one, of) for one in inner)]
