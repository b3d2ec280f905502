"""Which file of the package imports which, and the circles among them, read from the sources."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

__all__ = ["circles", "imported_files"]


def imported_files(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Of each file (its path under the root: its text), the others of them that it imports.

    Imports inside functions and those for type checkers count too.  An ``__init__.py`` is nobody's
    target: it names what its folder shows, and importing any file of the folder imports it.
    """
    modules = {_module(name): name for name in sources}
    found = {}
    for name, source in sources.items():
        targets = {_target(modules, *wanted) for wanted in _imports(name, source)}
        found[name] = {t for t in targets if t and t != name and not t.endswith("__init__.py")}
    return found


def _module(name: str) -> tuple[str, ...]:
    path = PurePosixPath(name)
    return path.parent.parts if path.stem == "__init__" else (*path.parent.parts, path.stem)


def _imports(name: str, source: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each import of ours as (module, name in it), the module by its path under the root."""
    folder = PurePosixPath(name).parent.parts
    for item in ast.walk(ast.parse(source)):
        if isinstance(item, ast.ImportFrom):
            inside = tuple((item.module or "").split(".")) if item.module else ()
            if item.level:
                base = (*folder[: len(folder) - item.level + 1], *inside)
            elif inside[:1] == ("namgraph",):
                base = inside[1:]
            else:
                continue
            for alias in item.names:
                yield base, alias.name
        elif isinstance(item, ast.Import):
            for alias in item.names:
                first, *rest = alias.name.split(".")
                if first == "namgraph" and rest:
                    yield tuple(rest[:-1]), rest[-1]


def _target(modules: Mapping[tuple[str, ...], str], base: tuple[str, ...], name: str) -> str | None:
    """The file that ``from base import name`` reads: a module called ``name``, or ``base``."""
    return modules.get((*base, name)) or modules.get(base)


def circles(imports: Mapping[str, set[str]]) -> list[frozenset[str]]:
    """Files that import each other, directly or through others: Tarjan's components of two or more.

    R. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1 (1972).
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[frozenset[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in sorted(imports.get(name, ())):
            if target not in index:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], index[target])
        if low[name] == index[name]:
            begin = stack.index(name)
            if len(stack) - begin > 1:
                found.append(frozenset(stack[begin:]))
            del stack[begin:]

    for name in sorted(imports):
        if name not in index:
            visit(name)
    return found
