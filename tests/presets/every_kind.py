"""A rack with a node of every kind, for tests of presets."""

import namgraph as ng

__all__ = ["KINDS", "rack"]

KINDS = {
    name: cls
    for name, cls in ng.node_types().items()
    if cls.__module__.startswith("namgraph.") and name != "pedalboard_effect"
}


def rack() -> ng.Graph:
    """One node of every kind, files among them."""
    graph = ng.Graph()
    nodes: dict[str, ng.Node] = {
        "amp": ng.Nam(ng.asset("crunch-lstm.nam"), input_db=-3.5),
        "cab": ng.Cab(ng.asset("cab.wav"), gain_rule="peak"),
        "oversample": ng.Oversample(ng.Cab(ng.asset("cab.wav")), times=2, mix=0.5),
        "mix": ng.Mix(3, invert=(1, 3), gain3_db=-7.0),
        "split": ng.Split(2, mode="channels"),
    }
    nodes |= {n: cls() for n, cls in KINDS.items() if n not in nodes and not cls.files()}
    for name, node in nodes.items():
        graph.add(name, node)
    guitar = graph.input("guitar", channels=1)
    guitar >> graph.handle("amp") >> graph.handle("cab") >> graph.handle("pan")
    graph.handle("pan") >> graph.output("out", channels=2)
    graph.connect("guitar", "mix.in2")
    graph.mix("amp", 0.5)
    graph.bypass("pan")
    graph.store("A", "All")
    graph.store("F", "", {"amp.input_db": 1.0, "pan.bypass": False})
    return graph
