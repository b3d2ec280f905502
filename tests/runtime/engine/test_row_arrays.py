"""``Engine.play``: arrays that native code could not read or write are refused by name."""

from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import ParamError

FRAMES = 64


def row(frames: int = FRAMES) -> Any:
    return np.ones(frames, np.float32)


def engine() -> ng.Engine:
    graph = ng.Graph()
    gain = graph.add("gain", ng.Gain(gain_db=6.0))
    graph.input("in", channels=2) >> gain >> graph.output("out", channels=2)
    return ng.Engine(graph, sample_rate=48_000, max_frames=16)


def read_only() -> Any:
    made = row()
    made.flags.writeable = False
    return made


WRONG = [
    (None, "is None: must be a float32 array of shape (64,)"),
    ([0.1] * FRAMES, "must be a float32 array of shape (64,)"),
    (row().astype(np.float64), "is float64 of shape (64,): must be a float32 array"),
    (row().astype(">f4"), "is >f4 of shape (64,): must be a float32 array"),
    (np.ones((1, FRAMES), np.float32), "is float32 of shape (1, 64): must be"),
    (np.float32(1.0), "must be a float32 array"),
    (row(FRAMES - 1), "has 63 frames: must have 64"),
    (row(2 * FRAMES)[::2], "is not contiguous: np.ascontiguousarray makes it so"),
    (row()[::-1], "is not contiguous"),
    (np.broadcast_to(np.float32(0.1), FRAMES), "is not contiguous"),
    (np.zeros(4 * FRAMES + 1, np.uint8)[1:].view(np.float32), "is not contiguous"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG)
def test_an_array_that_is_wrong_is_named(wrong: Any, said: str) -> None:
    made = engine()
    for name, sides in (
        ("inputs[1]", ([row(), wrong], [row(), row()])),
        ("outputs[0]", ([row(), row()], [wrong, row()])),
    ):
        with pytest.raises(ng.PortError) as caught:
            made.play(*sides, FRAMES)
        assert name in str(caught.value)
        assert said in str(caught.value)
    assert made.frame == 0


def test_other_lists_and_lengths() -> None:
    made, two = engine(), [row(), row()]
    wrong: list[tuple[Any, Any]] = [([row()], two), (two, [*two, row()]), ([], two), (row(), two)]
    for inputs, outputs in [*wrong, (two, None)]:
        with pytest.raises(ng.PortError, match="must be a list of 2, one for each channel"):
            made.play(inputs, outputs, FRAMES)
    with pytest.raises(ng.PortError, match=r"outputs\[0\] is read-only: must be writeable"):
        made.play(two, [read_only(), row()], FRAMES)
    for frames, block in ((-1, None), (1.5, None), (FRAMES, 0), (FRAMES, -64), (1 << 60, None)):
        with pytest.raises(ParamError, match=r"(frames|block) is .*must be a whole number"):
            made.play(two, two, frames, block)  # type: ignore[arg-type]
    made.play(two, two, FRAMES, 16)
    assert made.frame == FRAMES
    assert two[1][-1] > 1.9


def test_a_stream_that_plays_the_engine_is_not_disturbed() -> None:
    stream = ng.NullStream(ng.Gain(), realtime=False, seconds=1e6)
    with stream, pytest.raises(ng.EngineError):
        stream.engine.play([row()], [row()], FRAMES)
