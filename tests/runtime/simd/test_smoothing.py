"""``glide_step``: one step of a parameter's glide."""

import math

import pytest
from numba import types

from namgraph.runtime import authoring as ng
from namgraph.runtime.native.abi import native


@native(types.float64(types.float64, types.float64, types.float64))
def step(now: float, target: float, coefficient: float) -> float:
    made: float = ng.glide_step(now, target, coefficient)
    return made


def test_a_step_covers_a_share_of_the_distance() -> None:
    assert step.ctypes(1.0, 3.0, 0.25) == 1.5
    assert step.ctypes(3.0, -1.0, 0.5) == 1.0


def test_it_arrives_exactly_and_stays() -> None:
    now, steps = -10.0, 0
    while now != 0.1:
        now, steps = step.ctypes(now, 0.1, 0.2), steps + 1
    assert steps == pytest.approx(math.log(1e-6 / 10.1) / math.log(0.8), abs=1.5)
    assert step.ctypes(0.1, 0.1, 0.2) == 0.1


def test_one_that_has_not_started_begins_at_its_target() -> None:
    assert step.ctypes(math.nan, 4.0, 0.1) == 4.0
