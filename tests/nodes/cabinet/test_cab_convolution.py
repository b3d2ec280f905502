"""The convolver against float64, for every length, cut, route and number of lanes."""

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

from namgraph.graph import ParamError
from namgraph.nodes.dsp.convolver import partition
from namgraph.nodes.dsp.convolver.partition import THREE_LEVELS, TWO_LEVELS
from namgraph.nodes.dsp.convolver.prepare import Route, convolution
from namgraph.runtime.plan.arena import Memory
from namgraph.runtime.simd.fft.twiddles import LEAF

from .cab_harness import Convolver, error, noise, rounded, wanted

EDGES = [LEAF, LEAF + 1, TWO_LEVELS, TWO_LEVELS + 1, THREE_LEVELS, THREE_LEVELS + 1]
LENGTHS = sorted(
    {1, 2, 63, 127, 128, 129, 1000, 1024, 1025, 2048, 2560, 2561, 8192, 8193, 17001, 48000, *EDGES}
)
EVERY_DEPTH = [40, 1100, 5000, THREE_LEVELS + 777]
STEREO = (Route(0, 0, 0), Route(1, 0, 1))
DUAL = (Route(0, 0, 0), Route(1, 1, 1))
TRUE = (Route(0, 0, 0), Route(1, 0, 1), Route(0, 1, 2), Route(1, 1, 3))
LIMIT = 1e-6


def taps(count: int, channels: int = 1) -> np.ndarray:
    return rounded(np.random.default_rng(count).standard_normal((channels, count)))


@pytest.mark.parametrize("count", LENGTHS)
def test_equals_float64(count: int) -> None:
    h, x = taps(count), noise(count + 9000, seed=count)
    assert error(Convolver(h)(x)[0], wanted(x[0], h[0])) < LIMIT


@pytest.mark.slow
def test_four_seconds_of_response() -> None:
    h, x = taps(192_000), noise(240_000)
    assert error(Convolver(h)(x, 4096)[0], wanted(x[0], h[0])) < LIMIT


def test_the_oracle_can_hear() -> None:
    # One tap wrong by a part in a thousand, the whole late by one frame: both must be found.
    h, x = taps(2048), noise(4096)
    right, found = wanted(x[0], h[0]), Convolver(h)(x)[0]
    assert error(np.roll(found, 1), right) > 0.1
    wrong = h.copy()
    wrong[0, 1999] += 1e-3 * np.max(np.abs(h))
    assert error(Convolver(wrong)(x)[0], right) > 10 * LIMIT


@pytest.mark.parametrize("count", EVERY_DEPTH)
@pytest.mark.parametrize("cut", [1, 7, 17, 32, 64, 65, 100, 4096])
def test_no_cut_changes_a_bit(count: int, cut: int) -> None:
    h = taps(count)
    x = noise(3000 if count < 20_000 else 20_000)
    if cut == 1 and count > 20_000:
        x = x[:, :12_000]
    np.testing.assert_array_equal(Convolver(h)(x, cut), Convolver(h)(x, 64))


@pytest.mark.parametrize("cuts", [[32], [16], [7], [32, 64, 5, 27]])
def test_no_cut_changes_the_sign_of_a_zero(cuts: list[int]) -> None:
    h, x = -np.abs(taps(200)), np.zeros((1, 1000), np.float32)
    x[0, 40::300] = 1e-30, -0.0, 1.0, -1e-38
    found, right = (Convolver(h)(x, itertools.cycle(c)).view(np.int32) for c in (cuts, [64]))
    np.testing.assert_array_equal(found, right)


@given(
    count=st.sampled_from(EVERY_DEPTH[:3]),
    cuts=st.lists(st.integers(0, 300), min_size=1, max_size=30),
)
def test_random_cuts_change_no_bit(count: int, cuts: list[int]) -> None:
    h, x = taps(count), noise(sum(cuts) + 1)
    np.testing.assert_array_equal(Convolver(h)(x, cuts), Convolver(h)(x, 64))


@pytest.mark.slow
@pytest.mark.parametrize("count", EVERY_DEPTH)
def test_every_number_of_lanes_plays_the_same_bits(count: int) -> None:
    h, x = taps(count), noise(2 * count if count < 20_000 else 50_000)
    played = [Convolver(h, width=w)(x, [5, 59, 64, 3, 200, 1000]) for w in (4, 8, 16)]
    assert error(played[0][0], wanted(x[0], h[0])) < LIMIT
    np.testing.assert_array_equal(played[0], played[1])
    np.testing.assert_array_equal(played[0], played[2])


