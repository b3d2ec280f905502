"""Doing a job: all of it is checked before the first file, and what is there stays there."""

import contextlib
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...graph import JobError, NamgraphError
from ...nodes.nam import LevelsWarning, Nam
from ...runtime.io.atomic_write import alone_in, remove_left_over, writing
from ...runtime.io.audio_file import audio_writer, read_audio
from ...runtime.native.cpu import processors
from ..render import Levels, levels_of, render_file, warn_of_faults
from .check import Checked, check_job, said_of_output
from .faults import Faults, faults_of, tell_faults
from .fingerprint import digest, is_made
from .items import Item
from .job import Job
from .manifest import (
    MANIFEST,
    read_manifest,
    write_manifest,
)
from .render_models import render_models

__all__ = ["Done", "run_job"]

BANK_FLOATS = 1 << 28
"""What models that play side by side may make at a time (1 GiB)."""
EVERY_S = 10.0
"""Between two times that the manifest is written."""
PATIENCE_S = 0.2
"""Between two looks for a signal, which some systems do not deliver to a thread that waits."""
Entry = dict[str, Any]


@dataclass(frozen=True)
class Done:
    """What a job has come to."""

    made: int
    kept: int
    """Files that were there, and are what would be made again."""
    seconds: float
    """Of sound, in the files that were made."""
    manifest: str
    faults: Faults = field(default_factory=Faults)
    """Files of the whole job, made now or before, that something is wrong with."""


def run_job(
    job: Job,
    *,
    backend: str | None = None,
    threads: int | None = None,
    again: bool = False,
    warn: Callable[[str], None] = lambda line: None,
    started: Callable[[int], None] = lambda files: None,
    progress: Callable[[float], None] = lambda share: None,
) -> Done:
    """Render every file of a job, and write a manifest of them.

    Everything is checked before the first file is rendered: ``JobError`` names all faults.  Files
    whose manifest entry has the same fingerprint are kept, unless ``again``.  ``backend`` is as of
    ``open_rig``.  ``threads`` files are rendered at a time (``None``: one for each processor of
    this process).  If the run ends early, the manifest lists the finished files, and the same call
    renders the rest.  ``started`` is called with the number of files to render, ``progress`` with
    the share of their frames done, on any thread, one call at a time.  ``warn`` is called with one
    line for each kind of fault.
    """
    if threads is not None and threads < 1:
        raise JobError(f"threads is {threads}: must be 1 or more (without: one for each processor)")
    checked = check_job(job, backend)
    if said := said_of_output(job):
        warn(said)
    for line in checked.levels_missing():  # once a kind, where a rack would warn once a file
        warn(line)
    for (rack, model, _), rig in checked.rigs.items():
        if silent := rig.graph.check():
            warn(f"{rack or model}: {', '.join(silent)}")
    run = _Run(checked, progress)
    with alone_in(job.output, JobError):
        manifest = job.output / MANIFEST
        try:
            before = read_manifest(manifest)
        except JobError:
            if not again:
                raise
            before = {}
        todo = [
            item
            for item in job.items
            if again or not is_made(checked.entries[item.file], before.get(item.file), job.output)
        ]
        for item in todo:  # from now on nobody can say of what is there what it is
            before.pop(item.file, None)
            remove_left_over(job.output / item.file)
        try:
            if todo:
                started(len(todo))
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", LevelsWarning)
                    run.make(todo, processors() if threads is None else threads, before)
        finally:
            known = {**before, **run.made}
            there = [known[item.file] for item in job.items if item.file in known]
            faults = faults_of(there)
            tell_faults(faults, there, warn)
    seconds = sum(e["seconds"] for e in run.made.values())
    return Done(len(todo), len(job.items) - len(todo), seconds, os.fspath(manifest), faults)


class _StoppedError(Exception):
    """Another file has failed, or somebody wants it to end."""


