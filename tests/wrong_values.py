"""Calls of the public API, each with arguments that are right: what the sweep makes wrong."""

import dataclasses
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import namgraph as ng
import namgraph.nodes

from .presets.card import Card

__all__ = ["CALLS", "Call"]

LSTM, CAB = ng.asset("crunch-lstm.nam"), ng.asset("cab.wav")
RATE = 48_000
X = np.zeros((1, 64), np.float32)
NOISE = np.random.default_rng(0).uniform(-0.1, 0.1, 400_001)
"""Longer than the 0.4 s of a loudness at every sample rate that is allowed."""


@dataclass(frozen=True)
class Call:
    """A function, its arguments by name, and by which words errors may speak of them."""

    name: str
    function: Callable[..., Any]
    arguments: dict[str, Any]
    aliases: dict[str, tuple[str, ...]]

    def __call__(self, **wrong: Any) -> Any:
        return self.function(**{**self.arguments, **wrong})


CALLS: list[Call] = []


def call(title: str, function: Callable[..., Any], /, **arguments: Any) -> None:
    words = {k: v for k, v in ALIASES.items() if k in arguments}
    CALLS.append(Call(title, function, arguments, words))


ALIASES: dict[str, tuple[str, ...]] = {
    "audio": ("in:", "audio"),
    "block": ("in:", "block", "audio"),
    "changes": ("change",),
    "channels": ("channels",),
    "name": ("name", "no node", "no parameter", "nothing called", "no sound", "no port", "no rack"),
    "node": ("node",),
    "path": ("path", "a picture's name"),
    "source": ("source", "connect", "nothing called", "does not feed"),
    "target": ("target", "connect", "nothing called", "does not feed"),
    "value": ("gain_db", "value"),
    "values": ("parameter", "gain_db", "values"),
    "cls": ("@node",),
    "rate": ("sample_rate",),
    "input_array": ("input_array",),
    "array": ("in:", "array", "audio"),
    "sources": ("sources", "streams"),
    "name_of_slot": ("slot",),
    "seconds": ("deadline", "seconds"),
    "port": ("port",),
    "points": ("points", "automation"),
    "automation": ("automation",),
    "lanes": ("automation", "lanes"),
    "between": ("between", "connect", "nothing called", "does not feed", "has no"),
    "inputs": ("inputs", "is no end"),
    "outputs": ("outputs", "is no end"),
    "new": ("name", "already in"),
    "fields": ("effect", "fields"),
}


def rack() -> ng.Graph:
    graph = ng.Graph()
    end = graph.input("in", channels=1) >> graph.add("amp", ng.Gain())
    end >> graph.output("out", channels=1)
    return graph


def engine() -> ng.Engine:
    return ng.Engine(rack(), sample_rate=RATE, max_frames=64)


def on(make: Callable[[], Any], method: str) -> Callable[..., Any]:
    """A method of a fresh object: what is wrong with one call must not change the next."""

    def called(**arguments: Any) -> Any:
        made = make()
        try:
            return getattr(made, method)(**arguments)
        finally:
            getattr(made, "close", lambda: None)()

    return called


def item_set(make: Callable[[], Any]) -> Callable[..., Any]:
    """Assign to an item of a fresh object."""

    def called(name: Any, value: Any) -> None:
        made = make()
        try:
            made[name] = value
        finally:
            getattr(made, "close", lambda: None)()

    return called


