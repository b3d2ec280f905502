"""LSTMs against the oracle: every size and depth, unrolled or looped, in every block size."""

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from namgraph.nodes.nam.cpu.lstm.prepare import prepare_lstm
from namgraph.nodes.nam.cpu.lstm.sizes import MAX_UNROLLED
from namgraph.nodes.nam.cpu.lstm.unrolled import Grid
from namgraph.nodes.nam.model.model import Model
from namgraph.nodes.nam.model.networks import Lstm
from namgraph.nodes.testing import same_bits
from namgraph.runtime.simd.activations import TANH44, Rational

from .. import nets, oracle, playing
from ..playing import Playing, parse

FRAMES = 400
TOLERANCE = 2e-5
SIGNAL = np.random.default_rng(5).uniform(-0.7, 0.7, FRAMES).astype(np.float32)
SIZES = [1, 3, 8, 16, 24, 40]
WIDTHS = [4, 8, 16]


check_close = functools.partial(playing.check_close, tolerance=TOLERANCE, quietest=1e-2)


def check_file(file: Any, width: int | None = None) -> None:
    check_close(Playing(parse(file), width)(SIGNAL), oracle.play(file, SIGNAL))


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("hidden", SIZES)
def test_any_size(hidden: int, depth: int) -> None:
    check_file(nets.lstm(hidden, depth, seed=hidden + depth))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("hidden", [3, 6, 12, 20])
def test_any_vector(hidden: int, width: int) -> None:
    check_file(nets.lstm(hidden, 1), width)


@pytest.mark.parametrize(("hidden", "depth"), [(65, 1), (33, 4), (4, 32), (200, 1)])
def test_networks_too_large_to_unroll(hidden: int, depth: int) -> None:
    check_file(nets.lstm(hidden, depth))


def test_sizes_on_both_sides_of_the_limit_are_tested() -> None:
    made = {n: prepare_kernel(parse(nets.lstm(n, 1))) for n in (24, 65, 150)}
    assert made[65] is made[150]
    assert made[24] is not made[65]
    assert MAX_UNROLLED < 1000, "hundreds of instructions compile in a blink, thousands do not"


def prepare_kernel(model: Model) -> Any:
    from namgraph.runtime.plan.arena import Memory

    assert isinstance(model.network, Lstm)
    return prepare_lstm(Memory(), model.network)[0]


def test_without_layers_the_input_passes_through() -> None:
    same_bits(Playing(parse(nets.lstm(5, 0)))(SIGNAL, 7), SIGNAL)


@functools.cache
def _known(hidden: int, depth: int) -> tuple[Model, Any]:
    model = parse(nets.lstm(hidden, depth))
    return model, Playing(model)(SIGNAL, 1)


@pytest.mark.parametrize("shape", [(3, 1), (24, 1), (8, 2), (3, 3), (65, 1)])
@given(cuts=st.lists(st.integers(1, 100), min_size=1, max_size=12))
def test_no_cut_changes_a_bit(shape: tuple[int, int], cuts: list[int]) -> None:
    model, wanted = _known(*shape)
    same_bits(Playing(model)(SIGNAL, cuts), wanted)


@pytest.mark.parametrize("shape", [(3, 1), (24, 1), (8, 2), (65, 1)])
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 3e38])
def test_a_bad_sample_does_not_stay(shape: tuple[int, int], poison: float) -> None:
    """The state recovers, after a time that depends on the network."""
    model = parse(nets.lstm(*shape))
    playing = Playing(model)
    bad = SIGNAL.copy()
    bad[10] = poison
    assert np.isfinite(playing(bad)[11:]).all()
    assert abs(playing(SIGNAL)).max() < 10


def test_state_alone_determines_the_output() -> None:
    for shape in ((24, 1), (8, 2), (65, 2)):
        playing = Playing(parse(nets.lstm(*shape)))
        state = playing.arena.bytes_at(playing.arena.state_address, playing.arena.state_bytes)
        taken = state.copy()
        first = playing(SIGNAL, 23)
        assert (playing(SIGNAL, 23) != first).any()
        state[:] = taken
        same_bits(playing(SIGNAL, 41), first)


@given(hidden=st.integers(1, 512), width=st.sampled_from(WIDTHS))
def test_units_and_gates_have_lanes_of_their_own(hidden: int, width: int) -> None:
    grid = Grid(hidden, width)
    units = {grid.unit(n) for n in range(hidden)}
    assert len(units) == hidden
    assert max(units) < grid.units * width
    gates = {grid.gate(which, n) for which in range(4) for n in range(hidden)}
    assert len(gates) == 4 * hidden
    assert max(gates) < grid.gates * width


def test_the_check_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of 0.01 % in tanh is detected."""
    right = TANH44
    wrong = Rational((right.above[0] * 1.0001, *right.above[1:]), right.below, right.limit)
    file = nets.lstm(7, 1)  # a size of its own: no kernel of it has been made yet
    monkeypatch.setattr("namgraph.nodes.nam.cpu.lstm.cell.TANH44", wrong)
    monkeypatch.setattr("namgraph.runtime.native.disk_cache.source_key", lambda: "a wrong tanh")
    with pytest.raises(AssertionError):
        check_file(file)
