"""Automation: parameters, mixes and bypasses that follow curves, as nodes of a graph."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ...graph import (
    Connection,
    Graph,
    GraphError,
    GraphSource,
    Kind,
    Node,
    Param,
    ParamError,
    PortRef,
    UnknownNameError,
    as_graph,
)
from ...graph.arguments import format_value, nearest
from ...graph.catalog.table import node_type
from ...graph.check import MAX_NAME
from ...graph.connection import find_port
from ...graph.editing.snapshots import BYPASS, DRY_WET, kept_values
from ..plan.kernels.modulation import TICK

__all__ = ["automated"]

SHARE = Param(1.0, 0.0, 1.0)
"""Range of a mix and of a bypass."""


def automated(graph: GraphSource, lanes: Mapping[str, Any]) -> Graph:
    """Return a copy of a graph in which parameters follow automation lanes.

    ``lanes`` maps ``"node.param"``, ``"node.dry_wet"`` (or ``"node.mix"``, where the node has no
    parameter of that name) or ``"node.bypass"`` to one of

    * a list (or an array of two columns) of ``(seconds, value)``; straight lines connect the points
      (a bypass, or a parameter with steps, jumps)
    * a NumPy array with a value for each frame, of which each 32nd counts
    * a node: a ``Curve``, which has the values themselves, also at frames or in steps, or another
      source of control signals, which moves the parameter around its value by its whole range

    Values are those of the parameter, in its unit; times count from the start or the last reset,
    and take effect at multiples of 32 frames.  The curves are nodes of the result, so that it can
    be saved, played live and in a host.  Mixes and bypasses that follow a lane are taken out of
    the snapshots.  Nodes and racks can be mixed and bypassed that have one
    audio output, of as many channels as their input.
    """
    made = as_graph(graph, "automated(graph, lanes)").copy()
    if not isinstance(lanes, Mapping):
        raise ParamError(f"automation is {format_value(lanes)}: must map 'node.param' to points")
    for name, lane in lanes.items():
        node, key = _split(made, name)
        parameter = node in made and key in made[node].params()
        row = made[node].params()[key] if parameter else SHARE
        source = _source(name, lane, row)
        is_curve = source.type_name == "curve"
        target = f"{node}.{key}"
        if not parameter:
            if node in made.mixes:  # the lane takes the place of what is set
                made.mix(node, 1.0) if key == DRY_WET else made.bypass(node, False)
            tables = made._tables
            tables.snapshots = kept_values(tables.snapshots, partial(_is_other, node, key))
            target = f"{_add_blend(made, node)}.position"
            if key == BYPASS and is_curve:
                source = _inverted(source)
        label = _free_name(made, f"{node} {key}")
        made.add(label, source)
        if is_curve:
            made.connect(label, target, absolute=True)
        else:
            made.connect(label, target, -1.0 if key == BYPASS and not parameter else 1.0)
    return made


def _is_other(node: str, key: str, of: str, name: str, value: float) -> bool:
    """Whether a value of a snapshot is not the one ``node.key``."""
    return (of, name) != (node, key)


def _split(graph: Graph, name: Any) -> tuple[str, str]:
    """Return node and parameter of a lane's name; ``UnknownNameError`` if there is none."""
    node, _, key = name.rpartition(".") if isinstance(name, str) else ("", "", "")
    if node in graph and key in graph[node].params():
        return node, key
    key = DRY_WET if key == "mix" else key
    if key in (DRY_WET, BYPASS) and (node in graph or node in graph.racks):
        return node, key
    known = [f"{n}.{p}" for n, made in graph.nodes.items() for p in made.params()]
    raise UnknownNameError(f"automation: no parameter {format_value(name)}; {nearest(name, known)}")


def _source(name: str, lane: Any, row: Param) -> Node:
    """Return the node of a lane: a ``Curve`` whose values are in range, or a control source."""
    if isinstance(lane, Node):
        if [port.kind for port in lane.outputs] != [Kind.CONTROL] or lane.inputs:
            raise GraphError(
                f"automation of {name} is {lane!r}: must be a source with one control output"
            )
        source = lane
    elif isinstance(lane, np.ndarray) and (lane.ndim != 2 or lane.shape[1] != 2):
        if lane.ndim != 1 or not len(lane) or lane.dtype.kind not in "fiu":
            raise ParamError(
                f"automation of {name} is {format_value(lane)}: must have a number for each frame"
            )
        held = lane[::TICK].astype(float)
        points = tuple(zip(range(0, TICK * len(held), TICK), held.tolist(), strict=True))
        source = _curve(name, points, "frames", row)
    else:
        is_list = isinstance(lane, Sequence | np.ndarray) and not isinstance(lane, str | bytes)
        if not is_list or not len(lane):
            raise ParamError(
                f"automation of {name} is {format_value(lane)}: must be a list of (seconds, "
                "value), an array with a value for each frame, or a control node"
            )
        source = _curve(name, lane, "s", row)
    if source.type_name == "curve":
        made: Any = source
        for time, value in made.points:
            if not row.low <= value <= row.high:
                row.check(f"automation of {name} at {time:g} {made.unit}: value", value)
    return source


def _curve(name: str, points: Any, unit: str, row: Param) -> Node:
    """Return a ``Curve``, whose errors name the lane; of a parameter with steps it jumps."""
    steps = bool(row.step) or name.endswith(".bypass")
    made: Any = node_type("curve")
    try:
        return made(points, unit=unit, mode="step" if steps else "linear")  # type: ignore[no-any-return]
    except ParamError as error:
        raise ParamError(f"automation of {name}: {error}") from None


def _inverted(curve: Any) -> Node:
    """Return a curve of 1 minus the values: a bypass of 1 is a mix of 0."""
    points = tuple((time, 1.0 - value) for time, value in curve.points)
    made: Node = replace(curve, points=points)
    return made


def _free_name(graph: Graph, name: str) -> str:
    """Return a name that is not taken, as short as names must be."""
    name = name[: MAX_NAME - 2]
    while name in graph._tables.ports or name in graph.racks:
        name += "'"
    return name


def _add_blend(graph: Graph, node: str) -> str:
    """Put a blend of a node's (or rack's) input and its output behind it; return its name."""
    ins = [p for p in graph.ports(node, "input") if p.kind is Kind.AUDIO]
    outs = [p for p in graph.ports(node, "output") if p.kind is Kind.AUDIO]
    if not ins or len(outs) != 1 or ins[0].channels != outs[0].channels:
        raise GraphError(
            f"{node} cannot be mixed or bypassed: that takes one audio output, of as many channels "
            "as its first input"
        )
    entry, _ = find_port(graph, f"{node}.{ins[0].name}", "input")
    leaving, _ = find_port(graph, f"{node}.{outs[0].name}", "output")
    name = _free_name(graph, f"{node} blend")
    made: Any = node_type("blend")
    graph.add(name, made(position=1.0, law="linear"))
    blended = PortRef(name, "out")
    graph._tables.connections = {  # in their order: sums keep it
        Connection(blended if c.source == leaving else c.source, c.target): None
        for c in graph.connections
    }
    for source in graph.sources()[entry]:
        graph.connect(str(source), f"{name}.a")
    graph.connect(str(leaving), f"{name}.b")
    return name
