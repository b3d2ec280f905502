"""The progress line: share, count, speed and time left on a terminal; nothing elsewhere."""

import io
import re
import sys
from pathlib import Path

import pytest

from namgraph.cli.progress import AudioProgress, BatchLines, Progress
from namgraph.presets.batch.run import BatchProgress

from .command import DI


class Terminal(io.StringIO):
    """A stderr that is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class BrokenTerminal(Terminal):
    """A terminal that has gone."""

    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")

    def fileno(self) -> int:
        raise OSError(5, "Input/output error")


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Replace stderr; not in a fixture, since pytest replaces it again before the test."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def test_files_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    with Progress("rendering", unit="files") as progress:
        progress.set_total(8)
        progress(0.5)
        progress(1.0)
    written = terminal.getvalue()
    assert re.search(r"\rrendering 100 % \|.*\| 8/8 files, \S+ files/s, 00:00 left", written)
    assert written.endswith("\r\x1b[K")


def test_seconds_of_audio_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    with AudioProgress("rendering", DI) as progress:
        progress(1.0)
    assert re.search(r" 10/10 s, \S+ x real time, 00:00 left", terminal.getvalue())


def test_percent_are_counted_without_a_readable_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    terminal = on_terminal(monkeypatch)
    with AudioProgress("rendering", tmp_path / "none.wav") as progress:
        progress(1.0)
    assert "| 100/100 %, " in terminal.getvalue()


def test_a_pipe_gets_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("rendering") as progress:
        progress(1.0)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_that_cannot_be_written_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", BrokenTerminal())
    with Progress("rendering") as progress:
        progress(0.5)
        progress(1.0)


def test_a_batch_counts_files_by_their_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    with BatchLines("rendering") as progress:
        progress.update(BatchProgress(0, 8, 0.0, 80.0))
        progress.update(BatchProgress(3, 8, 40.0, 80.0))
        progress.update(BatchProgress(8, 8, 80.0, 80.0))
    written = terminal.getvalue()
    assert re.search(r"\rrendering 100 % \|.*\| 8/8 files, \S+ x real time, 00:00 left", written)
    assert written.endswith("\r\x1b[K")


def test_a_batch_in_a_pipe_prints_a_line_at_times(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [100.0]
    monkeypatch.setattr("namgraph.cli.progress.time.monotonic", lambda: clock[0])
    with BatchLines("rendering") as progress:
        for now, seconds in ((101, 5.0), (110, 40.0), (112, 50.0), (3720, 60.0)):
            clock[0] = float(now)
            progress.update(BatchProgress(3, 8, seconds, 80.0))
    assert capsys.readouterr().err.splitlines() == [
        "namgraph: rendering: 3/8 files, 50%, 4 x real time, 00:10 left",
        "namgraph: rendering: 3/8 files, 75%, 0.0166 x real time, 20:07 left",
    ]
