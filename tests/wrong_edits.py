"""Calls for the sweep of wrong arguments: edits of a graph, control signals, effects."""

import numpy as np

import namgraph as ng

from .wrong_values import RATE, X, call, on, rack as simple_rack

__all__: list[str] = []


def rack() -> ng.Graph:
    graph = ng.Graph()
    end = graph.input("in", channels=1) >> graph.add("amp", ng.Gain())
    end >> graph.output("out", channels=1)
    graph.add("lfo", ng.Lfo())
    graph.add("inner", ng.Graph.chain(ng.Gain()))
    return graph


def handle(name: str) -> ng.Handle:
    return rack().handle("amp")[name]


call(
    "Graph.connect(amount)", on(rack, "connect"), source="lfo", target="amp.gain_db", amount=0.5,
    absolute=False,
)  # fmt: skip
call("Graph.add(graph)", on(rack, "add"), name="other", node=ng.Graph.chain(ng.Gain()))
call("Graph.insert", on(rack, "insert"), name="new", node=ng.Gain(), between=("in", "amp"))
call("Graph.rename", on(rack, "rename"), name="amp", new="boost")
call("Graph.set_rack_ends", on(rack, "set_rack_ends"), name="inner", inputs=["in"], outputs=["out"])
call("Handle[]", handle, name="gain_db")
LANES = {"amp.gain_db": [(0.0, 0.0), (0.1, -6.0)]}
call("automated", lambda lanes: ng.automated(rack(), lanes), lanes=LANES)
call("automated(graph)", lambda graph: ng.automated(graph, {}), graph=rack())
call(
    "automated(points)", lambda points: ng.automated(rack(), {"amp.gain_db": points}),
    points=np.zeros(64),
)  # fmt: skip
call(
    "render(automation)", lambda automation: ng.render(
        ng.Graph.chain(amp=ng.Gain()), X, RATE, automation=automation
    ), automation=LANES,
)  # fmt: skip
call("Curve(points)", ng.Curve, points=((0.0, 0.0), (1.0, 1.0)))


def effect() -> ng.GraphEffect:
    return ng.GraphEffect(simple_rack())


def set_state(state: object) -> None:
    effect().raw_state = state  # type: ignore[assignment]


call("GraphEffect", ng.GraphEffect, graph=simple_rack(), fit="exact", sample_rate=RATE, name="Mine")
call("GraphEffect.swap", on(effect, "swap"), graph=simple_rack())
call("GraphEffect.set", on(effect, "set"), name="amp.gain_db", value=0.0, at=None)
call("GraphEffect.get", on(effect, "get"), name="amp.gain_db")
call("GraphEffect.bypass_node", on(effect, "bypass_node"), node="amp", bypassed=True)
call("GraphEffect.store", on(effect, "store"), slot="A", name="Lead")
call("GraphEffect.recall", on(effect, "recall"), slot="A")
call("GraphEffect.save", on(effect, "save"), path="a.json", name="Lead")
call("GraphEffect.mix_node", on(effect, "mix_node"), node="amp", share=0.5)
call("GraphEffect.load_preset", on(effect, "load_preset"), preset_file_path="crunch")
call("GraphEffect.raw_state", set_state, state=b"{}")
