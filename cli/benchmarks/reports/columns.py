"""Which fields of a row name what was measured, and which is the figure to compare."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ....graph import FileError

__all__ = [
    "ASSUMED_SPREAD",
    "LEAST_SPREAD",
    "Columns",
    "columns_of",
    "read_columns",
    "value_of",
]

ASSUMED_SPREAD = 0.1
"""Of rows that say nothing of how far their figure varies."""
LEAST_SPREAD = 0.03
"""From one run to another, whatever the windows of each say."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Columns:
    """Fields of the rows of one step of a suite.

    ``keys`` together name a row.  ``value`` is its figure.  What it varies by, as a share, is
    the field ``spread``, or the distance of the fields ``low`` and ``high`` over ``low``.
    """

    keys: tuple[str, ...]
    value: str
    spread: str | None = None
    low: str | None = None
    high: str | None = None
    higher_is_better: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values, without fields that are not set."""
        given = {k: v for k, v in asdict(self).items() if v is not None}
        return {**given, "keys": list(self.keys)}

    def spread_of(self, row: Row) -> float | None:
        """Return by what share the figure of a row varies, or None if the row does not say it."""
        if self.spread is not None:
            found = value_of(row, self.spread)
            return found if isinstance(found, int | float) else None
        low, high = (None if n is None else value_of(row, n) for n in (self.low, self.high))
        if not isinstance(low, int | float) or not isinstance(high, int | float) or low <= 0:
            return None
        return max(0.0, high / low - 1.0)


def _timed(*keys: str) -> Columns:
    """Return the columns of rows that ``measuring/windows.py`` makes."""
    return Columns(keys, "least_ns", "spread")


KNOWN = {
    ("models", "model"): _timed("model", "block"),
    ("models", "fast"): _timed("model", "block"),
    ("models", "peer"): _timed("model", "block", "peer"),
    ("peers", "convolution"): _timed("player", "taps", "block"),
    ("growth", "point"): _timed("sweep", "size"),
    ("growth", "fit"): Columns(("sweep",), "exponent"),
    ("start", "start"): Columns(("name",), "cpu_s", low="least_s", high="seconds"),
    ("nodes", "node"): Columns(("type", "setting"), "ns", low="least_ns", high="ns"),
    ("automation", "automation"): Columns(("name", "points"), "automated_s"),
    ("threads", "threads"): Columns(
        ("name", "threads"), "speed_up", low="least", high="most", higher_is_better=True
    ),
    ("racks", "rack"): Columns(("rack",), "p50_us", low="p50_us", high="p99_us"),
    ("oversampling", "model"): Columns(("file", "times"), "times_as_long"),
    ("instances", "limit"): Columns(("model", "frames"), "most", higher_is_better=True),
    ("threads", "blocks"): Columns(("name", "block"), "speed_up", higher_is_better=True),
    ("instances", "amps"): _timed("model", "amps"),
    ("instances", "together"): Columns(
        ("model", "together"), "times_as_fast", higher_is_better=True
    ),
    ("convolve", "response"): Columns(
        ("channels", "taps"), "least_ns_per_sample", low="least_ns_per_sample", high="ns_per_sample"
    ),
    ("convolve", "peer"): _timed("player", "taps", "block"),
    ("convolve", "exchange"): Columns(("taps", "blocks"), "both_us"),
    ("convolve", "peak"): Columns((), "fma_per_s", higher_is_better=True),
}
"""By suite and step, where ``columns_of`` would find others, or no spread."""


def columns_of(suite: str, step: str, row: Row) -> Columns:
    """Return the columns of rows like ``row``.

    Of a step that is not in ``KNOWN`` the fields before the first number with a fraction are keys,
    and that number is the figure.
    """
    if step == "skipped":
        return Columns(("what",), "reason")
    known = KNOWN.get((suite, step))
    if known is not None and all(value_of(row, n) is not None for n in (*known.keys, known.value)):
        return known
    keys: list[str] = []
    for name, value in row.items():
        if name == "step":
            continue
        if isinstance(value, float):
            return Columns(tuple(keys), name, "spread" if "spread" in row else None)
        keys.append(name)
    return Columns(tuple(keys), keys[-1] if keys else "")


def read_columns(values: Any) -> Columns:
    """Return the columns of a step that a file has; ``FileError`` if they are none."""
    texts = ("value", "spread", "low", "high")
    good = (
        isinstance(values, Mapping)
        and values.keys() <= {"keys", *texts, "higher_is_better"}
        and isinstance(values.get("keys"), list)
        and all(isinstance(name, str) for name in values["keys"])
        and isinstance(values.get("value"), str)
        and all(isinstance(values.get(name, ""), str) for name in texts)
    )
    if not good:
        raise FileError("its columns have unknown, missing or wrong fields")
    return Columns(**{**values, "keys": tuple(values["keys"])})


def value_of(row: Row, path: str) -> Any:
    """Return a field of a row, ``block_ns.p50`` of one within; None if it is not there."""
    found: Any = row
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
