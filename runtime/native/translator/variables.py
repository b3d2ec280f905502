"""Variables of a function while it is translated: their kinds, and where branches meet.

A variable is a place on the stack, which LLVM turns into registers.  Where it gets a value of
another kind it becomes another variable, as in Numba.  What cannot be told apart where two branches
meet, or from one turn of a loop to the next, is left to Numba.
"""

import contextlib
from collections.abc import Iterable
from functools import reduce
from typing import Any

from ..kinds import Kind
from .values import Constant, UnsupportedError, Value, cast, common_kind, number

__all__ = ["Places", "Scope"]


class Version:
    """What a variable is between two assignments."""

    def __init__(self, shape: Any, places: Any, value: Any = None) -> None:
        self.shape, self.places, self.value = shape, places, value
        self.origins: frozenset[Version] = frozenset([self])
        """The versions of which it may be: several where branches met."""


Scope = dict[str, Version | None]
"""Versions by name; ``None`` where branches met that do not agree, or of which one has no value.

(Numba gives such a variable what its place in memory has: a 0, or its value of another turn.)
"""


def shape_of(given: Any) -> Any:
    """Return what two values have in common that can be one variable."""
    if isinstance(given, tuple):
        return tuple(map(shape_of, given))
    return given.kind if isinstance(given, Value) else ("constant", id(given.value))


class Places:
    """The places of one function's variables, on the stack of the kernel."""

    def __init__(self, builder: Any) -> None:
        self._builder = builder
        self._made: dict[tuple[str, Any], Any] = {}
        self.scope: Scope = {}
        self.loops: list[tuple[Scope, set[Version]]] = []
        """Of each loop around: the versions at its head, and those of them that are read."""

    def read(self, name: str) -> Any:
        """Return the value of a variable."""
        version = self.scope[name]
        if version is None:
            raise UnsupportedError(f"{name} has two kinds, or no value on some way here")
        for head, found in self.loops:
            first = head.get(name)
            if first is not None and first in version.origins:
                found.add(first)
        if version.value is not None:
            return version.value
        return self._loaded(version.shape, version.places)

    def _loaded(self, shape: Any, places: Any) -> Any:
        if isinstance(shape, tuple) and shape[:1] != ("constant",):
            return tuple(map(self._loaded, shape, places))
        if isinstance(shape, tuple):
            return places
        return Value(shape, self._builder.load(places, typ=shape.llvm))

    def write(self, name: str, given: Any, *, once: bool = False) -> None:
        """Assign to a variable; ``once``: it is assigned nowhere else, and before it is read."""
        shape = shape_of(given)
        if once:
            self.scope[name] = Version(shape, None, given)
        else:
            self.scope[name] = Version(shape, self._stored(name, shape, given))

    def _stored(self, name: str, shape: Any, given: Any) -> Any:
        if isinstance(given, tuple):
            parts = enumerate(zip(shape, given, strict=True))
            return tuple(self._stored(f"{name}.{n}", *part) for n, part in parts)
        if isinstance(given, Constant):
            return given
        place = self._place(name, shape)
        self._builder.store(given.llvm, place)
        return place

    def _place(self, name: str, shape: Any) -> Any:
        place = self._made.get((name, shape))
        if place is None:  # the builder is at the end of its block then
            with self._builder.goto_entry_block():
                place = self._made[name, shape] = self._builder.alloca(shape.llvm)
        return place

    def begin_loop(self, assigned: Iterable[str]) -> None:
        """Begin a loop in which variables are assigned."""
        head = dict(self.scope)
        for name in assigned:
            before = head.get(name)
            if before is not None:
                made = Version(before.shape, before.places, before.value)
                made.origins |= before.origins
                head[name] = made
        self.scope = head
        self.loops.append((dict(head), set()))

    def end_loop(self, again: list[Scope], left: list[Scope], *, endless: bool) -> None:
        """End a loop: ``again`` has the scopes at the ends of its turns, ``left`` of ``break``.

        ``endless``: it is left by ``break`` only.
        """
        head, found = self.loops.pop()
        for scope in again:
            for name, first in head.items():
                last = scope[name]
                if first is None or (last is not None and last.shape == first.shape):
                    continue
                if first in found:
                    raise UnsupportedError(f"{name} has two kinds in a loop")
        self.scope = met(left if endless and left else [head, *again, *left])

    def meet(self, ends: list[tuple[Scope, Any]]) -> None:
        """Go on where branches meet: ``ends`` has the scope and the last block of each.

        A variable that is of two kinds of numbers there becomes one of their common kind.
        """
        self.scope = met([scope for scope, _ in ends])
        for name in [name for name, version in self.scope.items() if version is None]:
            versions = [scope.get(name) for scope, _ in ends]
            kinds = [version.shape for version in versions if version is not None]
            if len(kinds) < len(ends) or not all(isinstance(kind, Kind) for kind in kinds):
                continue
            with contextlib.suppress(UnsupportedError):
                self.scope[name] = self._unified(name, reduce(common_kind, kinds), ends)

    def _unified(self, name: str, kind: Kind, ends: list[tuple[Scope, Any]]) -> Version:
        made = None
        self._place(name, kind)
        for scope, block in ends:
            version = scope[name]
            assert version is not None
            self._builder.position_before(block.terminator)
            value = version.value
            if value is None:
                value = self._loaded(version.shape, version.places)
            value = Value(kind, cast(self._builder, number(value), kind))
            here = Version(kind, self._stored(name, kind, value))
            here.origins |= version.origins | (made.origins if made else frozenset())
            made = here
        assert made is not None
        return made


def met(scopes: list[Scope]) -> Scope:
    """Return the scope where branches meet."""
    made = dict(scopes[0])
    for other in scopes[1:]:
        for name in {**made, **other}:
            have, version = made.get(name), other.get(name)
            if have is version:
                made[name] = version
            elif _differ(have, version):
                made[name] = None
            else:
                assert have is not None
                assert version is not None
                both = Version(have.shape, have.places)
                both.origins |= have.origins | version.origins
                made[name] = both
    return made


def _differ(a: Version | None, b: Version | None) -> bool:
    """Return whether two versions cannot be one variable where branches meet."""
    if a is None or b is None or a.shape != b.shape:
        return True
    return a.value is not None or b.value is not None
