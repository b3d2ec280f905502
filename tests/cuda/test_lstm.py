"""LSTM kernels against the oracle: every layout, any block sizes, any initial state."""

from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from namgraph.nodes.nam.cuda.lstm import LstmLayout, cuda_lstm, layouts, refuse_lstm
from namgraph.runtime.cuda.ops import common_text

from ..nodes.nam import nets, oracle, playing
from .emulator import build_all
from .recurrent import Recurrent, network_of

FRAMES = 4000
TOLERANCE = 3e-6
SIGNAL = np.random.default_rng(5).uniform(-0.7, 0.7, FRAMES).astype(np.float32)
REGISTERS, SHARED, GLOBAL = range(3)
FILE = nets.lstm(9, 2)
SIZES = [(1, 1), (3, 2), (8, 3), (16, 1), (24, 1), (24, 2), (32, 2), (32, 3), (40, 1), (64, 3)]

LAYOUTS = [
    LstmLayout(6, 2, 1, 64, REGISTERS),
    LstmLayout(12, 2, 2, 8, REGISTERS),
    LstmLayout(5, 2, 4, 16, REGISTERS),
    LstmLayout(40, 2, 1, 32, SHARED),
    LstmLayout(17, 1, 1, 64, GLOBAL),
]
ALL = [*(layouts(*size)[0] for size in SIZES), *LAYOUTS]


@cache
def built(layout: LstmLayout) -> tuple[Path, str]:
    """Return where the kernel of one of the layouts is: in one library with the others."""
    networks = [network_of(nets.lstm(la.hidden, la.depth)) for la in ALL]
    kernels = [cuda_lstm(n, la).kernel.source for n, la in zip(networks, ALL, strict=True)]
    return build_all(common_text(), kernels, "lstm"), f"lstm{ALL.index(layout)}"


check_close = partial(playing.check_close, tolerance=TOLERANCE, quietest=1e-2)


@pytest.mark.parametrize(("hidden", "depth"), SIZES)
def test_any_size(hidden: int, depth: int) -> None:
    file = nets.lstm(hidden, depth, seed=hidden + depth)
    played = Recurrent(file, built=built(layouts(hidden, depth)[0]))
    check_close(played(SIGNAL)[0], oracle.play(file, SIGNAL))
    assert not played.bad.any()


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_any_layout_in_any_cut(layout: LstmLayout) -> None:
    """The same bits, whatever the cut and whatever the order of threads."""
    file = nets.lstm(layout.hidden, layout.depth)
    x = SIGNAL[:500]
    how: Any = {"layout": layout, "built": built(layout)}
    whole = Recurrent(file, **how, seed=0)(x)
    check_close(whole[0], oracle.play(file, x))
    for seed, cuts in enumerate([(64,), (1, 0, 65, 7), (130, 63), (2, 8, 31)], 1):
        np.testing.assert_array_equal(Recurrent(file, **how, seed=seed).cut(x, cuts), whole)


def test_every_kind_of_layout_is_tested() -> None:
    kinds = {(layout.lanes, layout.keep) for layout in LAYOUTS}
    known = {(la.lanes, la.keep) for n in (8, 40, 100) for la in layouts(n, 1)}
    assert kinds == known
    assert {layouts(*size)[0].keep for size in SIZES} >= {REGISTERS, GLOBAL}
    assert layouts(64, 2)[0].keep == SHARED


def test_the_saved_state_continues_in_another_instance() -> None:
    x, first, second = SIGNAL[:300], Recurrent(FILE), Recurrent(FILE)
    first(x[:100])
    np.testing.assert_array_equal(first.heard, first.state)
    past = np.array(first.heard)
    wanted = first(x[100:])
    second(x[200:])
    np.testing.assert_array_equal(second(x[100:], past=past), wanted)
    np.testing.assert_array_equal(second.heard, first.heard)
    np.testing.assert_array_equal(second.driven[0], x[100:])


def test_a_block_without_frames_hands_the_state_on() -> None:
    played = Recurrent(FILE)
    played(SIGNAL[:0])
    np.testing.assert_array_equal(played.heard, played.start)
    np.testing.assert_array_equal(played.state, played.start)


def test_instances_are_apart() -> None:
    files = [nets.lstm(9, 2, seed=n) for n in range(3)]
    together = Recurrent(*files).cut(SIGNAL[:200], (64, 9))
    alone = [Recurrent(file)(SIGNAL[:200])[0] for file in files]
    np.testing.assert_array_equal(together, alone)


