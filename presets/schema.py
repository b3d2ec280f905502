"""The JSON Schema of a preset (draft 2020-12), made from the table of node types.

It says what an editor can check while one types: keys, types, ranges, choices.  What needs more
than one place of the document is left to the parser (``README.md`` lists it).
"""

import contextlib
import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any

from ..graph import SLOTS, TEMPO, TEMPO_RANGE, NamgraphError, Node, Param, node_types
from ..graph.check import MAX_CHANNELS, MAX_NAME
from ..graph.editing.snapshots import BYPASS, DRY_WET
from .files.references import MAX_FILE_BYTES
from .migrations import FORMAT
from .values import fields_of, holds_node

__all__ = ["preset_schema"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
LARGEST = 1e300
Schema = dict[str, Any]


def preset_schema() -> Schema:
    """Return the JSON Schema of a preset in the newest version, of all node types registered now.

    The types of this package are registered by ``import namgraph``; those of your own when their
    modules are imported.
    """
    with contextlib.suppress(ImportError, NamgraphError):  # without pedalboard it cannot be read
        from ..nodes import pedalboard_effect as _registers  # noqa: F401
    known = dict(sorted(node_types().items()))
    inner = [n for n, c in known.items() if not any(holds_node(c, f.name) for f in fields_of(c))]
    defs: Schema = {f"node {name}": _node(cls) for name, cls in known.items()}
    defs["file"] = _reference()
    defs["inner node"] = _one_of(inner, "node ") | {"unevaluatedProperties": False}
    defs["mixed node"] = _mixed(known)
    names = {"minLength": 1, "maxLength": MAX_NAME, "pattern": r"^[^.]*$"}
    ends = {"type": "object", "propertyNames": names, "additionalProperties": _channels()}
    return {
        "$schema": DRAFT,
        "title": "namgraph preset",
        "type": "object",
        "required": ["namgraph", "inputs", "outputs", "nodes", "connections"],
        "additionalProperties": False,
        "properties": {
            "namgraph": {"const": FORMAT},
            "name": {"type": "string"},
            "description": {"type": "string"},
            TEMPO: _number(TEMPO_RANGE.low, TEMPO_RANGE.high),
            "inputs": ends,
            "outputs": ends,
            "racks": _or_null({"type": "object", "additionalProperties": _rack()}),
            "nodes": {"type": "object", "additionalProperties": {"$ref": "#/$defs/mixed node"}},
            "snapshots": _or_null(_snapshots()),
            "connections": {"type": "array", "items": _connection()},
        },
        "$defs": defs,
    }


def _mixed(known: Mapping[str, type[Node]]) -> Schema:
    """Return the schema of a node of a rack: by type, with its mix and bypass."""
    found = _one_of(list(known), "node ")
    found["properties"] |= {DRY_WET: _number(0.0, 1.0), BYPASS: {"type": "boolean"}}
    return found | {"unevaluatedProperties": False}


def _one_of(names: list[str], prefix: str) -> Schema:
    """Return the schema of an object whose "type" decides which definition applies."""
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": names}},
        "allOf": [
            {
                "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                "then": {"$ref": f"#/$defs/{prefix}{name}"},
            }
            for name in names
        ],
    }


def _node(cls: type[Node]) -> Schema:
    params, hints = cls.params(), typing.get_type_hints(cls)
    properties: Schema = {"type": {"const": cls.type_name}}
    for field in fields_of(cls):
        key = field.name
        if key in params:
            properties[key] = _param(params[key])
        elif "file" in field.metadata:
            properties[key] = _file(field)
        elif holds_node(cls, key):
            properties[key] = {"$ref": "#/$defs/inner node"}
        else:
            choices = field.metadata.get("choices") or ()
            properties[key] = {"enum": list(choices)} if choices else _hint(hints.get(key, Any))
    missing = [f.name for f in fields_of(cls) if f.default is dataclasses.MISSING]
    return {
        "description": cls.description,
        "required": ["type", *missing],
        "properties": properties,
    }


def _param(row: Param) -> Schema:
    found = _number(row.low, row.high)
    found |= {"default": row.default} | ({"description": row.unit} if row.unit else {})
    if row.labels:
        return {"anyOf": [found, {"enum": list(row.labels)}]}
    return found


def _file(field: dataclasses.Field[Any]) -> Schema:
    """Return the schema of a field that names a file, or several; null where it is left out."""
    one = {"$ref": "#/$defs/file"}
    found: Schema = {"type": "array", "items": one} if field.metadata["file"][0] else one
    return _or_null(found) if field.default is None else found


def _reference() -> Schema:
    """Return the schema of a file: a path, ``asset:NAME``, or a path with size and SHA-256."""
    path = {"type": "string", "minLength": 1}
    size = {"type": "integer", "minimum": 1, "maximum": MAX_FILE_BYTES}
    digest = {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}
    rows = {"path": path, "size": size, "sha256": digest}
    whole = {"type": "object", "required": [*rows], "additionalProperties": False}
    return {"anyOf": [path, whole | {"properties": rows}]}


def _hint(hint: Any) -> Schema:
    """Return the schema of an option by its type."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_hint(one) for one in args]}
    if origin is typing.Literal:
        return {"enum": list(args)}
    if origin in (tuple, list) or hint in (tuple, list):
        if not args:
            return {"type": "array"}
        if args[-1] is ... or len(args) == 1:
            return {"type": "array", "items": _hint(args[0])}
        rows = [_hint(one) for one in args]
        return {"type": "array", "prefixItems": rows, "minItems": len(rows), "maxItems": len(rows)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _hint(args[1])}
    simple = {bool: "boolean", int: "integer", str: "string", type(None): "null"}
    if hint is float:
        return _number(-LARGEST, LARGEST)
    return {"type": simple[hint]} if hint in simple else {"type": [*_SCALARS]}


_SCALARS = ("null", "boolean", "number", "string")


def _number(low: float, high: float) -> Schema:
    return {"type": "number", "minimum": low, "maximum": high}


def _channels() -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": MAX_CHANNELS}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [{"type": "null"}, schema]}


def _rack() -> Schema:
    names = {"type": "array", "items": {"type": "string"}}
    return {
        "type": "object",
        "required": ["inputs", "outputs"],
        "additionalProperties": False,
        "properties": {"inputs": names, "outputs": names},
    }


def _snapshots() -> Schema:
    by_name = {"type": ["number", "boolean", "string"]}
    one = {
        "type": "object",
        "required": ["values"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string"},
            "values": {
                "type": "object",
                "additionalProperties": by_name,
                "properties": {TEMPO: _number(TEMPO_RANGE.low, TEMPO_RANGE.high)},
            },
        },
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": dict.fromkeys(SLOTS, one),
    }


def _connection() -> Schema:
    port = {"type": "string"}
    amount = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {"amount": _number(-1.0, 1.0), "absolute": {"const": True}},
    }
    return {"type": "array", "prefixItems": [port, port, amount], "minItems": 2, "maxItems": 3}
