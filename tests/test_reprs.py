"""What a notebook prints of every public object: one line, short, no addresses, no arrays."""

import dataclasses
import enum
import functools
import inspect
import re
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph import graph as described, nodes as shipped, presets, runtime
from namgraph.graph import Content, DryWet, Modulation, Node, Snapshot, Spec, schedule
from namgraph.graph.arguments import format_call
from namgraph.graph.port import Kind, Space
from namgraph.nodes import testing
from namgraph.presets.rig import open_rig
from namgraph.runtime.cuda.driver.gpus import Gpu
from namgraph.runtime.plan.arena import Memory
from namgraph.runtime.plan.stats import DeviceStats

MOST = 200
LSTM, CAB = ng.asset("crunch-lstm.nam"), ng.asset("cab.wav")
SHIPPED: list[Any] = [getattr(shipped, name) for name in shipped.__all__]
MODULES = (ng, described, presets, runtime, testing)
WITHOUT = {
    "Lanes",  # exists while a kernel is compiled
    "Value",  # an alias of LLVM's
    "Memory",  # a protocol
    "NativeFunction",  # a protocol
    "NodeTypes",  # a table of many lines, on purpose
}
"""Public classes of which no object is looked at here."""


def faults(shown: str) -> list[str]:
    """Return what is wrong with a ``repr``."""
    found = []
    if len(shown) > MOST:
        found.append(f"{len(shown)} characters")
    if "\n" in shown or "\t" in shown:
        found.append("several lines")
    if re.search(r"\b0x[0-9a-f]{4,}|<function|object at ", shown):
        found.append("an address")
    if "array(" in shown or "dtype=" in shown:
        found.append("an array")
    return found


@functools.cache
def made() -> dict[str, Any]:
    """Return objects as a user gets them, many for some classes."""
    rack = ng.load_preset("crunch")
    large = ng.Graph()
    large.name = "a name\nof two lines " * 20
    for k in range(9):
        large.input(f"{k}" * 64, channels=1 << 16)
        large.output(f"{k}{'o' * 60}", channels=1 << 16)
    for k in range(40):
        large.add(f"{k:03d}" * 20, ng.Gain())
    engine = ng.Engine(rack, sample_rate=48_000, max_frames=64)
    engine.stats(timed=True)
    stepper = ng.Stepper(rack, 48_000)
    engine.process(np.zeros((1, 64), np.float32))
    stream = ng.NullStream(rack, realtime=False, seconds=0.02)
    with stream:
        stream.wait(10)
        playing = repr(stream)
        several = repr(ng.playing())
    stats, memory = engine.stats(), Memory()
    io = ng.Io(Spec(48_000, 64), memory, {"in": 1}, {"out": 1}, {"gain_db": 0.0}, {"gain_db": 0.01})
    spread = {"p50": 1.0, "p99": 2.0, "max": 3.0}
    device = DeviceStats("H100", ("amp",) * 40, "late " * 90, 1, 2, 3, True, *[spread] * 3)
    plan = schedule(rack, Spec(48_000, 64))
    levels: dict[str, Any] = {f"gain{k}_db": 1.5 for k in range(1, 17)}
    nodes = [
        ng.Gain(),
        ng.Mix(16, invert=tuple(range(1, 17)), **levels),
        ng.Nam("x" * 240 + ".nam"),
        ng.Nam("odd\nname.nam", slim=0.5),
        ng.Oversample(ng.Mix(16, invert=tuple(range(1, 17))), times=2),
        ng.Cab(CAB),
        ng.CabMics(CAB, b_distance_cm=30.0),
        ng.NamBank(["amp.nam"] * 999),
        ng.Curve(tuple((float(k), 0.0) for k in range(1000))),
        *(cls() for cls in SHIPPED if not cls.required()),
    ]
    return {
        "graphs": [rack, large, ng.Graph()],
        "handles": [rack.handle("amp"), large.handle("0" * 64)["out"]],
        "connections": [rack.connections[0], rack.connections[0].source],
        "modulations": [Modulation(*rack.connections[0], 0.5)],
        "nodes": nodes,
        "content": [
            ng.load_nam(ng.asset("crunch-wavenet.nam")),
            ng.load_nam(ng.asset("crunch-lstm.nam")).player(),
            ng.Cab(np.ones(9), 48_000).path,
            ng.Nam(ng.load_nam(ng.asset("crunch-lstm.nam"))),
            ng.Cab(np.ones((2, 9)), 48_000),
        ],
        "fields": [ng.Gain.params()["gain_db"], ng.Split.options()["count"]],
        "pictures": [ng.Picture("a.png", "rack\nA", "peak " * 99, {"x": np.ones(9)})],
        "ports": [ng.Port("in"), ng.Port("in", 2, Kind.CONTROL, Space.DEVICE), Kind.AUDIO],
        "spaces": [Space.HOST, Spec(48_000, 64), io, ng.Gain().prepare(io), memory],
        "schedules": [plan, plan.ops[0], plan.buffers[0], engine.plan],
        "playing": [engine, engine.save_state(), stepper, stepper.stats()],
        "engines": [stats, stats.nodes[0], *stats.between, device, engine.settings()],
        "streams": [stream, stream.stats(), *stream.stats().outputs, playing],
        "several": [ng.playing(), several],
        "devices": [runtime.Device(1, "n" * 500, "A\nPI", 2, 2, 48e3, 3.0, 4.0, True, True),
                    Gpu(0, "H100" * 99, 1 << 36, (9, 0), True, "why " * 99)],
        "measured": [ng.measure(ng.Gain(), 48_000)],
        "loudness": [ng.loudness(np.ones(x), 48_000) for x in (9, 96_000)],
        "files": [ng.read_audio(ng.asset("di.wav")), presets.read_preset("crunch")],
        "models": [ng.load_nam(LSTM), ng.load_nam(LSTM).player()],
        "rigs": [open_rig("crunch"), open_rig(LSTM, ir=CAB)],
        "batches": [ng.BatchProgress(1, 2, 3.0, 4.0),
                    ng.BatchResult(1, 2, 3.5, "n" * 500, failures={"a" * 99: "b" * 99})],
        "presets": [presets.Preset("n" * 500, large)],
        "snapshots": [DryWet(0.5, True), Snapshot("n\n" * 500, {"amp.gain_db": 1.0})],
        "kernels": [ng.kernel(_kernel), ng.glide, ng.scale],
        "harness": [testing.NodeHarness(ng.Gain())],
        "live": [ng.LiveStream.__new__(ng.LiveStream)],
    }  # fmt: skip


