"""Pipelined: one block of latency, otherwise the same output."""

from typing import Any

import numpy as np
import pytest

import namgraph as ng

from .fake_driver import FakeDriver
from .gpu import X, amp, engine, in_blocks, near


def test_pipelined_is_one_block_late_and_balanced(fake: FakeDriver, model: str) -> None:
    def beside(**options: Any) -> ng.Graph:
        graph = amp(model, **options)
        graph.connect("in", "out")
        return graph

    fake.set_queries(3)
    made = engine(beside(backend="cuda"), pipelined=True)
    assert made.latency == 128
    for blocks in (64, [1, 128, 17]):
        made.reset()
        sound = in_blocks(made, X, blocks)
        assert near(sound[128:], in_blocks(engine(beside()), X, 64)[:-128])
        assert not sound[:128].any()


def test_a_pipelined_snapshot_has_what_was_in_flight(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"), pipelined=True)
    first = in_blocks(made, X[:640], 64)
    kept = made.save_state()
    second = in_blocks(made, X[640:1280], 64)
    in_blocks(made, X[:100], 50)
    made.restore_state(kept)
    np.testing.assert_array_equal(in_blocks(made, X[640:1280], 100), second)
    made.reset()
    np.testing.assert_array_equal(in_blocks(made, X[:640], 33), first)


@pytest.mark.parametrize(("function", "code"), [("cuGraphLaunch", 2), ("cuStreamQuery", 719)])
def test_the_cpu_takes_over_from_a_pipelined_device(
    fake: FakeDriver, model: str, function: str, code: int
) -> None:
    made = engine(amp(model, backend="cuda"), pipelined=True)
    before = in_blocks(made, X[:640], 64)
    fake.fail(function, code)
    after = in_blocks(made, X[640:], 64)
    wanted = in_blocks(engine(amp(model)), X, 64)
    assert near(np.concatenate([before, after])[128:], wanted[:-128])
    assert made.stats().device.fallback_reason  # type: ignore[union-attr]


def test_what_fell_in_flight_was_set_before(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"), pipelined=True)
    made.set("amp.output_db", 20.0, at=640)
    before = in_blocks(made, X[:640], 64)
    fake.fail("cuStreamQuery", 2)
    after = in_blocks(made, X[640:], 64)
    expected = engine(amp(model))
    expected.set("amp.output_db", 20.0, at=640)
    wanted = in_blocks(expected, X, 64)
    assert near(np.concatenate([before, after])[128:], wanted[:-128])
    device = made.stats().device
    assert device is not None
    assert device.since == 576


@pytest.mark.filterwarnings("ignore:idle gets no input")  # on purpose
@pytest.mark.parametrize("frames", [64, 512])
def test_a_pipelined_swap_leaves_no_gap(fake: FakeDriver, model: str, frames: int) -> None:
    graph = amp(model, backend="cuda")
    tone = (0.3 * np.sin(np.arange(8192) * 0.02)).astype(np.float32)
    whole = in_blocks(engine(graph, max_frames=frames, pipelined=True), tone, 64)
    for fade_s in (0.0, 0.02):
        made = engine(graph, max_frames=frames, pipelined=True, fade_s=fade_s)
        before = in_blocks(made, tone[:4096], 64)
        again = graph.copy()
        again.add("idle", ng.Gain())
        made.swap(again)
        assert near(np.concatenate([before, in_blocks(made, tone[4096:], 64)]), whole)
