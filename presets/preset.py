"""Racks as JSON: written whole, read with suspicion.

``README.md`` beside this file describes the format.  Whatever is in a file, reading it gives a
graph or one ``PresetError`` that names the place, what was found there, and what is allowed.
"""

import json
import os
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Any

from .. import nodes as _registered  # noqa: F401  (a preset may name any of them)
from ..graph import Graph, NamgraphError, Node, PresetError, as_graph, node_type
from ..graph.arguments import check_text
from ..graph.json_text import parse_json
from ..graph.paths import checked_path, shown_path
from ..runtime.io.atomic_write import whole_file, writing
from ..runtime.io.file_kind import PRESET, complaint, kind_of_json
from ..runtime.io.outputs import check_outputs
from .bundled import shipped_preset
from .json_file import no_repeats, read_json_file
from .values import (
    as_float,
    check_option,
    fields_of,
    no_such_key,
    shown,
    to_json,
    windows_hint,
    wrong,
)

__all__ = [
    "FORMAT",
    "Preset",
    "dumps",
    "files_of",
    "load_preset",
    "loads",
    "near_path",
    "paths_of",
    "preset_path",
    "read_preset",
    "save_preset",
]

FORMAT = 1
KEYS = ["namgraph", "name", "inputs", "outputs", "nodes", "connections"]
MAX_BYTES = 4 << 20
NEAR = 2
"""Folders to climb before a file counts as elsewhere and is stored by its whole path."""

Path_ = str | os.PathLike[str]


@dataclass(frozen=True)
class Preset:
    """A rack that was stored: its name, and the graph."""

    name: str
    graph: Graph


def save_preset(graph: Graph, path: Path_, *, name: str | None = None) -> None:
    """Write ``graph`` to a file; whatever was there stays until the new one is complete.

    The file's name must end in ``.json``: ``load_preset`` takes a name without an ending for a
    preset that ships, so that what was saved as "lead" could not be loaded as "lead".
    Files that nodes read are stored relative to the preset where they lie below or near it.
    What an engine or a stream plays is ``engine.graph``, its parameters as last set; mixes and
    bypasses are no part of a graph, and not stored.
    """
    as_graph(graph, "save_preset(graph, path)")
    path = checked_path(path, "path", PresetError)
    if name is not None:
        check_text("name", name)
    check_outputs([path], files_of(graph), PresetError)
    target = Path(path)
    if target.suffix.lower() != ".json":
        raise PresetError(f"{path}: a preset's name must end in .json: save it as {path}.json")
    text = dumps(graph, name=target.stem if name is None else name, folder=target.parent)
    with whole_file(path, PresetError) as part, writing(path, PresetError):
        part.write_text(text, encoding="utf-8", newline="\n")


def load_preset(path: Path_) -> Graph:
    """Read the graph from a preset file, or by its bare name from one that ships with namgraph.

    A bare name has neither a folder nor an ending: "crunch".  Files of one's own end in .json.
    """
    return read_preset(path).graph


def read_preset(path: Path_, wanted: str = PRESET) -> Preset:
    """Read a preset file, or by its bare name one that ships; ``wanted`` is for complaints."""
    name = checked_path(path, "path", PresetError)
    file = preset_path(name)
    content = read_json_file(file, name, MAX_BYTES, wanted=wanted)
    try:
        return loads(content, folder=file.parent, wanted=wanted)
    except PresetError as error:
        raise PresetError(f"{name}: {error}") from error.__cause__


def preset_path(path: Path_) -> Path:
    """Return where a preset lies: a bare name is one that ships with namgraph."""
    file, name = Path(path), os.fspath(path)
    return shipped_preset(name) if not file.suffix and file.name == name else file


def dumps(graph: Graph, *, name: str = "", folder: Path_ = ".") -> str:
    """Return ``graph`` as JSON text, for a preset that will lie in ``folder``.

    Every parameter and option is written, so that the rack sounds the same when a default changes.
    """
    rack = {
        "namgraph": FORMAT,
        "name": name,
        "inputs": dict(graph.inputs),
        "outputs": dict(graph.outputs),
        "nodes": {n: _written(n, node, folder) for n, node in graph.nodes.items()},
    }
    text = json.dumps(rack, indent=2)
    pairs = (json.dumps([str(c.source), str(c.target)]) for c in graph.connections)
    joined = ",\n".join(f"    {pair}" for pair in pairs)  # a line each, which indent would not give
    wires = f"[\n{joined}\n  ]" if joined else "[]"
    return f'{text[:-2]},\n  "connections": {wires}\n}}\n'


def loads(content: str | bytes, *, folder: Path_ = ".", wanted: str = PRESET) -> Preset:
    """Read a preset from JSON text; the files it names are looked for in ``folder``."""
    data = parse_json(content, PresetError, object_pairs_hook=no_repeats)
    return _preset(data, Path(folder), wanted)


