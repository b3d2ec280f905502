"""The graph of a plugin as checked and described once: channels, parameters, name, identity.

Control threads.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ....graph import (
    TEMPO,
    Graph,
    GraphSource,
    Param,
    ParamError,
    Spec,
    UnknownNameError,
    as_graph,
    schedule,
)
from ....graph.arguments import format_value
from ....graph.silent import warn_silent
from ...engine.parameters import unknown_param
from ...io.node_content import node_values, stable_bytes
from ...plan.placement import refuse_offline_nodes
from .channels import Fit, Layout, WidthError, as_many_channels, find_layouts
from .parameter import attribute_names

__all__ = ["MAX_FRAMES", "OF_STREAM", "USUAL_RATE", "Rack", "format_chain", "host_name"]

MAX_FRAMES = 512
"""Frames per block of an engine; a host block of any length is processed in such steps."""
USUAL_RATE = 48_000.0
"""Sample rate in Hz for latency and tail before a host has set one."""
MAX_NAME_BYTES = 63
"""Bytes of a plugin's name in the VST3 class info, without the final zero."""
OF_STREAM = {"mix": Param(1.0, 0.0, 1.0), "bypass": Param(0.0, 0.0, 1.0)}
"""Parameters of the whole plugin: those of ``StreamOutput``."""


@dataclass(frozen=True, eq=False)
class Rack:
    """A graph that a plugin can play, and what follows from it."""

    graph: Graph
    layouts: Mapping[int, Layout]
    """By the channel counts of streams that it can play."""
    rows: Mapping[str, Param]
    """Its parameters, and those of the whole plugin, by ``"node.param"``."""
    attributes: Mapping[str, str]
    """The parameters by attribute name."""
    identity: str
    """16 hexadecimal digits that identify the graph without its parameter values."""

    @classmethod
    def of(cls, graph: GraphSource, fit: Fit) -> "Rack":
        """Check a graph and describe a copy of it; raises if a plugin cannot play it."""
        graph = as_graph(graph).copy()
        refuse_offline_nodes(graph, "a pedalboard plugin")
        layouts = find_layouts(graph, fit)
        schedule(graph, Spec(USUAL_RATE, MAX_FRAMES))  # raises if the graph cannot be scheduled
        warn_silent(graph, False)
        rows = {
            f"{node}.{name}": row
            for node, made in graph.nodes.items()
            for name, row in made.params().items()
        } | OF_STREAM
        return cls(graph, layouts, rows, attribute_names(rows), _digest(graph))

    def layout(self, channels: int) -> Layout:
        """Return how a stream of ``channels`` channels is played; ``WidthError`` if it cannot."""
        if channels in self.layouts:
            return self.layouts[channels]
        allowed = ", ".join(map(str, self.layouts))
        hint = ""
        if allowed == "1":
            hint = "; fit='each' plays a copy of it on each channel"
        elif channels == 1:
            hint = f"; {as_many_channels(min(self.layouts))}"
        raise WidthError(
            f"a {channels}-channel stream: the graph plays {allowed} "
            f"channel{'s' * (allowed != '1')}{hint}"
        )

    @property
    def preferred_channels(self) -> int:
        """Channel count of engines that are built before a host has set one.

        It is the graph's own if ``fit`` need not join channels, and 2 if there is a choice.
        """
        counts = [n for n, layout in self.layouts.items() if not layout.said] or list(self.layouts)
        return 2 if 2 in counts else counts[0]

    @property
    def followers(self) -> list[str]:
        """The parameters that follow the tempo, one of each node that has it."""
        return [name for name in self.rows if name.rpartition(".")[2] == TEMPO]

    def row(self, name: str) -> Param:
        """Return the declaration of a parameter; ``UnknownNameError`` if there is none."""
        if isinstance(name, str) and name in self.rows:
            return self.rows[name]
        raise unknown_param(name, self.rows)

    def check_node(self, name: str) -> None:
        """Raise unless ``name`` is a node that can be mixed and bypassed."""
        nodes = self.graph.nodes
        if not isinstance(name, str) or name not in nodes:
            known = ", ".join(nodes) or "none"
            raise UnknownNameError(f"no node {format_value(name)}; there is {known}")
        if len(nodes[name].outputs) != 1 or not nodes[name].inputs:
            raise ParamError(f"{name} cannot be mixed or bypassed: needs an input and one output")

    @property
    def own_rate(self) -> float:
        """The sample rate of the graph's models in Hz; 48 kHz if it can run at any."""
        rates = (node.own_rate() for node in self.graph.nodes.values())
        return next((rate for rate in rates if rate), USUAL_RATE)


def format_chain(graph: Graph) -> str:
    """Format a graph on one line: inputs, nodes with their types, outputs."""
    nodes = [f"{name} ({node.type_name})" for name, node in graph.nodes.items()]
    return " -> ".join([*graph.inputs, *nodes, *graph.outputs]) or "nothing"


def host_name(graph: Graph, name: str | None = None) -> str:
    """Return the name that a host displays: ``name``, the graph's name, or those of its nodes.

    At most ``MAX_NAME_BYTES`` bytes of printable characters.
    """
    text = name or graph.name or " > ".join(graph.nodes) or "namgraph"
    text = "".join(c if c.isprintable() else " " for c in text)
    cut = text.encode(errors="replace")[:MAX_NAME_BYTES].decode(errors="ignore")
    return cut if cut == text else cut[:-3].rstrip() + "..."


def _digest(graph: Graph) -> str:
    """Return 16 hexadecimal digits that identify a graph, without its parameter values.

    Files count by their content, so that the same model at another path is the same graph.
    """
    ends: list[object] = [*graph.inputs.items(), *graph.outputs.items()]
    for name, node in graph.nodes.items():
        ends += [name, node.type_name, node_values(node)]
    ends += [f"{c.source} {c.target}" for c in graph.connections]
    ends += [f"{m.source} {m.target} {m.label}" for m in graph.modulations]
    return hashlib.sha256(stable_bytes(ends)).hexdigest()[:16]
