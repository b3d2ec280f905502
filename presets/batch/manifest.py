"""Read and write a job's manifest: one JSON file with an entry for each rendered file."""

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from ...graph import JobError, PresetError
from ...graph.json_text import parse_json
from ...graph.text import counted
from ...graph.version import VERSION
from ...runtime.io.atomic_write import whole_file, writing
from ..json_file import read_json_file
from ..preset import stored_path

__all__ = [
    "MANIFEST",
    "Entry",
    "check_known",
    "made_before",
    "read_manifest",
    "write_manifest",
]

MANIFEST = "manifest.json"
FORMAT = 1
MAX_BYTES = 1 << 28
Entry = dict[str, Any]


def read_manifest(path: Path) -> dict[str, Entry]:
    """Return the entries of a manifest by file name; none if there is no manifest."""
    files = _read(path).get("files", [])
    return {e["file"]: e for e in files if isinstance(e, dict) and _is_below(e.get("file"))}


def check_known(output: Path, files: Iterable[str]) -> None:
    """Raise ``JobError`` if something is in the place of a file to render, and no job made it.

    The manifest has the files that were made, and those that a run began to make.
    """
    manifest, known = output / MANIFEST, set[str]()
    with contextlib.suppress(JobError):
        known = {*read_manifest(manifest), *_begun(manifest)}
    there = [file for file in files if file not in known and os.path.exists(output / file)]
    if there:
        more = f" (and {counted(len(there) - 1, 'more file')})" if len(there) > 1 else ""
        raise JobError(
            f"{output / there[0]}{more}: is there already, and {MANIFEST} does not know it: give "
            "another output folder or name; --again replaces it"
        )


def _begun(path: Path) -> set[str]:
    """Return the files that an interrupted run may have made, without an entry in its manifest."""
    begun = _read(path).get("begun")
    return {name for name in begun if _is_below(name)} if isinstance(begun, list) else set()


def _read(path: Path) -> dict[str, Any]:
    name = os.fspath(path)
    if not os.path.exists(name):
        return {}
    try:
        content = read_json_file(path, name, MAX_BYTES, wanted="a manifest of namgraph batch")
        data = parse_json(content, PresetError)
    except PresetError as error:
        text = str(error) if str(error).startswith(name) else f"{name}: {error}"
        raise JobError(f"{text}: is it a manifest? If so, --again makes everything anew") from None
    files = data.get("files") if isinstance(data, dict) else None
    known = isinstance(data, dict) and data.get("namgraph_manifest")
    if not isinstance(files, list) or type(known) is not int or known != FORMAT:
        raise JobError(
            f"{name}: is no manifest of this package: give another output folder; --again makes "
            "everything anew, and replaces it"
        )
    found: dict[str, Any] = data
    return found


def made_before(output: Path) -> set[str]:
    """Return the names of files that jobs made in a folder; none without a readable manifest."""
    try:
        found = read_manifest(output / MANIFEST)
        made = {name for name, entry in found.items() if "error" not in entry}
        return made | _begun(output / MANIFEST)
    except JobError:
        return set()


def write_manifest(
    path: Path, job: str | None, entries: Iterable[Entry], begun: Iterable[str] = ()
) -> None:
    """Write the manifest of a job, with its file if it has one, whole or not at all.

    ``begun`` are files without an entry that the run makes: if it is killed, the next one may
    replace them.
    """
    data = {
        "namgraph_manifest": FORMAT,
        "version": VERSION,
        "job": None if job is None else stored_path(job, path.parent),
        "files": list(entries),
        **({"begun": names} if (names := sorted(begun)) else {}),
    }
    with whole_file(path, JobError) as part, writing(os.fspath(path), JobError):
        part.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8", newline="\n")


def _is_below(name: Any) -> bool:
    parts = PurePosixPath(name).parts if isinstance(name, str) else ("..",)
    return ".." not in parts and not os.path.isabs(str(name)) and "\0" not in str(name)
