"""Run a job: check everything, render the files by an executor, write the manifest."""

import contextlib
import os
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...graph import JobError, NamgraphError
from ...graph.arguments import clip
from ...graph.text import counted
from ...nodes.nam import LevelsWarning
from ...runtime.io.atomic_write import alone_in, check_room, remove_left_over
from ...runtime.limits import MOST_THREADS
from ...runtime.native.cpu import processors
from .check import Checked, check_job, output_warning
from .execution.executor import Executor, Group, ThreadExecutor
from .execution.task import Entry, Options, Task
from .faults import Faults, faults_of, warn_of_faults
from .items import Item
from .job import Job
from .manifest import MANIFEST, check_known, read_manifest, write_manifest
from .manifest_csv import MANIFEST_CSV, check_csv, write_csv

__all__ = ["BatchProgress", "BatchResult", "run_job"]

MAX_BANK_FLOATS = 1 << 28
"""Most output samples of one bank of models (1 GiB)."""
MANIFEST_S = 10.0
"""Seconds between two writes of the manifest, at least."""
MANIFEST_SHARE = 0.02
"""Share of the time that writing the manifest may take."""


@dataclass(frozen=True)
class BatchProgress:
    """How far a job is: of the files to render, without those that are up to date."""

    files: int
    """Files that are done, made or failed."""
    of_files: int
    seconds: float
    """Seconds of their inputs that are done, also of files being rendered."""
    of_seconds: float

    @property
    def share(self) -> float:
        """Share of the work that is done, from 0 to 1."""
        if self.of_seconds <= 0.0:
            return self.files / max(1, self.of_files)
        return min(1.0, self.seconds / self.of_seconds)


@dataclass(frozen=True)
class BatchResult:
    """Result of a job."""

    made: int
    """Files that were rendered now."""
    kept: int
    """Files that were up to date."""
    seconds: float
    """Seconds of audio in the files that were rendered now."""
    manifest: str
    """Path of the manifest."""
    faults: Faults = field(default_factory=Faults)
    """Faults of all files of the job, rendered now or before."""
    failures: dict[str, str] = field(default_factory=dict)
    """By name of a file that could not be made: the reason."""
    entries: dict[str, Entry] = field(default_factory=dict, repr=False)
    """Manifest entries of the files of the job, rendered now or before, by name."""

    def __repr__(self) -> str:
        made = f"{counted(self.made, 'file')} made"
        counts = f"{made}, {self.kept} up to date, {len(self.failures)} failed"
        return clip(f"<BatchResult: {counts}, {self.seconds:.1f} s of sound; see {self.manifest}>")


def run_job(
    job: Job,
    *,
    backend: str | None = None,
    threads: int | None = None,
    again: bool = False,
    stop_on_error: bool = False,
    executor: Executor | None = None,
    warn: Callable[[str], None] = lambda line: None,
    progress: Callable[[BatchProgress], None] = lambda done: None,
) -> BatchResult:
    """Render every file of a job, and write a manifest of them.

    The job is checked before the first file is rendered: ``JobError`` names all its faults.  An
    input or a model that cannot be used costs only the files that need it, which the manifest and
    the result list with the reason; with ``stop_on_error`` the first one ends the run, as an error.
    Files whose manifest entry has the same fingerprint are kept, unless ``again``.

    ``backend`` is as of ``open_rig``.  ``threads`` threads render (``None``: one for each processor
    of this process), one for each file, or several where there are fewer files; or ``executor``
    runs the files elsewhere.  If the run ends early, the manifest lists the files that were
    finished before, and the same call renders the rest.

    ``progress`` is called before the first file if there is one to render, and then with what is
    done, on any thread, one call at a time; what it raises ends the run.  ``warn`` is called with
    one line for each kind of fault.
    """
    if threads is not None and threads < 1:
        raise JobError(f"threads is {threads}: must be 1 or more (without: one for each processor)")
    manifest = job.output / MANIFEST
    earlier = {} if again else _before(manifest, unreadable_too=True)
    checked = check_job(job, backend, earlier, stop_on_error)
    if line := output_warning(job):
        warn(line)
    for line in checked.warnings():
        warn(line)
    with alone_in(job.output, JobError):
        before = _before(manifest, unreadable_too=again)
        if not again:
            check_csv(job.output / MANIFEST_CSV)
        todo = [
            item
            for item in job.items
            if item.file in checked.entries
            and not (item.file in checked.kept and item.file in before)
        ]
        if not again:
            check_known(job.output, [item.file for item in todo])
        for item in todo:  # until rendered, their entries are invalid
            before.pop(item.file, None)
            remove_left_over(job.output / item.file)
        run = _Run(checked, before, todo, progress)
        try:
            if todo or run.changes_manifest():
                groups = _groups(checked, todo)
                if executor is None:
                    count = processors() if threads is None else threads
                    executor = ThreadExecutor(max(1, min(count, len(groups))))
                    groups = _shared(groups, count)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", LevelsWarning)
                    run.make(groups, executor, stop_on_error)
        finally:
            entries = run.entries()
            done = [entry for entry in entries.values() if "error" not in entry]
            faults = faults_of(done)
            warn_of_faults(faults, done, warn)
    failures = {file: entry["error"] for file, entry in entries.items() if "error" in entry}
    made = [run.made[file] for file in run.made if file not in failures]
    kept = len(done) - len(made)
    seconds = sum((entry["seconds"] for entry in made), 0.0)
    return BatchResult(len(made), kept, seconds, os.fspath(manifest), faults, failures, entries)


