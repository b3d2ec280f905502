"""``namgraph warm``: compile every kernel now, or load it from the disk cache."""

import argparse
import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..graph import Graph, Kind, Node, Spec, node_types
from .arguments import Subparsers, add_verb
from .console import say
from .progress import Progress

__all__ = ["Warmed", "add_parser", "run", "warm"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb."""
    add_verb(
        subparsers, "warm", run, "compile every kernel now, into the disk cache", "namgraph warm"
    )


def run(arguments: argparse.Namespace) -> None:
    """Compile, and print counts and seconds."""
    with Progress("compiling") as progress:
        done = warm(progress)
    say(f"{done.functions} native functions ready, {done.racks} racks built, {done.seconds:.1f} s")


@dataclass(frozen=True)
class Warmed:
    """Counts of compiled functions and of built racks, and the seconds it took."""

    functions: int
    racks: int
    seconds: float


def warm(progress: Callable[[float], None] = lambda share: None) -> Warmed:
    """Compile every kernel, or load it from the disk cache.  May take minutes.

    Most kernels are declared when their module is imported, those of cabinets and of common model
    sizes by a function.  The others are declared when a plan is built: so plans are built for every
    bundled preset and model, and for one node of every type.
    """
    from .. import nodes
    from ..nodes.cabinet.cab import kernels as cab_kernels
    from ..nodes.nam.cpu.prepare import common_kernels
    from ..presets.bundled import asset, shipped_models, shipped_presets
    from ..presets.preset import load_preset
    from ..presets.rig import open_rig
    from ..runtime.native.abi import natives
    from ..runtime.plan.plan import Plan

    begun = time.perf_counter()
    graphs = [load_preset(path) for path in shipped_presets().values()]
    graphs += [open_rig(path, ir=asset("cab.wav")).graph for path in shipped_models()]
    ours = {n: c for n, c in node_types().items() if c.__module__.startswith(nodes.__name__)}
    graphs += [_graph_of_one(cls()) for cls in ours.values() if _has_defaults(cls)]
    for n, graph in enumerate(graphs):
        Plan(graph, Spec(48_000, 64))
        progress(0.5 * (n + 1) / len(graphs))
    cab_kernels()
    common_kernels()
    functions = natives()
    for n, function in enumerate(functions):
        _ = function.address
        progress(0.5 + 0.5 * (n + 1) / len(functions))
    return Warmed(len(functions), len(graphs), time.perf_counter() - begun)


def _has_defaults(cls: type[Node]) -> bool:
    """Whether a node can be made without arguments."""
    if not dataclasses.is_dataclass(cls):
        return True
    fields = dataclasses.fields(cls)
    return all(f.default is not dataclasses.MISSING for f in fields)


def _graph_of_one(node: Node) -> Graph:
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
