"""Nodes and random graphs for the tests of this folder; none of the nodes is registered."""

from dataclasses import dataclass
from typing import Any, ClassVar

from hypothesis import strategies as st

from namgraph.graph import Graph, Kind, Node, Port, Space, Spec

SPEC = Spec(rate=48_000, max_frames=64)


@dataclass(frozen=True)
class Box(Node):
    """Any ports, latency and tail one may wish for."""

    type_name: ClassVar[str] = "Box"
    ins: tuple[Port, ...] = (Port("in"),)
    outs: tuple[Port, ...] = (Port("out"),)
    frames: Any = 0
    rings: Any = 0

    @property
    def inputs(self) -> tuple[Port, ...]:
        return self.ins

    @property
    def outputs(self) -> tuple[Port, ...]:
        return self.outs

    def latency(self, spec: Spec) -> int:
        frames: int = self.frames
        return frames

    def tail(self, spec: Spec) -> int:
        rings: int = self.rings
        return rings


def chain(length: int, *, channels: int = 1, frames: int = 0) -> Graph:
    graph = Graph()
    end = graph.input("in", channels=channels)
    for i in range(length):
        end = end >> graph.add(f"n{i}", Box(frames=frames))
    end >> graph.output("out", channels=channels)
    return graph


def diamond(early: int = 0, late: int = 7) -> Graph:
    """One input by two ways of different latency into one port."""
    graph = Graph()
    x = graph.input("x", channels=1)
    y = graph.output("y", channels=1)
    meet = graph.add("meet", Box())
    x >> graph.add("early", Box(frames=early)) >> meet
    x >> graph.add("late", Box(frames=late)) >> meet
    meet >> y
    return graph


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graphs that must compile: every kind of port, any latency, in any order of building."""

    def some(choices: list[str], most: int) -> list[str]:
        if not choices:
            return []
        least = draw(st.sampled_from((1, 1, 1, 0)))
        chosen = st.lists(st.sampled_from(choices), min_size=least, max_size=most, unique=True)
        return draw(chosen)

    counts = st.sampled_from((1, 1, 1, 1, 2, 2, 3))
    spaces = st.sampled_from((Space.HOST, Space.HOST, Space.DEVICE))
    follows = st.sampled_from((True, True, False))
    audio: dict[int, list[str]] = {1: [], 2: [], 3: []}
    control: list[str] = []
    wires: list[tuple[str, str]] = []
    ends: list[tuple[str, str, Any]] = []
    for i in range(draw(st.integers(0, 3))):
        channels = draw(counts)
        ends.append(("input", f"i{i}", channels))
        audio[channels].append(f"i{i}.out")
    for i in range(draw(st.integers(0, 12))):
        name, common, settled = f"n{i}", draw(counts), False
        ins: list[Port] = []
        for k in range(draw(st.sampled_from((1, 2, 1, 3, 0)))):
            # The port may have the name of an output: they must not be mistaken.
            ref = f"{name}.p{k}"
            if draw(st.integers(0, 3)) == 0:
                ins.append(Port(f"p{k}", None, Kind.CONTROL, draw(spaces)))
                feeding = some(control, 2)
            elif draw(follows):
                ins.append(Port(f"p{k}", None, Kind.AUDIO, draw(spaces)))
                feeding = some(audio[common], 3)
                settled = settled or bool(feeding)
            else:
                channels = draw(counts)
                ins.append(Port(f"p{k}", channels, Kind.AUDIO, draw(spaces)))
                feeding = some(audio[channels], 3)
            wires += [(source, ref) for source in feeding]
        outs: list[Port] = []
        for k in range(draw(st.sampled_from((1, 1, 2, 0)))):
            if draw(st.integers(0, 3)) == 0:
                outs.append(Port(f"p{k}", None, Kind.CONTROL, draw(spaces)))
                control.append(f"{name}.p{k}")
            elif draw(follows):
                outs.append(Port(f"p{k}", None, Kind.AUDIO, draw(spaces)))
                audio[common if settled else 1].append(f"{name}.p{k}")
            else:
                channels = draw(counts)
                outs.append(Port(f"p{k}", channels, Kind.AUDIO, draw(spaces)))
                audio[channels].append(f"{name}.p{k}")
        frames = draw(st.sampled_from((0, 1, 0, 2, 5, 11)))
        ends.append(("node", name, Box(tuple(ins), tuple(outs), frames, frames)))
    for i in range(draw(st.integers(1, 3))):
        channels = draw(counts)
        ends.append(("output", f"o{i}", channels))
        wires += [(source, f"o{i}") for source in some(audio[channels], 3)]

    graph = Graph()
    for kind, name, what in draw(st.permutations(ends)):
        if kind == "input":
            graph.input(name, channels=what)
        elif kind == "output":
            graph.output(name, channels=what)
        else:
            graph.add(name, what)
    for source, target in draw(st.permutations(wires)):
        graph.connect(source, target)
    return graph