def _preset(data: Any, folder: Path, wanted: str) -> Preset:
    if not isinstance(data, dict):
        wrong("the preset", data, "a JSON object")
    if "namgraph" not in data:
        if other := complaint(kind_of_json(data), wanted):
            raise PresetError(other)
        raise PresetError('the key "namgraph" is missing: is this a namgraph preset?')
    if data["namgraph"] != FORMAT or isinstance(data["namgraph"], bool):
        wrong("namgraph", data["namgraph"], f"{FORMAT}, the format this package reads")
    for key in data:
        if key not in KEYS:
            no_such_key("the preset", key, KEYS)
    name = data.get("name", "")
    if not isinstance(name, str):
        wrong("name", name, "a string")
    graph = Graph()
    for side in ("inputs", "outputs"):
        for end, channels in _object(data, side).items():
            _guarded(f"{side}.{end}", graph.input if side == "inputs" else graph.output, end,
                     channels=channels)  # fmt: skip
    for key, fields in _object(data, "nodes").items():
        place = f"nodes.{key}"
        _guarded(place, graph.add, key, _node(place, fields, folder))
    _connect(graph, data.get("connections"))
    graph.name = name
    return Preset(name, graph)


def _node(place: str, fields: Any, folder: Path) -> Node:
    if not isinstance(fields, dict):
        wrong(place, fields, "an object with a type")
    if not isinstance(fields.get("type"), str):
        wrong(f"{place}.type", fields.get("type"), "the name of a node type")
    if fields["type"] == "pedalboard_effect":  # the one node that is not there unless asked for
        from ..nodes import pedalboard_effect as _asked_for  # noqa: F401
    cls = _guarded(f"{place}.type", node_type, fields["type"])
    params, files = cls.params(), cls.files()
    known = [f.name for f in fields_of(cls)]
    values: dict[str, Any] = {}
    for key, value in fields.items():
        where = f"{place}.{key}"
        if key == "type":
            continue
        if key not in known:
            no_such_key(place, key, ["type", *known])
        if key in params:
            values[key] = _guarded(place, params[key].check, key, as_float(where, value))
        elif key in files:
            values[key] = _found(where, value, folder)
        else:
            values[key] = check_option(where, cls, key, value)
    missing = [f.name for f in fields_of(cls) if f.default is MISSING and f.name not in values]
    if missing:
        raise PresetError(f"{place}.{missing[0]} is missing")
    made: Node = _guarded(place, cls, **values)
    return made


def _found(place: str, value: Any, folder: Path) -> Any:
    """Return the whole path of a file that is there: it holds when the process moves."""
    if isinstance(value, list):
        return tuple(_found(f"{place}[{k}]", one, folder) for k, one in enumerate(value))
    if not isinstance(value, str) or not value or "\0" in value:
        wrong(place, value, "the path of a file")
    path = os.path.abspath(folder / value)
    if not os.path.isfile(path):
        hint = windows_hint(value)
        raise PresetError(f"{place} is {shown(value)}: there is no file {shown_path(path)}{hint}")
    return path


def _connect(graph: Graph, connections: Any) -> None:
    if not isinstance(connections, list):
        wrong("connections", connections, "a list of pairs")
    for n, pair in enumerate(connections):
        place = f"connections[{n}]"
        if not isinstance(pair, list) or len(pair) != 2:
            wrong(place, pair, 'a pair, such as ["amp.out", "cab.in"]')
        for end in pair:
            if not isinstance(end, str):
                wrong(place, end, 'a port, such as "amp.out"')
        _guarded(place, graph.connect, *pair)


def _object(data: dict[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(data.get(key), dict):
        wrong(key, data.get(key), "an object")
    found: dict[str, Any] = data[key]
    return found


def _guarded(place: str, call: Any, *args: Any, **kwargs: Any) -> Any:
    """Call what checks its own arguments, and say where in the preset they came from."""
    try:
        return call(*args, **kwargs)
    except NamgraphError as error:
        raise PresetError(f"{place}: {error}") from error
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise PresetError(f"{place}: {error}") from error


def _written(name: str, node: Node, folder: Path_) -> dict[str, Any]:
    fields: dict[str, Any] = {"type": node.type_name}
    for key in (f.name for f in fields_of(type(node))):
        value = getattr(node, key)
        if key in node.files() and value is not None:
            near = [near_path(path, folder) for path in paths_of(node, key)]
            fields[key] = near if isinstance(value, tuple) else near[0]
        else:
            fields[key] = to_json(f"{name}.{key}", value)
    return fields


def paths_of(node: Node, key: str) -> tuple[Path_, ...]:
    """Return the files that a field of a node names: one, several or none."""
    value = getattr(node, key)
    return value if isinstance(value, tuple) else () if value is None else (value,)


def files_of(graph: Graph) -> dict[str, str]:
    """Return every file that the nodes of a graph read, each with a word for it."""
    found = dict[str, str]()
    for name, node in graph.nodes.items():
        paths = [os.fspath(path) for key in node.files() for path in paths_of(node, key)]
        if node.type_name == "pedalboard_effect":  # whose settings may name files, and itself one
            values = [getattr(node, "effect", ""), *dict(getattr(node, "settings", ())).values()]
            paths += [value for value in values if isinstance(value, str) and _exists(value)]
        found |= dict.fromkeys(paths, f"a file that node {name} reads")
    return found


def _exists(path: str) -> bool:
    try:
        return os.path.exists(path)
    except ValueError:  # a zero byte
        return False


def near_path(path: Path_, folder: Path_) -> str:
    """Spell a path as seen from ``folder``, unless the way there is a long one."""
    whole = os.path.abspath(path)
    try:
        near = Path(os.path.relpath(whole, folder))
    except ValueError:  # another drive
        return Path(whole).as_posix()
    far = near.parts[: NEAR + 1] == ("..",) * (NEAR + 1)
    return Path(whole).as_posix() if far else near.as_posix()
