"""Compile everything now, so that nothing is compiled when it matters."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass

from .. import nodes
from ..graph import Graph, Kind, Node, Spec, node_types
from ..nodes.cabinet.cab import kernels as cab_kernels
from ..nodes.nam.cpu.prepare import common_kernels
from ..presets.bundled import asset, shipped_models, shipped_presets
from ..presets.preset import load_preset
from ..presets.rig import open_rig
from ..runtime.native.abi import natives
from ..runtime.plan.plan import Plan

__all__ = ["Warmed", "warm"]


@dataclass(frozen=True)
class Warmed:
    """What is compiled, and how long it took."""

    functions: int
    racks: int
    seconds: float


def warm(progress: Callable[[float], None] = lambda share: None) -> Warmed:
    """Compile every kernel, or load it from disk where an earlier run has left it.

    Most kernels exist once their module is imported.  Those of cabinets and of the model sizes that
    trainers offer are asked for; others a plan has to ask for, so plans are built for every shipped
    preset and model, and for one node of every kind.
    """
    begun = time.perf_counter()
    graphs = [load_preset(path) for path in shipped_presets().values()]
    graphs += [open_rig(path, ir=asset("cab.wav")).graph for path in shipped_models()]
    ours = {n: c for n, c in node_types().items() if c.__module__.startswith(nodes.__name__)}
    graphs += [_alone(cls()) for cls in ours.values() if _needs_nothing(cls)]
    for n, graph in enumerate(graphs):
        Plan(graph, Spec(48_000, 64))
        progress(0.5 * (n + 1) / len(graphs))
    cab_kernels()  # declared when first asked for, like those of models
    common_kernels()
    functions = natives()
    for n, function in enumerate(functions):
        _ = function.address
        progress(0.5 + 0.5 * (n + 1) / len(functions))
    return Warmed(len(functions), len(graphs), time.perf_counter() - begun)


def _needs_nothing(cls: type[Node]) -> bool:
    """Say whether a node can be made without a file or a choice."""
    if not dataclasses.is_dataclass(cls):
        return True
    fields = dataclasses.fields(cls)
    return all(f.default is not dataclasses.MISSING for f in fields)


def _alone(node: Node) -> Graph:
    """Return a graph of one node with its audio ports connected."""
    graph = Graph()
    graph.add("node", node)
    for port in (p for p in node.inputs if p.kind is Kind.AUDIO):
        end = graph.input(f"to_{port.name}", channels=port.channels or 1)
        graph.connect(end, f"node.{port.name}")
    for port in (p for p in node.outputs if p.kind is Kind.AUDIO):
        end = graph.output(f"from_{port.name}", channels=port.channels or 1)
        graph.connect(f"node.{port.name}", end)
    return graph
