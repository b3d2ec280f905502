"""Renders of a given loudness, in files and jobs, and the gains that make sources equally loud."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.rendering.levels import LevelMeter, levels_of

from ..cli.command import DI, LSTM, RATE, read, refused, wav

FIVE: Any = 5
NOISE = np.random.default_rng(0).uniform(-0.1, 0.1, (2, RATE)).astype(np.float32)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    soundfile.write("guitar.wav", soundfile.read(DI)[0][: 2 * RATE], RATE)
    soundfile.write("silence.wav", np.zeros(RATE), RATE)
    soundfile.write("click.wav", np.full(4800, 0.1), RATE)
    return tmp_path


def test_a_file_of_a_given_loudness(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "crunch", "guitar.wav", "plain.wav", "--subtype", "float"]) == 0
    plain, said = read("plain.wav")[0], capsys.readouterr().out
    found = ng.loudness(plain, RATE)
    wanted = f"{found.integrated_lufs:.1f} LUFS, true peak {found.true_peak_dbtp:.1f} dBTP\n"
    assert said.endswith(wanted)
    args = ["render", "crunch", "guitar.wav", "b.wav", "--subtype", "float", "--loudness", "-18"]
    assert main(args) == 0
    out, err = capsys.readouterr()
    gain = -18.0 - found.integrated_lufs
    assert "-18.0 LUFS, true peak " in out
    assert out.endswith(f"dBTP, gain {gain:+.1f} dB\n")
    assert "warning" not in err
    made = read("b.wav")[0]
    assert ng.loudness(made, RATE).integrated_lufs == pytest.approx(-18.0, abs=0.001)
    np.testing.assert_allclose(made, plain * 10.0 ** (gain / 20.0), rtol=1e-6)


def test_above_full_scale_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "crunch", "guitar.wav", "loud.wav", "--loudness", "-6"]) == 0
    out, err = capsys.readouterr()
    line = next(x for x in err.splitlines() if "true peak" in x)
    assert line.startswith("namgraph: warning: loud.wav: at -6 LUFS the true peak is +")
    advised = float(line.partition("ask for ")[2].split()[0])
    assert main(["render", "crunch", "guitar.wav", "b.wav", "--loudness", str(advised)]) == 0
    out, err = capsys.readouterr()
    assert "warning" not in err
    assert "true peak -0." in out


@pytest.mark.parametrize(
    ("source", "value", "words"),
    [
        (
            "silence.wav",
            "-18",
            "cannot be made -18 LUFS loud: the render is shorter than 0.4 s, or",
        ),
        ("guitar.wav", "3", "--loudness is 3.0: must be a number in \\[-60, 0\\] LUFS"),
        ("guitar.wav", "nan", "--loudness is nan"),
        ("guitar.wav", "loud", "--loudness"),
        ("missing.wav", "-18", "missing.wav"),
    ],
)
def test_no_loudness_to_give(
    source: str, value: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "render", "crunch", source, "out.wav", "--loudness", value)
    assert re.search(words, said)


def test_info_says_how_loud_a_file_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json", "guitar.wav", "silence.wav", "click.wav"]) == 0
    guitar, silence, click = json.loads(capsys.readouterr().out)["files"]
    found = ng.loudness(read("guitar.wav")[0], RATE)
    for name in ("integrated_lufs", "momentary_max_lufs", "range_lu", "true_peak_dbtp"):
        assert guitar[name] == pytest.approx(getattr(found, name), abs=1e-6)
    assert guitar["short_term_max_lufs"] is None, "shorter than 3 s"
    assert silence["integrated_lufs"] is None
    assert silence["true_peak_dbtp"] == -200.0
    assert click["integrated_lufs"] is None
    assert click["true_peak_dbtp"] == pytest.approx(-19.2, abs=0.3)
    assert main(["info", "guitar.wav"]) == 0
    assert f"integrated lufs    {found.integrated_lufs:.6g}" in capsys.readouterr().out


def test_levels_do_not_depend_on_blocks() -> None:
    meter = LevelMeter(2, RATE)
    for start in range(0, RATE, 777):
        meter.add(NOISE[:, start : start + 777])
    found, whole = meter.levels(), levels_of(NOISE, RATE)
    for name in ("integrated_lufs", "momentary_max_lufs", "true_peak_dbtp", "peak_db"):
        assert getattr(found, name) == getattr(whole, name)
    assert whole.integrated_lufs == ng.loudness(NOISE, RATE).integrated_lufs
    assert levels_of(NOISE, 100).integrated_lufs == -200.0, "a rate that nothing plays at"


def job(**changes: Any) -> dict[str, Any]:
    given = {"namgraph_job": 1, "inputs": "guitar.wav", "models": [LSTM], "output": "out"}
    Path("job.json").write_text(json.dumps({**given, "subtype": "float", **changes}))
    assert main(["batch", "job.json"]) == 0
    (entry,) = json.loads(Path("out/manifest.json").read_text())["files"]
    return dict(entry)


def test_a_job_of_a_given_loudness(capsys: pytest.CaptureFixture[str]) -> None:
    plain = job()
    found = ng.loudness(read(f"out/{plain['file']}")[0], RATE)
    assert plain["integrated_lufs"] == pytest.approx(found.integrated_lufs, abs=1e-6)
    assert plain["true_peak_dbtp"] == pytest.approx(found.true_peak_dbtp, abs=1e-6)
    assert plain["gain_db"] == 0.0
    made = job(loudness=-23)
    assert made["fingerprint"] != plain["fingerprint"], "rendered again"
    assert made["integrated_lufs"] == pytest.approx(-23.0, abs=0.001)
    assert made["gain_db"] == pytest.approx(-23.0 - found.integrated_lufs, abs=0.001)
    loud = job(loudness=0.0)
    assert "the true peak is +" in loud["warnings"][0]
    capsys.readouterr()


@pytest.mark.parametrize("value", ["-18", True, [], {}, -1000, 1e999, {"lufs": -18}])
def test_a_job_of_no_loudness(value: Any, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"namgraph_job": 1, "inputs": "guitar.wav", "models": [LSTM], "loudness": value}
    Path("job.json").write_text(json.dumps(given))
    assert "job.json: loudness is " in refused(capsys, "batch", "job.json")


def test_renders_are_matched() -> None:
    loud = ng.read_audio(wav(Path("loud.wav"), 2 * NOISE))
    gains = ng.match_loudness([NOISE, 0.5 * NOISE, loud], RATE)
    assert gains == pytest.approx([-6.0206, 0.0, -12.0412], abs=1e-3)
    to = ng.match_loudness([NOISE, 0.5 * NOISE], RATE, target_lufs=-18.0)
    for x, gain in zip((NOISE, 0.5 * NOISE), to, strict=True):
        made = ng.loudness(x * 10.0 ** (gain / 20.0), RATE)
        assert made.integrated_lufs == pytest.approx(-18.0, abs=0.001)
    assert ng.match_loudness([], RATE) == []


def test_racks_are_matched() -> None:
    racks = [ng.Gain(gain_db=-6.0), ng.Gain(), ng.Gain(gain_db=3.0)]
    for audio in (None, "guitar.wav", ng.read_audio("guitar.wav")):
        found = ng.match_loudness(racks, audio=audio)
        assert found == pytest.approx([0.0, -6.0, -9.0], abs=0.01)
    with_array = ng.match_loudness([racks[0], NOISE[0]], RATE, audio=NOISE[0])
    assert with_array == pytest.approx([0.0, -6.0], abs=0.01)
    first, second = ng.match_loudness(["crunch", LSTM])
    assert min(first, second) < -0.5
    assert max(first, second) == 0.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ng.match_loudness("crunch"), "sources is 'crunch': must be a list"),
        (lambda: ng.match_loudness(FIVE), "sources is 5"),
        (lambda: ng.match_loudness([NOISE]), "sample_rate is None"),
        (lambda: ng.match_loudness([NOISE, 0 * NOISE], RATE), "sources.1. has no loudness"),
        (lambda: ng.match_loudness([NOISE[:, :99]], RATE), "sources.0. has no loudness"),
        (lambda: ng.match_loudness([NOISE * np.nan], RATE), "sources.0.: hold NaN"),
        (lambda: ng.match_loudness([3]), "sources.0. is 3: must be float samples"),
        (lambda: ng.match_loudness(["no-such-rack"]), "no-such-rack"),
        (lambda: ng.match_loudness([NOISE], RATE, target_lufs=5.0), "target_lufs is 5"),
    ],
)
def test_what_cannot_be_matched(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ng.NamgraphError, match=words):
        call()


def test_a_long_file_is_measured_in_parts() -> None:
    x = np.tile(NOISE[0], 8)
    name = wav(Path("long.wav"), x)
    assert ng.loudness(ng.read_audio(name).samples, RATE) == ng.loudness(x, RATE)
