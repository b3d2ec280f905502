"""A job before its first file: everything is opened once, and what cannot be used is refused."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..graph import JobError, NamgraphError, Spec, tail
from ..runtime.adapters.files import read_audio
from .files import paths_of
from .job import Job
from .job_items import Item
from .manifest import MANIFEST, Digests, begin_entry
from .render import check_fit
from .rig import Rig, check_devices, levels_of_models

__all__ = ["Checked", "check_job"]


class Heard(NamedTuple):
    """What an input is, without its samples."""

    channels: int
    rate: int
    frames: int


@dataclass(eq=False)
class Checked:
    """What is known of a job once all of it was seen."""

    job: Job
    backend: str | None
    rigs: dict[tuple[str, ...], Rig] = field(default_factory=dict)
    heard: dict[str, Heard] = field(default_factory=dict)
    """Of each input."""
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of each file to be made, by its name: the manifest's, as far as it is known."""

    def rig(self, item: Item) -> Rig:
        """Return the rack of one item, opened once for all inputs."""
        if item.key not in self.rigs:
            self.rigs[item.key] = self.job.rig(item, self.backend)
        return self.rigs[item.key]

    def levels_missing(self) -> list[str]:
        """Return one line for each kind of level that was asked for and that files do not say."""
        files: dict[str, dict[str, None]] = {}
        for rig in self.rigs.values():
            for _, path, found in levels_of_models(rig.graph):
                for reason in found.missing:
                    files.setdefault(reason, {})[path] = None
        return [
            f"{reason}: {next(iter(paths))}" + (f" and {len(paths) - 1} more" * (len(paths) > 1))
            for reason, paths in files.items()
        ]


def check_job(job: Job, backend: str | None = None) -> Checked:
    """Open everything once; ``JobError`` names what cannot be used, or must not be replaced."""
    made, digests, sources = Checked(job, backend), Digests(), {os.path.realpath(job.name)}
    asked = set[tuple[object, float]]()
    try:
        for source in dict.fromkeys(i.source for i in job.items):
            found = read_audio(source)
            made.heard[source] = Heard(found.channels, found.rate, found.frames)
        for item in job.items:
            rig, heard = made.rig(item), made.heard[item.source]
            ask = '"resample": true'
            check_fit(rig, item.source, heard.channels, heard.rate, job.resample, ask)
            rate = float(rig.rate or heard.rate)
            if (item.key, rate) not in asked:  # nodes that ring on read what they are to play
                asked.add((item.key, rate))
                tail(rig.graph, Spec(rate, 1))
                check_devices(rig.graph)
            made.entries[item.file] = begin_entry(job, item, rig, digests)
            sources |= {os.path.realpath(path) for path in (item.source, item.rack) if path}
        for rig in made.rigs.values():
            sources |= {os.path.realpath(path) for path in _files_of(rig)}
        for file in (*made.entries, MANIFEST):
            if os.path.realpath(job.output / file) in sources:
                raise JobError(f"{job.output / file} would be replaced, and is needed")
    except NamgraphError as error:
        raise JobError(f"{job.name}: {error}") from error
    return made


def _files_of(rig: Rig) -> Iterator[str]:
    """Return the files that the nodes of a rack read."""
    for node in rig.graph.nodes.values():
        for key in node.files():
            yield from (os.fspath(path) for path in paths_of(node, key))
