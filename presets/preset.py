"""Write a graph as a preset, a JSON file, and read it.

``README.md`` in this folder describes the format.  Reading any file returns a graph or raises one
``PresetError`` that names the place, what was found there, and what is allowed.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Any

from ..graph import TEMPO, Graph, GraphSource, Node, PresetError, Snapshot, as_graph
from ..graph.arguments import check_text, clip
from ..graph.catalog.summary import format_rack
from ..graph.catalog.table import node_type
from ..graph.check import check_declared
from ..graph.json_text import parse_json
from ..graph.paths import checked_path
from ..runtime.io.atomic_write import whole_file, writing
from ..runtime.io.file_kind import PRESET, complaint, kind_of_json
from ..runtime.io.outputs import check_outputs
from .bundled import shipped_preset
from .connections import connection_rows, racks_json, read_connections, read_racks
from .files.bundle import check_kept, is_bundle, open_bundle
from .files.pack import bare_path, write_bundle
from .files.references import files_of, paths_of, reference_json, stored_files, stored_path
from .files.search import FileSearch
from .format_text import format_preset
from .json_file import no_repeated_keys, read_json_file
from .migrations import FORMAT, migrate
from .snapshots import mix_json, read_mix, read_snapshots, snapshots_json, split_mix
from .values import (
    as_float,
    as_value,
    call_at,
    check_option,
    fields_of,
    holds_node,
    no_such_key,
    object_at,
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
    "open_preset",
    "paths_of",
    "preset_path",
    "read_preset",
    "save_preset",
    "stored_path",
]

KEYS = ["namgraph", "name", "description", TEMPO, "inputs", "outputs", "racks", "nodes"]
KEYS += ["snapshots", "connections"]
MAX_BYTES = 4 << 20

Path_ = str | os.PathLike[str]
Store = Callable[[Path_, Path_], Any]
"""Returns a path as JSON for a preset in a folder."""


@dataclass(frozen=True)
class Preset:
    """A preset that was read: its name, its graph, and a line on what it is for."""

    name: str
    graph: Graph
    description: str = ""

    @property
    def snapshots(self) -> Mapping[str, Snapshot]:
        """The snapshots by slot, A to F; ``graph.recall("B")`` sets what one holds."""
        return self.graph.snapshots

    def __repr__(self) -> str:
        return clip(f"<Preset {self.name!r}: {format_rack(self.graph)}>")


def save_preset(graph: GraphSource, path: Path_, *, name: str | None = None) -> None:
    """Write ``graph`` to a file, whole or not at all.

    The file's name must end in ``.json``, or in ``.zip`` to pack the files that nodes read with it:
    ``load_preset`` reads a name without a suffix as that of a bundled preset.  Paths of files are
    stored with size and SHA-256, relative to the preset if they are below or near its folder.  Its
    name is ``name``, or that of the graph, or that of the file.  All that makes the sound is
    stored: mixes, bypasses, tempo and snapshots, too.  ``engine.save`` and ``stream.save`` write
    what plays, as set now.
    """
    graph = as_graph(graph, "save_preset(graph, path)")
    path = checked_path(path, "path", PresetError)
    if name is not None:
        check_text("name", name)
    check_outputs([path], files_of(graph), PresetError)
    target, suffix = Path(path), Path(path).suffix.lower()
    if suffix not in (".json", ".zip"):
        raise PresetError(f"{path}: a preset's name must end in .json: save it as {path}.json")
    title = (graph.name or target.stem) if name is None else name
    if suffix == ".zip":
        rack = json.loads(dumps(graph, name=title, folder=target.parent, store=bare_path))
        write_bundle(path, f"{target.stem}.json", rack, FileSearch(target.parent))
        return
    check_kept(files_of(graph), path)
    text = dumps(graph, name=title, folder=target.parent)
    with whole_file(path, PresetError) as part, writing(path, PresetError):
        part.write_text(text, encoding="utf-8", newline="\n")


def load_preset(path: Path_, search: Iterable[Path_] | Path_ = ()) -> Graph:
    """Return the graph of a preset file, or of a bundled preset by its bare name.

    A bare name has neither a folder nor a suffix: "crunch".  Other files end in .json, or in .zip
    if they were packed with their files.  ``search`` are folders to find moved files in, before
    those of the environment variable ``NAMGRAPH_PATH``.
    """
    return read_preset(path, search=search).graph


def read_preset(path: Path_, wanted: str = PRESET, search: Iterable[Path_] | Path_ = ()) -> Preset:
    """Read a preset file, a bundle, or a bundled preset by its bare name.

    ``wanted`` is for messages, ``search`` as of ``load_preset``.
    """
    name = checked_path(path, "path", PresetError)
    _, content, files = open_preset(name, wanted, search)
    try:
        return loads(content, wanted=wanted, files=files)
    except PresetError as error:
        raise PresetError(f"{name}: {error}") from error.__cause__


def open_preset(
    name: str, wanted: str = PRESET, search: Iterable[Path_] | Path_ = ()
) -> tuple[Path, bytes, FileSearch]:
    """Return the path of a preset, or of one in a bundle, its JSON text, and its file search."""
    file = preset_path(name)
    packed = is_bundle(file)
    try:
        file = open_bundle(file, wanted) if packed else file
        content = read_json_file(file, file.name if packed else name, MAX_BYTES, wanted=wanted)
    except PresetError as error:
        raise PresetError(f"{name}: {error}" if packed else str(error)) from None
    return file, content, FileSearch(file.parent, search, name=name, in_bundle=packed)


def preset_path(path: Path_) -> Path:
    """Return the path of a preset; a bare name is that of a bundled one."""
    file, name = Path(path), os.fspath(path)
    return shipped_preset(name) if not file.suffix and file.name == name else file


def dumps(
    graph: Graph, *, name: str = "", folder: Path_ = ".", store: Store = reference_json
) -> str:
    """Return ``graph`` as the JSON text of a preset in ``folder``.

    Every parameter and option is written, so that the sound does not depend on defaults; but for
    options that belong to a machine (``ng.option(machine=True)``), where they are the default.
    ``store`` writes the files: ``reference_json`` reads each for its SHA-256, ``stored_path`` none.
    """
    rack = {
        "namgraph": FORMAT,
        "name": name,
        **({"description": graph.description} if graph.description else {}),
        **({TEMPO: graph.own_tempo_bpm} if graph.own_tempo_bpm is not None else {}),
        "inputs": dict(graph.inputs),
        "outputs": dict(graph.outputs),
        **({"racks": racks_json(graph)} if graph.racks else {}),
        "nodes": {
            name: _node_json(name, node, folder, store) | mix_json(graph, name)
            for name, node in graph.nodes.items()
        },
        **({"snapshots": snapshots_json(graph)} if graph.snapshots else {}),
        "connections": connection_rows(graph),
    }
    return format_preset(rack)


def loads(
    content: str | bytes,
    *,
    folder: Path_ = ".",
    wanted: str = PRESET,
    files: FileSearch | None = None,
) -> Preset:
    """Read a preset from JSON text; its paths are relative to ``folder``, or found by ``files``."""
    data = parse_json(content, PresetError, object_pairs_hook=no_repeated_keys)
    return _preset(data, files or FileSearch(Path(folder)), wanted)


def _preset(data: Any, files: FileSearch, wanted: str) -> Preset:
    if not isinstance(data, dict):
        wrong("the preset", data, "a JSON object")
    if "namgraph" not in data:
        if other := complaint(kind_of_json(data), wanted):
            raise PresetError(other)
        raise PresetError('the key "namgraph" is missing: is this a namgraph preset?')
    data = migrate(data)
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
        graph = call_at("the preset", graph.with_params, tempo)
    for side in ("inputs", "outputs"):
        for end, channels in object_at(data, side).items():
            call_at(f"{side}.{end}", graph.input if side == "inputs" else graph.output, end,
                     channels=channels)  # fmt: skip
    racks = read_racks(data.get("racks"))
    for rack in racks:
        call_at(f"racks.{rack}", graph.add, rack, Graph())
    files.resolve(object_at(data, "nodes"))
    nodes = {key: split_mix(fields) for key, fields in object_at(data, "nodes").items()}
    for key, (fields, _) in nodes.items():
        place = f"nodes.{key}"
        call_at(place, graph.add, key, _node(place, fields, tempo))
    for rack, sides in racks.items():
        call_at(f"racks.{rack}", graph.set_rack_ends, rack, **sides)
    for place, ends, options in read_connections(data.get("connections")):
        call_at(place, graph.connect, *ends, **options)
    for key, (_, mixed) in nodes.items():
        read_mix(graph, key, mixed)
    read_snapshots(graph, data.get("snapshots"))
    if any(node.type_name == "align" for node in graph.nodes.values()):
        from ..nodes.analysis.align import warn_stale

        warn_stale(graph)
    graph.name, graph.description = name, data.get("description", "")
    return Preset(name, graph, graph.description)


def _node(place: str, fields: Any, tempo: dict[str, float], inside: bool = False) -> Node:
    if not isinstance(fields, dict):
        wrong(place, fields, "an object with a type")
    if not isinstance(fields.get("type"), str):
        wrong(f"{place}.type", fields.get("type"), "the name of a node type")
    if fields["type"] == "pedalboard_effect":  # registered on demand
        from ..nodes import pedalboard_effect as _registers  # noqa: F401
    cls = call_at(f"{place}.type", node_type, fields["type"])
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
            given = as_value(where, value, params[key])
            values[key] = call_at(place, params[key].check, key, given)
        elif key in files:
            values[key] = tuple(value) if isinstance(value, list) else value
        elif holds_node(cls, key):
            values[key] = _node(where, value, tempo, inside=True)
        else:
            values[key] = check_option(where, cls, key, value)
    missing = [f.name for f in fields_of(cls) if f.default is MISSING and f.name not in values]
    if missing:
        raise PresetError(f"{place}.{missing[0]} is missing")
    made: Node = call_at(place, cls, **values)
    return made


def _node_json(name: str, node: Node, folder: Path_, store: Store) -> dict[str, Any]:
    check_declared(node, own=True)  # else it would be read as one of the class above it
    fields: dict[str, Any] = {"type": node.type_name}
    for field in fields_of(type(node)):
        key, value = field.name, getattr(node, field.name)
        if field.metadata.get("machine") and value == field.default:
            continue
        if field.metadata.get("pairs"):  # names and values, of a mapping: written if there are any
            if value:
                fields[key] = {name: to_json(f"{key}.{name}", v) for name, v in value}
        elif key in node.files() and value is not None:
            fields[key] = stored_files(f"{name}.{key}", node, key, folder, store)
        elif isinstance(value, Node):
            fields[key] = _node_json(f"{name}.{key}", value, folder, store)
        elif key not in node.files():  # a file that is left out is not written
            fields[key] = to_json(f"{name}.{key}", value)
    return fields