def _before(manifest: Path, unreadable_too: bool) -> dict[str, Entry]:
    """Return the entries of the manifest; none of one that cannot be read, if that is allowed."""
    try:
        return read_manifest(manifest)
    except JobError:
        if not unreadable_too:
            raise
        return {}


def _groups(checked: Checked, todo: Sequence[Item]) -> list[Group]:
    """Return the tasks of a job: one file each, or models that a GPU runs as one bank."""
    job, groups, banks = checked.job, list[Group](), dict[str, list[Task]]()
    options = Options(job.channel, job.resample, job.subtype, job.tail, job.loudness)
    for item in todo:
        rack = checked.racks[item.key]
        task = Task(
            entry=checked.entries[item.file],
            rack=rack.source,
            rack_digest=rack.facts.digest,
            source=item.source,
            target=os.fspath(job.output / item.file),
            options=options,
            scanned=checked.inputs.get(item.source),
        )
        if checked.fits_bank(item):
            banks.setdefault(item.source, []).append(task)
        else:
            groups.append((task,))
    for source, tasks in banks.items():
        size = max(1, MAX_BANK_FLOATS // checked.inputs[source].frames)
        groups += [tuple(tasks[k : k + size]) for k in range(0, len(tasks), size)]
    return groups


def _shared(groups: Sequence[Group], threads: int) -> list[Group]:
    """Return the tasks with the threads of each: several where there are fewer files."""
    each = min(max(1, threads // max(1, len(groups))), MOST_THREADS)
    return [tuple(replace(task, threads=each) for task in group) for group in groups]


class _Run:
    """Collects the entries of a checked job, and keeps the manifest up to date.  Control thread."""

    def __init__(
        self,
        checked: Checked,
        before: dict[str, Entry],
        todo: Sequence[Item],
        progress: Callable[[BatchProgress], None],
    ) -> None:
        self.made: dict[str, Entry] = {}
        self._checked, self._job, self._before = checked, checked.job, before
        self._report, self._lock = progress, threading.Lock()
        self._seconds = dict[str, float]()
        for item in todo:
            found = checked.inputs.get(item.source)
            self._seconds[item.file] = found.frames / found.rate if found else 0.0
        self._shares = dict.fromkeys(self._seconds, 0.0)
        self._done_s, self._all_s = 0.0, sum(self._seconds.values())
        self._written, self._write_s = 0.0, 0.0

    def entries(self) -> dict[str, Entry]:
        """Return the entries of the files of the job, in its order, as far as they are known."""
        known = {**self._before, **self._checked.failed, **self.made}
        return {i.file: known[i.file] for i in self._job.items if i.file in known}

    def changes_manifest(self) -> bool:
        """Whether the manifest lacks failures, or has an older reason, or its table is missing."""
        failed, table = self._checked.failed, self._job.output / MANIFEST_CSV
        return not os.path.isfile(table) or any(
            self._before.get(file) != entry for file, entry in failed.items()
        )

    def make(self, groups: Sequence[Group], executor: Executor, stop_on_error: bool) -> None:
        """Render files; the manifest is first written without them, and again as they are finished.

        It never has an entry that does not match its file.
        """
        self._write(table=True)
        if groups:
            self._tell()
        try:
            with contextlib.closing(executor.run(groups, self._progress)) as results:
                for entries in results:
                    for entry in entries:
                        self._add(entry, stop_on_error)
                    pause = max(MANIFEST_S, self._write_s / MANIFEST_SHARE)
                    if time.monotonic() - self._written > pause:
                        self._write()
        except BaseException:
            with contextlib.suppress(NamgraphError):  # the first error is raised
                self._write(table=True)
            raise
        self._write(table=True)

    def _add(self, entry: Entry, stop_on_error: bool) -> None:
        """Add the entry of a file; an output folder without room ends the run, as an error."""
        file = entry["file"]
        self.made[file] = entry
        self._progress(file, 1.0)
        if "error" in entry:
            if stop_on_error:
                raise JobError(f"{file}: {entry['error']}")
            check_room(self._job.output, JobError)

    def _write(self, table: bool = False) -> None:
        """Write an entry for each file: those of the job in order, then others that exist.

        With ``table`` also the CSV.
        """
        begun, mine = time.monotonic(), self.entries()
        others = {f: e for f, e in self._before.items() if f not in mine and "error" not in e}
        there = [
            entry
            for file, entry in {**mine, **others}.items()
            if "error" in entry or os.path.isfile(self._job.output / file)
        ]
        unmade = self._seconds.keys() - {entry["file"] for entry in there}
        write_manifest(self._job.output / MANIFEST, self._job.path, there, unmade)
        if table:
            write_csv(self._job.output / MANIFEST_CSV, there)
        self._written = time.monotonic()
        self._write_s = self._written - begun

    def _progress(self, file: str, share: float) -> None:
        """Report the share of a file that is done.  Any thread."""
        with self._lock:
            self._done_s += (share - self._shares[file]) * self._seconds[file]
            self._shares[file] = share
            self._tell()

    def _tell(self) -> None:
        files = len(self._shares)
        self._report(BatchProgress(len(self.made), files, self._done_s, self._all_s))
