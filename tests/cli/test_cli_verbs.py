"""Results of the verbs, in this process and as a process."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.cli.plot.figures import spectrum

from .command import CAB, DI, GUITAR, LSTM, RATE, WAVENET, read, wav


def through(graph: Callable[[ng.Graph], ng.Handle], channels: int, tail: bool) -> Any:
    made = ng.Graph()
    graph(made) >> made.output("out", channels=channels)
    return ng.render(made, GUITAR, RATE, tail=tail).reshape(channels, -1)


@pytest.mark.parametrize("model", [LSTM, WAVENET])
def test_a_bare_model_renders_the_length_of_its_input(there: Path, model: str) -> None:
    wanted = through(lambda g: g.input("in", channels=1) >> g.add("amp", ng.Nam(model)), 1, False)
    outputs = []
    for block in ("1", "17", "64", "4096"):
        name = f"out{block}.wav"
        arguments = ["--subtype", "float", "--levels", "raw", "--block", block]
        assert main(["render", model, "in.wav", name, *arguments]) == 0
        outputs.append(Path(name).read_bytes())
    np.testing.assert_array_equal(read("out64.wav")[0], wanted)
    assert outputs == [outputs[0]] * 4


def test_a_model_with_a_cabinet_renders_its_tail(there: Path) -> None:
    taps = soundfile.read(CAB, dtype="float32")[0]
    stereo = wav(there / "stereo.wav", [taps, 0.5 * taps])
    for name, ir in (("mono.wav", CAB), ("wide.wav", stereo)):
        arguments = ["render", LSTM, "in.wav", name, "--ir", ir, "--subtype", "float"]
        assert main(arguments) == 0
        assert main([*arguments, "--no-tail"]) == 0

    def chain(g: ng.Graph) -> ng.Handle:
        amp = g.input("in", channels=1) >> g.add("amp", ng.Nam(LSTM))
        return amp >> g.add("cab", ng.Cab(stereo))

    wanted = through(chain, 2, True)
    np.testing.assert_array_equal(read("wide.wav")[0], wanted[:, : GUITAR.size])
    assert main(["render", LSTM, "in.wav", "wide.wav", "--ir", stereo, "--subtype", "float"]) == 0
    np.testing.assert_array_equal(read("wide.wav")[0], wanted)
    assert wanted.shape[1] > GUITAR.size
    assert read("mono.wav")[0].shape == (1, GUITAR.size)


@pytest.mark.parametrize(
    ("subtype", "stored"),
    [("float", "FLOAT"), ("pcm32", "PCM_32"), ("pcm24", "PCM_24"), ("pcm16", "PCM_16")],
)
def test_subtypes(there: Path, subtype: str, stored: str) -> None:
    assert main(["render", "crunch", "in.wav", "out.wav", "--subtype", subtype]) == 0
    assert soundfile.info("out.wav").subtype == stored


def test_clipping_is_a_warning(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = ng.Graph()
    loud = graph.add("loud", ng.Gain(gain_db=30.0))
    graph.input("in", channels=1) >> loud >> graph.output("out", channels=1)
    ng.save_preset(graph, "loud.json")
    assert main(["render", "loud.json", "in.wav", "out.wav"]) == 0
    err = capsys.readouterr().err
    assert err.startswith("namgraph: warning: out.wav: ")
    assert "samples beyond full scale" in err
    assert err.count("\n") == 1
    assert main(["render", "loud.json", "in.wav", "out.wav", "--subtype", "float"]) == 0
    assert capsys.readouterr().err == ""


def test_resampling_goes_there_and_back(there: Path) -> None:
    seconds = GUITAR.size / RATE
    t = np.arange(round(44_100 * seconds)) / 44_100
    wav(there / "cd.wav", 0.2 * np.sin(2 * np.pi * 440 * t), 44_100)
    wav(there / "dat.wav", 0.2 * np.sin(2 * np.pi * 440 * np.arange(GUITAR.size) / RATE))
    options = ["--subtype", "float", "--resample"]
    assert main(["render", WAVENET, "cd.wav", "cd-out.wav", *options]) == 0
    assert main(["render", WAVENET, "dat.wav", "dat-out.wav", *options]) == 0
    (cd, rate), (dat, _) = read("cd-out.wav"), read("dat-out.wav")
    assert rate == 44_100
    assert cd.shape == (1, t.size)
    at = slice(t.size // 4, 3 * t.size // 4)
    again = np.interp(t, np.arange(GUITAR.size) / RATE, dat[0])
    assert np.abs(again - cd[0])[at].max() < 0.02 * np.abs(again).max()
    assert main(["render", "crunch", "cd.wav", "tail.wav", *options]) == 0
    assert read("tail.wav")[0].shape[1] > t.size


def test_a_rack_without_models_takes_any_rate(there: Path) -> None:
    graph = ng.Graph()
    graph.input("in", channels=1) >> graph.add("pan", ng.Pan()) >> graph.output("out", channels=2)
    ng.save_preset(graph, "pan.json")
    wav(there / "cd.wav", GUITAR, 44_100)
    assert main(["render", "pan.json", "cd.wav", "out.wav"]) == 0
    samples, rate = read("out.wav")
    assert (samples.shape, rate) == ((2, GUITAR.size), 44_100)


class Terminal(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_is_for_terminals(
    there: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["render", "crunch", "in.wav", "out.wav"]) == 0
    assert capsys.readouterr().err == ""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["render", "crunch", "in.wav", "out.wav"]) == 0
    shown = terminal.getvalue()
    assert re.search(r"\rrendering 100 % \|.*\| 0/0 s, \S+ x real time, 00:00 left", shown)
    assert shown.endswith("\r\x1b[K")
    assert "\n" not in shown


def test_demo(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--plot", "demo.png", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    wet, rate = read("demo.wav")
    dry = soundfile.read(DI, dtype="float32")[0]
    assert soundfile.info("demo.wav").subtype == "PCM_24"
    assert (rate, len(wet)) == (RATE, 2)
    assert wet.shape[1] >= max(8 * RATE, dry.size)
    assert found["levels"]["frames"] == wet.shape[1]
    peak = np.abs(wet).max()
    assert found["levels"]["peak_db"] == pytest.approx(20 * np.log10(peak), abs=1e-3)
    assert 10 ** (-7 / 20) <= peak <= 10 ** (-2 / 20)  # loud, and not clipped
    assert np.sqrt(np.mean(wet**2)) > 0.05
    assert np.abs(wet.mean(axis=1)).max() < 1e-3  # no DC
    assert not np.array_equal(wet[0], wet[1])
    # an amplifier: quiet notes come nearer to loud ones, brighter, and nothing above the speaker
    mono = wet.mean(axis=0)
    hz, after = spectrum(mono, rate)
    before = spectrum(dry, rate)[1]

    def band(level: Any, low: float, high: float) -> float:
        return float(10 * np.log10(np.mean(10 ** (level[(hz >= low) & (hz < high)] / 10))))

    def dynamics(samples: Any) -> float:
        level = samples[: samples.size // 4800 * 4800].reshape(-1, 4800).std(axis=1)
        heard = level[level > level.max() / 30]
        return float(20 * np.log10(np.percentile(heard, 90) / np.percentile(heard, 25)))

    assert dynamics(mono) < dynamics(dry) - 2
    brighter = [band(s, 2000, 4000) - band(s, 100, 500) for s in (before, after)]
    assert brighter[1] > brighter[0] + 6
    assert band(after, 12_000, 20_000) < band(after, 100, 500) - 60
    assert Path("demo.png").read_bytes()[:4] == b"\x89PNG"
    assert sorted(p.name for p in there.iterdir()) == ["demo.png", "demo.wav", "in.wav"]


def test_demo_reports(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "-o", "mine.wav"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("mine.wav: ")
    assert "first sound" in out
    assert "x real time" in out


def test_info(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", LSTM, WAVENET, CAB, "in.wav", "crunch", "--json"]) == 0
    lstm, wavenet, cab, guitar, crunch = json.loads(capsys.readouterr().out)["files"]
    assert (lstm["kind"], lstm["architecture"], lstm["receptive_field"]) == ("model", "LSTM", None)
    assert (wavenet["architecture"], wavenet["sample_rate"]) == ("WaveNet", 48_000)
    assert wavenet["receptive_field"] > 1000
    assert wavenet["levels"]["loudness_db"] < 0
    assert wavenet["metadata"]["date"].count("-") == 2
    assert (cab["sample_rate"], cab["channels"], cab["frames"]) == (48_000, 1, 2048)
    assert (guitar["frames"], guitar["subtype"]) == (GUITAR.size, "FLOAT")
    assert crunch["kind"] == "preset"
    assert crunch["nodes"]["amp"] == "nam"
    assert "amp.out -> dc_block.in" in crunch["connections"]
    assert main(["info", LSTM, "crunch"]) == 0
    said = capsys.readouterr().out
    assert "architecture       LSTM" in said
    assert "unknown" in said


def test_bench(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "crunch", "--seconds", "0.2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 0 < found["ns_per_sample"] < 20_000
    assert found["x_realtime"] == pytest.approx(1e9 / (found["ns_per_sample"] * RATE))
    us = found["block_us"]
    assert 0 < us["p50"] <= us["p99"] <= us["max"]
    assert found["deadline_share"] == pytest.approx(us["p99"] * 1e-6 * RATE / 64)
    assert 0 < found["fma_peak_share"] < 1
    names = {row["name"]: row for row in found["nodes"]}
    assert {"amp", "cab", "slap"} <= set(names)
    assert names["amp"]["type"] == "nam"
    assert all(row["ns_per_sample"] > 0 for row in found["nodes"])
    assert found["machine"]["lanes"] in (4, 8, 16)
    assert main(["bench", LSTM, "--seconds", "0.2", "--block", "256"]) == 0
    said = capsys.readouterr().out
    assert "blocks of 256" in said
    assert "of the peak measured beside it" in said


def test_bench_without_a_model_has_no_share(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = ng.Graph()
    graph.input("in", channels=1) >> graph.add("g", ng.Gain()) >> graph.output("out", channels=1)
    ng.save_preset(graph, "gain.json")
    assert main(["bench", "gain.json", "--seconds", "0.1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fma_peak_share"] is None


def test_warm(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["warm"]) == 0
    assert "native functions ready" in capsys.readouterr().out


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "namgraph.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, **options)


def test_exit_codes(there: Path) -> None:
    good = run("--version")
    assert (good.returncode, good.stdout) == (0, f"namgraph {ng.__version__}\n")
    assert run("render", "--help").returncode == 0
    bad = run("render", "crunch", "none.wav", "out.wav")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == "namgraph: error: none.wav: cannot be read: No such file or directory\n"


def test_a_closed_pipe_is_exit_code_141(there: Path) -> None:
    command = [sys.executable, "-m", "namgraph.cli.main", "info", *[CAB] * 3]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
