"""``play``: the samples given to a fake sound card, and its errors."""

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng

from ..no_sounddevice import FAILURES, said_without_sounddevice
from .card import CARDS, Card, PortAudioError

RATE = 48_000
LSTM, CAB = ng.asset("crunch-lstm.nam"), ng.asset("cab.wav")
X = (0.1 * np.random.default_rng(2).standard_normal(480)).astype(np.float32)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    made = Card()
    monkeypatch.setitem(sys.modules, "sounddevice", made.module)
    return made


def test_the_card_gets_what_render_returns(card: Card) -> None:
    ng.play("crunch", X, RATE)
    (heard,) = card.heard
    np.testing.assert_array_equal(heard.T, ng.render("crunch", X[None], RATE))
    assert heard.dtype == np.float32
    assert heard.flags.c_contiguous
    assert card.asked == [{"rate": RATE, "device": 1, "blocking": True}]
    assert card.stops == 1


def test_mono_plays_on_both_sides_of_a_stereo_card(card: Card) -> None:
    wanted = ng.render(LSTM, X, RATE, tail=False)
    for device, outputs in ((None, 2), ("hdmi", 2), ("speaker", 1), (("mic", "speaker"), 1)):
        ng.play(LSTM, X, RATE, tail=False, device=device)
        assert card.heard[-1].shape == (480, outputs)
        for side in card.heard[-1].T:
            np.testing.assert_array_equal(side, wanted)
    assert [one["device"] for one in card.asked] == [1, 3, 2, 2]


@pytest.mark.parametrize(
    "rack", [LSTM, Path(LSTM), ng.Nam(LSTM), ng.load_nam(LSTM), ng.Graph.chain(ng.Nam(LSTM))]
)
def test_whatever_is_a_rack_is_played(card: Card, rack: Any) -> None:
    ng.play(rack, X, RATE)
    np.testing.assert_array_equal(card.heard[0][:, 0], ng.render(LSTM, X, RATE))


def test_a_model_is_played_through_a_cabinet(card: Card) -> None:
    ng.play(LSTM, X, RATE, ir=CAB)
    np.testing.assert_array_equal(card.heard[0][:, 0], ng.render(LSTM, X, RATE, ir=CAB))


def test_audio_is_a_file_an_array_or_the_phrase_that_ships(card: Card, tmp_path: Path) -> None:
    ng.write_audio(tmp_path / "di.wav", X, RATE, subtype="float")
    file = ng.read_audio(tmp_path / "di.wav")
    every: list[Any] = [tmp_path / "di.wav", str(tmp_path / "di.wav"), file]
    for audio in every:
        ng.play(LSTM, audio, tail=False)
        ng.play(LSTM, audio, RATE, tail=False)
    for array in (X, X[None], X.astype(np.float64), X.tolist()):
        ng.play(LSTM, array, float(RATE), tail=False)
    assert len(card.heard) == 10
    for heard in card.heard:
        np.testing.assert_array_equal(heard, card.heard[0])
    ng.play(ng.Gain(), tail=False)
    shipped = ng.read_audio(ng.asset("di.wav"))
    np.testing.assert_array_equal(card.heard[-1].T, np.repeat(shipped.samples, 2, axis=0))


def test_audio_at_another_rate_is_resampled_if_asked(card: Card) -> None:
    t = np.arange(44_100) / 44_100
    x = (0.1 * np.sin(2 * np.pi * 440.0 * t)).astype(np.float32)
    with pytest.raises(ng.SampleRateError, match="44100 Hz, the model's is 48000 Hz") as caught:
        ng.play(LSTM, x, 44_100)
    assert (caught.value.found, caught.value.expected) == (48_000.0, 44_100.0)
    assert "resampled=True" in str(caught.value)
    assert card.heard == []
    ng.play(LSTM, x, 44_100, resampled=True, tail=False)
    assert card.asked[0]["rate"] == 48_000.0
    at_48k = (0.1 * np.sin(2 * np.pi * 440.0 * np.arange(48_000) / 48_000)).astype(np.float32)
    wanted = ng.render(LSTM, at_48k, RATE, tail=False)
    inside = slice(9_600, 38_400)
    np.testing.assert_allclose(card.heard[0][inside, 0], wanted[inside], atol=1e-3)
    assert np.abs(wanted[inside]).max() > 0.05


def test_a_rack_without_models_plays_at_the_rate_of_the_audio(card: Card) -> None:
    for rate in (44_100, 96_000.0, 44_100.5):
        ng.play(ng.Gain(), X, rate, resampled=True, tail=False)
        assert card.asked[-1]["rate"] == rate
        np.testing.assert_array_equal(card.heard[-1][:, 0], X)
    ng.play(ng.Nam(LSTM, resample=True), X, 44_100, tail=False)
    assert card.asked[-1]["rate"] == 44_100


