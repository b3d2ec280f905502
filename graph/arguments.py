"""Argument checks: each raises one error that names the argument, the value and what is allowed.

One rule for numbers: a whole number is an ``int``, a NumPy integer, or a float without a fraction
(64.0 is 64); a real number is any of these or any other finite float.  ``bool`` and text are not
numbers.  Any thread.
"""

import difflib
import functools
import inspect
import math
import numbers
import operator
import reprlib
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from .errors import NamgraphError, ParamError
from .text import one_line

__all__ = [
    "as_number",
    "as_whole",
    "by_keyword",
    "check_call",
    "check_choice",
    "check_flag",
    "check_number",
    "check_text",
    "check_whole",
    "clip",
    "format_call",
    "format_value",
    "is_iterable",
    "nearest",
]

P = ParamSpec("P")
R = TypeVar("R")

MAX_REPR = 200
"""Characters of a ``repr``, which is always one line."""

LONGEST_PATH = 120
"""Characters of a text that ``format_call`` shows whole."""

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = 60


def format_value(value: Any) -> str:
    """Format a value for a message: its ``repr`` on one line, shortened to about 60 characters."""
    try:
        return " ".join(_short.repr(value).split())
    except Exception:  # a failing __repr__, or an integer with more digits than Python prints
        return f"a {type(value).__name__}"


def format_call(name: str, given: Iterable[tuple[str, Any]]) -> str:
    """Format a call on one line for a ``repr``; its middle is left out beyond ``MAX_REPR``.

    ``given`` are keywords ("" for a positional argument) and values.
    """
    parts = [f"{key}={_argument(value)}" if key else _argument(value) for key, value in given]
    return clip(f"{name}({', '.join(parts)})")


def _argument(value: Any) -> str:
    """Format an argument for ``format_call``: a path is shown whole, an array by its shape."""
    if isinstance(value, str) and len(value) <= LONGEST_PATH:
        return repr(value)
    if isinstance(getattr(value, "shape", None), tuple) and value.shape:
        return f"<{type(value).__name__} of shape {value.shape}>"
    return format_value(value)


def clip(text: str, most: int = MAX_REPR) -> str:
    """Return a text on one line of at most ``most`` characters, without its middle if longer."""
    text = one_line(text)
    half = (most - 5) // 2
    return text if len(text) <= most else f"{text[:half]} ... {text[-half:]}"


def nearest(name: object, known: Iterable[str], most: int = 20) -> str:
    """Return the names most similar to one that is not known, or ``most`` of the known ones."""
    names = list(known)
    folded = {one.casefold(): one for one in names}
    given = name if isinstance(name, str) else format_value(name)
    alike = difflib.get_close_matches(given[:200].casefold(), folded, n=3, cutoff=0.5)
    near = [folded[one] for one in alike]
    rest = f", and {len(names) - most} more" if len(names) > most else ""
    if near:
        return f"nearest: {', '.join(near)}"
    return f"there is {', '.join(names[:most]) or 'none'}{rest}"


def is_iterable(value: Any) -> bool:
    """Return whether a value is an iterable other than text; an array of no dimensions is none."""
    is_scalar = getattr(value, "shape", None) == ()
    return isinstance(value, Iterable) and not is_scalar and not isinstance(value, str | bytes)


