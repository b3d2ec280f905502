"""``live``: the summary after each kind of end, and the width of the status line."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from namgraph.cli.live import display

COMMAND = [sys.executable, "-m", "namgraph", "live", "crunch", "--null"]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and terminals of POSIX")


def ended_by(number: int, *more: str) -> tuple[int, list[str], str]:
    """Return exit code, lines and errors of a command that got a signal while it played."""
    with subprocess.Popen(
        [*COMMAND, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(0.3)
        process.send_signal(number)
        out, errors = process.communicate(timeout=60)
    return process.returncode, [first, *out.splitlines()], errors


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 0), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_ends_with_the_summary(name: str, code: int) -> None:
    found, lines, errors = ended_by(getattr(signal, name))
    assert (found, errors) == (code, "")
    assert any(re.match(r"played 0\.\d s in \d+ blocks of 64", line) for line in lines), lines


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_with_the_last_event(name: str) -> None:
    number = getattr(signal, name)
    code, lines, errors = ended_by(number, "--json")
    assert (code, errors) == (128 + number, "")
    last = json.loads(lines[-1])
    assert last["event"] == "ended"
    assert last["seconds"] > 0
    assert last["nodes"]


def test_sighup_that_is_ignored_does_not_end_it() -> None:
    script = (
        "import signal, sys, threading\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from namgraph.cli.main import main\n"
        "threading.Timer(0.5, signal.raise_signal, (signal.SIGHUP,)).start()\n"
        "sys.exit(main(['live', 'crunch', '--null', '--seconds', '1.5']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "played 1.5 s" in done.stdout


def on_terminal(columns: list[int]) -> str:
    """Return what ``live`` writes to a terminal of a width that changes while it plays."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()

    def resize(width: int) -> None:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))

    resize(columns[0])
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    with subprocess.Popen(
        [*COMMAND, "--seconds", "2"], stdout=theirs, stderr=subprocess.PIPE, env=environment
    ) as process:
        written = b""
        while written.count(b"\r") < 6:
            written += os.read(ours, 65536)
        resize(columns[-1])
        os.close(theirs)
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:  # Linux: the other side is closed
                break
            if not more:
                break
            written += more
        assert process.wait(60) == 0
    os.close(ours)
    return written.decode()


def status_lines(written: str) -> list[str]:
    return [s for s in re.findall(r"\r([^\r\n\x1b]+)\x1b\[K", written) if " s  in" in s]


def test_the_status_line_fits_a_narrow_terminal_and_one_that_is_resized() -> None:
    lines = status_lines(on_terminal([70, 40]))
    assert len(lines) > 10
    assert max(map(len, lines)) == 69, "one column less than there are"
    assert {len(line) for line in lines[-3:]} == {39}


def test_a_wide_terminal_shows_the_whole_line() -> None:
    assert all("late" in line for line in status_lines(on_terminal([120, 120])))


@pytest.mark.parametrize(
    ("text", "columns", "cut"),
    [
        ("load 1 %", 20, "load 1 %"),
        ("load 1 %", 4, "load"),
        ("アンプ 1", 5, "アン"),
        ("e\u0301a", 1, "e\u0301"),
        ("load", 0, ""),
        ("load", -1, ""),
    ],
)
def test_a_line_is_cut_by_the_columns_it_takes(text: str, columns: int, cut: str) -> None:
    assert display._truncate(text, columns) == cut


def test_without_a_terminal_columns_gives_the_width(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    with open(tmp_path / "out", "w", encoding="utf-8") as file:
        assert display._columns(file) == 20
    monkeypatch.delenv("COLUMNS")
    sized: Any = os.terminal_size((33, 5))
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: sized)
    with open(tmp_path / "out", "w", encoding="utf-8") as file:
        assert display._columns(file) == 33
