"""Node descriptions: parameters, options, files, and the registry of node types by name."""

import copyreg
import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal, TypeVar, dataclass_transform

from .arguments import (
    by_keyword,
    check_choice,
    check_flag,
    check_number,
    check_text,
    format_value,
)
from .errors import DuplicateNameError, FileError, ParamError, UnknownNameError
from .paths import Content, check_content_class, checked_file, checked_files
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


LARGEST = sys.float_info.max


@dataclass(frozen=True)
class Param:
    """A parameter: default, range, unit.  Checks, presets, commands and documents derive from it.

    ``taper`` is the scale a control surface should use; ``smoothing_s`` is the time constant, in
    seconds, of the smoothing that kernels apply to changes (0: none).
    """

    default: float
    low: float
    high: float
    unit: str = ""
    taper: Literal["linear", "log"] = "linear"
    smoothing_s: float = 0.01

    def __post_init__(self) -> None:
        """Check the fields; ``default`` is checked against the range when a node is made."""
        for name in ("default", "low", "high"):
            number = check_number(name, getattr(self, name), -LARGEST, LARGEST)
            object.__setattr__(self, name, number)
        if self.low > self.high:
            raise ParamError(f"low is {self.low:g}: must be at most high, which is {self.high:g}")
        check_text("unit", self.unit)
        check_choice("taper", self.taper, ("linear", "log"))
        check_number("smoothing_s", self.smoothing_s, 0.0, LARGEST)

    def check(self, name: str, value: float) -> float:
        """Return ``value`` as a float; ``ParamError`` if it is not a number in range."""
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
    """Declare a field of a node class as a parameter: a number that may change while it plays.

    Returns ``Any`` because the field is annotated as a float; ``default`` is keyword-only, because
    type checkers then see that the field has one.
    """
    row = Param(default, low, high, unit, taper, smoothing_s)
    return dataclasses.field(default=default, kw_only=True, metadata={"param": row})


def option(*, default: Any, choices: Sequence[Any] = (), kw_only: bool = True) -> Any:
    """Declare a field that is fixed once the node is prepared (a mode, a count, a switch)."""
    try:
        known = tuple(choices)
    except TypeError:
        raise ParamError(f"choices is {format_value(choices)}: must be a list of values") from None
    return dataclasses.field(
        default=default,
        kw_only=check_flag("kw_only", kw_only),
        metadata={"choices": known},
    )


def file(
    *, kw_only: bool = False, several: bool = False, content: type[Content] | None = None
) -> Any:
    """Declare a field that is the path of a file, or with ``several`` a tuple of paths.

    Presets store paths relative to the preset.  ``content`` is a class, derived from ``Content``,
    whose objects the field takes in place of a path; presets cannot store these.  ``FileError`` if
    the value is neither.
    """
    row = {"file": (check_flag("several", several), check_content_class(content))}
    return dataclasses.field(kw_only=check_flag("kw_only", kw_only), metadata=row)


