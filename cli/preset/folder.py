"""The files of a folder that ``namgraph info`` describes, with a line each."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...graph import FileError
from ...graph.text import counted
from ...presets.files.bundle import is_bundle
from ...runtime.io.encoders import AUDIO_SUFFIXES
from ...runtime.io.file_kind import CAPTURES, MODEL_SUFFIXES, PRESET, READ, kind_of_file

__all__ = ["files_in", "format_line"]

MAX_FILES = 10_000
SUFFIXES = (*MODEL_SUFFIXES, *AUDIO_SUFFIXES)
"""Suffixes of files that are described whatever they contain; a bad one gets its error text."""


def files_in(folder: str) -> list[str]:
    """Return the presets, bundles, models and audio files of a folder, sorted by name.

    Folders inside it and files of other kinds are left out.  ``FileError`` if it cannot be read,
    or has more than ``MAX_FILES`` files.
    """
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
    except OSError as reason:
        raise FileError(f"{folder}: cannot be read: {reason.strerror or reason}") from None
    if len(names) > MAX_FILES:
        raise FileError(f"{folder}: has {len(names)} files: at most {MAX_FILES} are described")
    return list(_wanted(folder, names))


def _wanted(folder: str, names: list[str]) -> Iterator[str]:
    for name in names:
        path, suffix = os.path.join(folder, name), Path(name).suffix.lower()
        if name.startswith("."):
            continue
        kind = kind_of_file(path)
        known = suffix in SUFFIXES or (kind is None and suffix == ".json")  # an error says the rest
        known = known or is_bundle(path)
        if known or (kind is not None and (kind.what in (*CAPTURES, PRESET) or kind in READ)):
            yield path


def format_line(found: Mapping[str, Any]) -> str:
    """Return the description of one file on a line: its kind, and what matters most of it."""
    kind = found["kind"]
    if kind == "model":
        rate = found.get("sample_rate") or found.get("sample_rate_assumed")
        parts = [found["architecture"], f"{counted(found['weights'], 'weight')}", f"{rate:g} Hz"]
    elif kind == "preset":
        parts = [found["name"] or "no name", counted(len(found["nodes"]), "node")]
        slots = found.get("snapshots", {})
        parts += [f"snapshots {' '.join(slots)}"] * bool(slots)
        parts += ["cannot run"] * ("cannot_run" in found)
    else:
        seconds, rate = found["seconds"], found["sample_rate"]
        peak = found["peak_dbfs"]
        parts = [f"{seconds:.2f} s", counted(found["channels"], "channel"), f"{rate:g} Hz"]
        parts += [f"peak {peak:.1f} dBFS"]
    return f"{kind}: {', '.join(parts)}"
