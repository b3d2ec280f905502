"""Run a job: check everything, render the files on several threads, write the manifest."""

import contextlib
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ...graph import JobError, NamgraphError
from ...nodes.nam import LevelsWarning, Nam
from ...runtime.adapters.parallel.parallel_render import MOST_THREADS
from ...runtime.io.atomic_write import alone_in, remove_left_over, writing
from ...runtime.io.audio_file import read_audio
from ...runtime.io.audio_writer import audio_writer
from ...runtime.native.cpu import processors
from ..rendering.render import Levels, levels_of, normalized, render_file, warn_of_faults
from .check import Checked, check_job, output_warning
from .faults import Faults, faults_of, warn_of_faults as warn_of_file_faults
from .fingerprint import digest, is_made
from .items import Item
from .job import Job
from .manifest import MANIFEST, read_manifest, write_manifest
from .render_models import render_models

__all__ = ["Done", "run_job"]

MAX_BANK_FLOATS = 1 << 28
"""Most output samples of one bank of models (1 GiB)."""
MANIFEST_S = 10.0
"""Seconds between two writes of the manifest."""
WAIT_S = 0.2
"""Longest wait of the main thread: some systems deliver no signal to a waiting thread."""
Entry = dict[str, Any]


@dataclass(frozen=True)
class Done:
    """Result of a job."""

    made: int
    kept: int
    """Files that were up to date."""
    seconds: float
    """Seconds of audio in the rendered files."""
    manifest: str
    faults: Faults = field(default_factory=Faults)
    """Faults of all files of the job, rendered now or before."""


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
    ``open_rig``.  ``threads`` threads render (``None``: one for each processor of this process),
    one for each file, or several where there are fewer files.  If the run ends early, the manifest
    lists the finished files, and the same call renders the rest.  ``started`` is called with the
    number of files to render, ``progress`` with the share of their frames done, on any thread, one
    call at a time.  ``warn`` is called with one line for each kind of fault.
    """
    if threads is not None and threads < 1:
        raise JobError(f"threads is {threads}: must be 1 or more (without: one for each processor)")
    checked = check_job(job, backend)
    if line := output_warning(job):
        warn(line)
    for line in checked.levels_missing():  # once for each kind, not for each file
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
        for item in todo:  # until rendered, their entries are invalid
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
            warn_of_file_faults(faults, there, warn)
    seconds = sum(e["seconds"] for e in run.made.values())
    return Done(len(todo), len(job.items) - len(todo), seconds, os.fspath(manifest), faults)


class _StoppedError(Exception):
    """Raised on a worker thread to end it: another file failed, or the run was interrupted."""


class _Run:
    """Renders the files of a checked job on a thread pool, and keeps the manifest up to date."""

    def __init__(self, checked: Checked, progress: Callable[[float], None]) -> None:
        self.made: dict[str, Entry] = {}
        self._checked, self._job = checked, checked.job
        self._report = progress
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._bank_lock = threading.Lock()
        self._item_frames: dict[str, float] = {}
        self._frames_done, self._frames = 0.0, 0
        self._before: dict[str, Entry] = {}
        self._written = 0.0
        self._threads_each = 1
        """Threads that render one file: more than one where there are fewer files than threads."""

    def make(self, todo: Sequence[Item], threads: int, before: dict[str, Entry]) -> None:
        """Render files on ``threads`` threads; the first error ends the run.  Control thread.

        The manifest is first written without them, and again as they are finished: it never has an
        entry that does not match its file.
        """
        self._before = before
        self._frames = sum(self._checked.inputs[i.source].frames for i in todo)
        self._write()
        tasks = self._tasks(todo)
        self._threads_each = min(max(1, threads // len(tasks)), MOST_THREADS)
        threads = min(threads, len(tasks))
        work = iter(tasks)
        try:
            with ThreadPoolExecutor(threads) as pool:
                waiting = {pool.submit(self._worker, work) for _ in range(threads)}
                try:
                    while waiting:
                        done, waiting = wait(waiting, WAIT_S, FIRST_EXCEPTION)
                        for one in done:
                            one.result()
                finally:
                    self._stop.set()
        except BaseException:
            with contextlib.suppress(NamgraphError), self._lock:  # the first error is raised
                self._write()
            raise
        self._write()

    def _write(self) -> None:
        """Write an entry for each existing file: those of the job in order, then others."""
        known = {**self._before, **self.made}
        order = dict.fromkeys([i.file for i in self._job.items] + list(known))
        there = [f for f in order if f in known and os.path.isfile(self._job.output / f)]
        write_manifest(self._job.output / MANIFEST, self._job.name, [known[f] for f in there])
        self._written = time.monotonic()

    def _tasks(self, todo: Sequence[Item]) -> list[list[Item]]:
        """Return tasks of a worker thread: one file each, or models that a GPU runs as one bank."""
        tasks, banks = list[list[Item]](), dict[str, list[Item]]()
        for item in todo:
            if self._fits_bank(item):
                banks.setdefault(item.source, []).append(item)
            else:
                tasks.append([item])
        for source, items in banks.items():
            size = max(1, MAX_BANK_FLOATS // self._checked.inputs[source].frames)
            tasks += [items[k : k + size] for k in range(0, len(items), size)]
        return tasks

    def _fits_bank(self, item: Item) -> bool:
        """Whether an item can be part of a bank: a bare model that runs on a GPU."""
        rig = self._checked.rig(item)
        amp = rig.graph.nodes.get("amp")
        whole = item.settings or self._job.overrides or self._job.tail or self._job.automation
        if not rig.bare or whole or not isinstance(amp, Nam):
            return False
        on_device = amp.backend != "cpu" and not amp.device_refusal()
        return on_device and rig.rate in (None, self._checked.inputs[item.source].rate)

    def _worker(self, tasks: Iterator[list[Item]]) -> None:
        while not self._stop.is_set():
            with self._lock:
                items = next(tasks, None)
            if items is None:
                return
            try:
                if len(items) > 1:
                    with self._bank_lock:  # one bank at a time: it fills the GPU
                        if self._render_bank(items):
                            continue
                for item in items:
                    self._render_file(item)
            except _StoppedError:
                return

    def _render_file(self, item: Item) -> None:
        """Render one file.  Worker thread."""
        lines = list[str]()
        levels = render_file(
            self._checked.rig(item),
            item.source,
            self._target(item),
            channel=self._job.channel,
            resampled=self._job.resample,
            subtype=self._job.subtype,
            tail=self._job.tail,
            loudness_lufs=self._job.loudness,
            threads=self._threads_each,
            strict=None,  # run_job warns once for each rack
            warn=lines.append,
            progress=lambda share: self._progress([item], share),
        )
        self._add_entry(item, levels, lines)

    def _render_bank(self, items: Sequence[Item]) -> bool:
        """Render the files of a bank; return False, without files, if any model was muted."""
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
                sound, gain_db = row[None], 0.0
                if (lufs := self._job.loudness) is not None:
                    name = os.fspath(self._target(item))
                    sound, gain_db = normalized(sound, found.rate, lufs, name, lines.append)
                written = write(sound)
            levels = replace(levels_of(written, found.rate), gain_db=gain_db)
            self._add_entry(item, levels, lines)
            lines.clear()
        return True

    def _target(self, item: Item) -> Path:
        """Return the path of an item's file, after making its folder."""
        target = self._job.output / item.file
        with writing(os.fspath(target), JobError):
            target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _add_entry(self, item: Item, levels: Levels, lines: Sequence[str]) -> None:
        """Add the manifest entry of a rendered file."""
        sha256 = digest(os.fspath(self._job.output / item.file))
        more = {**asdict(levels), "seconds": levels.seconds, "sha256": sha256}
        if self._job.subtype == "float" and Path(item.file).suffix.lower() in (".wav", ".wave"):
            more["clipped"] = 0  # float WAV stores samples beyond full scale
        with self._lock:
            self.made[item.file] = {
                **self._checked.entries[item.file],
                **more,
                "warnings": list(lines),
            }
            if time.monotonic() - self._written > MANIFEST_S:
                self._write()

    def _progress(self, items: Sequence[Item], share: float) -> None:
        if self._stop.is_set():
            raise _StoppedError
        with self._lock:
            for item in items:
                part = share * self._checked.inputs[item.source].frames
                self._frames_done += part - self._item_frames.get(item.file, 0.0)
                self._item_frames[item.file] = part
            self._report(self._frames_done / max(1, self._frames))
