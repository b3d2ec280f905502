"""The base class of nodes, and its decorator ``node``."""

import copyreg
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, TypeVar, dataclass_transform

from .arguments import by_keyword, check_choice, check_text, format_call, format_value
from .catalog.fields import Option, Param, file, option, param
from .catalog.metadata import node_metadata
from .catalog.rebuild import rebuild
from .catalog.registry import classes, find_type
from .errors import DuplicateNameError, FileError, ParamError
from .paths import checked_file, checked_files, identity
from .port import Kind, Port, Space
from .prepare import Io, Processor, Spec

__all__ = [
    "Kind",
    "Node",
    "Option",
    "Param",
    "Port",
    "Space",
    "file",
    "node",
    "option",
    "param",
]


class Node:
    """Base class of node descriptions: type, parameters, ports.  Immutable, holds no samples.

    Subclasses are declared with ``@node("name")``, which makes them frozen dataclasses.  Override
    ``inputs`` and ``outputs`` if the node has other ports than one "in" and one "out".
    """

    type_name: ClassVar[str]
    display_name: ClassVar[str] = "Node"
    """The name for users: "DC block" for the type "dc_block"."""
    category: ClassVar[str] = "other"
    """A key of ``CATEGORIES`` (``graph/catalog/metadata.py``)."""
    version: ClassVar[int] = 1
    """Of the type: it is raised when equal settings give another output."""
    description: ClassVar[str] = ""
    """One sentence: the first of the docstring, unless given."""
    example: ClassVar[str] = ""
    """Arguments of an example, as Python text: ``'"amp.nam", input_db=3.0'``."""
    stereo: ClassVar[bool] = False
    """Whether equal input channels give different output channels: a chorus with ``spread``."""
    generates: ClassVar[bool] = False
    """Whether there is output without input: a network with an offset, an oscillator."""
    jump_ratio: ClassVar[float] = 4.0
    """How far a jump of a parameter may bend a sine, relative to the bend before or after it."""
    warms_up: ClassVar[bool] = False
    """Whether it plays unheard before a swap fades to it, as long as its tail, 0.1 s at most."""
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

    @property
    def own_channels(self) -> int:
        """Channels of the input of a chain that begins with the node, if its port takes any."""
        return 1

    def latency(self, spec: Spec) -> int:
        """Return the latency in frames, which the schedule compensates."""
        return 0

    def own_rate(self) -> float | None:
        """Return the only sample rate in Hz at which the node can run; ``None``: any rate."""
        return None

    def tail(self, spec: Spec) -> int:
        """Return the frames for which the output continues after the input has ended."""
        return 0

    def receptive_field(self, spec: Spec) -> int | None:
        """Return how many input frames, the present one included, output and state depend on.

        ``None``: all that came before, or unknown.  A node that says a number keeps this promise
        for as long as its parameters stay as they are: any two runs that had the same input for so
        many frames go on with the same bits, if their frames counted from reset differ by a
        multiple of ``CUT_GRID``.  Files are then rendered by several threads, each from a frame of
        its own.  Sources, nodes that follow the tempo and nodes with readings are ``None``.
        """
        return None

    def notice(self) -> str:
        """Return what the ``repr`` of a graph tells of this node, apart from its type: "" if none.

        For what changes the sound of a graph and was not put there by hand.
        """
        return ""

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

    def identity(self) -> str:
        """Return text that is equal for nodes that differ in the values of parameters only.

        It is the same in every process, so that saved state can be checked against it.
        """
        own: Any = self if dataclasses.is_dataclass(self) else None
        names = [f.name for f in dataclasses.fields(own) if f.compare] if own else []
        apart = {*self.params(), *self.files()}
        fixed = [(name, getattr(self, name)) for name in names if name not in apart]
        return f"{self.type_name} {fixed!r} {self.contents()!r}"

    def contents(self) -> tuple[str, ...]:
        """Return what identifies the content of the node's files: their paths, or digests."""
        return tuple(repr(identity(getattr(self, name))) for name in self.files())

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

    @classmethod
    def options(cls) -> dict[str, Option]:
        """Return the fields declared with ``option`` by name: default and choices."""
        found = _declared(cls, "choices")
        return {n: Option(getattr(cls, n, None), choices) for n, choices in found.items()}

    @classmethod
    def required(cls) -> tuple[str, ...]:
        """Return the names of the fields that must be given: files, as a rule."""
        own: Any = cls if dataclasses.is_dataclass(cls) else None
        fields = dataclasses.fields(own) if own else ()
        return tuple(f.name for f in fields if f.default is f.default_factory)  # both MISSING

    @classmethod
    def default_ports(cls) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
        """Return the input and output ports of a node with default values.

        Where a field must be given (a file), they are "in" and "out" with ``channels`` None;
        override this if such a node has other ports.
        """
        node = Node() if cls.required() else cls()
        return tuple(node.inputs), tuple(node.outputs)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by field values; unpickling uses the newest class of this type name."""
        own = type(self)
        if not dataclasses.is_dataclass(self):
            return copyreg.__newobj__, (own,), self.__dict__  # type: ignore[attr-defined]
        newest = classes.get(getattr(own, "type_name", ""), own)
        kind = newest if _is_redefinition(own, newest) else own
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init}
        return rebuild, (kind, values)

    def __repr__(self) -> str:
        """Return the call that makes the node, shortened: fields at their defaults are left out."""
        own: Any = self
        fields = dataclasses.fields(own) if dataclasses.is_dataclass(own) else ()
        given = [("" if not f.kw_only else f.name, getattr(self, f.name), f) for f in fields]
        return format_call(
            type(self).__name__, [(n, v) for n, v, f in given if _differs(v, f.default)]
        )

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


def _differs(value: Any, default: Any) -> bool:
    try:
        return value is not default and bool(value != default)
    except Exception:  # an array, whose comparison is an array
        return True


N = TypeVar("N", bound=Node)


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(param, option, file)
)
def node(
    type_name: str,
    *,
    display_name: str | None = None,
    category: str | None = None,
    version: int = 1,
    description: str | None = None,
    example: str = "",
) -> Callable[[type[N]], type[N]]:
    """Decorate a ``Node`` class: make it a frozen dataclass and register it as ``type_name``.

    A class of the same module and qualified name replaces the registered one (a notebook cell run
    again, a module reloaded); existing plans keep the older class.  Any other class with the same
    type name is a ``DuplicateNameError``.  Presets store the type name.

    The rest describes the type (class attributes of the same names): ``display_name`` is made of
    the type name and ``description`` is the docstring's first sentence unless given; ``category``
    is one of ``CATEGORIES``, that of the base class unless given ("other"); ``version`` is raised
    when equal settings give another output; ``example`` has the arguments of an example.
    """
    check_text("type_name", type_name, "the name of a node type, as in @node('name')")

    given = {
        "display_name": display_name,
        "category": category,
        "version": version,
        "description": description,
        "example": example,
    }
    node_metadata(type_name, "other", None, given)  # refuses wrong values here

    def register(cls: type[N]) -> type[N]:
        if not (isinstance(cls, type) and issubclass(cls, Node)):
            raise ParamError(
                f"@node({type_name!r}) is on {format_value(cls)}: must be a class of Node"
            )
        if getattr(vars(cls).get("__dataclass_params__"), "frozen", False):
            raise ParamError(
                f"@node({type_name!r}) is on {cls.__name__}, a frozen dataclass already, as each "
                "class with @node: must be another class"
            )
        other = find_type(type_name)
        if other is not None and not _is_redefinition(cls, other):
            raise DuplicateNameError(
                f"node type {type_name!r} is already {other.__module__}.{other.__qualname__}: "
                "choose another name"
            )
        doc = cls.__doc__
        made = dataclass(frozen=True, repr=False)(cls)
        made.__doc__ = doc
        for name, value in node_metadata(type_name, cls.category, doc, given).items():
            setattr(made, name, value)
        if "__init__" in made.__dict__:
            made.__init__ = by_keyword(made.__init__, getattr(cls, "argument_hint", None))  # type: ignore[method-assign]
        made.type_name = type_name
        classes[type_name] = made
        return made

    return register


def _is_redefinition(cls: type, other: type) -> bool:
    """Whether two classes have the same module and qualified name."""
    return (cls.__module__, cls.__qualname__) == (other.__module__, other.__qualname__)
