"""Nodes described: ports, parameters, and the registry that presets look them up in."""

import copyreg
import dataclasses
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal, TypeVar, dataclass_transform

from .arguments import (
    by_keyword,
    check_choice,
    check_flag,
    check_number,
    check_text,
    said,
)
from .errors import DuplicateNameError, FileError, ParamError, UnknownNameError
from .paths import checked_path, checked_paths
from .port import Kind, Port, Space
from .prepare import Io, Processor, Spec

__all__ = [
    "Kind",
    "Node",
    "Param",
    "Port",
    "Space",
    "file",
    "node",
    "node_type",
    "node_types",
    "option",
    "param",
]


MOST = sys.float_info.max


@dataclass(frozen=True)
class Param:
    """One row of the one table: checks, presets, the command line and documentation derive from it.

    ``taper`` says how a control surface should spread the range; ``smoothing_s`` is the time
    constant, in seconds, with which kernels follow a change (0: at once).
    """

    default: float
    low: float
    high: float
    unit: str = ""
    taper: Literal["linear", "log"] = "linear"
    smoothing_s: float = 0.01

    def __post_init__(self) -> None:
        """Check the row itself; the default is checked when a node is made with it."""
        for name in ("default", "low", "high"):
            number = check_number(name, getattr(self, name), -MOST, MOST)
            object.__setattr__(self, name, number)
        if self.low > self.high:
            raise ParamError(f"low is {self.low:g}: must be at most high, which is {self.high:g}")
        check_text("unit", self.unit)
        check_choice("taper", self.taper, ("linear", "log"))
        check_number("smoothing_s", self.smoothing_s, 0.0, MOST)

    def check(self, name: str, value: float) -> float:
        """Return ``value`` as a float if it is a number in range; ``ParamError`` otherwise."""
        return check_number(name, value, self.low, self.high, self.unit)


def param(
    *,
    default: float,
    low: float,
    high: float,
    unit: str = "",
    taper: Literal["linear", "log"] = "linear",
    smoothing_s: float = 0.01,
) -> Any:
    """Declare, in a node's body, a number that may change while the node plays.

    Returns ``Any`` because it stands where a float will; ``default`` goes by keyword, or type
    checkers take the field for a required one.
    """
    row = Param(default, low, high, unit, taper, smoothing_s)
    return dataclasses.field(default=default, kw_only=True, metadata={"param": row})


def option(*, default: Any, choices: Sequence[Any] = (), kw_only: bool = True) -> Any:
    """Declare a setting that is fixed once the node is prepared (a mode, a count, a switch)."""
    try:
        known = tuple(choices)
    except TypeError:
        raise ParamError(f"choices is {said(choices)}: must be a list of values") from None
    return dataclasses.field(
        default=default,
        kw_only=check_flag("kw_only", kw_only),
        metadata={"choices": known},
    )


def file(*, kw_only: bool = False, several: bool = False) -> Any:
    """Declare a path to a file the node reads in ``prepare`` (or ``several``, as a tuple).

    Presets keep paths relative.  What is no path is refused when the node is made.
    """
    row = {"file": check_flag("several", several)}
    return dataclasses.field(kw_only=check_flag("kw_only", kw_only), metadata=row)


