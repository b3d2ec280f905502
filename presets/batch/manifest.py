"""What a job has made: one JSON file beside the sounds, and who need not be made again."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ...graph import AudioFileError, JobError, PresetError
from ...graph.json_text import parse_json
from ...graph.version import VERSION
from ...runtime.io.atomic_write import whole_file, writing
from ...runtime.io.regular_file import check_plain
from ...runtime.native.host import host_lanes
from ..preset import dumps, near_path, paths_of, read_json_file
from ..rig import Rig, levels_said

if TYPE_CHECKING:
    from .items import Item
    from .job import Job

__all__ = [
    "MANIFEST",
    "Digests",
    "begin_entry",
    "digest",
    "is_made",
    "made_before",
    "read_manifest",
    "write_manifest",
]

MANIFEST = "manifest.json"
FORMAT = 1
MAX_BYTES = 1 << 28
Entry = dict[str, Any]


class Digests:
    """SHA-256 of files, each read once."""

    def __init__(self) -> None:
        self.of = cache(digest)


def begin_entry(job: "Job", item: "Item", rig: Rig, digests: Digests) -> Entry:
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
        "levels": levels_said(rig.graph) or None,
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


def read_manifest(path: Path) -> dict[str, Entry]:
    """Return what is known of each file that was made, by its name; nothing if nothing was."""
    name = os.fspath(path)
    if not os.path.exists(name):
        return {}
    try:
        content = read_json_file(path, name, MAX_BYTES, wanted="a manifest of namgraph batch")
        data = parse_json(content, PresetError)
    except PresetError as error:
        text = str(error) if str(error).startswith(name) else f"{name}: {error}"
        raise JobError(f"{text}: is it a manifest? --again makes everything anew") from None
    files = data.get("files") if isinstance(data, dict) else None
    known = isinstance(data, dict) and data.get("namgraph_manifest")
    if not isinstance(files, list) or type(known) is not int or known != FORMAT:
        raise JobError(f"{name}: is no manifest of this package: --again makes everything anew")
    return {e["file"]: e for e in files if isinstance(e, dict) and _is_below(e.get("file"))}


def made_before(output: Path) -> set[str]:
    """Return the names of files that a job has made in a folder; none if there is no telling."""
    try:
        return set(read_manifest(output / MANIFEST))
    except JobError:
        return set()


def write_manifest(path: Path, job: "Job", entries: Iterable[Entry]) -> None:
    """Write what was made, whole or not at all."""
    data = {
        "namgraph_manifest": FORMAT,
        "version": VERSION,
        "job": near_path(job.name, path.parent),
        "files": list(entries),
    }
    with whole_file(path, JobError) as part, writing(os.fspath(path), JobError):
        part.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8", newline="\n")


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


def _is_below(name: Any) -> bool:
    parts = PurePosixPath(name).parts if isinstance(name, str) else ("..",)
    return ".." not in parts and not os.path.isabs(str(name)) and "\0" not in str(name)


def _spelled(name: str, folder: Path) -> str | None:
    """Spell a file as seen from the manifest; what ships, by its bare name."""
    if not name or not os.path.isabs(name):
        return name or None
    return near_path(name, folder)