def play(**arguments: Any) -> None:
    """Play on a sound card that is not there."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setitem(sys.modules, "sounddevice", Card().module)
        warnings.filterwarnings("ignore", "the output has a peak", RuntimeWarning)
        ng.play(**arguments)


call("Graph.add", on(rack, "add"), name="new", node=ng.Gain())
call("Graph.input", on(rack, "input"), name="new", channels=1)
call("Graph.output", on(rack, "output"), name="new", channels=1)
call("Graph.handle", on(rack, "handle"), name="amp")
call("Graph.connect", on(rack, "connect"), source="in", target="out")
call("Graph.disconnect", on(rack, "disconnect"), source="in", target="amp")
call(
    "Graph.chain", lambda node, channels: ng.Graph.chain(node, channels=channels),
    node=ng.Gain(), channels=1,
)  # fmt: skip
call("measure", ng.measure, graph=ng.Gain(), sample_rate=RATE)
call("Graph.remove", on(rack, "remove"), name="amp")
call("Graph.replace", on(rack, "replace"), name="amp", node=ng.Gain())
call("Graph.ports", on(rack, "ports"), name="amp", side="input")
call("Graph.with_params", on(rack, "with_params"), values={"amp.gain_db": 1.0})
call("Graph.check", on(rack, "check"), strict=False)
call("Graph.mix", on(rack, "mix"), node="amp", share=0.5)
call("Graph.bypass", on(rack, "bypass"), node="amp", bypassed=True)
call("Graph.store", on(rack, "store"), slot="A", name="Lead", values={"amp.gain_db": 1.0})
call("Graph.recall", on(rack, "recall"), slot="A")
call("Graph.discard", on(rack, "discard"), slot="A")
call("Handle[]", lambda port: rack().handle("amp")[port], port="in")
call("Handle>>", lambda target: rack().handle("in") >> target, target=None)

call("Port", ng.Port, name="in", channels=1, kind=ng.Kind.AUDIO, space=ng.Space.HOST)
call("Param", ng.Param, default=0.0, low=0.0, high=1.0, unit="dB", taper="log", smoothing_s=0.1)
call("Param.check", ng.Param(0.0, 0.0, 1.0).check, name="gain_db", value=0.5)
call("Spec", ng.Spec, rate=RATE, max_frames=64, pipelined=False)
call("param", ng.param, default=0.0, low=0.0, high=1.0, unit="", taper="log", smoothing_s=0.1)
call("option", ng.option, default=1, choices=(1, 2), kw_only=True)
call("file", ng.file, kw_only=False, several=False, content=None)

call("Graph[]", lambda name: rack()[name], name="amp")
call("Graph.latency", on(rack, "latency"), sample_rate=RATE)
call("Graph.tail", on(rack, "tail"), sample_rate=RATE)
call("node_types[]", lambda name: ng.node_types()[name], name="gain")
call(
    "node", ng.node, type_name="never_registered", display_name="Never", category="other",
    version=1, description="Never.", example="",
)  # fmt: skip
call("node()", ng.node("never_registered_either"), cls=None)
call("kernel", ng.kernel, function=None)

for kind in (getattr(namgraph.nodes, name) for name in namgraph.nodes.__all__):
    if not kind.required():  # the others need files: below
        given = {f.name: getattr(kind, f.name) for f in dataclasses.fields(kind)}
        call(kind.__name__, kind, **given)
call("Mix(invert)", ng.Mix, invert=(1,))
call("Cab", ng.Cab, path=CAB, level_db=0.0, mix=1.0, gain_rule="nam", layout="auto")
call("Oversample", ng.Oversample, node=ng.Gain(), times=4, quality="studio")
call("Cab(array)", ng.Cab, path=np.ones(8), rate=RATE)
call("CabMics", ng.CabMics, path_a=CAB, path_b=CAB, b_distance_cm=30.0, align="onset", trim=True,
     fade_ms=1.0, max_ms=100.0, b_invert=False, to_stereo=True)  # fmt: skip
call(
    "Nam", ng.Nam, path=LSTM, slim=1.0, levels="raw", interface_dbu=12.0, calibrate_input=False,
    resample=False, prewarm=True, backend="cpu", precision="exact", input_db=0.0, output_db=0.0,
    oversample=2, quality="live",
)  # fmt: skip
call("Nam(right)", ng.Nam, path=LSTM, right=LSTM)
call(
    "NamBank", ng.NamBank, paths=[LSTM], shared=True, slim=1.0, prewarm=True, backend="cpu",
    precision="exact",
)  # fmt: skip

call(
    "render", ng.render, graph=rack(), audio=X, sample_rate=RATE, block=64, tail=True, changes=(),
    progress=None, report=None, strict=False,
)  # fmt: skip
call(
    "render_models", ng.render_models, paths=[LSTM], audio=X, sample_rate=RATE, slim=1.0,
    backend="cpu", progress=None, report=None,
)  # fmt: skip
call("render(ir)", ng.render, graph=ng.Gain(), audio=X, sample_rate=RATE, ir=CAB)
call(
    "play", play, graph=ng.Gain(), audio=X, sample_rate=RATE, ir=CAB, device=None, tail=True,
    resampled=False,
)  # fmt: skip
call(
    "plot", ng.plot, thing=CAB, path="cab.png", against=None, audio=None, settings=None,
    progress=None,
)  # fmt: skip
call("export_nam", ng.export_nam, graph=rack(), path="rack.nam", name=None, sample_rate=None)
call("save_preset", ng.save_preset, graph=rack(), path="rack.json", name=None)
call("load_capture", ng.load_capture, source=LSTM)
call("load_nam", ng.load_nam, source=LSTM)
call("save_nam", ng.save_nam, model=ng.load_nam(LSTM), path="amp.nam")
call("load_preset", ng.load_preset, path="crunch")
MODEL = ng.load_nam(LSTM)
call(
    "Model.player", MODEL.player, rate=RATE, max_frames=64, slim=1.0, prewarm=True, resample=False,
    levels="raw", backend="cpu",
)  # fmt: skip
call("Player.process", on(MODEL.player, "process"), array=X, out=None)
call("Player.process_sample", on(MODEL.player, "process_sample"), x=0.5)
call("loudness", ng.loudness, samples=X, rate=RATE)
call(
    "match_loudness", ng.match_loudness, sources=[NOISE, NOISE], sample_rate=RATE, audio=None,
    target_lufs=-20.0,
)  # fmt: skip
call("match_levels", ng.match_levels, graph=rack(), interface_dbu=12.0)
call("asset", ng.asset, name="cab.wav")

call(
    "Engine", ng.Engine, graph=rack(), sample_rate=RATE, max_frames=64, fade_s=0.02,
    pipelined=False, strict=False, threads=1,
)  # fmt: skip
call("Engine.process", on(engine, "process"), block=X, out=None)
call("Engine.set", on(engine, "set"), name="amp.gain_db", value=0.0, at=None)
call("Engine.mix", on(engine, "mix"), node="amp", share=0.5, at=None)
call("Engine.bypass", on(engine, "bypass"), node="amp", bypassed=True, at=None)
call("Engine.apply", on(engine, "apply"), settings=engine().settings())
call("Engine.get", on(engine, "get"), name="amp.gain_db")
call("Engine.swap", on(engine, "swap"), graph=rack())
call("Engine.save_state", on(engine, "save_state"), into=None)
call("Engine.restore_state", on(engine, "restore_state"), state=engine().save_state(), params=False)
call("Engine[]", on(engine, "__getitem__"), name="amp.gain_db")
call("Engine[]=", item_set(engine), name="amp.gain_db", value=0.0)
call("Engine.stats", on(engine, "stats"), timed=None)
call("Engine.guard", on(engine, "guard"), limit_s=1.0, overruns=8, mute_s=0.5)
call("Engine.deadline", on(engine, "deadline"), seconds=1.0)


def stepper() -> ng.Stepper:
    return ng.Stepper(rack(), RATE, 64, streams=2)


call("Stepper", ng.Stepper, graph=rack(), sample_rate=RATE, frames=64, streams=2)
call("Stepper.step", on(stepper, "step"), block=np.zeros((2, 64), np.float32), out=None)
call("Stepper.step(1)", on(lambda: ng.Stepper(rack(), RATE), "step"), block=0.5, out=None)
call("Stepper.commit", on(stepper, "commit"), streams=[0])
call("Stepper.rollback", on(stepper, "rollback"), streams=[0])
call("Stepper.reset", on(stepper, "reset"), streams=[0])
call("Stepper.select", on(stepper, "select"), sources=[0, 0])
call("Stepper.save_state", on(stepper, "save_state"), stream=0, into=None)
call(
    "Stepper.restore_state", on(stepper, "restore_state"), state=stepper().save_state(),
    streams=[0], params=False,
)  # fmt: skip
call("Stepper.set", on(stepper, "set"), name="amp.gain_db", value=0.0)
call("Stepper.get", on(stepper, "get"), name="amp.gain_db")
call("Stepper[]", on(stepper, "__getitem__"), name="amp.gain_db")
call("Stepper[]=", item_set(stepper), name="amp.gain_db", value=0.0)


def stream() -> ng.NullStream:
    return ng.NullStream(rack())


call(
    "NullStream", ng.NullStream, graph=rack(), blocksize=64, sample_rate=RATE, realtime=True,
    seconds=None, source=None, record=0, inputs=None, outputs=None, fade_s=0.02, node_share=1.0,
    pipelined=False, threads=1,
)  # fmt: skip
call("Stream.set", on(stream, "set"), name="amp.gain_db", value=0.0, at=None)
call("Stream.get", on(stream, "get"), name="amp.gain_db")
call("Stream[]", on(stream, "__getitem__"), name="amp.gain_db")
call("Stream[]=", item_set(stream), name="amp.gain_db", value=0.0)
call("Stream.mix", on(stream, "mix"), node="amp", share=0.5)
call("Stream.bypass", on(stream, "bypass"), node="amp", bypassed=True)
call("Stream.swap", on(stream, "swap"), graph=rack())
call("Stream.store", on(stream, "store"), slot="A", name="Lead")
call("Stream.save", on(stream, "save"), path="a.json", name="Lead")
call("Engine.store", on(engine, "store"), slot="A", name="Lead")
call("Engine.recall", on(engine, "recall"), slot="A")
call("Engine.save", on(engine, "save"), path="a.json", name="Lead")
call("Stream.recall", on(stream, "recall"), slot="A")
call("NullStream.wait", on(stream, "wait"), timeout_s=None)
