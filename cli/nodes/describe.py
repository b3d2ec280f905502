"""Describe a node type as JSON values: ports, parameters, options, files, latency, an example."""

import importlib.util
from typing import Any

from ...graph import NamgraphError, Node, NodeTypes, Port, Spec, node_types
from ...graph.arguments import format_value
from ...graph.extras import how_to_install

__all__ = ["RATE", "describe_type", "find_type", "known_types"]

RATE = 48_000.0
"""Sample rate in Hz at which latency and tail are given."""
VARIABLES = {"nam": "amp", "nam_bank": "amps", "pedalboard_effect": "effect"}
"""Names of nodes in examples, where they are not those of their types."""


def known_types() -> NodeTypes:
    """Return every node type of the package, those that need an extra included."""
    from ... import nodes
    from ...nodes import pedalboard_effect  # noqa: F401  (registers a type; imports no pedalboard)

    found = node_types()
    ours = (c for c in found.values() if c.__module__.startswith(f"{nodes.__name__}."))
    return NodeTypes({cls.type_name: cls for cls in ours})


def find_type(types: NodeTypes, name: str) -> type[Node]:
    """Return a node type by its name, or by that of its class or its display name, in any case."""
    wanted = name.casefold()
    for cls in types.values():
        if wanted in {n.casefold() for n in (cls.type_name, cls.__name__, cls.display_name)}:
            return cls
    return types[name]


def describe_type(cls: type[Node]) -> dict[str, Any]:
    """Return what a node type has, as JSON values."""
    inputs, outputs = cls.default_ports()
    row: dict[str, Any] = {
        "type": cls.type_name,
        "class": cls.__name__,
        "name": cls.display_name,
        "category": cls.category,
        "version": cls.version,
        "description": cls.description,
        "inputs": [_port(port) for port in inputs],
        "outputs": [_port(port) for port in outputs],
        "parameters": {
            name: {
                "low": p.low,
                "high": p.high,
                "default": p.default,
                "unit": p.unit,
                "taper": p.taper,
                "smoothing_s": p.smoothing_s,
                "step": p.step,
                "labels": list(p.labels),
            }
            for name, p in cls.params().items()
        },
        "options": {
            name: {"default": _value(option.default), "choices": list(option.choices)}
            for name, option in cls.options().items()
        },
        "files": list(cls.files()),
        "required": list(cls.required()),
        "readings": list(cls.reports),
        **_frames(cls),
        "example": _example(cls),
    }
    if holder := getattr(cls, "parameters_of", ""):
        row["parameters_of"] = holder
    if extra := getattr(cls, "needs_extra", ""):
        row["needs"] = {"extra": extra, "installed": _installed(extra)}
        if not row["needs"]["installed"]:
            row["needs"]["install"] = how_to_install(extra)
    if reason := getattr(cls, "offline_only", ""):
        row["offline_only"] = reason
    return row


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "kind": port.kind.value, "channels": port.channels}


def _frames(cls: type[Node]) -> dict[str, int | None]:
    """Return latency and tail of a node with default values; ``None`` where a file decides them."""
    if cls.required():
        return {"latency": None, "tail": None}
    node, spec = cls(), Spec(RATE, 64)
    try:
        return {"latency": node.latency(spec), "tail": node.tail(spec)}
    except NamgraphError:
        return {"latency": None, "tail": None}


def _example(cls: type[Node]) -> str:
    arguments = cls.example
    if not arguments:
        first = next(iter(cls.params().items()), None)
        arguments = f"{first[0]}={first[1].default:g}" if first else ""
    name = VARIABLES.get(cls.type_name, cls.type_name)
    line = f'{name} = graph.add("{name}", ng.{cls.__name__}({arguments}))'
    first = next(iter(cls.params().items()), None)
    turned = f'\nengine.set("{name}.{first[0]}", {first[1].default})' if first else ""
    return line + turned


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ValueError:  # a module without a spec
        return True


def _value(value: Any) -> Any:
    plain = value is None or isinstance(value, bool | int | float | str)
    return value if plain else list(value) if isinstance(value, tuple) else format_value(value)
