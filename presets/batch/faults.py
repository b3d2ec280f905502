"""What is wrong with the files of a job: a line for each kind of fault, not for each file."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Faults", "faults_of", "tell_faults"]

NAMED = 3
"""Files that a line names."""
KINDS = {
    "clipped": "clipped (samples at full scale: turn the rack down, or store subtype float)",
    "silent": "silent, or one constant",
    "non_finite": "muted in places (a node made what is no number)",
}
TOLD = re.compile(r"samples beyond full scale were clipped|: muted in \d+ blocks")
"""Warnings about one file that are told by its numbers in the manifest."""
NUMBER = re.compile(r"[-+]?\d[\d.,]*")


@dataclass(frozen=True)
class Faults:
    """The files of a job that something is wrong with, by kind."""

    clipped: list[str] = field(default_factory=list)
    """With samples at full scale, in a format that holds nothing beyond it."""
    silent: list[str] = field(default_factory=list)
    """In which nothing moves: silence, or a constant."""
    non_finite: list[str] = field(default_factory=list)
    """In which a node was muted, because it made what is no number."""


def faults_of(entries: Iterable[Mapping[str, Any]]) -> Faults:
    """Sort files by what the manifest's entries say of them; one file may have several faults."""
    found = Faults()
    for entry in entries:
        for key, files in (("clipped", found.clipped), ("silent", found.silent)):
            if entry.get(key):
                files.append(entry["file"])
        if entry.get("muted"):
            found.non_finite.append(entry["file"])
    return found


def tell_faults(
    found: Faults, entries: Iterable[Mapping[str, Any]], warn: Callable[[str], None]
) -> None:
    """Say a line for each kind of fault, and for each kind of other warning about files."""
    entries = list(entries)
    for kind, said in KINDS.items():
        files = getattr(found, kind)
        if files:
            warn(f"{said}: {len(files)} of {len(entries)} files: {_listed(files)}")
    others = dict[str, list[tuple[str, str]]]()
    for entry in entries:
        for line in entry.get("warnings", ()):
            if not TOLD.search(line):
                kind = NUMBER.sub("#", line.replace(entry["file"], ""))
                others.setdefault(kind, []).append((entry["file"], line))
    for lines in others.values():
        file, line = lines[0]
        more = f" (and {len(lines) - 1} more files like it)" if len(lines) > 1 else ""
        warn((line if file in line else f"{file}: {line}") + more)


def _listed(files: list[str]) -> str:
    more = len(files) - NAMED
    return ", ".join(files[:NAMED]) + (f" and {more} more" if more > 0 else "")
