"""The text of a preset: its JSON, with a line for each connection."""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["format_preset"]


def format_preset(rack: Mapping[str, Any]) -> str:
    """Return the JSON of a preset as text."""
    rows = (f"  {json.dumps(key)}: {_format(key, value)}" for key, value in rack.items())
    return "{\n" + ",\n".join(rows) + "\n}\n"


def _format(key: str, value: Any) -> str:
    if key == "connections" and isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"    {json.dumps(row)}" for row in value) + "\n  ]"
    return json.dumps(value, indent=2).replace("\n", "\n  ")
