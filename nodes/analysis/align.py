"""``Graph.align``: measures parallel branches and balances their delays and polarities."""

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...graph import Graph, GraphError, Node, ParamError
from ...graph.arguments import clip, format_value
from ...graph.check import MAX_NAME
from ...graph.connection import Connectable, Handle, PortRef, find_port
from ...graph.editing.aligning import register_align
from ...graph.errors import GraphWarning
from ..utility.align import Align
from .branches import branch, branch_digest
from .measure import Measurement, measure, rate_for

__all__ = ["Alignment", "alignments", "stale_alignments", "warn_stale"]


@dataclass(frozen=True)
class Alignment:
    """What ``Graph.align`` measured and applied; printed, a line for each branch."""

    measured: Mapping[str, Measurement]
    """By the name of the node at the end of each branch."""
    nodes: Mapping[PortRef, tuple[str, Node]]
    """The ``Align`` nodes by what they follow, with the names wanted; none if not applied."""
    doubt: str
    """Why nothing is applied, or only onsets are; "" if delays and polarities are clear."""

    @property
    def applied(self) -> bool:
        """Whether the graph was changed."""
        return bool(self.nodes)

    def __str__(self) -> str:
        lines = [f"{name}: {found}" for name, found in self.measured.items()]
        told = [f"{name}: {node.notice()}" for name, node in self.nodes.values()]
        return "\n".join([*lines, *([self.doubt] if self.doubt else []), *told])

    def __repr__(self) -> str:
        state = "" if self.applied else ", not applied"
        found = "; ".join(f"{name} {m}" for name, m in self.measured.items())
        return clip(f"<Alignment: {found}{state}>")


def _align(
    graph: Connectable, ends: Sequence[Handle | str], sample_rate: float | None
) -> Alignment:
    """Measure the branches that end at these nodes, and make an ``Align`` node for each."""
    made, wanted = _ends(graph, ends)
    whole: Any = graph
    rate = rate_for(whole, sample_rate)
    found: dict[str, Measurement] = {}
    digests: dict[PortRef, str] = {}
    for ref in made:
        others = [other for other in made if other != ref]
        part = branch(graph, ref, others)
        found[ref.node] = measure(part, rate)
        digests[ref] = branch_digest(graph, ref, others)
    doubt = "; ".join(f"{name}: {m.doubt}" for name, m in found.items() if m.doubt)
    nothing = any(m.unclear for m in found.values())
    if doubt:
        doubt = f"{'nothing is applied' if nothing else 'only onsets are aligned'}: {doubt}"
        warnings.warn(f"align: {doubt}", GraphWarning, stacklevel=3)
    if nothing:
        return Alignment(found, {}, doubt)
    lags = [m.lag for m in found.values()]
    by_onset = any(m.ambiguous for m in found.values())
    late = [lag.onset if by_onset else lag.frames for lag in lags]
    signs = [1 if by_onset else lag.sign for lag in lags]
    group = hashlib.sha256(repr(sorted(map(str, digests.items()))).encode()).hexdigest()[:16]
    nodes: dict[PortRef, tuple[str, Node]] = {}
    for ref, frames, sign in zip(made, late, signs, strict=True):
        node = Align(
            frames=frames - min(late),
            invert=sign != signs[0],
            rate=rate,
            measured=digests[ref],
            group=group,
        )
        nodes[ref] = wanted[ref], node
    return Alignment(found, nodes, doubt)


def _ends(
    graph: Connectable, ends: Sequence[Handle | str]
) -> tuple[list[PortRef], dict[PortRef, str]]:
    """Return the output ports at the ends of branches, and the name wanted behind each."""
    if len(ends) < 2:
        raise ParamError(
            f"align takes the names of two branches or more, not {len(ends)}: "
            "graph.align('amp1', 'amp2')"
        )
    made: dict[PortRef, str] = {}
    for end in ends:
        ref, port = find_port(graph, end, "output")
        name = str(end)
        if name not in graph.nodes and name not in graph.racks:
            name = f"{ref.node}_{ref.port}"
        if ref.node not in graph.nodes:
            raise GraphError(
                f"{ref.node} is an input of the graph: name the last node of each branch"
            )
        before = [c.source for c in graph.connections if c.target.node == ref.node]
        if graph.nodes[ref.node].type_name == Align.type_name and len(before) == 1:
            ref, name = before[0], before[0].node
        if port.kind.value != "audio":
            raise GraphError(f"{ref} is {port.kind.value}: only audio is aligned")
        if ref in made:
            raise ParamError(f"align: {format_value(str(end))} is there twice: must be given once")
        if not any(c.source == ref for c in graph.connections):
            raise GraphError(
                f"{ref} feeds nothing: there is nothing to align it with; connect it first"
            )
        made[ref] = f"{name[: MAX_NAME - 8]}_align"
    return list(made), made


def alignments(graph: Graph) -> dict[str, str]:
    """Return a line on every ``Align`` node of a graph, by name."""
    stale = stale_alignments(graph)
    found: dict[str, str] = {}
    for name, source in _aligned(graph).items():
        node: Any = graph.nodes[name]
        told = f"{source.node} is {node.notice()}, balanced by the graph"
        found[name] = f"{told}; {stale[name]}" if name in stale else told
    return found


def stale_alignments(graph: Graph) -> dict[str, str]:
    """Return a line on each ``Align`` node whose branch is not what was measured, by name.

    Reads the files of the branches.
    """
    found: dict[str, str] = {}
    aligned = _aligned(graph)
    for name, source in aligned.items():
        node: Any = graph.nodes[name]
        if not node.measured:
            continue
        rack = name.rpartition(".")[0]
        others = [
            other
            for other_name, other in aligned.items()
            if other != source
            and getattr(graph.nodes[other_name], "group", "") == node.group
            and other_name.rpartition(".")[0] == rack
        ]
        try:
            same = branch_digest(graph, source, others) == node.measured
        except GraphError:  # no longer parallel
            same = False
        if not same:
            found[name] = (
                f"measured with another model, file or option than {source.node} has now: "
                "graph.align measures again"
            )
    return found


def warn_stale(graph: Graph) -> None:
    """Warn of each ``Align`` node whose branch is not what was measured."""
    for name, why in stale_alignments(graph).items():
        warnings.warn(f"{name}: {why}", GraphWarning, stacklevel=5)


def _aligned(graph: Graph) -> dict[str, PortRef]:
    """Return what feeds each ``Align`` node, by name; only those with one source."""
    found: dict[str, PortRef] = {}
    for ref, sources in graph.sources().items():
        node = graph.nodes.get(ref.node)
        if node is not None and node.type_name == Align.type_name and len(sources) == 1:
            found[ref.node] = sources[0]
    return found


register_align(_align)