def test_samples_beyond_full_scale_are_a_warning_where_it_was_called(card: Card) -> None:
    with pytest.warns(RuntimeWarning, match=r"peak of \+6\.0 dBFS: the sound card clips") as caught:
        ng.play(ng.Gain(gain_db=6.0), np.ones(9, np.float32), RATE)
    assert [w.filename for w in caught] == [__file__]
    assert card.heard[0].max() == pytest.approx(10**0.3), "it is played all the same"
    ng.play(ng.Gain(), np.ones(9, np.float32), RATE)  # full scale itself: warnings are errors


def test_without_a_frame_nothing_is_played(card: Card) -> None:
    ng.play(ng.Gain(), np.zeros(0, np.float32), RATE)
    ng.play(LSTM, np.zeros((1, 0), np.float32), 44_100, tail=False, resampled=True)
    assert card.heard == []


def test_ctrl_c_stops_the_card(card: Card) -> None:
    card.fails = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        ng.play(ng.Gain(), X, RATE)
    assert card.stops == 1


def test_a_card_that_refuses_is_one_line(card: Card) -> None:
    card.fails = PortAudioError("Error opening OutputStream: Invalid sample rate\nmore")
    with pytest.raises(ng.EngineError, match="Scarlett 2i2: cannot play at 8000 Hz: Error") as made:
        ng.play(ng.Gain(), X, 8_000)
    assert "\n" not in str(made.value)
    assert card.stops == 1


def two_ends() -> ng.Graph:
    graph = ng.Graph()
    for end in "ab":
        graph.input(end, channels=1) >> graph.output(f"out {end}", channels=1)
    return graph


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        ((LSTM, X), ng.ParamError, "sample_rate is None: must be given with an array, in Hz"),
        ((LSTM, ng.asset("di.wav"), 44_100), ng.ParamError, "44100: the audio's own is 48000 Hz"),
        ((LSTM, "none.wav"), ng.AudioFileError, "none.wav: cannot be read"),
        ((LSTM, np.stack([X, X]), RATE), ng.PortError, "has 2 channels, the graph's input takes 1"),
        ((ng.Graph.chain(channels=2), X, RATE), ng.PortError, "the graph's input takes 2"),
        ((LSTM, X[None, None], RATE), ng.PortError, "audio: shape is (1, 1, 480): must be"),
        ((LSTM, np.ones(9, int), RATE), ng.PortError, "audio: samples are int64"),
        ((LSTM, {"in": X}, RATE), ng.PortError, "audio: samples are object"),
        ((LSTM, X, 0), ng.ParamError, "sample_rate is 0"),
        ((two_ends(), X, RATE), ng.PortError, "play takes a graph with one of each; render and"),
        ((ng.Graph.chain(ng.Gain(), channels=9), X, RATE), ng.EngineError, "HDMI"),
        (("loud",), ng.PresetError, "no preset 'loud'"),
        ((None,), ng.GraphError, "graph is None"),
    ],
)
@pytest.mark.parametrize("resampled", [False, True])
def test_what_cannot_be_played_is_one_line(
    card: Card, resampled: bool, arguments: Any, kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=re.escape(says)) as caught:
        ng.play(*arguments, resampled=resampled, device="hdmi")
    assert "\n" not in str(caught.value)
    assert card.heard == []


def test_a_stereo_file_for_a_mono_rack_says_what_to_pass(card: Card, tmp_path: Path) -> None:
    ng.write_audio(tmp_path / "two.wav", np.stack([X, X]), RATE)
    with pytest.raises(ng.PortError, match=r"2 channels, the graph's input takes 1: pass one"):
        ng.play(LSTM, tmp_path / "two.wav")
    both = ng.read_audio(tmp_path / "two.wav").samples
    ng.play(LSTM, both.mean(axis=0), RATE)
    ng.play(ng.Graph.chain(ng.Gain(), channels=2), tmp_path / "two.wav")
    assert len(card.heard) == 2


@pytest.mark.parametrize(
    ("device", "says"),
    [
        ("fender", "output device 'fender' is none of those with outputs: 1 'Scarlett 2i2'"),
        ("mic", "output device 'mic' is none of those with outputs"),
        (9, "output device 9 is none of"),
        ([], "device is []: must be"),
        (("a", "b", "c"), "a pair"),
    ],
)
@pytest.mark.usefixtures("card")
def test_a_card_that_is_not_there_is_said_before_the_work(
    device: Any, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from namgraph.presets.rendering import playback

    monkeypatch.setattr(playback, "render", lambda *a, **k: pytest.fail("it was rendered"))
    with pytest.raises(ng.NamgraphError, match=re.escape(says)):
        ng.play(LSTM, X, RATE, device=device)


@pytest.mark.parametrize("cards", [[], CARDS[:1]])
def test_without_a_card_it_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, cards: list[tuple[str, int, int]]
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", Card(cards).module)
    with pytest.raises(ng.EngineError, match="there is no sound card with outputs: connect one"):
        ng.play("crunch")


@pytest.mark.parametrize(("error", "says"), FAILURES)
def test_without_sounddevice_one_line_says_what_to_install(error: str, says: str) -> None:
    said = said_without_sounddevice(error, 'ng.play("crunch")')
    assert says in said
    assert said.count("\n") == 1
