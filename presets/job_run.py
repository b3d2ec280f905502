"""Doing a job: all of it is checked before the first file, and what is there stays there."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..graph import JobError, NamgraphError
from ..nodes.nam import Nam
from ..runtime.adapters.atomic import writing
from ..runtime.adapters.files import audio_writer, read_audio
from .batch import render_models
from .job import Job
from .job_items import Item
from .manifest import Digests, begin_entry, is_made, read_manifest, write_manifest
from .render import Levels, check_fit, levels_of, render_file, warn_of_faults
from .rig import Rig

__all__ = ["MANIFEST", "Done", "run_job"]

MANIFEST = "manifest.json"
BANK_FLOATS = 1 << 28
"""What models that play side by side may make at a time (1 GiB)."""
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


def run_job(
    job: Job,
    *,
    backend: str | None = None,
    threads: int = 0,
    again: bool = False,
    warn: Callable[[str], None] = lambda line: None,
    progress: Callable[[float], None] = lambda share: None,
) -> Done:
    """Make every file of a job, and a manifest of them.

    Everything that can be refused is refused before the first file.  Files whose entry in the
    manifest has the same fingerprint are kept, unless ``again``.  ``backend`` is as of
    ``open_rig``; so many ``threads`` render at a time (0: one for each processor).  If it ends
    early, the manifest lists what is there, and the same call goes on with the rest.
    """
    if threads < 0:
        raise JobError(f"threads is {threads}: must be 0 (one for each processor) or more")
    manifest = job.output / MANIFEST
    try:
        before = read_manifest(manifest)
    except JobError:
        if not again:
            raise
        before = {}
    run = _Run(job, backend, warn, progress)
    run.check()
    todo = [
        item
        for item in job.items
        if again or not is_made(run.entries[item.file], before.get(item.file), job.output)
    ]
    try:
        run.make(todo, threads or os.cpu_count() or 1)
    finally:
        if run.made:
            write_manifest(manifest, job, _merged(job, before, run.made))
    seconds = sum(e["seconds"] for e in run.made.values())
    return Done(len(todo), len(job.items) - len(todo), seconds, os.fspath(manifest))


def _merged(job: Job, before: Mapping[str, Entry], made: Mapping[str, Entry]) -> list[Entry]:
    """Return an entry for each file that is there: the job's in its order, then others."""
    known = {**before, **made}
    order = dict.fromkeys([i.file for i in job.items] + list(known))
    return [known[f] for f in order if f in known and (job.output / f).is_file()]


class _StoppedError(Exception):
    """Another file has failed, or somebody wants it to end."""


class _Run:
    def __init__(
        self,
        job: Job,
        backend: str | None,
        warn: Callable[[str], None],
        progress: Callable[[float], None],
    ) -> None:
        self.entries: dict[str, Entry] = {}
        self.made: dict[str, Entry] = {}
        self._job, self._backend, self._warn, self._tell = job, backend, warn, progress
        self._rigs: dict[tuple[str, ...], Rig] = {}
        self._heard: dict[str, Levels] = {}
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._shares: dict[str, float] = {}
        self._whole = 0

    def check(self) -> None:
        """Open everything once; ``JobError`` names what cannot be used."""
        digests = Digests()
        try:
            for source in dict.fromkeys(i.source for i in self._job.items):
                found = read_audio(source)
                self._heard[source] = levels_of(found.samples, found.rate)
            for item in self._job.items:
                rig, heard = self._rig(item), self._heard[item.source]
                ask = '"resample": true'
                check_fit(rig, item.source, heard.channels, heard.rate, self._job.resample, ask)
                self.entries[item.file] = begin_entry(self._job, item, rig, digests)
        except NamgraphError as error:
            raise JobError(f"{self._job.name}: {error}") from error

    def make(self, todo: Sequence[Item], threads: int) -> None:
        """Make files, several at a time; the first error ends it all."""
        self._whole = sum(self._heard[i.source].frames for i in todo)
        tasks = iter(self._tasks(todo))
        with ThreadPoolExecutor(threads) as pool:
            waiting = {pool.submit(self._work, tasks) for _ in range(threads)}
            try:
                while waiting:
                    done, waiting = wait(waiting, PATIENCE_S, FIRST_EXCEPTION)
                    for one in done:
                        one.result()
            finally:
                self._stop.set()

    def _rig(self, item: Item) -> Rig:
        if item.key not in self._rigs:
            self._rigs[item.key] = self._job.rig(item, self._backend)
        return self._rigs[item.key]

    def _tasks(self, todo: Sequence[Item]) -> list[list[Item]]:
        """Sort files into tasks: models that a device plays side by side are one."""
        alone, together = list[list[Item]](), dict[str, list[Item]]()
        for item in todo:
            if self._joins(item):
                together.setdefault(item.source, []).append(item)
            else:
                alone.append([item])
        for source, items in together.items():
            most = max(1, BANK_FLOATS // self._heard[source].frames)
            alone += [items[k : k + most] for k in range(0, len(items), most)]
        return alone

    def _joins(self, item: Item) -> bool:
        """Whether one launch can play a model beside others: nothing but itself, on a device."""
        rig = self._rig(item)
        amp = rig.graph.nodes.get("amp")
        if not rig.bare or item.settings or self._job.tail or not isinstance(amp, Nam):
            return False
        on_device = amp.backend != "cpu" and not amp.no_device()
        return on_device and rig.rate in (None, self._heard[item.source].rate)

    def _work(self, tasks: Iterator[list[Item]]) -> None:
        while not self._stop.is_set():
            with self._lock:
                items = next(tasks, None)
            if items is None:
                return
            try:
                if len(items) > 1 and self._bank(items):
                    continue
                for item in items:
                    self._one(item)
            except _StoppedError:
                return

    def _one(self, item: Item) -> None:
        """Make one file."""
        lines = list[str]()
        sound = render_file(
            self._rig(item),
            item.source,
            self._target(item),
            resampled=self._job.resample,
            subtype=self._job.subtype,
            tail=self._job.tail,
            warn=lines.append,
            progress=lambda share: self._progress([item], share),
        )
        self._keep(item, sound, lines)

    def _bank(self, items: Sequence[Item]) -> bool:
        """Make the files of many models at once; not one, if any of them was muted."""
        found, lines = read_audio(items[0].source), list[str]()
        made = render_models(
            [item.model for item in items],
            found.samples,
            found.rate,
            backend=self._backend or "auto",
            progress=lambda share: self._progress(items, share),
            report=lambda stats: warn_of_faults(stats, lines.append),
        )
        if lines:
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
        nbytes = (self._job.output / item.file).stat().st_size
        more = {**asdict(sound), "seconds": sound.seconds, "bytes": nbytes, "warnings": list(lines)}
        with self._lock:
            self.made[item.file] = {**self.entries[item.file], **more}
        for line in lines:
            self._warn(line if item.file in line else f"{item.file}: {line}")

    def _progress(self, items: Sequence[Item], share: float) -> None:
        if self._stop.is_set():
            raise _StoppedError
        with self._lock:
            for item in items:
                self._shares[item.file] = share * self._heard[item.source].frames
            self._tell(sum(self._shares.values()) / max(1, self._whole))
