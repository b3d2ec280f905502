"""A starter preset: one model and one cabinet, ready to be rendered and edited."""

from ..graph import Graph
from ..nodes import Cab, Gain, Nam, Pan, Reverb
from ..nodes.nam import DEFAULT_SAMPLE_RATE
from .bundled import asset

__all__ = ["starter_graph"]


def starter_graph(model: str | None = None, ir: str | None = None) -> Graph:
    """Return a rack of a model, a cabinet, a pan if the cabinet is mono, a reverb and a level.

    Without ``model`` or ``ir`` it has the crunch capture and the cabinet that ship.  Slot A holds
    it as it is, slot B with more input and more reverb.  Raises ``FileError`` for other files.
    """
    graph = Graph()
    graph.description = "A starter: change what you like."
    amp = graph.add("amp", Nam(model or asset("crunch-wavenet.nam")))
    cabinet = Cab(ir or asset("cab.wav"))
    end = graph.input("guitar", channels=1) >> amp
    if cabinet.inputs[0].channels == 2:  # left and right have a response each
        end = end >> graph.add("pan", Pan()) >> graph.add("cab", cabinet)
    else:
        end = end >> graph.add("cab", cabinet)
        if cabinet.outputs[0].channels != 2:
            end = end >> graph.add("pan", Pan())
    end = end >> graph.add("reverb", Reverb(mix=0.1)) >> graph.add("level", Gain())
    end >> graph.output("out", channels=2)
    graph.latency(amp_rate(graph))  # raises for files that cannot be joined
    graph.store("A", "Rhythm", {"amp.input_db": 0.0, "reverb.mix": 0.1, "level.gain_db": 0.0})
    graph.store("B", "Lead", {"amp.input_db": 6.0, "reverb.mix": 0.2, "level.gain_db": 1.0})
    return graph


def amp_rate(graph: Graph) -> float:
    """Return the sample rate in Hz of the model of a starter."""
    return graph["amp"].own_rate() or DEFAULT_SAMPLE_RATE
