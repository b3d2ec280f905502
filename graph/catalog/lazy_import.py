"""Names of a package that are imported when they are first used (PEP 562)."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["lazy_names"]


def lazy_names(
    package: str, modules: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of a package.

    ``modules`` has the public names of each module, ``{".engine.engine": ("Engine",)}``: a module
    is imported when one of its names is first used.  So are modules and folders of the package,
    which are there as if it had imported them.
    """
    places = {name: module for module, names in modules.items() for name in names}

    def find(name: str) -> Any:
        if name in places:
            found = getattr(importlib.import_module(places[name], package), name)
            setattr(sys.modules[package], name, found)
            return found
        if not name.startswith("_") and importlib.util.find_spec(f"{package}.{name}"):
            return importlib.import_module(f".{name}", package)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places})

    return find, names, sorted(places)
