"""The .nam of a capture as its node plays it, for a Sequential.  Control threads."""

import json
from typing import Any

from ...graph.errors import NamFileError
from ...nodes.nam import Model, Nam
from ...nodes.nam.baking.bake import baked
from ...nodes.nam.format.parse import parse_nam
from ...nodes.nam.format.save import content_of_model
from ...runtime.io.file_kind import MODEL
from .series import ExportError

__all__ = ["children_of"]

Json = dict[str, Any]


def children_of(name: str, node: Nam) -> list[Json]:
    """Return the models that play a node's capture, without the gains before and after it.

    Knobs stay as the node has them, and another format is converted, as ``bake`` does.

    ``ExportError`` if a .nam cannot play it as the node does.
    """
    model = node.resolved.file_model
    for found, why in (
        (node.right is not None, "is a pair of captures, side by side: must be one capture"),
        (node.oversample > 1, f"has oversample={node.oversample}: must be 1"),
        (not node.prewarm, "has prewarm=False: a .nam is played prewarmed"),
        (model.channels != (1, 1), "its capture is not mono"),
    ):
        if found:
            raise ExportError(f"{name}: {why}")
    if model.kind == MODEL and not model.knobs:
        return _children(name, json.loads(content_of_model(model)), model, node.slim)
    try:
        content = baked(model, node.knob_values).content
    except NamFileError as error:
        raise ExportError(f"{name}: {error}") from None
    return _children(name, json.loads(content), parse_nam(content), node.slim)


def _children(name: str, found: Json, model: Model, slim: float) -> list[Json]:
    if model.submodels:
        rows = [(s.max_value, s.model) for s in model.submodels]
        number = next((n for n, (most, _) in enumerate(rows) if slim < most), len(rows) - 1)
        inner = found["config"]["submodels"][number]["model"]
        return _children(name, inner, rows[number][1], 1.0)
    if model.select(slim) is not model.sizes[-1].model:
        raise ExportError(
            f"{name}: slim is {slim:g}: a slimmable WaveNet in a Sequential plays at its full size:"
            " must be 1"
        )
    if found["architecture"] == "Sequential":
        return [dict(each) for each in found["config"]["models"]]
    kept = ("version", "architecture", "config", "weights", "sample_rate", "metadata")
    return [{key: found[key] for key in kept if key in found}]
