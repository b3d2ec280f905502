"""The node types by name: classes that were declared, and modules that declare one when imported.

The modules are those of ``nodes``, which registers their table here: this package cannot import it.
"""

import importlib
from collections.abc import Mapping
from typing import Any

__all__ = ["classes", "find_type", "register_modules", "registered", "type_names"]

NODES = f"{__name__.partition('.')[0]}.nodes"
"""The package that registers the modules; imported if the program has not done so."""

classes: dict[str, Any] = {}
"""Every class declared so far, by its type name."""
_modules: dict[str, str] = {}


def register_modules(modules: Mapping[str, str]) -> None:
    """Let node types be found in modules, ``{"gain": "namgraph.nodes.utility.gain"}``."""
    _modules.update(modules)


def find_type(type_name: str) -> Any:
    """Return the class of a type name, or ``None``; the module that declares it is imported."""
    importlib.import_module(NODES)
    if type_name not in classes and type_name in _modules:
        importlib.import_module(_modules[type_name])
    return classes.get(type_name)


def type_names() -> list[str]:
    """Return every type name, sorted; imports no node."""
    importlib.import_module(NODES)
    return sorted({*classes, *_modules})


def registered() -> dict[str, Any]:
    """Return every node class by its type name; all modules are imported."""
    return {name: find_type(name) for name in type_names()}
