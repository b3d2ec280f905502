"""A job before its first file: everything is opened once, and what cannot be used is refused."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ...graph import JobError, NamgraphError, Spec, schedule, tail
from ...graph.check import listed
from ...runtime.io.audio_file import check_format, scan_audio
from ...runtime.io.outputs import check_outputs
from ..render import check_fit
from ..rig import Rig, check_devices, levels_of_models
from ..values import shown
from .fingerprint import Digests, begin_entry
from .items import Item
from .job import Job
from .manifest import MANIFEST

__all__ = ["Checked", "check_job", "said_of_output"]


SHOWN = 5
"""Files of one fault that its line names; others are counted."""


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
    """Open everything once; ``JobError`` names all that cannot be used, or must not be replaced."""
    made, faults = Checked(job, backend), _Faults(job)
    digests, reads = Digests(), {job.name: "the job"}
    asked, formats = set[tuple[object, float]](), set[tuple[str, int, int]]()
    for source in dict.fromkeys(i.source for i in job.items):
        with faults.of(source):
            channels, frames, own_rate = scan_audio(source)
            made.heard[source] = Heard(channels, own_rate, frames)
    bad = set[tuple[str, ...]]()
    for item in job.items:
        if item.key in bad:
            continue
        bad.add(item.key)  # until it is opened
        with faults.of(item.rack, item.model):
            made.rig(item)
            bad.discard(item.key)
        if item.key in bad or item.source not in made.heard:
            continue
        with faults.of(item.rack, item.model):
            rig, heard = made.rig(item), made.heard[item.source]
            ask = '"resample": true'
            check_fit(rig, item.source, heard.channels, heard.rate, job.resample, ask)
            rate = float(rig.rate or heard.rate)
            form = Path(item.file).suffix, heard.rate, next(iter(rig.graph.outputs.values()))
            if form not in formats:
                formats.add(form)
                check_format(item.file, *form[1:], job.subtype)
            if (item.key, rate) not in asked:  # nodes that ring on read what they are to play
                asked.add((item.key, rate))
                schedule(rig.graph, Spec(rate, 1))
                tail(rig.graph, Spec(rate, 1))
                check_devices(rig.graph)
            made.entries[item.file] = begin_entry(job, item, rig, digests)
            reads.setdefault(item.source, "an input")
    faults.raise_all()
    with faults.of():
        for rig in made.rigs.values():
            reads |= rig.reads()
        check_outputs((job.output / file for file in (*made.entries, MANIFEST)), reads, JobError)
        _check_below(job, made.entries)
    faults.raise_all()
    return made


class _Faults:
    """Collects what is wrong with a job, each thing once, so that all of it is said together."""

    def __init__(self, job: Job) -> None:
        self._job = job.name
        self._files: dict[str, list[str]] = {}
        """Of each error's text, the files that it was met in and does not name."""

    @contextlib.contextmanager
    def of(self, *files: str) -> Iterator[None]:
        """Keep an error of the body; its line will name the job and one of the files."""
        try:
            yield
        except NamgraphError as error:
            text, given = str(error), [file for file in files if file]
            met = self._files.setdefault(text, [])
            if given and not any(file in text for file in given) and given[0] not in met:
                met.append(given[0])

    def raise_all(self) -> None:
        """Raise one ``JobError`` of all that was kept."""
        if self._files:
            lines = [
                f"{self._job}: {listed(met, SHOWN)}: {text}" if met else f"{self._job}: {text}"
                for text, met in self._files.items()
            ]
            error = JobError("; ".join(lines))
            error.faults = tuple(lines)
            raise error


def _check_below(job: Job, files: Iterable[str]) -> None:
    """Refuse files that would lie elsewhere than below the output folder: links may lead away."""
    output = os.path.realpath(job.output)
    for file in files:
        real = os.path.realpath(job.output / file)
        if os.path.commonpath([real, output]) != output:
            raise JobError(
                f"{job.output / file}: leads out of the output folder, to {real}: remove the link"
            )


def said_of_output(job: Job) -> str:
    """Return a line that says where the output folder is, if it leaves the job's folder.

    That is by ``..`` or through a link; a whole path says itself where it leads.
    """
    if os.path.isabs(job.written_output):
        return ""
    real, home = os.path.realpath(job.output), os.path.realpath(job.folder)
    try:
        inside = os.path.commonpath([real, home]) == home
    except ValueError:  # another drive
        inside = False
    where = f"output is {shown(job.written_output)}, outside the job's folder: files go to {real}"
    return "" if inside else f"{job.name}: {where}"