def _kernel(state: int, ins: int, outs: int, frames: int) -> None:
    pass


def test_every_object_is_one_short_line() -> None:
    shown = [one if isinstance(one, str) else repr(one) for ones in made().values() for one in ones]
    assert {text: faults(text) for text in shown if faults(text)} == {}
    assert len(shown) > 50


def public_classes() -> set[type]:
    names = [(module, n) for module in MODULES for n in module.__all__ if n not in WITHOUT]
    found = [getattr(module, name) for module, name in names]
    return {c for c in found if inspect.isclass(c) and not issubclass(c, BaseException)}


def test_every_public_class_is_looked_at() -> None:
    seen = {type(one) for ones in made().values() for one in ones}
    assert public_classes() - seen == {Node, Content}
    assert len(seen) > 35


def test_pedalboards_too() -> None:
    pytest.importorskip("pedalboard")
    rack = ng.Graph()
    end = rack.input("in", channels=1)
    for k in range(30):
        end = end >> rack.add(f"gain{k}", ng.Gain())
    end >> rack.output("out", channels=1)
    effect = ng.GraphEffect(rack)
    things = [
        effect,
        ng.GraphPlugin(rack),
        ng.Board([effect] * 9),
        ng.PedalboardEffect("Reverb", room_size=0.8),
    ]
    assert [faults(repr(thing)) for thing in things] == [[]] * 4


def test_what_is_shown_tells_the_thing() -> None:
    graph = ng.Graph()
    end = graph.input("in", channels=1) >> graph.add("amp", ng.Gain(gain_db=-3.0))
    end >> graph.add("pan", ng.Pan()) >> graph.output("out", channels=2)
    rack = "in (1 ch) -> amp: Gain, pan: Pan -> out (2 ch)"
    assert repr(graph) == f"<Graph {rack}, 3 connections>"
    assert repr(graph.connections[0]) == "<Connection in.out >> amp.in>"
    assert repr(graph["amp"]) == "Gain(gain_db=-3.0)"
    assert repr(ng.Nam("amp.nam", input_db=3.0)) == "Nam('amp.nam', input_db=3.0)"
    assert repr(ng.Split(3)) == "Split(3)"
    assert repr(ng.Port("left", 1)) == "Port('left', channels=1)"
    stream = ng.NullStream(graph)
    assert repr(stream) == f"<NullStream stopped at 48000 Hz, blocks of 64: {rack}>"
    stream.close()
    assert repr(stream).startswith("<NullStream closed at ")
    engine = ng.Engine(graph, sample_rate=48_000, max_frames=64)
    assert repr(engine.settings()) == "<Settings amp.gain_db = -3, pan.position = 0>"
    assert repr(engine.stats()) == "<Stats blocks 0 (not timed), frames 0, latency 0, nodes 2>"
    audio = ng.AudioFile(np.zeros((2, 24_000), np.float32), 48_000, "PCM_24")
    assert repr(audio) == "<AudioFile: 2 channels, 24000 frames at 48000 Hz (0.50 s), PCM_24>"


def test_a_short_node_is_shown_as_the_call_that_makes_it() -> None:
    names = {name: getattr(ng, name) for name in ng.__all__}
    nodes = [node for node in made()["nodes"] if "..." not in repr(node)]
    assert [eval(repr(node), names) for node in nodes] == nodes
    assert len(nodes) > 6


def test_an_array_in_a_call_is_shown_by_its_shape() -> None:
    shown = format_call("Cab", [("", np.zeros((2, 999))), ("rate", 48_000), ("name", "n" * 500)])
    assert shown.startswith("Cab(<ndarray of shape (2, 999)>, rate=48000, name='nnn")
    assert not faults(shown)
    assert format_call("Gain", [("gain_db", np.float32(3.0))]) == "Gain(gain_db=np.float32(3.0))"


def test_a_stream_that_could_not_be_made_has_a_repr() -> None:
    assert repr(ng.LiveStream.__new__(ng.LiveStream)) == "<LiveStream not opened>"


@dataclasses.dataclass
class Dump:
    """Prints all its fields."""

    content: Any


class Plain:
    """Prints its address."""


class Lines(enum.Enum):
    """Prints two lines."""

    ONE = "a"

    def __repr__(self) -> str:
        return "one\ntwo"


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (Dump(np.zeros(3)), "an array"),
        (Dump("x" * 300), "characters"),
        (Plain(), "an address"),
        (Dump(faults), "an address"),
        (Lines.ONE, "several lines"),
    ],
)
def test_each_fault_is_found(thing: Any, said: str) -> None:
    assert any(said in fault for fault in faults(repr(thing)))
