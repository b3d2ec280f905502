"""JSON objects with checked access: every error names the path of the value."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ....graph.errors import (
    ConfigTooLargeError,
    FieldValueError,
    MissingFieldError,
    NamFileError,
    WeightCountError,
)
from ....graph.json_text import format_json

__all__ = ["Fields", "Weights", "fault", "finite_floats", "format_json", "too_large"]

T = TypeVar("T")
REQUIRED: Any = object()
MAX_WEIGHTS = 16 << 20


def fault(path: str, value: Any, allowed: str) -> NamFileError:
    """Return the error that ``path`` holds ``value`` but must be ``allowed``."""
    message = f"{path} is {format_json(value)}: must be {allowed}"
    return FieldValueError(message, field=path, allowed=allowed)


def too_large(found: str, what: str, count: float, limit: float) -> NamFileError:
    """Return the error that ``found``, a sentence in words, is above the limit of ``what``."""
    message = f"{found}: at most {f'{limit:.3g}' if isinstance(limit, float) else limit}"
    return ConfigTooLargeError(message, what=what, found=count, limit=limit)


class Fields:
    """A JSON object and its path in the file."""

    def __init__(self, value: Any, path: str = "") -> None:
        if not isinstance(value, dict):
            raise fault(path or "the file", value, "a JSON object")
        self._values: dict[str, Any] = value
        self.path = path

    @property
    def values(self) -> dict[str, Any]:
        """The object itself, unchecked."""
        return self._values

    def at(self, key: str) -> str:
        """Return the path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """Whether the key is present and not null."""
        return self._values.get(key) is not None

    def names(self, key: str) -> bool:
        """Whether the key is present, even as null."""
        return key in self._values

    def raw(self, key: str, default: Any = REQUIRED) -> Any:
        """Return the value at a key, unchecked."""
        if key in self._values:
            return self._values[key]
        if default is REQUIRED:
            place = self.at(key)
            raise MissingFieldError(f"{place} is missing", field=place)
        return default

    def integer(self, key: str, low: int, high: int, default: Any = REQUIRED) -> int:
        """Return a whole number in a range."""
        return as_integer(self.raw(key, default), self.at(key), low, high)

    def number(self, key: str, low: float, high: float, default: Any = REQUIRED) -> float:
        """Return a number in a range."""
        return as_number(self.raw(key, default), self.at(key), low, high)

    def flag(self, key: str, default: Any = REQUIRED) -> bool:
        """Return true or false."""
        value = self.raw(key, default)
        if not isinstance(value, bool):
            raise fault(self.at(key), value, "true or false")
        return value

    def text(self, key: str) -> str:
        """Return a string."""
        value = self.raw(key)
        if not isinstance(value, str):
            raise fault(self.at(key), value, "a string")
        return value

    def fields(self, key: str) -> "Fields":
        """Return the object at a key."""
        return Fields(self.raw(key), self.at(key))

    def items(self, key: str, most: int) -> Iterator[tuple[Any, str]]:
        """Return the elements of a list of 1 to ``most``, each with its path."""
        value = self.raw(key)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise fault(self.at(key), value, f"a list of 1 to {most}")
        return ((element, f"{self.at(key)}[{n}]") for n, element in enumerate(value))

    def each(
        self, key: str, count: int, read: Callable[[Any, str], T], default: Any = REQUIRED
    ) -> list[T]:
        """Return ``count`` values, read from one value for all or from a list of ``count``."""
        value, path = self.raw(key, default), self.at(key)
        if not isinstance(value, list):
            return [read(value, path)] * count
        if len(value) != count:
            raise fault(path, value, f"one value, or a list of {count} (one per layer)")
        return [read(element, f"{path}[{n}]") for n, element in enumerate(value)]

    def weights(self) -> "Weights":
        """Return the numbers at ``weights``; each must be finite as float32."""
        path, value = self.at("weights"), self.raw("weights")
        allowed = f"a list of at most {MAX_WEIGHTS} numbers"
        if not isinstance(value, list):
            raise fault(path, value, allowed)
        if len(value) > MAX_WEIGHTS:
            message = f"{path} is {format_json(value)}: must be {allowed}"
            raise ConfigTooLargeError(message, what=path, found=len(value), limit=MAX_WEIGHTS)
        return Weights(finite_floats(value, path), path)


def finite_floats(value: list[Any], path: str) -> NDArray[np.float32]:
    """Return a list as float32; ``FieldValueError`` if an element is no number, or not finite."""
    for n, element in enumerate(value if set(map(type, value)) - {int, float} else ()):
        if type(element) not in (int, float):
            raise fault(f"{path}[{n}]", element, "a number")
    try:
        with np.errstate(over="ignore"):
            numbers = np.array(value, np.float64).astype(np.float32)
    except OverflowError:  # an integer beyond float64
        numbers = np.array([np.inf], np.float32)
    finite = np.isfinite(numbers)
    if not finite.all():
        place = f"{path}[{finite.argmin()}]"
        message = f"{place} is beyond the range of float32"
        raise FieldValueError(message, field=place, allowed="in the range of float32")
    return numbers


class Weights:
    """The flat list of weights of a file, taken tensor by tensor in the order of the file.

    ``read`` first runs the reading code without numbers, to refuse a list of the wrong length.
    """

    def __init__(self, numbers: NDArray[np.float32] | None, path: str) -> None:
        self._numbers, self.path, self.taken = numbers, path, 0

    @property
    def counting(self) -> bool:
        """Whether there are no numbers yet: all that counts is how many are taken."""
        return self._numbers is None

    def __len__(self) -> int:
        return 0 if self._numbers is None else len(self._numbers)

    def take(self, *shape: int) -> NDArray[np.float32]:
        """Return the next numbers as a read-only array of this shape."""
        begin, size = self.taken, int(np.prod(shape, dtype=object))
        self.taken += size
        if self.taken > MAX_WEIGHTS:
            message = f"{self.path}: config needs more than {MAX_WEIGHTS} weights"
            raise ConfigTooLargeError(message, what=self.path, found=self.taken, limit=MAX_WEIGHTS)
        if self._numbers is None:
            return np.broadcast_to(np.float32(0), shape)
        piece = self._numbers[begin : begin + size].reshape(shape)
        piece.flags.writeable = False
        return piece

    def read(self, build: Callable[["Weights"], T]) -> T:
        """Call ``build`` with these weights, after checking that it takes exactly as many."""
        dry = Weights(None, self.path)
        build(dry)
        if dry.taken != len(self):
            raise WeightCountError(
                f"{self.path} has {len(self)} numbers: config needs exactly {dry.taken}",
                expected=dry.taken,
                found=len(self),
            )
        return build(self)


def as_integer(value: Any, path: str, low: int, high: int) -> int:
    """Return ``value`` as an int if it is a whole number (3 or 3.0) in range."""
    whole = type(value) is int or (type(value) is float and value.is_integer())
    allowed = f"a whole number in [{low}, {high}]"
    if whole and value > high:
        message = f"{path} is {format_json(value)}: must be {allowed}"
        raise ConfigTooLargeError(message, what=path, found=int(value), limit=high)
    if not whole or value < low:
        raise fault(path, value, allowed)
    return int(value)


def as_number(value: Any, path: str, low: float, high: float) -> float:
    """Return ``value`` as a float if it is a number in range."""
    if type(value) not in (int, float) or not low <= value <= high:
        raise fault(path, value, f"a number in [{low:g}, {high:g}]")
    return float(value)
