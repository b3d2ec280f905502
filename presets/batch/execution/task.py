"""One file to render as plain values, and the function that renders it: what a worker does.

``render_tasks`` depends on nothing but its arguments and the files that they name, so it runs on a
thread, in another process, or on another machine that has the same files under the same paths.
"""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ....graph import JobError, NamgraphError
from ....runtime.io.atomic_write import writing
from ....runtime.io.audio_file import read_audio
from ....runtime.io.audio_writer import audio_writer
from ...rendering.levels import Levels, levels_of
from ...rendering.render import LastRender, Scanned, normalized, render_file, warn_of_faults
from ...rendering.render_models import render_models
from .digests import digest
from .racks import RackSource, opened

__all__ = ["Entry", "Options", "Progress", "StoppedError", "Task", "failed", "render_tasks"]

Entry = dict[str, Any]
Progress = Callable[[str, float], None]
"""Called with the name of a file and the share of it that is done; raises to stop the work."""
_bank_lock = threading.Lock()
"""One bank at a time: it fills the GPU."""


_thread = threading.local()
"""Of each thread the engines of its last file."""


def _last() -> LastRender:
    if not hasattr(_thread, "last"):
        _thread.last = LastRender()
    found: LastRender = _thread.last
    return found


class StoppedError(Exception):
    """Raised in a worker to end it: the run was interrupted, or ends at a failure."""


@dataclass(frozen=True)
class Options:
    """What a job says about all its files: as of ``render_file``."""

    channel: str | None = None
    resample: bool = False
    subtype: str | None = None
    tail: bool | None = None
    loudness: float | None = None


@dataclass(frozen=True)
class Task:
    """One file to render.  Can be pickled; all paths are absolute."""

    entry: Entry
    """Its manifest entry without levels: ``begin_entry``."""
    rack: RackSource
    rack_digest: str
    source: str
    target: str
    options: Options
    scanned: Scanned | None = None
    """What the input is, if it was read before."""
    threads: int = 1
    """Threads that render it."""


def render_tasks(
    tasks: Sequence[Task], progress: Progress = lambda file, share: None
) -> list[Entry]:
    """Render one file, or as one bank the files of several models on a GPU; return their entries.

    An entry has levels and the digest of the written file, or ``"error"``, the reason why there is
    no file: an error costs its file only.  What ``progress`` raises ends the work.  Any thread.
    """
    if len(tasks) > 1:
        with _bank_lock:
            try:
                if (made := _render_bank(tasks, progress)) is not None:
                    return made
            except StoppedError:
                raise
            except Exception:  # then each alone: one of them may be at fault
                pass
    return [_render(task, progress) for task in tasks]


def failed(entry: Entry, reason: str) -> Entry:
    """Return the manifest entry of a file that could not be rendered."""
    keys = ("file", "input", "rack", "model", "settings", "variant")
    return {**{key: entry[key] for key in keys if key in entry}, "error": reason}


def _render(task: Task, progress: Progress) -> Entry:
    lines, file = list[str](), task.entry["file"]
    options = task.options
    try:
        if digest(task.source) != task.entry["input_sha256"]:
            raise JobError(
                f"{task.source}: is not what it was when the job was checked: start the job again"
            )
        levels = render_file(
            opened(task.rack, task.rack_digest),
            task.source,
            _prepared(task),
            channel=options.channel,
            resampled=options.resample,
            subtype=options.subtype,
            tail=options.tail,
            loudness_lufs=options.loudness,
            threads=task.threads,
            strict=None,  # the job warns once for each rack
            warn=lines.append,
            progress=lambda share: progress(file, share),
            scanned=task.scanned,
            last=_last(),
        )
        return _entry(task, levels, lines)
    except StoppedError:
        raise
    except NamgraphError as error:
        return failed(task.entry, str(error))
    except MemoryError:
        return failed(task.entry, f"{task.source}: not enough memory on this machine")
    except Exception as error:  # a fault of this package: it, too, costs one file only
        return failed(task.entry, f"{task.source}: {type(error).__name__}: {error}")


def _render_bank(tasks: Sequence[Task], progress: Progress) -> list[Entry] | None:
    """Render bare models as a bank; ``None``, without files, if any model was muted."""
    found, lines, muted = read_audio(tasks[0].source), list[str](), list[int]()
    racks = [opened(task.rack, task.rack_digest) for task in tasks]

    def report(share: float) -> None:
        for task in tasks:
            progress(task.entry["file"], share)

    made = render_models(
        [task.rack.model for task in tasks],
        found.samples,
        found.rate,
        backend=getattr(racks[0].graph.nodes["amp"], "backend", "auto"),
        progress=report,
        report=lambda stats: muted.append(warn_of_faults(stats, lines.append)),
    )
    if lines or any(muted):
        return None
    entries = list[Entry]()
    for task, row in zip(tasks, made, strict=True):
        target, lufs = _prepared(task), task.options.loudness
        with audio_writer(
            target, found.rate, subtype=task.options.subtype, warn=lines.append
        ) as write:
            sound, gain_db = row[None], 0.0
            if lufs is not None:
                sound, gain_db = normalized(sound, found.rate, lufs, target, lines.append)
            written = write(sound)
        levels = replace(levels_of(written, found.rate), gain_db=gain_db)
        entries.append(_entry(task, levels, lines))
        lines.clear()
    return entries


def _prepared(task: Task) -> str:
    """Return the path of a task's file, after making its folder."""
    with writing(task.target, JobError):
        Path(task.target).parent.mkdir(parents=True, exist_ok=True)
    return task.target


def _entry(task: Task, levels: Levels, lines: Sequence[str]) -> Entry:
    """Return the manifest entry of a rendered file."""
    more = {**asdict(levels), "seconds": levels.seconds, "sha256": digest(os.fspath(task.target))}
    suffix = Path(task.target).suffix.lower()
    if task.options.subtype == "float" and suffix in (".wav", ".wave"):
        more["clipped"] = 0  # float WAV stores samples beyond full scale
    return {**task.entry, **more, "warnings": list(lines)}
