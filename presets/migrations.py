"""Versions of the preset format, and the functions that convert older documents to the newest.

1  nodes, connections, racks, tempo
2  snapshots; ``bypass`` and ``dry_wet`` of nodes; options that belong to a machine are left out
where they have their default
"""

from collections.abc import Callable
from typing import Any

from ..graph import PresetError
from ..graph.catalog.registry import find_type
from ..graph.editing.snapshots import BYPASS, DRY_WET
from ..graph.version import VERSION
from .values import fields_of, wrong

__all__ = ["FORMAT", "check_version", "migrate"]

Document = dict[str, Any]


def check_version(data: Document) -> int:
    """Return the version of a preset's JSON object; ``PresetError`` if it is not known."""
    version = data["namgraph"]
    if type(version) is int and version > FORMAT:
        raise PresetError(
            f"namgraph is {version}: the preset needs a newer namgraph than {VERSION}, which reads "
            f"versions 1 to {FORMAT} of the format: update namgraph"
        )
    if type(version) is not int or version < 1:
        wrong("namgraph", version, f"1 to {FORMAT}, the versions of the format that are read")
    return version


def migrate(data: Document) -> Document:
    """Return a preset's JSON object in the newest version of the format; ``data`` stays as it is.

    Only the version is checked here, and that no key is newer than it.  ``PresetError`` for a
    version that this package does not know.
    """
    for step in MIGRATIONS[check_version(data) - 1 :]:
        data = step(data)
    return data


def _to_2(data: Document) -> Document:
    """Convert version 1, which lacks keys of version 2 and has no other meaning of its own."""
    nodes = data.get("nodes")
    new = ["snapshots"] * ("snapshots" in data)
    for name, fields in nodes.items() if isinstance(nodes, dict) else ():
        if isinstance(fields, dict):
            own = {f.name for f in fields_of(find_type(str(fields.get("type"))) or object)}
            new += [f"nodes.{name}.{key}" for key in (DRY_WET, BYPASS) if key in {*fields} - own]
    if new:
        raise PresetError(f'{new[0]} is a key of version 2: write "namgraph": 2')
    return {**data, "namgraph": 2}


MIGRATIONS: list[Callable[[Document], Document]] = [_to_2]
"""The function at index n converts version n + 1 to version n + 2."""
FORMAT = len(MIGRATIONS) + 1
"""The newest version, which is written."""
