"""What a picture is of: a rack, a node or a model, or audio; decided by content, not by suffix."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...graph import Content, FileError, Graph, GraphError, Node, ParamError, graph_of
from ...graph.arguments import format_value, nearest
from ...graph.paths import checked_path
from ...nodes.nam import DEFAULT_SAMPLE_RATE, Nam, load_capture
from ...presets.bundled import shipped_presets
from ...presets.files.bundle import is_bundle
from ...presets.preset import files_of, preset_path, read_preset
from ...presets.rig import model_rates
from ...presets.settings import parse_value, with_settings
from ...presets.values import check_option
from ...runtime.io.file_kind import PRESET, READ, Kind, complaint, is_model, kind_of_file

__all__ = ["Source", "open_source"]

WANTED = "a rack, a node type, a model or audio"


@dataclass(frozen=True)
class Source:
    """A rack (``graph``), a node (``node``), or an audio file (neither)."""

    name: str
    """For titles; also the name of the picture, without its suffix."""
    file: str = ""
    """The file that was given, if one was."""
    graph: Graph | None = None
    node: Node | None = None
    about: str = ""
    """A line on what it is for; the settings of a model."""
    stem: str = ""
    """The name of the picture without suffix, if it is another."""
    reads: Mapping[str, str] = field(default_factory=dict)
    """Files that are read, each with a description for messages."""

    @property
    def kind(self) -> str:
        """What it is: "rack", "node" or "audio"."""
        return "rack" if self.graph is not None else "node" if self.node is not None else "audio"

    @property
    def rate(self) -> float | None:
        """The sample rate of its models in Hz; ``None`` if any rate will do."""
        if self.graph is not None:
            return next(iter(model_rates(self.graph).values()), None)
        if isinstance(self.node, Nam):
            return next(iter(model_rates(_graph_of_one(self.node)).values()), DEFAULT_SAMPLE_RATE)
        return DEFAULT_SAMPLE_RATE


def _graph_of_one(node: Node) -> Graph:
    """Return a graph of one node and nothing else."""
    graph = Graph()
    graph.add("node", node)
    return graph


def open_source(thing: Any, settings: Mapping[str, str] | None = None) -> Source:
    """Return what to draw.

    ``thing`` is a graph, a node, a model, or a string: a bundled preset's name, a node type's name
    or the path of a preset, a model or audio.  ``settings`` are set in a node or model by the name
    of a parameter, option or file; in a rack by ``node.name``, or ``tempo_bpm``.
    ``NamgraphError`` for anything else.
    """
    if isinstance(thing, Graph):
        found = Source(thing.name or "rack", graph=thing, reads=files_of(thing))
    elif isinstance(thing, Node):
        found = _of_node(thing.type_name, thing)
    elif isinstance(thing, Content):
        found = _of_node("model", next(iter(graph_of(thing).nodes.values())))
    elif isinstance(thing, str | os.PathLike):
        return _opened(checked_path(thing, "thing", FileError), settings or {})
    else:
        raise GraphError(f"thing is {format_value(thing)}: must be {WANTED}")
    if settings:
        raise GraphError(f"settings go with a name or a path, not with {format_value(thing)}")
    return found


def _of_node(name: str, node: Node, file: str = "", about: str = "") -> Source:
    return Source(name, file, node=node, about=about, reads=files_of(_graph_of_one(node)))


def _opened(name: str, settings: Mapping[str, str]) -> Source:
    bare = not Path(name).suffix and Path(name).name == name
    if bare and name not in shipped_presets():
        from ..nodes.describe import find_type, known_types

        types = known_types()
        known = {n.casefold() for c in types.values() for n in (c.type_name, c.__name__)}
        if name.casefold() in known:
            cls = find_type(types, name)
            return _of_node(cls.type_name, _made(cls, settings), about=cls.description)
    shipped = bare and name in shipped_presets()
    if not shipped and is_model(name):
        load_capture(name)  # its error names the fault
        about = ", ".join(f"{key}={text}" for key, text in settings.items())
        node = _with_own(Nam(name, **_fields(Nam, settings)), settings, name)
        return _of_node(Path(name).stem, node, name, about)
    kind = Kind(PRESET) if shipped else kind_of_file(name)
    unknown = kind is None and os.path.lexists(name) and Path(name).suffix.lower() == ".json"
    if (
        kind == Kind(PRESET) or unknown or is_bundle(name)
    ):  # the error of the unknown names its fault
        path = name if bare or Path(name).suffix else os.path.abspath(name)
        preset = read_preset(path)
        values = {key: parse_value(text) for key, text in settings.items()}
        graph = with_settings(preset.graph, values, place=f"{name}: --set ")
        reads = {os.fspath(preset_path(path)): "the rack", **files_of(graph)}
        title = preset.name or Path(name).stem
        return Source(
            title, name, graph=graph, about=preset.description, stem=Path(name).stem, reads=reads
        )
    if kind is None and not os.path.lexists(name):
        if bare:
            raise FileError(
                f"{name}: no rack, no node type and no file is called that: namgraph presets and "
                "namgraph nodes list them"
            )
        raise FileError(f"{name}: cannot be read: No such file or directory")
    if kind is not None and kind not in READ:
        raise FileError(f"{name}: {complaint(kind, WANTED)}")
    if settings:
        raise ParamError(
            f"{name}: is audio: settings (--set) go with a rack, a node type or a model"
        )
    return Source(Path(name).stem, name, reads={name: "what is drawn"})


def _made(cls: type[Node], settings: Mapping[str, str]) -> Node:
    missing = [name for name in cls.required() if name not in settings]
    if missing and missing[0] not in cls.files():
        raise ParamError(
            f"{cls.type_name}: {missing[0]} cannot be given as text: draw a rack that it is in"
        )
    if missing:
        raise ParamError(
            f"{cls.type_name}: {missing[0]} is missing: give --set {missing[0]}=VALUE "
            f"(namgraph nodes {cls.type_name})"
        )
    return _with_own(cls(**_fields(cls, settings)), settings, cls.type_name)


def _fields(cls: type[Node], settings: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of the parameters, options and files of a class among settings."""
    return {key: _value(cls, key, text) for key, text in settings.items() if key in _known(cls)}


def _with_own(node: Node, settings: Mapping[str, str], name: str) -> Node:
    """Return a node with the settings it has by itself: knobs of a capture, those of an inner node.

    ``ParamError``, which begins with ``name``, for settings that it has not.
    """
    known, own = dict.fromkeys([*_known(type(node)), *node.params()]), dict[str, float]()
    for key, text in settings.items():
        if key not in known:
            raise ParamError(f"{name} has no setting {format_value(key)}; {nearest(key, known)}")
        if key not in _known(type(node)):
            own[key] = node.params()[key].check(key, parse_value(text))
    return node.with_params(own) if own else node


def _known(cls: type[Node]) -> tuple[str, ...]:
    return (*cls.params(), *cls.options(), *cls.files())


def _value(cls: type[Node], key: str, text: str) -> Any:
    if key in cls.files():
        return tuple(text.split(",")) if "," in text else text
    value = parse_value(text)
    if key in cls.params():
        return cls.params()[key].check(key, value)
    return check_option(
        key, cls, key, text if isinstance(cls.options()[key].default, str) else value
    )
