"""What a job has made: one JSON file beside the sounds, and who need not be made again."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..graph import AudioFileError, JobError, PresetError
from ..graph.json_text import parse_json
from ..graph.version import VERSION
from ..runtime.adapters.atomic import whole_file, writing
from .files import dumps, near_path, read_json_file
from .job import Item, Job
from .rig import Rig, levels_said

__all__ = ["Digests", "begin_entry", "is_made", "read_manifest", "write_manifest"]

FORMAT = 1
MAX_BYTES = 1 << 30
Entry = dict[str, Any]


class Digests:
    """SHA-256 of files, each read once."""

    def __init__(self) -> None:
        self.of = cache(_digest)


def begin_entry(job: Job, item: Item, rig: Rig, digests: Digests) -> Entry:
    """Return what is known of a file before it is made.

    Its ``fingerprint`` changes with whatever its sound depends on: the contents of all files, every
    setting, and this package.
    """
    rack = json.loads(dumps(rig.graph))
    for name, node in rig.graph.nodes.items():
        for key in node.files():
            value = getattr(node, key)
            many = value if isinstance(value, tuple) else (value,)
            rack["nodes"][name][key] = [digests.of(os.fspath(p)) for p in many if p is not None]
    depends = [VERSION, rack, digests.of(item.source), job.subtype, job.tail, job.resample]
    text = json.dumps(depends, sort_keys=True)
    return {
        "file": item.file,
        "input": near_path(item.source, job.output),
        "rack": _spelled(item.rack, job.output),
        "model": _spelled(item.model, job.output),
        "settings": dict(item.settings),
        "levels": levels_said(rig.graph) or None,
        "fingerprint": hashlib.sha256(text.encode()).hexdigest(),
    }


def is_made(entry: Mapping[str, Any], before: Mapping[str, Any] | None, output: Path) -> bool:
    """Whether a file is there, and is what would be made again."""
    if before is None or before.get("fingerprint") != entry["fingerprint"]:
        return False
    try:
        return (output / str(entry["file"])).stat().st_size == before.get("bytes")
    except OSError:
        return False


def read_manifest(path: Path) -> dict[str, Entry]:
    """Return what is known of each file that was made, by its name; nothing if nothing was."""
    name = os.fspath(path)
    if not path.exists():
        return {}
    try:
        content = read_json_file(path, name, MAX_BYTES)
        data = parse_json(content, PresetError)
    except PresetError as error:
        text = str(error) if str(error).startswith(name) else f"{name}: {error}"
        raise JobError(f"{text}: is it a manifest? --again makes everything anew") from None
    files = data.get("files") if isinstance(data, dict) else None
    if not isinstance(files, list) or data.get("namgraph_manifest") != FORMAT:
        raise JobError(f"{name}: is no manifest of this package: --again makes everything anew")
    return {e["file"]: e for e in files if isinstance(e, dict) and isinstance(e.get("file"), str)}


def write_manifest(path: Path, job: Job, entries: Iterable[Entry]) -> None:
    """Write what was made, whole or not at all."""
    data = {
        "namgraph_manifest": FORMAT,
        "version": VERSION,
        "job": near_path(job.name, path.parent),
        "files": list(entries),
    }
    with whole_file(path, JobError) as part, writing(os.fspath(path), JobError):
        part.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8", newline="\n")


def _spelled(name: str, folder: Path) -> str | None:
    """Spell a file as seen from the manifest; what ships, by its bare name."""
    if not name or not os.path.isabs(name):
        return name or None
    return near_path(name, folder)


def _digest(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as reason:
        raise AudioFileError(f"{path}: cannot be read: {reason.strerror or reason}") from None
