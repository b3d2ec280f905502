"""Describe a preset as JSON values: its nodes, connections, levels, and whether it can run."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..graph import AudioFileError, Graph, NamgraphError, Spec, schedule, tail
from ..graph.text import counted
from ..nodes.analysis.align import alignments
from ..nodes.cabinet.cab import Cab
from ..nodes.cabinet.cab_mics import CabMics
from ..nodes.cabinet.impulse_response import Header, header
from ..nodes.nam import DEFAULT_SAMPLE_RATE, junctions
from ..presets.preset import read_preset
from ..presets.rig import assumed_rates, check_devices, model_rates, models, rig_of
from ..presets.snapshots import mix_json, snapshots_json
from ..presets.values import fields_of
from .files.describe_files import describe_files

__all__ = ["describe_preset", "layout_of"]

BLOCK = 512


def describe_preset(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Describe a preset file, or a bundled preset by its name."""
    files = describe_files(path)
    if "cannot_run" in files:
        return files
    preset = read_preset(path)
    graph = preset.graph
    rates = sorted(set(model_rates(graph).values()))
    return {
        "name": preset.name,
        "sample_rate": rates[0] if len(rates) == 1 else None,
        "assumed_rates": assumed_rates(graph),
        "inputs": dict(graph.inputs),
        "outputs": dict(graph.outputs),
        **({"description": preset.description} if preset.description else {}),
        "tempo_bpm": graph.tempo_bpm,
        "nodes": {name: node.type_name for name, node in graph.nodes.items()},
        "values": node_values(graph, files["files"]),
        "snapshots": snapshots_json(graph),
        "connections": [f"{c.source} -> {c.target}" for c in graph.connections],
        "modulations": [f"{m.source} -> {m.target} {m.label}" for m in graph.modulations],
        "cab_layouts": _cab_layouts(graph),
        "alignments": alignments(graph),
        "levels": {
            name: "; ".join(
                f"{side}{node.levels_applied(n)}"
                for n, side in enumerate(("",) if node.right is None else ("left ", "right "))
            )
            for name, node in models(graph).items()
        },
        "between_models": [str(j) for j in junctions(graph)],
        **files,
        **_running(path, graph),
    }


def node_values(graph: Graph, files: Sequence[Mapping[str, str]]) -> dict[str, dict[str, Any]]:
    """Return of each node what is not the default: fields by name, mix and bypass.

    Files are named as they are written in the preset.
    """
    written = {file["field"]: file["written"] for file in files}
    found = dict[str, dict[str, Any]]()
    for name, node in graph.nodes.items():
        rows = {f.name: getattr(node, f.name) for f in fields_of(type(node)) if f.repr}
        default = {f.name: f.default for f in fields_of(type(node))}
        values = {
            k: written.get(f"{name}.{k}") or _value(v) for k, v in rows.items() if v != default[k]
        }
        values |= mix_json(graph, name)
        if values:
            found[name] = values
    return found


def _value(value: Any) -> Any:
    """Return the value of a field as JSON; of a node inside, its text."""
    if isinstance(value, tuple):
        return [_value(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float | str) else repr(value)


def _cab_layouts(graph: Graph) -> dict[str, str]:
    """Return the channel layout of each cabinet, by node name."""
    cabs = {name: node for name, node in graph.nodes.items() if isinstance(node, Cab)}
    paths = {name: str(cab.path) for name, cab in cabs.items()}  # of a preset: never an array
    found = {n: layout_of(p, header(p), cabs[n].layout) for n, p in paths.items()}
    for name, node in graph.nodes.items():
        if isinstance(node, CabMics):
            for key in node.files():
                if (path := getattr(node, key)) is not None:  # one microphone alone
                    found[f"{name}.{key}"] = layout_of(str(path), header(str(path)), "auto")
    return found


def _running(path: str | os.PathLike[str], graph: Graph) -> dict[str, Any]:
    """Return ``cannot_run``, the reason, if the graph cannot run, and ``silent``, its silent parts.

    Finds cycles, channel mismatches, models of different rates, unusable files and missing devices.
    Nothing is compiled or played.
    """
    found: dict[str, Any] = {"silent": list(graph.check())}
    try:
        rig = rig_of(path, graph, bare=False, backend=None)
        spec = Spec(rig.rate or DEFAULT_SAMPLE_RATE, BLOCK)
        schedule(graph, spec)
        tail(graph, spec)  # reads impulse responses
        check_devices(graph)
    except NamgraphError as error:
        text = str(error)
        found["cannot_run"] = text.removeprefix(f"{os.fspath(path)}: ")
    return found


def layout_of(path: str | os.PathLike[str], head: Header, layout: str = "auto") -> str:
    """Return the layout a cabinet reads the channels as, and whether it is inferred."""
    if layout != "auto":
        return layout
    if head.ambisonic:
        return "ambisonic B-format: a cabinet needs the option layout"
    try:
        found = head.layout(os.fspath(path), "auto")
    except AudioFileError:
        return f"none for {counted(head.channels, 'channel')}: a cabinet needs the option layout"
    guess = head.guess(os.fspath(path), "auto")
    return f"{found} (a guess from {counted(head.channels, 'channel')})" if guess else found
