"""Fingerprints: digests of everything that a rendered file depends on."""

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
from ..preset import dumps, paths_of, stored_path
from ..rig import Rig, format_levels
from .items import Item
from .job import Job
from .manifest import Entry

__all__ = ["Digests", "begin_entry", "digest", "is_made"]


class Digests:
    """SHA-256 digests of files, each read once."""

    def __init__(self) -> None:
        self.of = cache(digest)


def begin_entry(job: Job, item: Item, rig: Rig, digests: Digests) -> Entry:
    """Return the manifest entry of a file, without its levels.

    Its ``fingerprint`` depends on all that the samples depend on: the contents of all files, every
    setting, the version of this package, and the processor's SIMD width.
    """
    rack = json.loads(dumps(rig.graph, store=stored_path))
    for name, node in rig.graph.nodes.items():
        for key in node.files():
            rack["nodes"][name][key] = [digests.of(os.fspath(p)) for p in paths_of(node, key)]
        if node.type_name == "pedalboard_effect":  # effect and settings may name files
            rack["nodes"][name] = [
                metadata.version("pedalboard"),
                *_with_digests(rack["nodes"][name]),
            ]
    depends = [VERSION, host_lanes(), rack, digests.of(item.source)]
    depends += [job.subtype or "pcm24", job.resample]
    if job.channel is not None:
        depends.append({"channel": job.channel})
    if job.loudness is not None:
        depends.append({"loudness": float(job.loudness)})
    text = json.dumps([*depends, rig.renders_tail(job.tail)], sort_keys=True)
    return {
        "file": item.file,
        "input": stored_path(item.source, job.output),
        "rack": _stored_name(item.rack, job.output),
        "model": _stored_name(item.model, job.output),
        "settings": {**item.settings, **job.overrides},
        "levels": format_levels(rig.graph) or None,
        "fingerprint": hashlib.sha256(text.encode()).hexdigest(),
    }


def is_made(entry: Mapping[str, Any], before: Mapping[str, Any] | None, output: Path) -> bool:
    """Whether a file is up to date: its fingerprint and its bytes are those in the manifest."""
    if before is None or before.get("fingerprint") != entry["fingerprint"]:
        return False
    if "clipped" not in before or "true_peak_dbtp" not in before:  # of a version without these
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


def _with_digests(value: Any) -> list[Any]:
    """Return a JSON value, with the digest of each file that a string in it names."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    named = isinstance(value, str) and os.path.isfile(value)
    return [value, *([digest(value)] if named else []), *map(_with_digests, inner)]


def _stored_name(name: str, folder: Path) -> str | None:
    """Return a path relative to the manifest's folder, or the name of a bundled preset."""
    if not name or not os.path.isabs(name):
        return name or None
    return stored_path(name, folder)
