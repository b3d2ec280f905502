"""The syntax tree of a function, from its source file."""

import ast
import linecache
from collections.abc import Iterator
from functools import cache
from types import CodeType, FunctionType
from typing import Any

from ..fingerprint import is_ours
from .values import UnsupportedError

__all__ = ["names", "syntax"]

Definitions = dict[tuple[int, str], ast.FunctionDef]


@cache
def syntax(function: FunctionType) -> ast.FunctionDef:
    """Return the definition of a function.

    Raises ``UnsupportedError`` if its file cannot be read, or has changed since it was imported.
    (Files of this package are part of the key under which a kernel is kept on disk.)
    """
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename))
    found = _definitions(text).get((code.co_firstlineno, code.co_name))
    if found is None or not (is_ours(function) or code in _compiled(text, code.co_filename)):
        raise UnsupportedError("a function without its source")
    return found


@cache
def _definitions(text: str) -> Definitions:
    """Return the functions in a text by the line they begin in, decorators included, and name."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return {}
    return {
        (min([made.lineno, *(d.lineno for d in made.decorator_list)]), made.name): made
        for made in ast.walk(tree)
        if isinstance(made, ast.FunctionDef)
    }


@cache
def _compiled(text: str, name: str) -> list[CodeType]:
    """Return the byte code of all functions in a text."""
    return list(_nested(compile(text, name, "exec", dont_inherit=True)))


def _nested(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _nested(constant)


def names(function: FunctionType) -> dict[str, Any]:
    """Return what the free variables of a function are, by name."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    try:
        return {name: cell.cell_contents for name, cell in cells}
    except ValueError:
        raise UnsupportedError("a variable that has no value yet") from None