class Node:
    """A description: type, parameters and ports.  It holds no samples and may be shared.

    Subclasses are declared with ``@node("name")``, which makes them frozen dataclasses.  Override
    ``inputs`` and ``outputs`` where one port "in" and one port "out" are not what is wanted.
    """

    type_name: ClassVar[str]
    reports: ClassVar[tuple[str, ...]] = ()
    """Float64 fields of the record that a control thread may read (meters)."""

    @property
    def inputs(self) -> tuple[Port, ...]:
        """The ports a signal comes in by, in the order kernels see their channels."""
        return (Port("in"),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """The ports a signal leaves by."""
        return (Port("out"),)

    def latency(self, spec: Spec) -> int:
        """Frames by which the output lags the input through no wish of the user."""
        return 0

    def own_rate(self) -> float | None:
        """Return the only sample rate in Hz at which the node can run; ``None`` if at any."""
        return None

    def tail(self, spec: Spec) -> int:
        """Frames for which the output goes on after the input has ended."""
        return 0

    def on_cpu(self) -> "Node | None":
        """Return the same node on the host, if it was left to others where it plays."""
        return None

    def prepare(self, io: Io) -> Processor:
        """Ask for all memory, compute all coefficients, choose the kernel.  Control thread only."""
        raise NotImplementedError

    @classmethod
    def params(cls) -> dict[str, Param]:
        """Return the declared parameters by name."""
        return _declared(cls, "param")

    @classmethod
    def files(cls) -> tuple[str, ...]:
        """Return the names of the fields that are paths."""
        return tuple(_declared(cls, "file"))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by the values of the fields, for the newest class of this name."""
        own = type(self)
        if not dataclasses.is_dataclass(self):
            return copyreg.__newobj__, (own,), self.__dict__  # type: ignore[attr-defined]
        newest = _types.get(getattr(own, "type_name", ""), own)
        kind = newest if _is_again(own, newest) else own
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init}
        return _made_again, (kind, values)

    def __post_init__(self) -> None:
        """Check every parameter, option and path (that it is one, not that a file is there)."""
        for name, row in self.params().items():
            object.__setattr__(self, name, row.check(name, getattr(self, name)))
        for name, choices in _declared(type(self), "choices").items():
            if choices:
                object.__setattr__(self, name, check_choice(name, getattr(self, name), choices))
        for name, several in _declared(type(self), "file").items():
            value = getattr(self, name)
            if several:
                checked_paths(value, name, FileError)
            elif value is not None or not hasattr(type(self), name):  # unless None is the default
                checked_path(value, name, FileError)


def _declared(cls: type[Node], key: str) -> dict[str, Any]:
    found: Any = cls  # mypy would look for the class's hash among its instances' methods
    return dict(_looked_up(found, key))  # a copy: what is cached is nobody's to change


@cache
def _looked_up(cls: type[Node], key: str) -> dict[str, Any]:
    if not dataclasses.is_dataclass(cls):
        return {}
    return {f.name: f.metadata[key] for f in dataclasses.fields(cls) if key in f.metadata}


N = TypeVar("N", bound=Node)
_types: dict[str, type[Node]] = {}


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(param, option, file)
)
def node(type_name: str) -> Callable[[type[N]], type[N]]:
    """Make a class a frozen dataclass, registered under the name presets know it by.

    A class of the same module and qualified name replaces the older one: that is a notebook's cell
    run again, or a module reloaded.  Plans that were made before go on with the older one.  Any
    other class of the same type name is a ``DuplicateNameError``.
    """
    check_text("type_name", type_name, "the name of a node type, as in @node('name')")

    def register(cls: type[N]) -> type[N]:
        if not (isinstance(cls, type) and issubclass(cls, Node)):
            raise ParamError(f"@node({type_name!r}) is on {said(cls)}: must be a class of Node")
        other = _types.get(type_name)
        if other is not None and not _is_again(cls, other):
            raise DuplicateNameError(
                f"node type {type_name!r} is already {other.__module__}.{other.__qualname__}: "
                "choose another name"
            )
        doc = cls.__doc__
        made = dataclass(frozen=True)(cls)
        made.__doc__ = doc
        if "__init__" in made.__dict__:
            made.__init__ = by_keyword(made.__init__)  # type: ignore[method-assign]
        made.type_name = type_name
        _types[type_name] = made
        return made

    return register


def _is_again(cls: type, other: type) -> bool:
    """Whether two classes are what the same statement gave."""
    return (cls.__module__, cls.__qualname__) == (other.__module__, other.__qualname__)


def _made_again(kind: type[Node], values: dict[str, Any]) -> Node:
    """Make a node of what was copied or pickled; the newest class checks every field."""
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    odd = [name for name in values if name not in fields]
    odd += [
        name
        for name, f in fields.items()
        if name not in values and f.init and f.default is f.default_factory is dataclasses.MISSING
    ]
    if odd:
        raise UnknownNameError(
            f"node type {kind.type_name!r} was defined anew since this one was made: "
            f"{', '.join(odd)} differ{'s' * (len(odd) == 1)}; make the node anew"
        )
    return kind(**values)


def node_type(type_name: str) -> type[Node]:
    """Return the node class registered under ``type_name``."""
    if not isinstance(type_name, str) or type_name not in _types:
        raise UnknownNameError(
            f"no node type {said(type_name)}; known: {', '.join(sorted(_types))}"
        )
    return _types[type_name]


def node_types() -> dict[str, type[Node]]:
    """Return every registered node class by its type name."""
    return dict(_types)
