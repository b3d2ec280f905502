"""The command: what it writes, and how it refuses."""

import errno
import importlib.util
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli import main
from namgraph.presets import demo as demo_module
from namgraph.presets.plot import spectrum
from namgraph.runtime.cuda.driver import missing

LSTM, WAVENET, CAB, DI = map(
    ng.asset, ("crunch-lstm.nam", "crunch-wavenet.nam", "cab.wav", "di.wav")
)
RATE = 48_000
GUITAR = soundfile.read(DI, dtype="float32")[0][:9600]


def wav(path: Path, samples: Any, rate: int = RATE, subtype: str = "FLOAT") -> str:
    soundfile.write(path, np.asarray(samples, np.float32).T, rate, subtype=subtype)
    return str(path)


def read(path: Path | str) -> tuple[Any, int]:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return samples.T, rate


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a guitar in it."""
    monkeypatch.chdir(tmp_path)
    wav(tmp_path / "in.wav", GUITAR)
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command, which must fail as a user may expect; return what it said."""
    before = sorted(p.name for p in Path().iterdir())
    try:
        code: Any = main(arguments)
    except SystemExit as stop:  # argparse has its own way out
        code = stop.code
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.startswith("namgraph: error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert sorted(p.name for p in Path().iterdir()) == before
    return err


# --- what the user got wrong


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "arguments are required: VERB"),
        ("pla", "invalid choice: 'pla'"),
        ("render", "arguments are required: RIG, IN.wav, OUT.wav"),
        ("render no-such in.wav out.wav", "no preset 'no-such' ships with namgraph"),
        ("render no.json in.wav out.wav", "no.json: cannot be read: No such file"),
        ("render no.nam in.wav out.wav", "no.nam: cannot be read: No such file"),
        ("render crunch no.wav out.wav", "no.wav: cannot be read: No such file"),
        ("render crunch in.wav no/out.wav", "no/out.wav: cannot be written: No such file"),
        ("render crunch in.wav in.wav/out.wav", "cannot be written: Not a directory"),
        ("render crunch in.wav ./in.wav", "is the input"),
        ("render crunch in.wav out.txt", "its name must end in one of .wav"),
        ("render crunch in.wav out.wav --ir no.wav", "--ir goes with a .nam"),
        ("render crunch in.wav out.wav --backend gpu", "invalid choice: 'gpu'"),
        ("render crunch in.wav out.wav --levels loud", "invalid choice: 'loud'"),
        ("render crunch in.wav out.wav --interface-dbu 99", "interface_dbu is 99.0: must be"),
        ("render crunch in.wav out.wav --threads 4", "--threads is 4"),
        ("render crunch in.wav out.wav --block 0", "--block is 0: must lie in [1, 4194304]"),
        ("render crunch in.wav out.wav --block x", "invalid int value: 'x'"),
        ("render crunch in.wav out.wav --slim 2", "slim is 2.0: must be a number in [0, 1]"),
        ("render crunch in.wav out.wav --subtype mp3", "invalid choice: 'mp3'"),
        ("bench crunch --seconds 0", "seconds is 0: must lie in [0.1, 600]"),
        ("bench crunch --block -3", "--block is -3: must lie in"),
        ("info no.wav", "no.wav: cannot be read: No such file"),
        ("info in.wav no.nam", "no.nam: cannot be read: No such file"),
        ("demo -o no/demo.wav", "no/demo.wav: cannot be written"),
        ("demo --plot demo.gif", "demo.gif: a picture's name ends in .png, .svg, .pdf"),
        ("demo -o a.png --plot a.png", "another name"),
    ],
)
def test_one_line_says_what_is_wrong(
    there: Path, capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    assert said in refused(capsys, *arguments.split())


@pytest.mark.parametrize("verb", ["render", "bench", "live"])
def test_no_gpu_is_one_line(there: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    if not missing():
        pytest.skip("this machine has a GPU")
    files = ["in.wav", "out.wav"] if verb == "render" else []
    said = refused(capsys, verb, "crunch", *files, "--backend", "cuda")
    assert said.startswith("namgraph: error: --backend is cuda: no CUDA driver on this machine")
    assert said.endswith("must be auto or cpu\n")


def test_names_cannot_command_the_terminal(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "render", "crunch", "\x1b[2J\n.wav", "out.wav")
    assert "\x1b" not in said
    assert "\\x1b[2J" in said


def test_a_truncated_model(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("cut.nam").write_bytes(Path(LSTM).read_bytes()[:1000])
    said = refused(capsys, "render", "cut.nam", "in.wav", "out.wav")
    assert said.startswith("namgraph: error: cut.nam: is not JSON")


def test_another_rate(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wav(there / "cd.wav", GUITAR, 44_100)
    said = refused(capsys, "render", LSTM, "cd.wav", "out.wav")
    assert all(word in said for word in ("44100 Hz", "48000 Hz", "--resample"))


def test_stereo_into_a_mono_rack(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wav(there / "stereo.wav", [GUITAR, GUITAR])
    said = refused(capsys, "render", "crunch", "stereo.wav", "out.wav")
    assert "stereo.wav: has 2 channels, the rack takes 1: give a file with one channel" in said


def test_an_empty_file(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wav(there / "empty.wav", np.zeros(0))
    said = refused(capsys, "render", "crunch", "empty.wav", "out.wav")
    assert "empty.wav: holds no samples" in said


def test_samples_that_are_no_numbers(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = GUITAR.copy()
    bad[[3, 5]] = np.nan
    wav(there / "bad.wav", bad)
    assert "bad.wav: 2 samples are NaN" in refused(capsys, "render", "crunch", "bad.wav", "out.wav")


def test_models_of_different_rates(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = json.loads(Path(LSTM).read_text())
    Path("other.nam").write_text(json.dumps({**other, "sample_rate": 44_100}))
    graph = ng.Graph()
    amps = graph.add("a", ng.Nam(LSTM)), graph.add("b", ng.Nam("other.nam"))
    graph.input("in", channels=1) >> amps[0] >> amps[1] >> graph.output("out", channels=1)
    ng.save_preset(graph, "two.json")
    said = refused(capsys, "render", "two.json", "in.wav", "out.wav")
    assert "different rates: a 48000 Hz, b 44100 Hz" in said


def test_a_rack_with_two_inputs(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = ng.Graph()
    out = graph.output("out", channels=1)
    for name in ("left", "right"):
        graph.input(name, channels=1) >> out
    ng.save_preset(graph, "two.json")
    said = refused(capsys, "render", "two.json", "in.wav", "out.wav")
    assert "2 inputs and 1 outputs" in said


def test_no_space_left(
    there: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(soundfile, "write", full)
    said = refused(capsys, "render", LSTM, "in.wav", "out.wav")
    assert said == "namgraph: error: out.wav: cannot be written: No space left on device\n"


def test_matplotlib_is_asked_for(
    there: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert 'pip install "namgraph[plot]"' in refused(capsys, "demo", "--plot", "demo.png")


def test_an_interrupted_render_leaves_nothing(
    there: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("namgraph.presets.render.render", interrupt)
    assert main(["render", LSTM, "in.wav", "out.wav"]) == 130
    assert [p.name for p in there.iterdir()] == ["in.wav"]
    assert "Traceback" not in capsys.readouterr().err


def test_a_bug_is_not_hidden(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(demo_module, "demo", fail)
    with pytest.raises(ZeroDivisionError):
        main(["demo"])


# --- what it does


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
    """Where a user looks on."""

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
    assert "\rrendering 100 %" in shown
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
    assert 10 ** (-3 / 20) <= peak <= 10 ** (-1 / 20)  # loud, and not clipped
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


# --- as a process


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "namgraph.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, **options)


def test_exit_codes(there: Path) -> None:
    good = run("--version")
    assert (good.returncode, good.stdout) == (0, f"namgraph {ng.__version__}\n")
    assert run("render", "--help").returncode == 0
    bad = run("render", "crunch", "none.wav", "out.wav")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == "namgraph: error: none.wav: cannot be read: No such file or directory\n"


def test_a_reader_that_goes_away(there: Path) -> None:
    command = [sys.executable, "-m", "namgraph.cli", "info", *[CAB] * 3]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
