"""Click: a metronome on the beats of the transport."""

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.testing import same_bits

RATE = 48_000


def rack(**settings: object) -> ng.Graph:
    graph = ng.Graph()
    click = graph.add("click", ng.Click(**settings))  # type: ignore[arg-type]
    click >> graph.output("out", channels=1)
    return graph


def heard(frames: int, *changes: tuple[int, str, object], **settings: object) -> np.ndarray:
    engine = ng.Engine(rack(**settings), sample_rate=RATE, max_frames=64)
    for at, name, value in changes:
        engine.set(name, value, at=at)  # type: ignore[arg-type]
    out = np.zeros((1, frames), np.float32)
    engine.play([], [out[0]], frames)
    played: np.ndarray = out[0]
    return played


def begins(y: np.ndarray) -> list[int]:
    """The frames at which a click begins, which is silent in its first frame."""
    sounds = np.flatnonzero(y)
    return [int(at) - 1 for at in sounds[np.diff(sounds, prepend=-9999) > 4000]]


def test_it_clicks_on_every_beat_and_the_first_of_a_bar_is_higher_and_louder() -> None:
    y = heard(120_000, beats_per_bar=3)
    assert begins(y) == [0, 24_000, 48_000, 72_000, 96_000]
    peaks = [abs(y[at : at + 4000]).max() for at in begins(y)]
    assert peaks[0] == peaks[3] > 1.4 * peaks[1] == pytest.approx(1.4 * peaks[2])
    tops = [np.argmax(abs(np.fft.rfft(y[at : at + 4800], 48_000)[:4000])) for at in begins(y)]
    np.testing.assert_allclose(tops, [1500, 1000, 1000, 1500, 1000], atol=15)


def test_it_is_the_formula_of_a_decaying_sine() -> None:
    y, t = heard(3000, level_db=-6.0, accent_db=0.0), np.arange(3000) / RATE
    expected = 10 ** (-6 / 20) * np.sin(2 * np.pi * 1500 * t) * np.exp(-t / 0.008)
    np.testing.assert_allclose(y, expected, atol=1e-6)


def test_it_follows_the_tempo_at_an_exact_frame() -> None:
    y = heard(130_000, (36_000, "tempo_bpm", 60.0))
    assert begins(y) == [0, 24_000, 36_000 + 24_000, 36_000 + 72_000]
    assert heard(200_000, (0, "tempo_bpm", 60.0))[48_000 + 5] != 0.0


def test_it_has_the_same_bits_in_every_cut() -> None:
    changes = [(7001, "click.level_db", -3.0), (9003, "tempo_bpm", 231.0)]
    reference = None
    for block in (64, 1, 33):
        engine = ng.Engine(rack(), sample_rate=RATE, max_frames=64)
        for at, name, value in changes:
            engine.set(name, value, at=at)
        out = np.zeros((1, 30_000), np.float32)
        engine.play([], [out[0]], 30_000, block)
        if reference is not None:
            same_bits(out, reference)
        reference = out


def test_on_starts_and_stops_it_with_a_beat() -> None:
    y = heard(120_000, (100, "click.on", "off"), (60_000, "click.on", "on"))
    assert begins(y) == [0, 72_000, 96_000]
    assert y[200] != 0.0  # a click that has begun ends
    assert not heard(60_000, on=0).any()


def test_it_reads_bar_and_beat() -> None:
    engine = ng.Engine(rack(beats_per_bar=3), sample_rate=RATE, max_frames=64)
    found = []
    for _ in range(7):
        out = np.zeros(24_000, np.float32)
        engine.play([], [out], 24_000)
        found.append((engine.get("click.bar"), engine.get("click.beat")))
    assert found == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1)]


def test_a_count_in_is_heard_on_the_beats_that_are_counted() -> None:
    graph = rack()
    loop = graph.add("loop", ng.Looper(max_s=4.0, quantise="bar", count_in=4))
    out = graph.output("loop out", channels=1)
    graph.input("in", channels=1) >> loop >> out
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    engine.set("loop.transport", 1.0, at=10)
    x, clicks, played = np.ones(200_000, np.float32), *np.zeros((2, 200_000), np.float32)
    engine.play([x], [clicks, played], 200_000)
    counted = [at for at in begins(clicks) if at >= 96_000]
    assert counted[:4] == [96_000, 120_000, 144_000, 168_000]
    assert engine.get("loop.length") == (200_000 - 192_000) / RATE  # on the first of the next bar


@pytest.mark.parametrize(
    "bad", [{"beats_per_bar": 0}, {"beats_per_bar": 2.5}, {"level_db": 1.0}, {"on": 2.0}]
)
def test_wrong_settings_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ng.ParamError, match=next(iter(bad))):
        ng.Click(**bad)  # type: ignore[arg-type]
