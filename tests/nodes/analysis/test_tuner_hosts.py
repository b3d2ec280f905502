"""Readings that control threads compute, in every host: engine, streams, steppers, Pedalboard."""

import json
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main

RATE = 48_000
NAMES = ["tuner.pitch_hz", "tuner.cents", "tuner.note", "tuner.clarity", "tuner.level_db"]


def tone(hz: float, frames: int = RATE) -> Any:
    return (0.2 * np.sin(2.0 * np.pi * hz * np.arange(frames) / RATE)).astype(np.float32)


def test_an_engine_shows_them() -> None:
    engine = ng.Engine(ng.Tuner(), sample_rate=RATE)
    assert [engine.get(name) for name in NAMES] == [0.0, 0.0, 0.0, 0.0, -200.0]
    engine.process(tone(441.0))
    assert engine.get("tuner.pitch_hz") == pytest.approx(441.0, abs=0.01)
    assert engine.get("tuner.note") == 69.0
    assert engine.stats().readings == {name: engine.get(name) for name in NAMES}
    with pytest.raises(ng.UnknownNameError, match=r"'tuner.pich_hz'; there is tuner.pitch_hz"):
        engine.get("tuner.pich_hz")


def test_a_saved_state_holds_what_was_heard() -> None:
    engine = ng.Engine(ng.Tuner(), sample_rate=RATE)
    engine.process(tone(220.0))
    state = engine.save_state()
    engine.process(tone(330.0))
    assert engine.get("tuner.note") == 64.0
    engine.restore_state(state)
    assert engine.get("tuner.pitch_hz") == pytest.approx(220.0, abs=0.01)
    engine.reset()
    engine.process(np.zeros(1, np.float32))
    assert engine.get("tuner.pitch_hz") == 0.0


@pytest.mark.parametrize("streams", [1, 3])
def test_a_stepper_shows_the_last_stream(streams: int) -> None:
    stepper = ng.Stepper(ng.Tuner(), sample_rate=RATE, streams=streams, frames=480)
    x = np.stack([tone(110.0 * (k + 1)) for k in range(streams)])
    for start in range(0, RATE, 480):
        block = x[:, start : start + 480]
        stepper.step(block if streams > 1 else block[0])
    assert stepper.get("tuner.pitch_hz") == pytest.approx(110.0 * streams, abs=0.01)
    before = stepper.step(x[:, :480] if streams > 1 else x[0, :480])
    assert np.array_equal(before, (x[:, :480] if streams > 1 else x[0, :480])), "plays on"
    assert stepper.get("tuner.note") == pytest.approx(45.0 if streams == 1 else 64.0)


def test_a_pedalboard_effect_shows_them() -> None:
    pytest.importorskip("pedalboard")
    effect = ng.GraphEffect(ng.Tuner())
    ng.Board([effect])(tone(196.0), RATE)
    assert effect.get("tuner.pitch_hz") == pytest.approx(196.0, abs=0.02)


def test_a_live_stream_shows_them(
    tmp_path: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    graph = ng.Graph.chain(ng.Tuner(), ng.Loudness())
    with ng.NullStream(graph, 64, sample_rate=RATE, seconds=1.0, realtime=False) as stream:
        stream.wait()
        assert set(NAMES) <= set(stream.stats().readings)
    ng.save_preset(graph, "ears.json")
    assert main(["live", "ears.json", "--null", "--seconds", "1.2"]) == 0
    out = capsys.readouterr().out
    assert "  tuner " in out
    assert " cents  " in out
    assert " LUFS  " in out
    assert main(["live", "ears.json", "--null", "--seconds", "1", "--fast", "--json"]) == 0
    (*_, last) = map(json.loads, capsys.readouterr().out.splitlines())
    assert set(NAMES) <= set(last["readings"])


def test_the_status_line_names_the_note() -> None:
    from namgraph.cli.live.display import _readings

    shown = {"t.pitch_hz": 82.5, "t.cents": 1.9, "t.note": 40.0, "m.momentary_lufs": -18.04}
    assert _readings(shown) == ["t E2   +1.9 cents", "m  -18.0 LUFS"]
    quiet = {"t.pitch_hz": 0.0, "t.cents": 0.0, "t.note": 0.0, "m.momentary_lufs": -200.0}
    assert _readings(quiet) == ["t -         cents", "m      - LUFS"]
