"""``Stepper`` on a device: tentative state, states that move to other engines, times apart."""

import pickle

import numpy as np
import pytest

import namgraph as ng

from .fake_driver import FakeDriver
from .gpu import X, amp, engine, in_blocks


def test_steps_are_taken_back_and_committed(fake: FakeDriver, model: str) -> None:
    graph = amp(model, backend="cuda")
    whole = in_blocks(engine(graph), X[:96], 64)
    stepper = ng.Stepper(graph, 48_000, 32)
    first = stepper.step(X[:32])
    stepper.commit()
    for seed in range(2):
        stepper.step(X[100 * seed + 200 : 100 * seed + 232])
        stepper.rollback()
    second = stepper.step(X[32:64])
    third = stepper.step(X[64:96])
    np.testing.assert_array_equal(np.concatenate([first, second, third]), whole)
    stepper.reset()
    np.testing.assert_array_equal(stepper.step(X[:32]), first)
    stats = stepper.stats()
    assert stats.device is not None
    assert (stats.steps, stats.commits, stats.rollbacks) == (6, 1, 2)
    assert stats.device.blocks == 6
    assert set(stats.device.execute_us) == {"p50", "p99", "max"}


def test_a_state_goes_to_another_engine_and_through_a_pickle(fake: FakeDriver, model: str) -> None:
    graph = amp(model, backend="cuda")
    made = engine(graph)
    in_blocks(made, X[:500], 64)
    state = pickle.loads(pickle.dumps(made.save_state()))
    following = in_blocks(made, X[500:1000], 64)
    twin = engine(graph)
    in_blocks(twin, X[900:1200], 64)
    twin.restore_state(state)
    np.testing.assert_array_equal(in_blocks(twin, X[500:1000], 50), following)


def test_many_streams_are_for_the_cpu(fake: FakeDriver, model: str) -> None:
    with pytest.raises(ng.EngineError, match="streams is 2: on a device it must be 1; a NamBank"):
        ng.Stepper(amp(model, backend="cuda"), 48_000, streams=2)
