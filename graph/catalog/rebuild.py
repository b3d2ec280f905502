"""Make a node again from the values of its fields: of a copy, or a pickle."""

import dataclasses
from typing import Any

from ..errors import UnknownNameError

__all__ = ["rebuild"]


def rebuild(kind: Any, values: dict[str, Any]) -> Any:
    """Make a node from copied or pickled field values; the newest class checks every field."""
    fields = {f.name: f for f in dataclasses.fields(kind)}
    differing = [name for name in values if name not in fields]
    differing += [
        name
        for name, f in fields.items()
        if name not in values and f.init and f.default is f.default_factory is dataclasses.MISSING
    ]
    if differing:
        raise UnknownNameError(
            f"node type {kind.type_name!r} was defined anew since this one was made: "
            f"{', '.join(differing)} differ{'s' * (len(differing) == 1)}; make the node anew"
        )
    return kind(**values)
