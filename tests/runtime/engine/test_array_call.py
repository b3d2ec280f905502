"""Arrays that native code reads itself: same samples as by the checked way, and no allocation."""

import gc
import tracemalloc
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.runtime.engine import array_call

X = (0.1 * np.random.default_rng(1).standard_normal((2, 64))).astype(np.float32)


def rack(channels: int = 2) -> ng.Graph:
    graph = ng.Graph()
    gain = graph.add("gain", ng.Gain(gain_db=6.0))
    graph.input("in", channels=channels) >> gain >> graph.output("out", channels=channels)
    return graph


def engine(channels: int = 2) -> ng.Engine:
    return ng.Engine(rack(channels), sample_rate=48_000, max_frames=16)


def checked(channels: int, block: Any) -> Any:
    """Play by ``audio_arrays`` alone."""
    made = engine(channels)
    made._array_call._call = None
    return made.process(block)


def refused(made: ng.Engine, block: Any, out: Any) -> bool:
    assert made._array_call._call is not None
    return made._array_call(block, out) is None


SHAPES = [
    (2, X),
    (2, X[:, :1]),
    (2, X[:, 3:40]),  # rows apart
    (2, X[::-1]),  # rows backwards
    (1, X[0]),
    (1, X[:1]),
    (1, X[0, ::-1]),  # samples backwards: converted
    (2, X[:, ::2]),
    (2, X.astype(np.float64)),
    (2, np.asfortranarray(X)),
    (2, X.astype(">f4")),
    (2, np.broadcast_to(X[0], (2, 64))),
    (1, X[0, :0]),
]


@pytest.mark.parametrize(("channels", "block"), SHAPES)
def test_every_array_gives_the_samples_of_the_checked_way(channels: int, block: Any) -> None:
    found, wanted = engine(channels).process(block), checked(channels, block)
    assert found.shape == wanted.shape
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, wanted)


def test_ordinary_arrays_are_read_natively() -> None:
    made = engine()
    assert not refused(made, X, None)
    assert not refused(made, X[:, 3:40], np.empty((2, 37), np.float32))
    assert not refused(engine(1), X[0], np.empty(64, np.float32))


def test_what_native_code_cannot_play_is_refused() -> None:
    made, out = engine(), np.empty_like(X)
    for block in (X[0], X[:1], X.astype(np.float64), X[:, ::2], X[None], X[:, :0], X.astype(">f4")):
        assert refused(made, block, None), block.shape
    read_only = np.empty_like(X)
    read_only.flags.writeable = False
    raw = np.zeros(2 * 64 * 4 + 1, np.uint8)[1:].view(np.float32).reshape(2, 64)
    for wrong in (out[:, :63], out.astype(np.float64), read_only, raw, [[0.0] * 64] * 2):
        assert refused(made, X, wrong)
    assert made.frame == 0, "nothing was played"


def test_out_is_filled_and_returned() -> None:
    made, wanted = engine(), checked(2, X)
    for out in (np.empty_like(X), np.empty((2, 100), np.float32)[:, :64]):
        made.reset()
        assert made.process(X, out) is out
        np.testing.assert_array_equal(out, wanted)
    mono, kept = engine(1), np.empty((1, 64), np.float32)
    assert mono.process(X[0], kept) is kept
    assert mono.process([0.5] * 64, kept) is kept, "converted: returned all the same"


def test_in_place() -> None:
    block = X.copy()
    assert engine().process(block, block) is block
    np.testing.assert_array_equal(block, checked(2, X))


@pytest.mark.parametrize("wrong", [X[:, :3], X.astype(np.float64), "out", X.tolist()])
def test_an_out_that_does_not_fit_is_one_line(wrong: Any) -> None:
    with pytest.raises(ng.PortError, match=r"^out is .*must be"):
        engine().process(X, wrong)


def test_nothing_is_allocated_with_out() -> None:
    made, out = engine(), np.empty_like(X)

    def growth(give_out: bool) -> int:
        kept: list[Any] = [None] * 100
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for k in range(100):
            kept[k] = made.process(X, out) if give_out else made.process(X)
        peak = tracemalloc.get_traced_memory()[1] - before
        tracemalloc.stop()
        return peak

    growth(True)
    assert growth(False) > 100 * X.nbytes, "the positive control: arrays are counted"
    assert growth(True) < 2 * X.nbytes, "references and numbers only"


def test_another_layout_of_array_objects_turns_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_call, "HEAD", array_call.HEAD + 8)
    monkeypatch.setattr(array_call, "array_caller", array_call.array_caller.__wrapped__)
    assert array_call.array_caller(array_call.process_arrays) is None
    assert not array_call._reads(np.zeros((2, 3), np.float32))


@pytest.mark.parametrize(("begin", "into"), [(0, 3), (3, 0), (0, 20), (0, 0)])
def test_out_may_lie_over_the_block(begin: int, into: int) -> None:
    for kind in (np.float32, np.float64):  # read natively, and converted first
        sound = np.random.default_rng(2).standard_normal((1, 70)).astype(kind)
        wanted = checked(1, sound[:, begin : begin + 50].copy())
        memory = sound.astype(np.float32)
        block = memory if kind is np.float32 else sound
        engine(1).process(block[:, begin : begin + 50], memory[:, into : into + 50])
        np.testing.assert_array_equal(memory[:, into : into + 50], wanted)


def test_channels_may_change_places() -> None:
    memory = X.copy()
    engine().process(memory, memory[::-1])
    np.testing.assert_array_equal(memory[::-1], checked(2, X))
