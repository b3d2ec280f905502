"""Parameters with steps: rounding, labels, wrong declarations."""

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import Param, ParamError

LABELS = ("stop", "record", "play")
STATE = np.dtype([("mode", np.float64), ("shift", np.float64)])


@ng.kernel
def _show(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    y = ng.channel(outs, 0, frames)
    for i in range(frames):
        y[i] = np.float32(s.mode + 10.0 * s.shift)


@ng.node("test_steps_switch")
class Switch(ng.Node):
    """Show its parameters."""

    mode: float = ng.param(default=0, low=0, high=2, step=1, labels=LABELS)
    shift: float = ng.param(default=0.0, low=-1.0, high=1.0, step=0.25)

    def prepare(self, io: ng.Io) -> ng.Processor:
        return ng.Processor(_show, io.memory.record(STATE, **io.params))


def test_values_are_rounded_to_the_nearest_step() -> None:
    row = Switch.params()["mode"]
    assert [row.check("mode", v) for v in (0.4, 0.6, 1, 2.0)] == [0.0, 1.0, 1.0, 2.0]
    assert Switch(mode=1.4, shift=0.3) == Switch(mode=1.0, shift=0.25)
    assert row.smoothing_s == 0.0


def test_labels_stand_for_values() -> None:
    row = Switch.params()["mode"]
    assert Switch(mode="play") == Switch(mode=2.0)  # type: ignore[arg-type]
    assert [row.label(v) for v in (0.0, 1.0, 2.0)] == list(LABELS)
    assert Switch.params()["shift"].label(0.5) == ""
    with pytest.raises(ParamError, match="mode is 'pause'"):
        Switch(mode="pause")  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="shift"):
        Switch(shift="play")  # type: ignore[arg-type]


def test_an_engine_rounds_and_reads_labels() -> None:
    graph = ng.Graph()
    switch = graph.add("switch", Switch())
    graph.input("in", channels=1) >> switch >> graph.output("out", channels=1)
    engine = ng.Engine(graph, sample_rate=48_000, max_frames=64)
    engine.set("switch.mode", "record")  # type: ignore[arg-type]
    engine.set("switch.shift", 0.6)
    played = engine.process(np.zeros((1, 8), np.float32))
    assert (played == 6.0).all()
    assert engine.get("switch.mode") == 1.0


def test_a_control_signal_moves_in_steps() -> None:
    graph = ng.Graph()
    graph.add("knob", ng.Constant(value=0.3))
    switch = graph.add("switch", Switch())
    graph.input("in", channels=1) >> switch >> graph.output("out", channels=1)
    graph.connect("knob", "switch.mode")
    assert (ng.render(graph, np.zeros(64, np.float32), 48_000) == 1.0).all()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"step": 0.3}, "step is 0.3: must divide high - low, which is 1"),
        ({"step": 1.0, "smoothing_s": 0.01}, "needs smoothing_s=0"),
        ({"step": -1.0}, "step is -1"),
        ({"labels": ("a", "b")}, "labels are given without a step"),
        ({"step": 1.0, "smoothing_s": 0.0, "labels": ("a",)}, "labels has 1 texts: must have 2"),
        ({"step": 1.0, "smoothing_s": 0.0, "labels": (1, 2)}, "must be a tuple of strings"),
    ],
)
def test_wrong_declarations(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        Param(0.0, 0.0, 1.0, **fields)  # type: ignore[arg-type]
