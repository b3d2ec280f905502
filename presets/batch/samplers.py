"""Samplers: settings drawn at random for each file of a job, to augment data sets.

A value depends only on the job's seed, on what identifies the file (rack, model, input, combined
settings, variant), and on the name of the setting: neither on order nor on what else a job renders.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from ...graph import PresetError
from ..values import format_value, wrong

__all__ = ["SAMPLERS", "Sampler", "sampler_of", "samplers_of", "uniform_number"]

FORMS = {
    "uniform": "[low, high], the lower number first",
    "log_uniform": "[low, high], the lower number first, both above 0",
    "integer": "[low, high], the lower number first, both whole numbers",
    "normal": "[mean, standard deviation], or [mean, standard deviation, low, high]",
    "choice": "a list of at least one value",
}
SAMPLERS = tuple(FORMS)
TAIL = 1e-12
"""Probability left out at both ends of a normal distribution: values stay finite."""


@dataclass(frozen=True)
class Sampler:
    """A distribution of values: one of ``SAMPLERS`` with its numbers, or the choices."""

    kind: str
    values: tuple[Any, ...]

    def at(self, share: float) -> Any:
        """Return the value below which ``share`` of all values lie, 0 <= share < 1."""
        if self.kind == "choice":
            return self.values[int(share * len(self.values))]
        first, second, *limits = self.values
        if self.kind == "integer":
            return first + int(share * (second - first + 1))
        if self.kind == "uniform":
            return first + share * (second - first)
        if self.kind == "log_uniform":
            low, high = math.log(first), math.log(second)
            return min(second, max(first, math.exp(low + share * (high - low))))
        if second == 0.0:
            return first
        normal = NormalDist(first, second)
        low, high = (normal.cdf(limit) for limit in limits) if limits else (0.0, 1.0)
        found = normal.inv_cdf(min(1.0 - TAIL, max(TAIL, low + share * (high - low))))
        return min(limits[1], max(limits[0], found)) if limits else found

    def extremes(self) -> tuple[Any, ...]:
        """Return values that must be allowed: all choices, or the least and the greatest value."""
        if self.kind != "normal":
            return self.values
        return self.values[2:] or self.values[:1]


def sampler_of(place: str, value: Any) -> Sampler | None:
    """Return the sampler that a JSON value describes, or ``None`` if it is a plain value.

    ``PresetError``, which names the ``place``, for wrong numbers.
    """
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((kind, given),) = value.items()
    if kind not in FORMS and isinstance(given, list):
        raise PresetError(
            f"{place} has {format_value(kind)}, which is no sampler: samplers are "
            f"{', '.join(SAMPLERS)}"
        )
    if kind not in FORMS:  # an option that is an object, such as the knobs of a capture
        return None
    place = f"{place}.{kind}"
    if not isinstance(given, list) or not given:
        wrong(place, given, FORMS[kind])
    if kind != "choice" and not _is_distribution(kind, given):
        raise PresetError(f"{place} is {json.dumps(given)[:60]}: must be {FORMS[kind]}")
    return Sampler(kind, tuple(given))


def samplers_of(settings: Mapping[str, Any]) -> dict[str, Sampler]:
    """Return the samplers among the settings of a job, by name."""
    found = {name: sampler_of(f"settings.{name}", value) for name, value in settings.items()}
    return {name: sampler for name, sampler in found.items() if sampler is not None}


def _is_distribution(kind: str, numbers: Sequence[Any]) -> bool:
    if len(numbers) not in ((2, 4) if kind == "normal" else (2,)):
        return False
    if not all(type(n) in (int, float) and math.isfinite(n) for n in numbers):
        return False
    first, second, *limits = numbers
    if kind == "normal":
        if second < 0.0:
            return False
        if not limits:
            return True
        normal = NormalDist(first, second or 1.0)
        return bool(limits[0] < limits[1] and normal.cdf(limits[0]) < normal.cdf(limits[1]))
    whole = kind != "integer" or all(type(n) is int for n in numbers)
    return bool(whole and first <= second and (kind != "log_uniform" or first > 0))


def uniform_number(seed: int, identity: Sequence[Any], name: str) -> float:
    """Return a number in [0, 1) that depends on the arguments alone: 53 bits of a SHA-256."""
    text = json.dumps([seed, identity, name], sort_keys=True)
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    return (number >> 11) / float(1 << 53)
