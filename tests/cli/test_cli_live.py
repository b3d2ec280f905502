"""The verbs ``live`` and ``devices``: output and errors."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from namgraph.cli.main import main

NULL = ("live", "crunch", "--null", "--fast", "--seconds", "2")


def events(capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, Any]]:
    assert main((*NULL, "--json", *more)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


def test_events_begin_with_what_plays_and_end_with_all_figures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, *between, last = events(capsys)
    assert first["event"] == "started"
    assert (first["rig"], first["device"], first["blocksize"]) == ("crunch", "a clock", 64)
    assert {e["event"] for e in between} <= {"status", "late"}
    assert last["event"] == "ended"
    assert (last["frames"], last["blocks"]) == (2 * 48_000, 1_500)
    assert last["xruns"] == last["faults"] == last["overruns"] == 0
    assert last["inputs"][0]["highest_db"] > -30, "the shipped guitar is played in"
    assert last["outputs"][0]["highest_db"] > -60
    nodes = {n["name"]: n for n in last["nodes"]}
    assert all(n["p50_us"] <= n["p99_us"] <= n["max_us"] for n in nodes.values())
    assert set(last["latency_ms"]) == {"input", "output", "graph", "total"}


def test_a_pipe_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main((*NULL, "--block", "128")) == 0
    out, _ = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].startswith("crunch plays on a clock: 48000 Hz, blocks of 128")
    assert "\r" not in out
    assert "\x1b" not in out
    assert any(line.startswith("played 2.0 s in 750 blocks of 128") for line in lines)
    assert sum("p99" in line for line in lines) > 3, "a line for each node"


def test_the_summary_tells_which_thread_plays_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("live", "two-amps", "--null", "--fast", "--seconds", "0.1", "--threads", "2")) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[-1].startswith("threads: ")


def test_a_terminal_gets_one_line_that_is_redrawn(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert main(NULL) == 0
    out, _ = capsys.readouterr()
    assert "\r" in out
    assert out.rstrip().splitlines()[-1].startswith("  ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("live", "crunch", "--null", "--fast"), "--fast goes with --null and --seconds"),
        (("live", "crunch", "--fast", "--seconds", "1"), "--fast goes with --null"),
        (("live", "crunch", "--null", "--seconds", "0"), "--seconds is 0"),
        (("live", "crunch", "--null", "--device", "3"), "with --null there is none"),
        (("live", "crunch", "--null", "--block", "8"), "[16, 8192]"),
        (("live", "crunch", "--null", "--outputs", "left"), "--outputs is 'left'"),
        (("live", "crunch", "--null", "--outputs", "0"), "counted from 1"),
        (("live", "nothing", "--null"), "nothing"),
        (("live", "crunch", "--null", "--threads", "0"), "--threads is 0: must be a whole"),
        (
            ("live", "crunch", "--null", "--rate", "44100"),
            "48000 (sample_rate=48000), or let the node resample: Nam(..., resample=True) "
            "(here: --rate, --resample)",
        ),
        (
            ("live", "crunch", "--null", "--rate", "0"),
            "--rate is 0.0: must be a number in [1000, 1000000] Hz",
        ),
        (("live", "crunch", "--device", ""), "device is ''"),
    ],
)
def test_invalid_options_are_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("namgraph: error: ")
    assert err.count("\n") == 1
    assert says in err


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process alone")
def test_ctrl_c_ends_with_the_figures() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "namgraph.cli.main", "live", "crunch", "--null", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["event"] == "started"
        time.sleep(0.3)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 0, err
    last = json.loads(out.splitlines()[-1])
    assert last["event"] == "ended"
    assert last["seconds"] > 0
    assert "Traceback" not in err


def test_devices_are_listed_or_one_line_says_what_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(("devices", "--json"))
    out, err = capsys.readouterr()
    if code == 0:
        assert isinstance(json.loads(out)["devices"], list)
    else:
        assert code == 2
        assert "sounddevice" in err
        assert err.count("\n") == 1