class Node:
    """Base class of node descriptions: type, parameters, ports.  Immutable, holds no samples.

    Subclasses are declared with ``@node("name")``, which makes them frozen dataclasses.  Override
    ``inputs`` and ``outputs`` if the node has other ports than one "in" and one "out".
    """

    type_name: ClassVar[str]
    reports: ClassVar[tuple[str, ...]] = ()
    """Float64 fields of the record that control threads may read (readings of a meter)."""

    @property
    def inputs(self) -> tuple[Port, ...]:
        """The input ports, in the order of their channels in the kernel's ``ins``."""
        return (Port("in"),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """The output ports, in the order of their channels in the kernel's ``outs``."""
        return (Port("out"),)

    def latency(self, spec: Spec) -> int:
        """Return the latency in frames, which the schedule compensates."""
        return 0

    def own_rate(self) -> float | None:
        """Return the only sample rate in Hz at which the node can run; ``None``: any rate."""
        return None

    def tail(self, spec: Spec) -> int:
        """Return the frames for which the output continues after the input has ended."""
        return 0

    def on_cpu(self) -> "Node | None":
        """Return the same node on the host if it may run on host or device; else ``None``."""
        return None

    def with_params(self, values: Mapping[str, float]) -> "Node":
        """Return the node with other parameter values; override to keep what was read from files.

        Control thread only.
        """
        own: Any = self
        made: Node = dataclasses.replace(own, **values)
        return made

    def prepare(self, io: Io) -> Processor:
        """Allocate all memory, compute all coefficients, choose the kernel.  Control thread."""
        raise NotImplementedError

    @classmethod
    def params(cls) -> dict[str, Param]:
        """Return the declared parameters by name."""
        return _declared(cls, "param")

    @classmethod
    def files(cls) -> tuple[str, ...]:
        """Return the names of the fields declared with ``file``."""
        return tuple(_declared(cls, "file"))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by field values; unpickling uses the newest class of this type name."""
        own = type(self)
        if not dataclasses.is_dataclass(self):
            return copyreg.__newobj__, (own,), self.__dict__  # type: ignore[attr-defined]
        newest = _types.get(getattr(own, "type_name", ""), own)
        kind = newest if _is_redefinition(own, newest) else own
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init}
        return _rebuild, (kind, values)

    def __post_init__(self) -> None:
        """Check every parameter, option and path; whether files exist is not checked."""
        for name, row in self.params().items():
            object.__setattr__(self, name, row.check(name, getattr(self, name)))
        for name, choices in _declared(type(self), "choices").items():
            if choices:
                object.__setattr__(self, name, check_choice(name, getattr(self, name), choices))
        for name, (several, content) in _declared(type(self), "file").items():
            value = getattr(self, name)
            if several:
                checked_files(value, name, FileError, content)
            elif value is not None or not hasattr(type(self), name):  # unless None is the default
                checked_file(value, name, FileError, content)


def _declared(cls: type[Node], key: str) -> dict[str, Any]:
    hashable: Any = cls  # mypy takes the class's hash for that of its instances
    return dict(_fields_with(hashable, key))  # a copy, because the cached dict must not change


@cache
def _fields_with(cls: type[Node], key: str) -> dict[str, Any]:
    if not dataclasses.is_dataclass(cls):
        return {}
    return {f.name: f.metadata[key] for f in dataclasses.fields(cls) if key in f.metadata}


N = TypeVar("N", bound=Node)
_types: dict[str, type[Node]] = {}


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(param, option, file)
)
def node(type_name: str) -> Callable[[type[N]], type[N]]:
    """Decorate a ``Node`` class: make it a frozen dataclass and register it as ``type_name``.

    A class of the same module and qualified name replaces the registered one (a notebook cell run
    again, a module reloaded); existing plans keep the older class.  Any other class with the same
    type name is a ``DuplicateNameError``.  Presets store the type name.
    """
    check_text("type_name", type_name, "the name of a node type, as in @node('name')")

    def register(cls: type[N]) -> type[N]:
        if not (isinstance(cls, type) and issubclass(cls, Node)):
            raise ParamError(
                f"@node({type_name!r}) is on {format_value(cls)}: must be a class of Node"
            )
        other = _types.get(type_name)
        if other is not None and not _is_redefinition(cls, other):
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


def _is_redefinition(cls: type, other: type) -> bool:
    """Whether two classes have the same module and qualified name."""
    return (cls.__module__, cls.__qualname__) == (other.__module__, other.__qualname__)


def _rebuild(kind: type[Node], values: dict[str, Any]) -> Node:
    """Make a node from copied or pickled field values; the newest class checks every field."""
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    differing = [name for name in values if name not in fields]
    differing += [
        name
        for name, f in fields.items()
        if name not in values and f.init and f.default is f.default_factory is dataclasses.MISSING
    ]
    if differing:
        raise UnknownNameError(
            f"node type {kind.type_name!r} was defined anew since this one was made: "
            f"{', '.join(differing)} differ{'s' * (len(differing) == 1)}; make the node anew"
        )
    return kind(**values)


def node_type(type_name: str) -> type[Node]:
    """Return the node class registered under ``type_name``."""
    if not isinstance(type_name, str) or type_name not in _types:
        raise UnknownNameError(
            f"no node type {format_value(type_name)}; known: {', '.join(sorted(_types))}"
        )
    return _types[type_name]


def node_types() -> dict[str, type[Node]]:
    """Return every registered node class by its type name."""
    return dict(_types)