def test_factors_are_those_of_the_frame() -> None:
    x, rng = SIGNAL[:150], np.random.default_rng(2)
    a, b = (rng.uniform(0.1, 2, x.size).astype(np.float32) for _ in range(2))
    wanted = Recurrent(FILE)(a * x)
    np.testing.assert_array_equal(Recurrent(FILE)(x, factors=(a, None)), wanted)
    np.testing.assert_array_equal(Recurrent(FILE)(x, factors=(a, b)), wanted * b)


@pytest.mark.parametrize("where", [0, 70, 149])
def test_bad_numbers_are_muted_and_flagged(where: int) -> None:
    played, x = Recurrent(FILE, FILE), np.array(SIGNAL[:150])
    x[where] = np.nan
    assert not played(x).any()
    assert played.bad.tolist() == [1, 1]
    assert played(SIGNAL[:150], past=played.start).all()
    assert played.bad.tolist() == [1, 1], "never taken back by the device"


def test_bad_numbers_of_one_instance_are_its_own() -> None:
    played, x = Recurrent(FILE, FILE), SIGNAL[:150]
    wanted = Recurrent(FILE)(x)[0]
    past = np.array(played.start)
    past[0, 3] = np.nan
    np.testing.assert_array_equal(played(x, past=past), [0 * wanted, wanted])
    assert played.bad.tolist() == [1, 0]


def test_what_is_too_large_saturates() -> None:
    played, x = Recurrent(FILE), np.full(150, 3e38, np.float32)
    y = played(x, factors=(np.full(150, 2, np.float32), None))
    assert np.isfinite(y).all()
    assert y.any()
    assert not played.bad.any()


def test_unsupported_networks_are_refused_by_name() -> None:
    one = network_of(nets.lstm(1, 1))
    many = replace(one, layers=one.layers * 33)
    reason = "33 layers of 1 units: needs more than 1024 threads or 227 KiB of shared memory"
    assert refuse_lstm(many) == reason
    assert refuse_lstm(replace(one, layers=())) == "an LSTM without layers"
    two = network_of(nets.lstm(5, 1, channels=(2, 1)))
    assert refuse_lstm(two) == "2 channels in and 1 out: must be one each"
    assert refuse_lstm(object()) == "object is not an LSTM"
    assert not refuse_lstm(one)
    assert layouts(128, 8)
    assert not layouts(129, 8)


BUGS = [
    (
        "if (owner) hidden[(frame + 1) * STRIDE + unit.number] = unit.hidden;\n            }\n"
        "            barrier();",
        "if (owner) hidden[(frame + 1) * STRIDE + unit.number] = unit.hidden;\n            }",
    ),
    ("state[at] = unit.hidden;", ""),
    ("state[at + HIDDEN] = unit.cell;", ""),
    ("gates[2 % ROWS], unit.cell, gates[0]", "gates[0], unit.cell, gates[2 % ROWS]"),
    ("const int frame = n - unit.layer;", "const int frame = n;"),
    ("n < count + DEPTH - 1", "n < count"),
    ("output(shared, inside + 1)", "output(shared, inside)"),
    ("look_ahead(ahead, args, factors, done + TILE, frames);", ""),
    ("if (owner) hidden[unit.number] = unit.hidden;", ""),
    ("before + STRIDE - LAYER", "before - LAYER"),
    ("(layer - 1) * columns(1)", "(layer - 1) * columns(0)"),
    ("shared[n] = 0.f;", ";"),
    ("? inside : HIDDEN * LANES - 1", "? inside : inside"),
    ("LAYER = (TILE + 1) * STRIDE", "LAYER = TILE * STRIDE"),
]
"""Each is textually in the kernel, and makes it wrong."""
PLANTED = LstmLayout(5, 3, 1, 16, SHARED)


def planted(number: int, seed: int = 1) -> Recurrent:
    """Return a player of a kernel with one of the bugs; the one after the last is without."""
    file = nets.lstm(PLANTED.hidden, PLANTED.depth)
    source = cuda_lstm(network_of(file), PLANTED).kernel.source
    kernels = [*(source.replace(*bug) for bug in BUGS), source]
    assert len(set(kernels)) == len(kernels)
    where = build_all(common_text(), kernels, "lstm"), f"lstm{number}"
    return Recurrent(file, layout=PLANTED, built=where, seed=seed)


@pytest.mark.parametrize("number", range(len(BUGS) + 1))
def test_a_planted_bug_is_found(number: int) -> None:
    x, cuts = SIGNAL[:100], (40, 1, 16)
    wanted = oracle.play(nets.lstm(PLANTED.hidden, PLANTED.depth), x)

    def is_right(seed: int) -> bool:
        try:
            check_close(planted(number, seed).cut(x, cuts)[0], wanted)
        except AssertionError:  # CaughtError is one
            return False
        return True

    assert all(map(is_right, range(4))) == (number == len(BUGS))