@pytest.mark.parametrize("count", EVERY_DEPTH[2:])
def test_how_work_is_spread_changes_no_bit(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    h, x = taps(count), noise(count + 9000)
    fine = Convolver(h)(x)
    monkeypatch.setattr(partition, "CHUNK", 100)
    dear = dict.fromkeys(partition.Op, 1.0)
    monkeypatch.setattr(partition, "COSTS", {512: dear, 4096: dear})
    np.testing.assert_array_equal(Convolver(h)(x), fine)


@pytest.mark.parametrize("routes", [STEREO, DUAL, TRUE], ids=["stereo", "dual", "true"])
@pytest.mark.parametrize("count", EVERY_DEPTH)
def test_several_routes(routes: tuple[Route, ...], count: int) -> None:
    h = taps(count, channels=1 + max(r.response for r in routes))
    inputs = 1 + max(r.input for r in routes)
    x = noise(count + 3000, inputs)
    found = Convolver(h, routes)(x, 512)
    for output in (0, 1):
        parts = [wanted(x[r.input], h[r.response]) for r in routes if r.output == output]
        right = np.sum(parts, axis=0)
        assert error(found[output], right) < LIMIT
    short = x[:, :2500]
    np.testing.assert_array_equal(Convolver(h, routes)(short, 23), found[:, :2500])


def test_channels_that_share_a_response_are_each_as_one_alone() -> None:
    h, x = taps(3000), noise(5000, 3)
    found = Convolver(h, [Route(c, c, 0) for c in range(3)])(x)
    for c in range(3):
        np.testing.assert_array_equal(found[c], Convolver(h)(x[c])[0])


@pytest.mark.parametrize("count", EVERY_DEPTH)
def test_an_impulse_is_answered_at_once(count: int) -> None:
    h = taps(count)
    x = np.zeros((1, count + 200), np.float32)
    x[0, 0] = 1
    found = Convolver(h)(x, 1 if count < 20_000 else 64)[0]
    direct = min(count, LEAF)
    np.testing.assert_array_equal(found[:direct], h[0, :direct].astype(np.float32))
    assert error(found[:count], h[0]) < LIMIT
    assert np.max(np.abs(found[count:])) < LIMIT * np.max(np.abs(h))


@pytest.mark.parametrize("count", EVERY_DEPTH)
def test_reset_is_as_new_and_a_snapshot_goes_on(count: int) -> None:
    h, x = taps(count), noise(9000)
    one = Convolver(h)
    first = one(x, 100)
    one(np.full((1, 777), np.nan), 50)
    one.reset()
    np.testing.assert_array_equal(one(x, 100), first)
    one.reset()
    one(x[:, :4321], 100)
    kept = one.arena.state.copy()
    rest = one(x[:, 4321:], 100)
    one(noise(999, seed=5))
    one.arena.state[:] = kept
    np.testing.assert_array_equal(one(x[:, 4321:], 33), rest)
    np.testing.assert_array_equal(rest, first[:, 4321:])


@pytest.mark.parametrize("count", EVERY_DEPTH[:3])
def test_a_bad_sample_passes(count: int) -> None:
    h, x = taps(count), noise(count + 12_000)
    bad = x.copy()
    bad[0, 100] = np.nan
    good, found = Convolver(h)(x)[0], Convolver(h)(bad)[0]
    np.testing.assert_array_equal(found[:100], good[:100])
    assert np.isnan(found[100])
    healed = 100 + count + 2 * 512 + 4 * LEAF
    assert error(found[healed:], good[healed:].astype(np.float64)) < LIMIT


def test_what_cannot_be_convolved_is_refused() -> None:
    for bad in (np.zeros((1, 0)), np.array([[np.nan]]), np.array([[1.0, np.inf]])):
        with pytest.raises(ParamError, match="finite"):
            convolution(Memory(), bad, [Route(0, 0, 0)])
    with pytest.raises(ParamError, match="output 0"):
        convolution(Memory(), np.ones((1, 4)), [Route(1, 0, 0)])
