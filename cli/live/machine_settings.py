"""Settings of a machine, apart from presets: its sound card and the level of its interface.

A JSON file of this user, ``settings_path()``, or the one that ``--settings`` names::

    {"namgraph_settings": 1, "device": "Scarlett", "inputs": [1], "outputs": [1, 2],
     "block": 64, "rate": 48000, "interface_dbu": 12.2}

All but the first are optional; an option of the command goes before.
"""

import argparse
import os
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ...graph import Graph, PresetError
from ...graph.json_text import parse_json
from ...nodes.nam import Nam, NamBank
from ...nodes.nam.levels import check_interface
from ...presets.json_file import no_repeated_keys, read_json_file
from ...presets.values import as_float, call_at, no_such_key, wrong

__all__ = ["MachineSettings", "fill_in", "read_settings", "set_interface", "settings_path"]

KEY, FORMAT = "namgraph_settings", 1
MAX_BYTES = 1 << 16
WHAT = "settings of a machine"


@dataclass(frozen=True)
class MachineSettings:
    """What a settings file holds; ``None`` where it says nothing."""

    device: str | None = None
    """As ``--device``: number or part of the name, "IN,OUT" for two."""
    inputs: str | None = None
    outputs: str | None = None
    """Channels of the card, as ``--inputs`` and ``--outputs``: "1,2"."""
    block: int | None = None
    rate: float | None = None
    interface_dbu: float | None = None


def settings_path() -> Path | None:
    """Return where the settings of this user are, or ``None`` if the user has no home."""
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("APPDATA") or Path.home() / "AppData/Roaming")
        elif sys.platform == "darwin":
            base = Path.home() / "Library/Application Support"
        else:
            base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    except RuntimeError:
        return None
    return base / "namgraph" / "settings.json"


def read_settings(path: str | None) -> MachineSettings:
    """Read a settings file; that of this user, if there is one, for ``None``.

    ``PresetError`` for a file that cannot be used.
    """
    file = settings_path() if path is None else Path(path)
    if file is None or (path is None and not file.exists()):
        return MachineSettings()
    content = read_json_file(file, str(file), MAX_BYTES, wanted=WHAT)
    return call_at(str(file), _parse, content)  # type: ignore[no-any-return]


def _parse(content: bytes) -> MachineSettings:
    data = parse_json(content, PresetError, object_pairs_hook=no_repeated_keys)
    if not isinstance(data, dict):
        wrong("the file", data, "a JSON object")
    known = [KEY, *(f.name for f in fields(MachineSettings))]
    for key in data:
        if key not in known:
            no_such_key("the file", key, known)
    if type(data.get(KEY)) is not int or data[KEY] != FORMAT:
        wrong(KEY, data.get(KEY), f"{FORMAT}, the version of this file")
    found = {key: _value(key, value) for key, value in data.items() if key != KEY}
    return MachineSettings(**found)


def _value(key: str, value: Any) -> Any:
    if key in ("inputs", "outputs"):
        if not isinstance(value, list) or not all(type(n) is int and n > 0 for n in value):
            wrong(key, value, "a list of channels, such as [1, 2]")
        return ",".join(map(str, value))
    if key == "device":
        both = value if isinstance(value, list) and len(value) == 2 else [value]
        if not all(type(one) in (int, str) for one in both):
            wrong(key, value, "a number, part of a name, or a list of two: input and output")
        return ",".join(map(str, both))
    if key == "block":
        if type(value) is not int:
            wrong(key, value, "a whole number of frames")
        return value
    number = as_float(key, value)
    return check_interface(number) if key == "interface_dbu" else number


def fill_in(arguments: argparse.Namespace, machine: MachineSettings) -> None:
    """Set the arguments of ``namgraph live`` that were not given."""
    for name in ("inputs", "outputs", "block", "rate"):
        if getattr(arguments, name) is None:
            setattr(arguments, name, getattr(machine, name))
    if arguments.device is None and not arguments.null:
        arguments.device = machine.device


def set_interface(graph: Graph, machine: MachineSettings, given: float | None) -> None:
    """Set the level of the interface in all models of a graph, unless it is ``given``.

    It goes before a level that is stored in a preset: what counts is the machine that plays.
    """
    if given is not None or machine.interface_dbu is None:
        return
    for name, node in graph.nodes.items():
        if isinstance(node, Nam | NamBank):
            graph.replace(name, replace(node, interface_dbu=machine.interface_dbu))