def as_whole(value: Any) -> int | None:
    """Return a whole number as an ``int``; ``None`` for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value == int(value) else None
    try:
        return operator.index(value)
    except TypeError:
        number = as_number(value)  # a float32
        return None if number is None or number != int(number) else int(number)


def as_number(value: Any) -> float | None:
    """Return a finite real number as a ``float``; ``None`` for anything else."""
    if getattr(value, "shape", None) == () and callable(getattr(value, "item", None)):
        value = value.item()  # an array of no dimensions
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None


def check_whole(
    name: str, value: Any, low: int, high: int, error: type[NamgraphError] = ParamError
) -> int:
    """Return ``value`` as an ``int`` if it is a whole number in [low, high]."""
    number = as_whole(value)
    if number is None or not low <= number <= high:
        raise error(f"{name} is {format_value(value)}: must be a whole number in [{low}, {high}]")
    return number


def check_number(
    name: str, value: Any, low: float, high: float, unit: str = "", *, above: bool = False
) -> float:
    """Return ``value`` as a ``float`` if it is in [low, high], or with ``above`` in (low, high]."""
    number = as_number(value)
    if number is None or not low <= number <= high or (above and number == low):
        limits = f"{'(' if above else '['}{_plain(low)}, {_plain(high)}]{' ' if unit else ''}{unit}"
        raise ParamError(f"{name} is {format_value(value)}: must be a number in {limits}")
    return number


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) and abs(number) < 1e9 else f"{number:g}"


def check_flag(name: str, value: Any) -> bool:
    """Return ``value`` if it is ``True`` or ``False`` (NumPy's too)."""
    if not _is_flag(value):
        raise ParamError(f"{name} is {format_value(value)}: must be True or False")
    return bool(value)


def check_text(name: str, value: Any, allowed: str = "a string") -> str:
    """Return ``value`` if it is a string."""
    if not isinstance(value, str):
        raise ParamError(f"{name} is {format_value(value)}: must be {allowed}")
    return value


def check_choice(name: str, value: Any, choices: Iterable[Any]) -> Any:
    """Return the choice equal to ``value``; ``True`` and 1 are different choices."""
    known = tuple(choices)
    for choice in known:
        if _equal(value, choice):
            return choice
    raise ParamError(
        f"{name} is {format_value(value)}: must be one of {', '.join(map(str, known))}"
    )


def _equal(value: Any, choice: Any) -> bool:
    if isinstance(choice, bool):
        return _is_flag(value) and bool(value) == choice
    if isinstance(choice, int):
        return as_whole(value) == choice
    return type(value) is type(choice) and bool(value == choice)


def _is_flag(value: Any) -> bool:
    """Whether a value is ``True`` or ``False``, Python's or NumPy's (which is no ``bool``)."""
    return isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")


def check_call(name: str, value: Any) -> None:
    """Check that a callback is callable or ``None``."""
    if value is not None and not callable(value):
        raise ParamError(f"{name} is {format_value(value)}: must be a function, or None")


def by_keyword(
    call: Callable[P, R], hint: Callable[[str, Any], str] | None = None
) -> Callable[P, R]:
    """Decorate a function: wrong arguments are a ``TypeError`` that says which there are.

    Too many by position: the message lists those by keyword, which Python's own does not.  An
    unknown keyword: it has the nearest names, and what ``hint`` returns for its name and value.
    """
    rows = list(inspect.signature(call).parameters.values())
    if any(row.kind is row.VAR_POSITIONAL for row in rows):
        return call
    positional = [
        row.name for row in rows if row.kind in (row.POSITIONAL_ONLY, row.POSITIONAL_OR_KEYWORD)
    ]
    keywords = [f"{row.name}=" for row in rows if row.kind is row.KEYWORD_ONLY]
    title = call.__qualname__.removesuffix(".__init__")
    visible = [name for name in positional if name != "self"]
    takes_any = any(row.kind is row.VAR_KEYWORD for row in rows)
    known = {row.name for row in rows if row.kind is not row.POSITIONAL_ONLY}

    @functools.wraps(call)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not (takes_any or known.issuperset(kwargs)):
            name = next(name for name in kwargs if name not in known)
            names = [row.name for row in rows if row.name in known - {"self"}]
            told = (hint and hint(name, kwargs[name])) or nearest(name, names)
            raise TypeError(f"{title} has no argument {name!r}; {told}")
        if len(args) > len(positional):
            first = f"{', '.join(visible) or 'nothing'} by position"
            rest = f", and by keyword {', '.join(keywords)}" if keywords else ", and nothing more"
            raise TypeError(f"{title} takes {first}{rest}")
        return call(*args, **kwargs)

    return checked
