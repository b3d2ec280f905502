"""Tuner: a cent from B0 to E6, no note in silence and noise, and readings while it plays."""

import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import namgraph as ng
from namgraph.nodes.dsp.pitch.find_pitch import find_pitch
from namgraph.nodes.dsp.pitch.note_name import note_name
from namgraph.nodes.testing import NodeHarness

from .strings import NOTES, RATE, detuned, string

BLOCK = 4096
FULL = 2 * 8192 + 7200
"""Frames until a window holds the note alone, without its beginning."""


def readings(harness: NodeHarness) -> dict[str, float]:
    return {k.removeprefix("node."): v for k, v in harness.readings().items()}


def heard(harness: NodeHarness, x: NDArray[np.float32]) -> list[dict[str, float]]:
    """Play a signal from a fresh start; return the readings after each block."""
    harness.renew()
    found = []
    for start in range(0, len(x) - BLOCK, BLOCK):
        harness.play(x[None, start : start + BLOCK])
        if start + BLOCK >= FULL:
            found.append(readings(harness))
    return found


@pytest.fixture(scope="module")
def tuner() -> NodeHarness:
    return NodeHarness(ng.Tuner(), channels=1)


@pytest.mark.parametrize("name", NOTES)
def test_a_cent_from_b0_to_e6(name: str, tuner: NodeHarness) -> None:
    most = 0.35 if NOTES[name] > 80.0 else 1.0
    errors = []
    for seed in range(4):
        hz = detuned(NOTES[name], seed)
        for found in heard(tuner, string(hz, seed=seed)):
            errors.append(1200.0 * np.log2(found["pitch_hz"] / hz))
            assert found["clarity"] > 0.95
            assert note_name(round(found["note"])) == name
            cents = 1200.0 * np.log2(hz / NOTES[name])
            assert found["cents"] == pytest.approx(cents, abs=most + 0.01)
    assert len(errors) > 40
    assert np.abs(errors).max() < most


def test_no_octave_errors_with_a_weak_fundamental() -> None:
    wrong = []
    for name, hz in NOTES.items():
        for seed in range(32):
            real = detuned(hz, seed)
            x = string(real, 0.36, seed, weak=True, rate=24_000)[-8192:]
            found = find_pitch(x if hz < 75.0 else x[-4096:], 24_000.0)
            if abs(1200.0 * np.log2(max(found.hz, 1.0) / real)) > 5.0:
                wrong.append((name, seed, found))
    assert wrong == []


@pytest.mark.parametrize("rate", [22_050, 44_100, 88_200, 96_000, 192_000])
def test_other_rates(rate: int) -> None:
    harness = NodeHarness(ng.Tuner(), channels=2, rate=rate)
    for name in ("E1", "E2", "E4", "E6"):
        x = string(NOTES[name], 0.6, rate=rate)
        harness.renew()
        harness.play(np.stack([x, x]))
        assert abs(readings(harness)["cents"]) < 1.0
        assert note_name(round(readings(harness)["note"])) == name


def test_silence_noise_and_a_start_have_no_note(tuner: NodeHarness) -> None:
    rng = np.random.default_rng(1)
    white = 0.1 * rng.standard_normal(RATE)
    for x in (np.zeros(RATE), white, np.cumsum(white) * 0.01, 1e-5 * string(110.0), white[:100]):
        for found in heard(tuner, np.asarray(x, np.float32)) or [readings(tuner)]:
            assert (found["pitch_hz"], found["note"], found["cents"]) == (0.0, 0.0, 0.0)
            assert found["clarity"] < 0.9
    tuner.renew()
    assert readings(tuner)["level_db"] == -200.0


def test_the_level_is_that_of_the_signal(tuner: NodeHarness) -> None:
    x = 0.1 * np.sin(2.0 * np.pi * 440.0 * np.arange(RATE) / RATE)
    (*_, found) = heard(tuner, x.astype(np.float32))
    assert found["level_db"] == pytest.approx(-23.01, abs=0.05)


def test_another_reference() -> None:
    x = (0.1 * np.sin(2.0 * np.pi * 432.0 * np.arange(RATE) / RATE)).astype(np.float32)
    for reference, cents in ((432.0, 0.0), (440.0, 1200.0 * np.log2(432.0 / 440.0))):
        harness = NodeHarness(ng.Tuner(reference_hz=reference), channels=1)
        harness.play(x[None])
        assert readings(harness)["note"] == 69.0
        assert readings(harness)["cents"] == pytest.approx(cents, abs=0.02)


@pytest.mark.parametrize("wrong", [414.9, 467, "A", None, True, float("nan")])
def test_no_reference(wrong: Any) -> None:
    with pytest.raises(ng.ParamError, match="reference_hz is"):
        ng.Tuner(reference_hz=wrong)


def test_mute_silences_and_tunes_on(tuner: NodeHarness) -> None:
    x = string(110.0)[None]
    tuner.renew()
    assert (tuner.play(x[:, :BLOCK]) == x[:, :BLOCK]).all(), "passes unchanged"
    tuner.turn("mute", 1.0)
    assert (tuner.play(x[:, BLOCK:])[:, RATE // 2 :] == 0.0).all()
    assert readings(tuner)["pitch_hz"] == pytest.approx(110.0, abs=0.02)
    tuner.turn("mute", 0.0)


def test_a_swap_keeps_what_was_heard() -> None:
    harness = NodeHarness(ng.Tuner(), channels=1)
    harness.play(string(110.0)[None])
    before = readings(harness)
    harness.engine.swap(harness.engine.graph)
    harness.play(np.zeros((1, 1), np.float32))
    assert readings(harness)["pitch_hz"] == pytest.approx(before["pitch_hz"], abs=0.01)
    harness.play(string(220.0)[None])
    assert harness.engine.get("node.pitch_hz") == pytest.approx(220.0, abs=0.05)


def test_readings_while_another_thread_plays() -> None:
    """A pure tone: any sample out of order would lower the clarity."""
    x = (0.3 * np.sin(2.0 * np.pi * 200.0 * np.arange(RATE) / RATE)).astype(np.float32)
    harness = NodeHarness(ng.Tuner(), channels=1)
    harness.play(x[None])
    done = threading.Event()
    out = np.empty_like(x)

    def play() -> None:
        for _ in range(60):
            harness.engine.play([x], [out], len(x))
        done.set()

    thread = threading.Thread(target=play)
    thread.start()
    count = 0
    while not done.is_set() or count < 5:
        assert readings(harness)["pitch_hz"] == pytest.approx(200.0, abs=0.01)
        assert readings(harness)["clarity"] > 0.9999
        count += 1
    thread.join()


@pytest.mark.parametrize(
    ("number", "name"), [(69, "A4"), (60, "C4"), (40, "E2"), (23, "B0"), (70, "A#4"), (0, "C-1")]
)
def test_note_names(number: int, name: str) -> None:
    assert note_name(number) == name


@pytest.mark.parametrize("x", [np.zeros(0), np.zeros(100), np.ones(8192), np.arange(50.0)])
def test_nothing_periodic(x: NDArray[np.float64]) -> None:
    assert find_pitch(x, 24_000.0).hz == 0.0
