"""Write a graph as a preset, a JSON file, and read it.

``README.md`` in this folder describes the format.  Reading any file returns a graph or raises one
``PresetError`` that names the place, what was found there, and what is allowed.
"""

import json
import os
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Any

from .. import nodes as _registered  # noqa: F401  (a preset may name any of them)
from ..graph import TEMPO, Graph, GraphSource, NamgraphError, Node, PresetError, as_graph
from ..graph.arguments import check_text, clip
from ..graph.catalog.summary import format_rack
from ..graph.catalog.table import node_type
from ..graph.json_text import parse_json
from ..graph.paths import Content, checked_path
from ..nodes.analysis.align import warn_stale
from ..runtime.io.atomic_write import whole_file, writing
from ..runtime.io.file_kind import PRESET, complaint, kind_of_json
from ..runtime.io.outputs import check_outputs
from .bundled import shipped_preset
from .connections import connections_json, racks_json, read_connections, read_racks
from .json_file import no_repeated_keys, read_json_file
from .values import (
    as_float,
    check_option,
    existing_file,
    fields_of,
    holds_node,
    no_such_key,
    to_json,
    wrong,
)

__all__ = [
    "FORMAT",
    "Preset",
    "dumps",
    "files_of",
    "load_preset",
    "loads",
    "paths_of",
    "preset_path",
    "read_preset",
    "save_preset",
    "stored_path",
]

FORMAT = 1
KEYS = ["namgraph", "name", "description", TEMPO]
KEYS += ["inputs", "outputs", "racks", "nodes", "connections"]
MAX_BYTES = 4 << 20
MAX_PARENTS = 2
"""Most ``..`` of a relative path; a file further away is stored by its absolute path."""

Path_ = str | os.PathLike[str]


@dataclass(frozen=True)
class Preset:
    """A preset that was read: its name, its graph, and a line on what it is for."""

    name: str
    graph: Graph
    description: str = ""

    def __repr__(self) -> str:
        return clip(f"<Preset {self.name!r}: {format_rack(self.graph)}>")


def save_preset(graph: GraphSource, path: Path_, *, name: str | None = None) -> None:
    """Write ``graph`` to a file, whole or not at all.

    The file's name must end in ``.json``: ``load_preset`` reads a name without a suffix as that of
    a bundled preset.  Paths of files that nodes read are stored relative to the preset if they are
    below or near its folder.  The graph that an engine or stream plays is ``engine.graph``, with
    its parameters as last set; dry/wet mixes and bypasses are not stored.
    """
    graph = as_graph(graph, "save_preset(graph, path)")
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
    """Return the graph of a preset file, or of a bundled preset by its bare name.

    A bare name has neither a folder nor a suffix: "crunch".  Other files end in .json.
    """
    return read_preset(path).graph


def read_preset(path: Path_, wanted: str = PRESET) -> Preset:
    """Read a preset file, or a bundled preset by its bare name; ``wanted`` is for messages."""
    name = checked_path(path, "path", PresetError)
    file = preset_path(name)
    content = read_json_file(file, name, MAX_BYTES, wanted=wanted)
    try:
        return loads(content, folder=file.parent, wanted=wanted)
    except PresetError as error:
        raise PresetError(f"{name}: {error}") from error.__cause__


def preset_path(path: Path_) -> Path:
    """Return the path of a preset; a bare name is that of a bundled one."""
    file, name = Path(path), os.fspath(path)
    return shipped_preset(name) if not file.suffix and file.name == name else file


def dumps(graph: Graph, *, name: str = "", folder: Path_ = ".") -> str:
    """Return ``graph`` as the JSON text of a preset in ``folder``.

    Every parameter and option is written, so that the sound does not depend on defaults.
    """
    rack = {
        "namgraph": FORMAT,
        "name": name,
        **({TEMPO: graph.own_tempo_bpm} if graph.own_tempo_bpm is not None else {}),
        "inputs": dict(graph.inputs),
        "outputs": dict(graph.outputs),
        **({"racks": racks_json(graph)} if graph.racks else {}),
        "nodes": {n: _node_json(n, node, folder) for n, node in graph.nodes.items()},
    }
    text = json.dumps(rack, indent=2)
    return f'{text[:-2]},\n  "connections": {connections_json(graph)}\n}}\n'


def loads(content: str | bytes, *, folder: Path_ = ".", wanted: str = PRESET) -> Preset:
    """Read a preset from JSON text; its paths are relative to ``folder``."""
    data = parse_json(content, PresetError, object_pairs_hook=no_repeated_keys)
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
    for key in ("name", "description"):
        if not isinstance(data.get(key, ""), str):
            wrong(key, data[key], "a string")
    name = data.get("name", "")
    graph, tempo = Graph(), {}
    if TEMPO in data:
        tempo = {TEMPO: as_float(TEMPO, data[TEMPO])}
        graph = _call_at("the preset", graph.with_params, tempo)
    for side in ("inputs", "outputs"):
        for end, channels in _object(data, side).items():
            _call_at(f"{side}.{end}", graph.input if side == "inputs" else graph.output, end,
                     channels=channels)  # fmt: skip
    racks = read_racks(data.get("racks"))
    for rack in racks:
        _call_at(f"racks.{rack}", graph.add, rack, Graph())
    for key, fields in _object(data, "nodes").items():
        place = f"nodes.{key}"
        _call_at(place, graph.add, key, _node(place, fields, folder, tempo))
    for rack, sides in racks.items():
        _call_at(f"racks.{rack}", graph.set_rack_ends, rack, **sides)
    for place, ends, options in read_connections(data.get("connections")):
        _call_at(place, graph.connect, *ends, **options)
    warn_stale(graph)
    graph.name = name
    return Preset(name, graph, data.get("description", ""))


