"""The command as a process: closed or full streams, signals, environment, limits."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main

CAB, DI, LSTM = map(ng.asset, ("cab.wav", "di.wav", "crunch-lstm.nam"))
COMMAND = [sys.executable, "-m", "namgraph.cli.main"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX's shell and signals")
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which ``"$@"`` is the command."""
    return subprocess.run(
        ["sh", "-c", line, "sh", *COMMAND],
        capture_output=True,
        text=True,
        timeout=200,
        env={**os.environ, **environment},
    )


def one_line(done: subprocess.CompletedProcess[str], said: str) -> bool:
    """Whether the command failed as a user may expect."""
    errors = done.stderr.splitlines()
    return done.returncode == 2 and len(errors) == 1 and said in errors[0]


@FULL
@pytest.mark.parametrize(
    ("arguments", "unbuffered"),
    [(f"info '{CAB}'", ""), (f"info '{CAB}'", "1"), ("--help", ""), ("render --help", "")],
)
def test_stdout_is_full(arguments: str, unbuffered: str) -> None:
    done = shell(f'"$@" {arguments} >/dev/full', PYTHONUNBUFFERED=unbuffered)
    assert one_line(done, "namgraph: error: stdout: cannot be written: No space left"), done


@POSIX
def test_stdout_is_closed() -> None:
    done = shell(f"\"$@\" info '{CAB}' >&-")
    assert (done.returncode, done.stderr) == (0, "")


@POSIX
@pytest.mark.parametrize("end", ["2>&-", ">&- 2>&-", pytest.param("2>/dev/full", marks=FULL)])
def test_stderr_is_closed_or_full(end: str) -> None:
    assert shell(f'"$@" info none.wav {end}').returncode == 2
    assert shell(f'"$@" no-verb {end}').returncode == 2


@POSIX
def test_a_name_that_the_locale_cannot_encode(tmp_path: Path) -> None:
    name = tmp_path / "Ünï.nam"
    name.write_bytes(Path(LSTM).read_bytes())
    line = f"\"$@\" info '{name}'"
    done = shell(line, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert done.returncode == 0, done.stderr
    assert "\\xdcn\\xef.nam: model" in done.stdout
    done = shell(line, LC_ALL="C", PYTHONUTF8="0")  # the name's bytes are no text at all
    assert done.returncode == 0, done.stderr
    assert "\\udcc3\\udc9cn\\udcc3\\udcaf.nam: model" in done.stdout


@POSIX
@pytest.mark.parametrize("verb", ["info crunch", "render crunch in.wav out.wav"])
def test_a_wrong_namgraph_lanes_is_an_error(verb: str) -> None:
    done = shell(f'"$@" {verb}', NAMGRAPH_LANES="3")
    assert one_line(done, "namgraph: error: NAMGRAPH_LANES is '3': must be 4, 8 or 16"), done


def test_plans_refuse_a_wrong_namgraph_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = ng.Graph()
    graph.input("in", channels=1) >> graph.output("out", channels=1)
    monkeypatch.setenv("NAMGRAPH_LANES", "3")
    with pytest.raises(ng.ParamError, match="NAMGRAPH_LANES is '3'"):
        ng.render(graph, np.zeros(9, np.float32), 48_000)


@POSIX
@pytest.mark.parametrize("number", [signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)])
def test_a_render_that_is_stopped_leaves_nothing(tmp_path: Path, number: int) -> None:
    guitar = soundfile.read(DI, dtype="float32")[0]
    soundfile.write(tmp_path / "in.wav", np.resize(guitar, 48_000 * 900), 48_000)
    command = [*COMMAND, "render", "crunch", "in.wav", "out.wav"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 100
        while not list(tmp_path.glob("*.part")) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert list(tmp_path.glob("*.part"))
        process.send_signal(number)
        assert process.wait(60) == 128 + number
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert [p.name for p in tmp_path.iterdir()] == ["in.wav"]


def test_signal_handlers_are_restored(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert main(["info", CAB]) == 0
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    "place", ["namgraph.cli.main.build_parser", "namgraph.cli.describe.describe"]
)
def test_ctrl_c_prints_no_traceback(
    place: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place, interrupt)
    assert main(["info", CAB]) == 130
    assert capsys.readouterr() == ("", "\n")


@POSIX
def test_an_ignored_sighup_stays_ignored(tmp_path: Path) -> None:
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from namgraph.cli.console import run\n"
        "sys.exit(run(lambda: signal.raise_signal(signal.SIGHUP) or 7))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=100).returncode == 7


@POSIX
def test_a_file_size_limit(tmp_path: Path) -> None:
    at = tmp_path / "out.wav"
    done = shell(f"ulimit -f 100; \"$@\" render '{LSTM}' '{DI}' '{at}'")
    said = [s for s in done.stderr.splitlines() if s.startswith("namgraph")]  # Numba warns, too
    assert said == [f"namgraph: error: {at}: cannot be written: File too large"]
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_failure_elsewhere_is_not_blamed_on_the_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", "cache/kernel.nbi")

    monkeypatch.setattr("namgraph.presets.rendering.file_render.FileRender.pieces", full)
    assert main(["render", LSTM, DI, str(tmp_path / "out.wav")]) == 2
    said = capsys.readouterr().err
    assert said == "namgraph: error: cache/kernel.nbi: No space left on device\n"


def test_printed_levels_are_those_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    graph = ng.Graph()
    loud = graph.add("loud", ng.Gain(gain_db=36.0))
    graph.input("in", channels=1) >> loud >> graph.output("out", channels=1)
    ng.save_preset(graph, "loud.json")
    assert main(["render", "loud.json", DI, "out.wav"]) == 0
    out, err = capsys.readouterr()
    assert "were clipped (peak +" in err
    assert "1 channel at 48000 Hz, peak 0.0 dBFS" in out
    assert main(["render", "loud.json", DI, "out.wav", "--subtype", "float"]) == 0
    assert "peak 0.0 dBFS" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["../bundled.py", "/etc/passwd", "", ".", "../assets/cab.wav", "no.wav"]
)
def test_asset_refuses_other_files(name: str) -> None:
    with pytest.raises(ng.FileError, match=r"there is cab\.wav, clean-wavenet\.nam"):
        ng.asset(name)


@pytest.mark.parametrize("verb", ["bench crunch", "live crunch --null", "render crunch a b"])
def test_a_block_of_zero_names_the_option(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*verb.split(), "--block", "0"]) == 2
    assert capsys.readouterr().err.startswith("namgraph: error: --block is 0: must ")
