"""Check a job before its first file is rendered: every file that it needs is opened once."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...graph import AudioFileError, JobError, NamgraphError, Spec, schedule, tail
from ...nodes.nam import Nam, load_capture
from ...runtime.io.audio_writer import check_format
from ...runtime.io.outputs import check_outputs
from ..rendering.input_channels import choose_channels
from ..rendering.render import Scanned, check_ends, check_fit, check_sides, scan
from ..rig import Rig, check_devices, levels_of_models
from ..values import format_value
from .execution.digests import Digests
from .execution.racks import RackSource, keep_open, opened
from .execution.task import Entry, failed
from .fingerprint import RackFacts, begin_entry, is_made, named_entry, rack_facts
from .items import Item
from .job import Job
from .job_faults import Faults
from .manifest import MANIFEST
from .manifest_csv import MANIFEST_CSV

__all__ = ["Checked", "CheckedRack", "check_job", "output_warning"]


@dataclass(frozen=True)
class CheckedRack:
    """A rack that was opened: ``opened(source, facts.digest)`` returns it again."""

    source: RackSource
    facts: RackFacts


@dataclass(eq=False)
class Checked:
    """A checked job: manifest entries without levels, input formats, and what cannot be made."""

    job: Job
    backend: str | None
    racks: dict[tuple[str, ...], CheckedRack] = field(default_factory=dict)
    """By the key of an item."""
    inputs: dict[str, Scanned] = field(default_factory=dict)
    """By path; only of inputs with a file to render."""
    entries: dict[str, Entry] = field(default_factory=dict)
    """Of each file that can be made, by its name."""
    failed: dict[str, Entry] = field(default_factory=dict)
    """Of each file that cannot be made, with ``"error"``."""
    kept: set[str] = field(default_factory=set)
    """Files that are up to date."""
    reads: dict[str, str] = field(default_factory=dict)
    """Files that racks read, each with its name in messages."""
    silent: dict[str, None] = field(default_factory=dict)
    """What ``Graph.check`` says, one line for each rack."""
    missing: dict[str, dict[str, None]] = field(default_factory=dict)
    """By kind of level that level matching needs: the files that lack it."""

    def warnings(self) -> list[str]:
        """Return one line for each kind of warning, not for each file."""
        return [
            f"{reason}: {next(iter(paths))}" + (f" and {len(paths) - 1} more" * (len(paths) > 1))
            for reason, paths in self.missing.items()
        ] + list(self.silent)

    def fits_bank(self, item: Item) -> bool:
        """Whether an item can be part of a bank: a bare model that runs on a GPU."""
        rack, job = self.racks[item.key], self.job
        if item.rack or item.settings or item.sampled or job.overrides or job.tail:
            return False
        rig = opened(rack.source, rack.facts.digest)
        amp = rig.graph.nodes.get("amp")
        if job.automation != "null" or not rig.bare or not isinstance(amp, Nam):
            return False
        on_device = amp.backend != "cpu" and not amp.device_refusal()
        return on_device and rig.rate in (None, self.inputs[item.source].rate)


def check_job(
    job: Job,
    backend: str | None = None,
    before: Mapping[str, Entry] | None = None,
    stop_on_error: bool = False,
) -> Checked:
    """Open every file once; raise one ``JobError`` that names all faults of the job.

    Inputs and models that cannot be used cost only their files, unless ``stop_on_error``.
    ``before`` are the entries of an earlier run: files that are up to date are not checked further.
    """
    made, faults = Checked(job, backend), Faults(job.name)
    check, bad = _Check(made), set[tuple[str, ...]]()
    for item in job.items:
        if item.key in bad:
            continue
        try:
            with faults.of(item.rack, item.model):
                bad.add(item.key)  # removed again unless the rack is at fault
                check.item(item, before or {})
                bad.discard(item.key)
        except _UnusableError as error:
            bad.discard(item.key)
            made.entries.pop(item.file, None)
            made.failed[item.file] = failed(named_entry(job, item), str(error))
            if stop_on_error:
                faults.add(str(error), (error.file,))
    faults.raise_all()
    with faults.of():
        reads = {job.path: "the job"} if job.path else {}
        reads |= {item.source: "an input" for item in job.items}
        reads |= made.reads
        check_outputs(
            (job.output / file for file in (*made.entries, MANIFEST, MANIFEST_CSV)), reads, JobError
        )
        _check_below(job, made.entries)
    faults.raise_all()
    return made


class _UnusableError(Exception):
    """An input or a model that cannot be used: it costs the files that need it."""

    def __init__(self, text: str, file: str) -> None:
        super().__init__(text)
        self.file = file


class _Check:
    """Opens what items need, each file once."""

    def __init__(self, made: Checked) -> None:
        self._made, self._job, self._digests = made, made.job, Digests()
        self._errors = dict[tuple[Any, ...], str]()
        """By what was tried: the error, or an empty string."""
        self._rates = set[tuple[tuple[str, ...], float]]()
        """Racks, without sampled settings, and the sample rates that they were scheduled at."""
        self._plain = dict[tuple[str, ...], str]()
        """Digests of racks without sampled settings."""

    def item(self, item: Item, before: Mapping[str, Entry]) -> None:
        """Check one item; raise ``_UnusableError``, or ``NamgraphError`` for a fault of the job."""
        made, job = self._made, self._job
        if item.model:
            self._once(item.model, load_capture, item.model)
        if item.key not in made.racks:
            made.racks[item.key] = self._open(item)
        rack = made.racks[item.key]
        self._once(item.source, self._digests.of, item.source)
        entry = begin_entry(job, item, rack.facts, self._digests.of(item.source))
        if is_made(entry, before.get(item.file), job.output):
            made.kept.add(item.file)
        else:
            self._check_input(item, rack)
        made.entries[item.file] = entry

    def _open(self, item: Item) -> CheckedRack:
        """Open the rack of an item; without sampled settings first, and their extremes."""
        job, made = self._job, self._made
        source = job.source(item, made.backend)
        if item.sampled:
            if item.base not in self._plain:
                plain = self._open(replace(item, sampled={}))
                self._plain[item.base] = plain.facts.digest
                self._check_samplers(replace(source, plain_digest=plain.facts.digest))
            source = replace(source, plain_digest=self._plain[item.base])
        rig = source.open()
        facts = rack_facts(job, rig, self._digests)
        keep_open(source, facts.digest, rig)
        if not item.sampled or any(isinstance(v, str) for v in item.sampled.values()):
            self._note(item, rig)
        return CheckedRack(source, facts)

    def _note(self, item: Item, rig: Rig) -> None:
        """Check what a rack is, and collect what it reads and its warnings."""
        made = self._made
        check_ends(rig)
        if (outputs := len(rig.graph.outputs)) > 1:
            raise AudioFileError(f"the rack has {outputs} outputs: a job renders racks with one")
        check_devices(rig.graph)
        made.reads |= rig.reads()
        if silent := rig.graph.check():
            made.silent[f"{item.rack or item.model}: {', '.join(silent)}"] = None
        for _, path, found in levels_of_models(rig.graph):
            for reason in found.missing:
                made.missing.setdefault(reason, {})[path] = None

    def _check_samplers(self, source: RackSource) -> None:
        """Raise ``PresetError`` if a rack does not allow what a sampler may draw."""
        for name, sampler in self._job.samplers.items():
            for value in sampler.extremes():
                replace(source, sampled=json.dumps({name: value})).open()

    def _check_input(self, item: Item, rack: CheckedRack) -> None:
        """Check that a rack can play an input, and that the file can hold the result."""
        job, path = self._job, item.source
        self._once(path, self._scan, path)
        audio, rig = self._made.inputs[path], opened(rack.source, rack.facts.digest)
        try:
            wanted = next(iter(rig.graph.inputs.values()))
            given = audio.channels, wanted, job.channel, audio.sides
            choices = choose_channels(*given, path, lambda line: None)
            asks = '"resample": true', '"channel":'
            check_fit(rig, path, len(choices[0]), audio.rate, job.resample, *asks)
            spec = Spec(float(rig.rate or audio.rate), 1)
        except NamgraphError as error:
            raise _UnusableError(str(error), path) from None
        (channels,) = check_sides(rig, len(choices)).values()
        if (item.base, spec.rate) not in self._rates:  # reads impulse responses
            schedule(rig.graph, spec)
            tail(rig.graph, spec)
            self._rates.add((item.base, spec.rate))
        form = f"*{Path(item.file).suffix}", audio.rate, channels, job.subtype
        self._once(path, check_format, *form)

    def _scan(self, path: str) -> None:
        self._made.inputs[path] = scan(path)

    def _once(self, file: str, call: Callable[..., Any], *arguments: Any) -> None:
        """Call a function once for equal arguments; raise ``_UnusableError`` if it fails."""
        key = call.__name__, *arguments
        if key not in self._errors:
            try:
                call(*arguments)
                self._errors[key] = ""
            except NamgraphError as error:
                self._errors[key] = str(error)
        if text := self._errors[key]:
            raise _UnusableError(text if file in text else f"{file}: {text}", file)


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
