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
from ...graph.scheduling.channels import resolve_channels
from ...graph.scheduling.ends import find_ends
from ...graph.text import counted
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
    * a mapping of ``"points"``, such a list, with ``"mode"`` and ``"unit"`` as of ``Curve``
    * a NumPy array with a value for each frame, of which each 32nd counts
    * a node: a ``Curve``, which has the values themselves, also at frames or in steps, or another
      source of control signals, which moves the parameter around its value by its whole range

    Values are those of the parameter, in its unit, or its labels; times count from the start or the
    last reset, and take effect at multiples of 32 frames.  The curves are nodes of the result, so
    that it can be saved, played live and in a host.  Mixes and bypasses that follow a lane are
    taken out of the snapshots.  Nodes and racks can be mixed and bypassed that have one audio
    output, of as many channels as their input, or two where that has one: then both get the dry
    signal.
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
        times = range(0, TICK * len(held), TICK)
        source = _curve(
            name, tuple(zip(times, held.tolist(), strict=True)), row, {"unit": "frames"}
        )
    else:
        options = dict(lane) if isinstance(lane, Mapping) else {"points": lane}
        points = options.pop("points", None)
        is_list = isinstance(points, Sequence | np.ndarray) and not isinstance(points, str | bytes)
        if not is_list or not len(points) or not options.keys() <= {"mode", "unit"}:
            raise ParamError(
                f"automation of {name} is {format_value(lane)}: must be a list of (seconds, "
                "value), an array with a value for each frame, a control node, or a mapping of "
                "points, mode and unit"
            )
        if not isinstance(points, np.ndarray):
            points = [_as_number(name, point, row) for point in points]
        source = _curve(name, points, row, options)
    if source.type_name == "curve":
        made: Any = source
        for time, value in made.points:
            if not row.low <= value <= row.high:
                row.check(f"automation of {name} at {time:g} {made.unit}: value", value)
    return source


def _as_number(name: str, point: Any, row: Param) -> Any:
    """Return a point with the number of a label in place of the label."""
    if isinstance(point, list | tuple) and len(point) == 2 and isinstance(point[1], str):
        return point[0], row.check(f"automation of {name} at {point[0]}: value", point[1])
    return point


def _curve(name: str, points: Any, row: Param, options: Mapping[str, Any]) -> Node:
    """Return a ``Curve``, whose errors name the lane; of a parameter with steps it jumps."""
    steps = bool(row.step) or name.endswith(".bypass")
    made: Any = node_type("curve")
    try:
        return made(points, **{"mode": "step" if steps else "linear", **options})  # type: ignore[no-any-return]
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
    if not ins or len(outs) != 1:
        raise GraphError(
            f"{node} cannot be mixed or bypassed: that takes an audio input, and one audio output"
        )
    entry, _ = find_port(graph, f"{node}.{ins[0].name}", "input")
    leaving, _ = find_port(graph, f"{node}.{outs[0].name}", "output")
    is_widened = ins[0].channels != outs[0].channels and _is_widened(graph, entry, leaving)
    name = _free_name(graph, f"{node} blend")
    made: Any = node_type("blend")
    graph.add(name, made(position=1.0, law="linear"))
    blended = PortRef(name, "out")
    graph._tables.connections = {  # in their order: sums keep it
        Connection(blended if c.source == leaving else c.source, c.target): None
        for c in graph.connections
    }
    sources, dry = graph.sources()[entry], [f"{name}.a"]
    if is_widened and sources:  # from one channel to two: no sample is changed
        dry = [_free_name(graph, f"{node} {side}") for side in ("left", "right")]
        for side, position in zip(dry, (-1.0, 1.0), strict=True):
            pan: Any = node_type("pan")
            graph.add(side, pan(position=position)) >> graph.handle(name)["a"]
    for source in sources:
        for end in dry:
            graph.connect(str(source), end)
    graph.connect(str(leaving), f"{name}.b")
    return name


def _is_widened(graph: Graph, entry: PortRef, leaving: PortRef) -> bool:
    """Return whether a node makes two channels of one; ``GraphError`` if it makes others."""
    channels = resolve_channels(graph, find_ends(graph))
    dry, wet = channels.inputs[entry], channels.outputs[leaving]
    if dry != wet and (dry, wet) != (1, 2):
        raise GraphError(
            f"{leaving.node} cannot be mixed or bypassed: it has {counted(wet, 'channel')} out and "
            f"{dry} in: must be as many, or 2 out and 1 in; mix it with a node, such as Blend"
        )
    return dry != wet
