"""Check a job before its first file is rendered: every file is opened once."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ...graph import AudioFileError, JobError, NamgraphError, Spec, schedule, tail
from ...graph.check import format_names
from ...runtime.io.audio_file import scan_audio
from ...runtime.io.audio_writer import check_format
from ...runtime.io.outputs import check_outputs
from ..rendering.input_channels import Sides, choose_channels
from ..rendering.render import check_fit, check_sides
from ..rig import Rig, check_devices, levels_of_models
from ..values import format_value
from .fingerprint import Digests, begin_entry
from .items import Item
from .job import Job
from .manifest import MANIFEST

__all__ = ["Checked", "check_job", "output_warning"]


MAX_NAMED = 5
"""Most files that the line of one fault names; others are counted."""


class InputFormat(NamedTuple):
    """Channels, sample rate and frames of an input, and what the sides of a stereo one are."""

    channels: int
    rate: int
    frames: int
    sides: Sides


@dataclass(eq=False)
class Checked:
    """A checked job: its open racks, input formats, and manifest entries without levels."""

    job: Job
    backend: str | None
    rigs: dict[tuple[str, ...], Rig] = field(default_factory=dict)
    inputs: dict[str, InputFormat] = field(default_factory=dict)
    """By path."""
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of each file of the job, by its name."""

    def rig(self, item: Item) -> Rig:
        """Return the rig of an item, opened once for all inputs."""
        if item.key not in self.rigs:
            self.rigs[item.key] = self.job.rig(item, self.backend)
        return self.rigs[item.key]

    def levels_missing(self) -> list[str]:
        """Return one line for each kind of level that level matching needs and files lack."""
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
    """Open every file once; raise one ``JobError`` that names all unusable or unsafe ones."""
    made, faults = Checked(job, backend), _Faults(job)
    digests, reads = Digests(), {job.name: "the job"}
    prepared, formats = set[tuple[object, float]](), set[tuple[str, int, int]]()
    for source in dict.fromkeys(i.source for i in job.items):
        with faults.of(source):
            sides = Sides()
            channels, frames, own_rate = scan_audio(source, sides.add)
            made.inputs[source] = InputFormat(channels, own_rate, frames, sides)
    bad = set[tuple[str, ...]]()
    for item in job.items:
        if item.key in bad:
            continue
        bad.add(item.key)  # removed again once it is open
        with faults.of(item.rack, item.model):
            made.rig(item)
            bad.discard(item.key)
        if item.key in bad or item.source not in made.inputs:
            continue
        with faults.of(item.rack, item.model):
            rig, audio = made.rig(item), made.inputs[item.source]
            wanted = next(iter(rig.graph.inputs.values()), 0)
            given = audio.channels, wanted, job.channel, audio.sides
            choices = choose_channels(*given, item.source, lambda line: None)
            asks = '"resample": true', '"channel":'
            check_fit(rig, item.source, len(choices[0]), audio.rate, job.resample, *asks)
            if (outputs := len(rig.graph.outputs)) > 1:
                raise AudioFileError(
                    f"the rack has {outputs} outputs: a job renders racks with one"
                )
            (channels,) = check_sides(rig, len(choices)).values()
            rate = float(rig.rate or audio.rate)
            form = Path(item.file).suffix, audio.rate, channels
            if form not in formats:
                formats.add(form)
                check_format(item.file, *form[1:], job.subtype)
            if (item.key, rate) not in prepared:  # reads impulse responses
                prepared.add((item.key, rate))
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
    """Collects the errors of a job, each once, to raise them together."""

    def __init__(self, job: Job) -> None:
        self._job = job.name
        self._files: dict[str, list[str]] = {}
        """By message: the files with that error whose names it lacks."""

    @contextlib.contextmanager
    def of(self, *files: str) -> Iterator[None]:
        """Collect an error of the body; its line names the job and one of the files."""
        try:
            yield
        except NamgraphError as error:
            text, given = str(error), [file for file in files if file]
            met = self._files.setdefault(text, [])
            if given and not any(file in text for file in given) and given[0] not in met:
                met.append(given[0])

    def raise_all(self) -> None:
        """Raise one ``JobError`` with all collected errors, if there are any."""
        if self._files:
            lines = [
                f"{self._job}: {format_names(met, MAX_NAMED)}: {text}"
                if met
                else f"{self._job}: {text}"
                for text, met in self._files.items()
            ]
            error = JobError("; ".join(lines))
            error.faults = tuple(lines)
            raise error


def _check_below(job: Job, files: Iterable[str]) -> None:
    """Raise ``JobError`` for a file that a symbolic link leads out of the output folder."""
    output = os.path.realpath(job.output)
    for file in files:
        real = os.path.realpath(job.output / file)
        if os.path.commonpath([real, output]) != output:
            raise JobError(
                f"{job.output / file}: leads out of the output folder, to {real}: remove the link"
            )


def output_warning(job: Job) -> str:
    """Return a warning if a relative output folder is outside the job's folder, else "".

    ``..`` or a symbolic link may lead there.
    """
    if os.path.isabs(job.written_output):
        return ""
    real, home = os.path.realpath(job.output), os.path.realpath(job.folder)
    try:
        inside = os.path.commonpath([real, home]) == home
    except ValueError:  # another drive
        inside = False
    if inside:
        return ""
    written = format_value(job.written_output)
    return f"{job.name}: output is {written}, outside the job's folder: files go to {real}"
