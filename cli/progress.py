"""Progress line of the command: share done, count, speed and time left.

On a terminal only, but for a batch.
"""

import contextlib
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from ..graph.text import counted
from .console import note, write_stderr

if TYPE_CHECKING:
    from ..presets.batch.run import BatchProgress

__all__ = ["AudioProgress", "BatchLines", "Progress"]

FORMAT = "{desc} {percentage:3.0f} % |{bar}| {count}, {speed}, {remaining} left"
LINE_S = 10.0
"""Seconds between two lines of a batch where stderr is no terminal."""


class Progress:
    """Context manager and progress callback: draws a line on stderr, and clears it at the end.

    Draws nothing where stderr is no terminal.  Calls may come from any thread, one at a time.
    """

    def __init__(self, doing: str, total: float = 100.0, unit: str = "%") -> None:
        self._doing, self._total, self._unit = doing, total, unit
        self._bar: Any = None
        self._on = sys.stderr.isatty()

    def set_total(self, total: float) -> None:
        """Set the count that share 1.0 stands for; call it before the first share."""
        self._total = total

    def __call__(self, share: float) -> None:
        """Draw the share done, from 0.0 to 1.0, at most ten times a second."""
        if not self._on:
            return
        if self._bar is None:
            self._bar = _bar(self._doing, self._total, self._unit)
        self._bar.update(share * self._total - self._bar.n)
        if share >= 1.0:
            self._bar.refresh()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
            write_stderr("\r\x1b[K")


class AudioProgress(Progress):
    """Counts the seconds of an audio file, whose header is read at the first call."""

    def __init__(self, doing: str, path: str | os.PathLike[str]) -> None:
        super().__init__(doing)
        self._path = path

    def __call__(self, share: float) -> None:
        """Draw the share done, from 0.0 to 1.0."""
        if self._on and self._bar is None:
            with contextlib.suppress(Exception):  # then it counts percent
                import soundfile

                self._total = float(soundfile.info(os.fspath(self._path)).duration)
                self._unit = "s"
        super().__call__(share)


class BatchLines(Progress):
    """Counts the files of a batch; where stderr is no terminal, in a line every ten seconds."""

    def __init__(self, doing: str) -> None:
        super().__init__(doing, unit="s")
        self._begun = self._told = time.monotonic()

    def update(self, done: "BatchProgress") -> None:
        """Show how far the batch is."""
        self._total = max(1e-9, done.of_seconds)
        count = f"{done.files}/{counted(done.of_files, 'file')}"
        if self._on:
            if self._bar is None:
                self._bar = _bar(self._doing, self._total, self._unit)
            self._bar.count = count
            self(done.share)
            return
        now = time.monotonic()
        if now - self._told >= LINE_S:
            self._told, spent = now, now - self._begun
            left = spent * (1.0 / done.share - 1.0) if done.share > 0.0 else None
            remaining = "?" if left is None else _clock(left)
            speed = f"{done.seconds / spent:.3g} x real time"
            note(f"{self._doing}: {count}, {done.share:.0%}, {speed}, {remaining} left")


def _clock(seconds: float) -> str:
    """Return ``1:02:03`` or ``02:03``."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


class _Stderr:
    """The file that tqdm writes to: stderr, without errors where it cannot be written."""

    encoding = "utf-8"

    def write(self, text: str) -> None:
        write_stderr(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return sys.stderr.fileno()


def _bar(doing: str, total: float, unit: str) -> Any:
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc,type-arg,unused-ignore]
        monitor_interval = 0  # no thread beside
        count = ""

        @property
        def format_dict(self) -> dict[str, Any]:
            found: dict[str, Any] = super().format_dict
            rate = found["rate"] or found["n"] / (found["elapsed"] or 1.0)
            found["count"] = self.count or f"{found['n']:.0f}/{total:.0f} {unit}"
            found["speed"] = f"{rate:.3g} " + ("x real time" if unit == "s" else f"{unit}/s")
            return found

    Bar.set_lock(threading.RLock())  # else tqdm makes one for processes
    unicode = (sys.stderr.encoding or "").lower().startswith("utf")
    return Bar(
        desc=doing,
        total=total,
        unit=unit,
        leave=False,
        file=_Stderr(),
        ascii=not unicode,
        dynamic_ncols=True,
        bar_format=FORMAT,
    )
