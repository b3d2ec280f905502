"""Decide which files of a job need not be rendered again: digests of all they depend on."""

import hashlib
import json
import os
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from ...graph import AudioFileError
from ...graph.version import VERSION
from ...runtime.io.regular_file import check_plain
from ...runtime.native.host import host_lanes
from ..preset import dumps, near_path, paths_of
from ..rig import Rig, format_levels
from .items import Item
from .job import Job
from .manifest import Entry

__all__ = ["Digests", "begin_entry", "digest", "is_made"]


class Digests:
    """SHA-256 of files, each read once."""

    def __init__(self) -> None:
        self.of = cache(digest)


def begin_entry(job: Job, item: Item, rig: Rig, digests: Digests) -> Entry:
    """Return what is known of a file before it is made.

    Its ``fingerprint`` changes with whatever its sound depends on: the contents of all files, every
    setting, this package, and how wide the processor computes.
    """
    rack = json.loads(dumps(rig.graph))
    for name, node in rig.graph.nodes.items():
        for key in node.files():
            rack["nodes"][name][key] = [digests.of(os.fspath(p)) for p in paths_of(node, key)]
        if node.type_name == "pedalboard_effect":  # its own settings may name files, and itself one
            rack["nodes"][name] = [metadata.version("pedalboard"), *_read(rack["nodes"][name])]
    depends = [VERSION, host_lanes(), rack, digests.of(item.source)]
    depends += [job.subtype or "pcm24", job.resample]
    text = json.dumps([*depends, rig.rings_on(job.tail)], sort_keys=True)
    return {
        "file": item.file,
        "input": near_path(item.source, job.output),
        "rack": _spelled(item.rack, job.output),
        "model": _spelled(item.model, job.output),
        "settings": dict(item.settings),
        "levels": format_levels(rig.graph) or None,
        "fingerprint": hashlib.sha256(text.encode()).hexdigest(),
    }


def is_made(entry: Mapping[str, Any], before: Mapping[str, Any] | None, output: Path) -> bool:
    """Whether a file is there, as it was made, and is what would be made again."""
    if before is None or before.get("fingerprint") != entry["fingerprint"]:
        return False
    if "clipped" not in before:  # of a version that did not look
        return False
    try:
        return digest(os.fspath(output / str(entry["file"]))) == before.get("sha256")
    except AudioFileError:
        return False


def digest(path: str) -> str:
    """Return the SHA-256 of a file's bytes."""
    check_plain(path, AudioFileError)
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as reason:
        raise AudioFileError(f"{path}: cannot be read: {reason.strerror or reason}") from None


def _read(value: Any) -> list[Any]:
    """Return a value and what is in the files that it names, wherever in it."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    named = isinstance(value, str) and os.path.isfile(value)
    return [value, *([digest(value)] if named else []), *map(_read, inner)]


def _spelled(name: str, folder: Path) -> str | None:
    """Spell a file as seen from the manifest; what ships, by its bare name."""
    if not name or not os.path.isabs(name):
        return name or None
    return near_path(name, folder)
