"""The state of a hosted graph as JSON: parameter values with the identity of the graph.

    {"namgraph_state": 1, "version": "...", "name": "crunch", "graph": "0123456789abcdef",
     "params": {"amp.input_db": 3.0, ...}, "tempo_bpm": 120.0, "mix": 1.0, "bypass": false,
     "nodes": {"amp": {"mix": 1.0, "bypassed": false}}}

A state without identity, an object of parameter values alone, is read too.  Control threads.
"""

import json
from pathlib import Path
from typing import Any

from ....graph import TEMPO, TEMPO_RANGE, FileError, ParamError
from ....graph.arguments import check_flag, check_number, format_value
from ....graph.version import VERSION
from ...io.file_kind import MODEL_SUFFIXES
from .hosted_graph import HostedGraph
from .rack import OF_STREAM

__all__ = ["dump_state", "load_state", "read_state_file"]

KEY, FORMAT = "namgraph_state", 1
MAX_BYTES = 4 << 20


def dump_state(hosted: HostedGraph) -> bytes:
    """Return the values of all parameters, mixes and bypasses as JSON."""
    state = {
        KEY: FORMAT,
        "version": VERSION,
        "name": hosted.name,
        "graph": hosted.rack.identity,
        "params": {name: hosted.get(name) for name in hosted.rows if name not in OF_STREAM},
        TEMPO: hosted.get(TEMPO),
        "mix": hosted.get("mix"),
        "bypass": bool(hosted.get("bypass")),
        "nodes": {n: {"mix": m, "bypassed": b} for n, (m, b) in hosted.node_mixes.items()},
    }
    return json.dumps(state).encode()


def load_state(hosted: HostedGraph, state: Any) -> None:
    """Set everything that ``dump_state`` has stored; all is checked before any is set.

    ``ParamError`` if the state is of another graph, or no state.
    """
    try:
        data = json.loads(state)
    except (RecursionError, TypeError, ValueError) as error:
        raise ParamError(f"the state is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise ParamError(f"the state is {type(data).__name__}: must be a JSON object")
    stream: dict[str, Any] = {}
    nodes: dict[str, Any] = {}
    tempo: dict[str, float] = {}
    if KEY in data:
        _check_identity(hosted, data)
        stream = {name: data[name] for name in OF_STREAM if name in data}
        tempo = {TEMPO: TEMPO_RANGE.check(TEMPO, data[TEMPO])} if TEMPO in data else {}
        nodes, data = _object(data, "nodes"), _object(data, "params")
    checked = {name: hosted.rack.row(name).check(name, value) for name, value in data.items()}
    checked = tempo | checked  # that of all nodes, then those of some
    if "mix" in stream:
        checked["mix"] = check_number("the state's mix", stream["mix"], 0.0, 1.0)
    if "bypass" in stream:
        checked["bypass"] = check_flag("the state's bypass", stream["bypass"])
    mixes = {node: _mix(hosted, node, value) for node, value in nodes.items()}
    for name, value in checked.items():
        hosted.set(name, value)
    for node in hosted.node_mixes.keys() - mixes if KEY in json.loads(state) else ():
        hosted.mix_node(node, 1.0, False)
    for node, (share, bypassed) in mixes.items():
        hosted.mix_node(node, share, bypassed)


def _check_identity(hosted: HostedGraph, data: dict[str, Any]) -> None:
    if data[KEY] != FORMAT or isinstance(data[KEY], bool):
        raise ParamError(f"the state's {KEY} is {format_value(data[KEY])}: must be {FORMAT}")
    if data.get("graph") != hosted.rack.identity:
        name, graph = (format_value(data.get(key)) for key in ("name", "graph"))
        raise ParamError(
            f"the state is of another rack, {name} ({graph}): "
            f"this is {hosted.name!r} ({hosted.rack.identity!r}); "
            "load the preset of that rack first"
        )


def _object(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key, {})
    if not isinstance(found, dict):
        raise ParamError(f"the state's {key} is {format_value(found)}: must be a JSON object")
    return found


def _mix(hosted: HostedGraph, node: str, value: Any) -> tuple[float, bool]:
    hosted.rack.check_node(node)
    if not isinstance(value, dict):
        raise ParamError(f"the state's {node} is {format_value(value)}: must be a JSON object")
    share = check_number(f"the state's mix of {node}", value.get("mix", 1.0), 0.0, 1.0)
    return share, check_flag(f"the state's bypass of {node}", value.get("bypassed", False))


def read_state_file(path: str) -> bytes | None:
    """Return the content of a file if it is a state; ``None`` if it is no file or anything else."""
    file = Path(path)
    try:
        if (
            path.lower().endswith(MODEL_SUFFIXES)
            or not file.is_file()
            or file.stat().st_size > MAX_BYTES
        ):
            return None
        content = file.read_bytes()
        data = json.loads(content)
    except (RecursionError, ValueError):  # a zero byte in the name; no JSON
        return None
    except OSError as reason:
        raise FileError(f"{path}: cannot be read: {reason.strerror or reason}") from None
    if not isinstance(data, dict) or "namgraph" in data:
        return None
    plain = bool(data) and all(isinstance(v, int | float) for v in data.values())
    return content if KEY in data or plain else None
