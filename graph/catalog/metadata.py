"""What a node type says of itself: display name, category, version, description, an example."""

import re
from typing import Any, TypedDict

from ..arguments import check_choice, check_text, check_whole, format_value
from ..errors import ParamError

__all__ = ["CATEGORIES", "MAX_VERSION", "Metadata", "first_sentence", "node_metadata"]

CATEGORIES = {
    "amp": "models of amplifiers, pedals and whole rigs",
    "cabinet": "speakers and rooms, by their impulse responses",
    "drive": "overdrive, distortion, fuzz, clippers",
    "dynamics": "gates, compressors, limiters",
    "filter": "equalizers, tone stacks, high-pass and low-pass filters, wahs",
    "modulation": "chorus, flanger, phaser, tremolo, vibrato",
    "time": "echoes, reverbs, loopers",
    "pitch": "octavers, pitch shifters, harmonizers",
    "control": "sources of control signals: LFOs, envelope followers",
    "analysis": "meters, tuners, loudness",
    "utility": "gain, mixing, splitting, panning",
    "hosting": "plugins of other hosts and formats",
    "other": "node types that give no category",
}
"""Every category that a node type may have, in the order in which they are listed."""
MAX_VERSION = (1 << 31) - 1
MAX_DISPLAY_NAME = 40


class Metadata(TypedDict):
    """Class attributes that ``@node`` sets."""

    display_name: str
    category: str
    version: int
    description: str
    example: str


def node_metadata(
    type_name: str, inherited: str, doc: str | None, given: dict[str, Any]
) -> Metadata:
    """Return the metadata of a node type: what was ``given`` to ``@node``, or what follows.

    ``inherited`` is the category of the base class.  Raises ``ParamError``.
    """
    name, category, text = (given[key] for key in ("display_name", "category", "description"))
    if name is None:
        words = type_name.replace("_", " ").strip()
        name = words[:1].upper() + words[1:]
    elif not (isinstance(name, str) and name.isprintable() and 1 <= len(name) <= MAX_DISPLAY_NAME):
        raise ParamError(
            f"display_name is {format_value(name)}: must be 1 to {MAX_DISPLAY_NAME} printable "
            "characters"
        )
    if category is not None:
        inherited = check_choice("category", category, CATEGORIES)
    if text is None:
        text = first_sentence(doc or "").replace("``", "")
    return {
        "display_name": name,
        "category": inherited,
        "version": check_whole("version", given["version"], 1, MAX_VERSION),
        "description": check_text("description", text),
        "example": check_text("example", given["example"]),
    }


def first_sentence(doc: str) -> str:
    """Return the first sentence of a docstring on one line."""
    first = " ".join(doc.split("\n\n")[0].split())
    found = re.match(r"(.*?\.)(?= [A-Z]|$)", first)
    return found[1] if found else first
