"""Matched designs against the analogue filter; the bilinear ones cannot follow it."""

import numpy as np
import pytest

from namgraph.nodes.dsp.filters.svf import BELL, HIGH_PASS, HIGH_SHELF, LOW_PASS, LOW_SHELF

from .sections import analogue, decibels, numbers, response

RATE = 48_000
HERTZ = np.geomspace(10, 20_000, 400)
NUMBERS = {"bell": BELL, "low_pass": LOW_PASS, "high_pass": HIGH_PASS} | {
    "low_shelf": LOW_SHELF,
    "high_shelf": HIGH_SHELF,
}


def error_db(kind: str, hz: float, q: float, gain_db: float, matched: int = 1) -> float:
    """Return the largest error up to 20 kHz, where the filter attenuates by less than 60 dB."""
    number = NUMBERS[kind]
    found = decibels(response(numbers(number, hz / RATE, q, gain_db, matched), HERTZ / RATE))
    wanted = decibels(analogue(kind, 1j * HERTZ / hz, q, gain_db))
    return float(np.abs(found - wanted)[wanted > -60].max())


@pytest.mark.parametrize(
    ("hz", "q", "gain_db", "most"),
    [
        (5_000, 1.0, 12.0, 0.23),
        (10_000, 0.7, 12.0, 0.62),
        (10_000, 3.0, -12.0, 0.18),
        (16_000, 1.0, 9.0, 0.29),
    ],
)
def test_bells_follow_the_analogue_filter(hz: float, q: float, gain_db: float, most: float) -> None:
    assert error_db("bell", hz, q, gain_db) < most
    assert error_db("bell", hz, q, gain_db, matched=0) > 4 * most


@pytest.mark.parametrize(("hz", "most"), [(5_000, 1.04), (10_000, 0.92), (16_000, 0.53)])
def test_low_passes_follow_the_analogue_filter(hz: float, most: float) -> None:
    assert error_db("low_pass", hz, 0.707, 0.0) < most
    assert error_db("low_pass", hz, 0.707, 0.0, matched=0) > 8 * most


@pytest.mark.parametrize("hz", [50.0, 500.0, 3_000.0])
def test_high_passes_follow_the_analogue_filter(hz: float) -> None:
    for q in (0.5, 0.707, 4.0):
        assert error_db("high_pass", hz, q, 0.0) < error_db("high_pass", hz, q, 0.0, 0) + 0.002
        assert error_db("high_pass", hz, q, 0.0) < 0.1 + (hz / 6_000)


@pytest.mark.parametrize("kind", list(NUMBERS))
@pytest.mark.parametrize("q", [0.1, 0.707, 20.0])
@pytest.mark.parametrize("turn", [1e-5, 1e-4, 1e-3])
def test_low_frequencies_lose_no_digits(kind: str, q: float, turn: float) -> None:
    number = NUMBERS[kind]
    turns = turn * np.geomspace(0.1, 10.0, 100)
    for gain_db in (-24.0, 24.0):
        found = response(numbers(number, turn, q, gain_db, 1), turns)
        wanted = analogue(kind, 1j * turns / turn, q, gain_db)
        np.testing.assert_allclose(decibels(found), decibels(wanted), atol=2e-7 + 30 * turn)


@pytest.mark.parametrize("kind", list(NUMBERS.values()))
def test_all_settings_are_finite_and_stable(kind: int) -> None:
    for turn in np.geomspace(20 / 192_000, 0.49, 60):
        for q in (0.1, 0.3, 0.5, 1.0, 5.0, 20.0):
            for gain_db in (-24.0, -1e-9, 0.0, 1e-9, 24.0):
                g, k, *rest = numbers(kind, turn, q, gain_db, 1)
                assert np.isfinite([g, k, *rest]).all()
                assert g > 0
                assert k > 0


@pytest.mark.parametrize("kind", [BELL, LOW_SHELF, HIGH_SHELF])
def test_0_db_changes_no_bit(kind: int) -> None:
    for turn, q in ((0.0005, 0.7), (0.2, 3.0), (0.45, 0.4)):
        for matched in (0, 1):
            assert list(numbers(kind, turn, q, 0.0, matched)[2:]) == [1.0, 0.0, 0.0]
        for gain_db in (-1e-6, 1e-6):  # and it glides there without a jump
            near, flat = numbers(kind, turn, q, gain_db, 1), numbers(kind, turn, q, 0.0, 1)
            np.testing.assert_allclose(near, flat, atol=2e-6)


@pytest.mark.parametrize("kind", ["low_shelf", "high_shelf"])
@pytest.mark.parametrize("q", [0.5, 0.707, 1.0])
def test_shelves_follow_the_analogue_filter(kind: str, q: float) -> None:
    worst = [0.0, 0.0]
    for hz in (50.0, 400.0, 2_000.0, 5_000.0, 10_000.0, 16_000.0):
        for gain_db in (-12.0, -3.0, 3.0, 12.0):
            for matched in (0, 1):
                error = error_db(kind, hz, q, gain_db, matched)
                worst[matched] = max(worst[matched], error)
    assert worst[1] < 0.45
    assert worst[0] > 2.0


def test_a_shelf_that_cuts_undoes_the_one_that_boosts() -> None:
    turns = np.geomspace(1e-4, 0.5, 100)
    for kind in (BELL, LOW_SHELF, HIGH_SHELF):
        for turn in (0.001, 0.1, 0.4):
            pair = [response(numbers(kind, turn, 0.8, g, 1), turns) for g in (-15.0, 15.0)]
            np.testing.assert_allclose(pair[0] * pair[1], 1.0, atol=1e-8)