class _Run:
    def __init__(self, checked: Checked, progress: Callable[[float], None]) -> None:
        self.made: dict[str, Entry] = {}
        self._checked, self._job = checked, checked.job
        self._tell = progress
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._banks = threading.Lock()
        self._shares: dict[str, float] = {}
        self._done, self._whole = 0.0, 0
        self._before: dict[str, Entry] = {}
        self._written = 0.0

    def make(self, todo: Sequence[Item], threads: int, before: dict[str, Entry]) -> None:
        """Make files, several at a time; the first error ends it all.

        The manifest begins without them, and is written again as they come: whatever ends the
        run, it never tells of a file that is another by then.
        """
        self._before = before
        self._whole = sum(self._checked.heard[i.source].frames for i in todo)
        self._write()
        tasks = self._tasks(todo)
        threads = min(threads, len(tasks))
        work = iter(tasks)
        try:
            with ThreadPoolExecutor(threads) as pool:
                waiting = {pool.submit(self._work, work) for _ in range(threads)}
                try:
                    while waiting:
                        done, waiting = wait(waiting, PATIENCE_S, FIRST_EXCEPTION)
                        for one in done:
                            one.result()
                finally:
                    self._stop.set()
        except BaseException:
            with contextlib.suppress(NamgraphError), self._lock:  # what went wrong first is said
                self._write()
            raise
        self._write()

    def _write(self) -> None:
        """Write an entry for each file that is there: the job's in its order, then others."""
        known = {**self._before, **self.made}
        order = dict.fromkeys([i.file for i in self._job.items] + list(known))
        there = [f for f in order if f in known and os.path.isfile(self._job.output / f)]
        write_manifest(self._job.output / MANIFEST, self._job.name, [known[f] for f in there])
        self._written = time.monotonic()

    def _tasks(self, todo: Sequence[Item]) -> list[list[Item]]:
        """Sort files into tasks: models that a device plays side by side are one."""
        alone, together = list[list[Item]](), dict[str, list[Item]]()
        for item in todo:
            if self._joins(item):
                together.setdefault(item.source, []).append(item)
            else:
                alone.append([item])
        for source, items in together.items():
            most = max(1, BANK_FLOATS // self._checked.heard[source].frames)
            alone += [items[k : k + most] for k in range(0, len(items), most)]
        return alone

    def _joins(self, item: Item) -> bool:
        """Whether one launch can play a model beside others: nothing but itself, on a device."""
        rig = self._checked.rig(item)
        amp = rig.graph.nodes.get("amp")
        if not rig.bare or item.settings or self._job.tail or not isinstance(amp, Nam):
            return False
        on_device = amp.backend != "cpu" and not amp.device_refusal()
        return on_device and rig.rate in (None, self._checked.heard[item.source].rate)

    def _work(self, tasks: Iterator[list[Item]]) -> None:
        while not self._stop.is_set():
            with self._lock:
                items = next(tasks, None)
            if items is None:
                return
            try:
                if len(items) > 1:
                    with self._banks:  # one fills the device, and much memory
                        if self._bank(items):
                            continue
                for item in items:
                    self._one(item)
            except _StoppedError:
                return

    def _one(self, item: Item) -> None:
        """Make one file."""
        lines = list[str]()
        sound = render_file(
            self._checked.rig(item),
            item.source,
            self._target(item),
            resampled=self._job.resample,
            subtype=self._job.subtype,
            tail=self._job.tail,
            strict=None,  # said once for each rack
            warn=lines.append,
            progress=lambda share: self._progress([item], share),
        )
        self._keep(item, sound, lines)

    def _bank(self, items: Sequence[Item]) -> bool:
        """Make the files of many models at once; not one, if any of them was muted."""
        found, lines, muted = read_audio(items[0].source), list[str](), list[int]()
        made = render_models(
            [item.model for item in items],
            found.samples,
            found.rate,
            backend=self._checked.backend or "auto",
            progress=lambda share: self._progress(items, share),
            report=lambda stats: muted.append(warn_of_faults(stats, lines.append)),
        )
        if lines or any(muted):
            return False
        for item, row in zip(items, made, strict=True):
            with audio_writer(
                self._target(item), found.rate, subtype=self._job.subtype, warn=lines.append
            ) as write:
                held = write(row[None])
            self._keep(item, levels_of(held, found.rate), lines)
            lines.clear()
        return True

    def _target(self, item: Item) -> Path:
        """Return where a file goes, in a folder that is there."""
        target = self._job.output / item.file
        with writing(os.fspath(target), JobError):
            target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _keep(self, item: Item, sound: Levels, lines: Sequence[str]) -> None:
        """Note that a file is there."""
        sha256 = digest(os.fspath(self._job.output / item.file))
        more = {**asdict(sound), "seconds": sound.seconds, "sha256": sha256}
        if self._job.subtype == "float" and Path(item.file).suffix.lower() in (".wav", ".wave"):
            more["clipped"] = 0  # samples beyond full scale are kept as they are
        with self._lock:
            self.made[item.file] = {
                **self._checked.entries[item.file],
                **more,
                "warnings": list(lines),
            }
            if time.monotonic() - self._written > EVERY_S:
                self._write()

    def _progress(self, items: Sequence[Item], share: float) -> None:
        if self._stop.is_set():
            raise _StoppedError
        with self._lock:
            for item in items:
                part = share * self._checked.heard[item.source].frames
                self._done += part - self._shares.get(item.file, 0.0)
                self._shares[item.file] = part
            self._tell(self._done / max(1, self._whole))
