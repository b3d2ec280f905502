"""Faults of rendered files (clipped, silent, not finite): one line for each kind."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...graph.text import counted

__all__ = ["Faults", "failure_lines", "faults_of", "warn_of_faults"]

MAX_FAILURES = 50
"""Most lines of failures."""
MAX_NAMED = 3
"""Most files that a line names; others are counted."""
KINDS = {
    "clipped": "clipped (samples at full scale: lower the level, or store subtype float)",
    "silent": "silent, or one constant",
    "non_finite": "muted in places (a node's output was not finite)",
}
COUNTED = re.compile(r"samples beyond full scale were clipped|: muted in \d+ block")
"""Warnings about one file whose counts its manifest entry has."""
NUMBER = re.compile(r"[-+]?\d[\d.,]*")


@dataclass(frozen=True)
class Faults:
    """Files with faults, by kind of fault."""

    clipped: list[str] = field(default_factory=list)
    """With samples at full scale, in a format without headroom."""
    silent: list[str] = field(default_factory=list)
    """Silent, or one constant."""
    non_finite: list[str] = field(default_factory=list)
    """With blocks in which a node was muted because its output was not finite."""


def faults_of(entries: Iterable[Mapping[str, Any]]) -> Faults:
    """Return the faults in manifest entries; a file may have several."""
    found = Faults()
    for entry in entries:
        for key, files in (("clipped", found.clipped), ("silent", found.silent)):
            if entry.get(key):
                files.append(entry["file"])
        if entry.get("muted"):
            found.non_finite.append(entry["file"])
    return found


def warn_of_faults(
    found: Faults, entries: Iterable[Mapping[str, Any]], warn: Callable[[str], None]
) -> None:
    """Call ``warn`` with one line for each kind of fault, and of other warnings about files."""
    entries = list(entries)
    for kind, description in KINDS.items():
        files = getattr(found, kind)
        if files:
            every = counted(len(entries), "file")
            warn(f"{description}: {len(files)} of {every}: {_format_files(files)}")
    others = dict[str, list[tuple[str, str]]]()
    for entry in entries:
        for line in entry.get("warnings", ()):
            if not COUNTED.search(line):
                kind = NUMBER.sub("#", line.replace(entry["file"], ""))
                others.setdefault(kind, []).append((entry["file"], line))
    for lines in others.values():
        file, line = lines[0]
        more = f" (and {counted(len(lines) - 1, 'more file')} like it)" if len(lines) > 1 else ""
        warn((line if file in line else f"{file}: {line}") + more)


def failure_lines(failures: Mapping[str, str], manifest: str) -> list[str]:
    """Return a line for each reason for which files could not be made, at most 51."""
    files = dict[str, list[str]]()
    for file, reason in failures.items():
        files.setdefault(reason, []).append(file)
    lines = [
        f"{reason} ({len(names)} files: {_format_files(names)})" if len(names) > 1 else reason
        for reason, names in files.items()
    ]
    if (more := len(lines) - MAX_FAILURES) > 0:
        lines[MAX_FAILURES:] = [f"and {counted(more, 'more reason')}: see {manifest}"]
    return lines


def _format_files(files: list[str]) -> str:
    more = len(files) - MAX_NAMED
    return ", ".join(files[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
