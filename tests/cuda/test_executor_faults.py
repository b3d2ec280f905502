"""Fallback: after any device failure the CPU continues from the committed state."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.runtime.cuda.driver.device import memory_pool
from namgraph.runtime.plan.plan import Plan

from ..nodes.nam import nets
from .fake_driver import FakeDriver
from .gpu import SMALL, X, amp, engine, in_blocks, near, on_cpu


@pytest.mark.parametrize(
    ("function", "code"), [("cuGraphLaunch", 719), ("cuStreamQuery", 700), ("cuGraphLaunch", 2)]
)
def test_the_cpu_takes_over_in_the_same_block(
    fake: FakeDriver, model: str, function: str, code: int
) -> None:
    made = engine(amp(model, backend="cuda", input_db=3.0))
    made.set("amp.input_db", -3.0, at=620)
    before = in_blocks(made, X[:640], 64)
    fake.fail(function, code)
    after = in_blocks(made, X[640:], 64)
    expected = engine(amp(model, input_db=3.0))
    expected.set("amp.input_db", -3.0, at=620)
    wanted = in_blocks(expected, X, 64)
    assert near(np.concatenate([before, after]), wanted)
    # From the block that failed on these are the CPU's own bits.
    np.testing.assert_array_equal(after, wanted[640:])
    device = made.stats().device
    assert device is not None
    assert device.fallback_reason.startswith("the driver failed: CUDA_ERROR")
    assert device.since == 640
    assert fake.count("cuGraphLaunch") <= 13


def test_a_hung_device_falls_back(
    fake: FakeDriver, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("namgraph.runtime.cuda.executor.HANG_S", 0.01)
    made = engine(amp(model, backend="cuda"))
    fake.set_queries(1 << 30)
    np.testing.assert_array_equal(in_blocks(made, X, 64), on_cpu(model))
    device = made.stats().device
    assert device is not None
    assert device.fallback_reason == "the device does not answer"


def test_a_device_hung_at_warm_up_is_an_error(
    fake: FakeDriver, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("namgraph.runtime.cuda.executor.HANG_S", 0.01)
    fake.set_queries(1 << 30)
    with pytest.raises(ng.CudaError, match="the device cannot play: the device does not answer"):
        engine(amp(model, backend="cuda"))
    memory_pool().drain()
    assert fake.leaks > 0, "the device may still write there"
    assert fake.held("stream") == 1, "nobody waits for it"


def test_a_slow_device_falls_back(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"))
    made.deadline(1e-9)
    np.testing.assert_array_equal(in_blocks(made, X, 64)[640:], on_cpu(model)[640:])
    device = made.stats().device
    assert device is not None
    assert (device.fallback_reason, device.misses, device.since) == (
        "the device is too slow",
        3,
        192,
    )


def test_a_hang_behind_another_error_is_a_hang(
    fake: FakeDriver, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("namgraph.runtime.cuda.executor.HANG_S", 0.01)
    graph = ng.Graph()
    first, second = (graph.add(n, ng.Nam(model, backend="cuda")) for n in ("first", "second"))
    between = graph.add("level", ng.Gain())
    graph.input("in", channels=1) >> first >> between >> second >> graph.output("out", channels=1)
    made = engine(graph, pipelined=True)
    in_blocks(made, X[:640], 64)
    made.save_state()  # waits for what is in flight
    fake.set_queries(1 << 30)
    fake.fail("cuGraphLaunch", 2, after_calls=1)  # the second section's: the first is at it
    made.process(X[:64])
    device = made.stats().device
    assert device is not None
    assert device.fallback_reason.startswith("the device does not answer")


def test_no_block_is_late_while_a_plan_is_built(
    fake: FakeDriver, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = engine(amp(model, backend="cuda"))
    made.deadline(1e-9)
    real, played = Plan, list[Any]()

    def slow(*args: Any) -> Any:
        played.append((made.plan, in_blocks(made, X[:640], 64)))
        return real(*args)

    monkeypatch.setattr("namgraph.runtime.engine.build.Plan", slow)
    made.swap(amp(model, backend="cuda", input_db=1.0))
    ((before, _),) = played
    assert (before.executor.stats().blocks, before.executor.stats().misses) == (10, 0)
    assert not before.executor.stats().fallback_reason
    in_blocks(made, X[:640], 64)
    device = made.stats().device
    assert device is not None
    assert device.fallback_reason == "the device is too slow", "and then again"


def test_a_late_block_is_one_however_many_sections(fake: FakeDriver, model: str) -> None:
    graph = ng.Graph()
    first = graph.add("first", ng.Nam(model, backend="cuda"))
    second = graph.add("second", ng.Nam(model, backend="cuda"))
    level = graph.add("level", ng.Gain())
    graph.input("in", channels=1) >> first >> level >> second >> graph.output("out", channels=1)
    made = engine(graph)
    made.deadline(1e-9)
    in_blocks(made, X[:640], 64)
    device = made.stats().device
    assert device is not None
    assert (device.misses, device.since, device.blocks) == (3, 192, 10)
    for wrong in (0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ng.ParamError, match=r"deadline is .* must be a number in \(0, 60\]"):
            made.deadline(wrong)


def test_there_is_no_deadline_offline(fake: FakeDriver, model: str) -> None:
    fake.set_queries(50)
    made = engine(amp(model, backend="cuda"))
    in_blocks(made, X[:640], 64)
    device = made.stats().device
    assert device is not None
    assert (device.fallback_reason, device.misses, device.blocks) == ("", 0, 10)


def test_another_slim_size_falls_back(fake: FakeDriver, tmp_path: Path) -> None:
    path = nets.write(tmp_path, nets.container(SMALL, nets.wavenet(nets.array(3, [1, 2]), seed=9)))

    def played(**options: Any) -> Any:
        made = engine(amp(path, **options))
        made.set("amp.slim", 0.2, at=900)
        return made, in_blocks(made, X, 64)

    made, sound = played(backend="cuda")
    device = made.stats().device
    assert device is not None
    assert device.fallback_reason == "set to a size that is not on the device"
    assert near(sound, played()[1])


def test_a_number_that_is_not_finite_is_muted_and_reset(fake: FakeDriver, tmp_path: Path) -> None:
    path = nets.write(tmp_path, nets.wavenet(nets.array(4, [1, 2, 4], activation="ReLU"), seed=1))
    loud = X.copy()
    loud[1000:1003] = 1e38

    def played(**options: Any) -> Any:
        made = engine(amp(path, input_db=60.0, **options))  # too much for float32
        return in_blocks(made, loud, 64), made.stats()

    sound, stats = played(backend="cuda")
    wanted, expected = played()
    assert near(sound, wanted)
    assert stats.faults == expected.faults > 0
    assert stats.device.fallback_reason == ""