def _node(
    place: str, fields: Any, folder: Path, tempo: dict[str, float], inside: bool = False
) -> Node:
    if not isinstance(fields, dict):
        wrong(place, fields, "an object with a type")
    if not isinstance(fields.get("type"), str):
        wrong(f"{place}.type", fields.get("type"), "the name of a node type")
    if fields["type"] == "pedalboard_effect":  # registered on demand
        from ..nodes import pedalboard_effect as _registers  # noqa: F401
    cls = _call_at(f"{place}.type", node_type, fields["type"])
    params, files = cls.params(), cls.files()
    known = [f.name for f in fields_of(cls)]
    if inside and any(holds_node(cls, key) for key in known):
        wrong(f"{place}.type", fields["type"], "a node that holds no other")
    values: dict[str, Any] = {key: tempo[key] for key in tempo if key in params}
    for key, value in fields.items():
        where = f"{place}.{key}"
        if key == "type":
            continue
        if key not in known:
            no_such_key(place, key, ["type", *known])
        if key in params:
            by_label = isinstance(value, str) and params[key].labels
            given = value if by_label else as_float(where, value)
            values[key] = _call_at(place, params[key].check, key, given)
        elif key in files:
            values[key] = existing_file(where, value, folder)
        elif holds_node(cls, key):
            values[key] = _node(where, value, folder, tempo, inside=True)
        else:
            values[key] = check_option(where, cls, key, value)
    missing = [f.name for f in fields_of(cls) if f.default is MISSING and f.name not in values]
    if missing:
        raise PresetError(f"{place}.{missing[0]} is missing")
    made: Node = _call_at(place, cls, **values)
    return made


def _object(data: dict[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(data.get(key), dict):
        wrong(key, data.get(key), "an object")
    found: dict[str, Any] = data[key]
    return found


def _call_at(place: str, call: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function; put ``place`` before the message of its error, as a ``PresetError``."""
    try:
        return call(*args, **kwargs)
    except NamgraphError as error:
        raise PresetError(f"{place}: {error}") from error
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise PresetError(f"{place}: {error}") from error


def _node_json(name: str, node: Node, folder: Path_) -> dict[str, Any]:
    fields: dict[str, Any] = {"type": node.type_name}
    for field in fields_of(type(node)):
        key, value = field.name, getattr(node, field.name)
        if field.metadata.get("pairs"):  # names and values, of a mapping: written if there are any
            if value:
                fields[key] = {name: to_json(f"{key}.{name}", v) for name, v in value}
        elif key in node.files() and value is not None:
            _refuse_content(f"{name}.{key}", value)
            near = [stored_path(path, folder) for path in paths_of(node, key)]
            fields[key] = near if isinstance(value, tuple) else near[0]
        elif isinstance(value, Node):
            fields[key] = _node_json(f"{name}.{key}", value, folder)
        elif key not in node.files():  # a file that is left out is not written
            fields[key] = to_json(f"{name}.{key}", value)
    return fields


def _refuse_content(place: str, value: Any) -> None:
    """Raise ``PresetError`` for content in memory: a preset can only name a file."""
    for n, one in enumerate(value if isinstance(value, tuple) else (value,)):
        if isinstance(one, Content):
            at = f"{place}[{n}]" if isinstance(value, tuple) else place
            raise PresetError(
                f"{at} is {one!r}, in memory, and a preset names files: {one.saving_hint()}"
            )


def paths_of(node: Node, key: str) -> tuple[Path_, ...]:
    """Return the paths in a file field of a node: none, one or several; content has none."""
    value = getattr(node, key)
    every = value if isinstance(value, tuple) else () if value is None else (value,)
    return tuple(path for path in every if not isinstance(path, Content))


def files_of(graph: Graph) -> dict[str, str]:
    """Return every file that the nodes of a graph read, with a description for messages."""
    found = dict[str, str]()
    for name, node in graph.nodes.items():
        paths = [os.fspath(path) for key in node.files() for path in paths_of(node, key)]
        if node.type_name == "pedalboard_effect":  # effect and settings may name files
            values = [getattr(node, "effect", ""), *dict(getattr(node, "settings", ())).values()]
            paths += [value for value in values if isinstance(value, str) and _exists(value)]
        found |= dict.fromkeys(paths, f"a file that node {name} reads")
    return found


def _exists(path: str) -> bool:
    try:
        return os.path.exists(path)
    except ValueError:  # a zero byte
        return False


def stored_path(path: Path_, folder: Path_) -> str:
    """Return a path relative to ``folder`` if it is near, else absolute; with ``/``."""
    whole = os.path.abspath(path)
    try:
        near = Path(os.path.relpath(whole, folder))
    except ValueError:  # another drive
        return Path(whole).as_posix()
    far = near.parts[: MAX_PARENTS + 1] == ("..",) * (MAX_PARENTS + 1)
    return Path(whole).as_posix() if far else near.as_posix()
