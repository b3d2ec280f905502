"""Where every control of a rack stands: read from a plan, checked, and found in another."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph import ParamError, UnknownNameError
from .messages import NOW
from .plan import Plan

__all__ = ["Settings", "changes", "check_share", "check_time", "find_blend", "find_param"]


LAST_FRAME = 1 << 62


@dataclass(frozen=True)
class Settings:
    """Values of parameters, mixes and bypasses, by name; it outlives the graph it was read from."""

    params: Mapping[str, float]
    mixes: Mapping[str, tuple[float, bool]]
    """Of each node that can be mixed: its mix, and whether it is bypassed."""

    @classmethod
    def of(cls, plan: Plan) -> "Settings":
        """Read what was last applied."""
        value = plan.param_table["value"]
        found = {n: (float(value[i]), not value[i + 1]) for n, i in plan.blends.items()}
        return cls({n: float(value[i]) for n, i in plan.params.items()}, found)


def changes(plan: Plan, settings: Settings) -> Iterator[tuple[int, float]]:
    """Yield the numbers in a plan of all that it has in common with ``settings``, and the values.

    A value that is out of range there (another type of node bears the name) is left out as well.
    """
    for name, value in settings.params.items():
        if name in plan.params and _row(plan, name).low <= value <= _row(plan, name).high:
            yield plan.params[name], value
    for node, (share, bypassed) in settings.mixes.items():
        if node in plan.blends:
            yield plan.blends[node], share
            yield plan.blends[node] + 1, float(not bypassed)


def find_param(plan: Plan, name: str, value: float) -> tuple[int, float]:
    """Return a parameter's number and its new value, if there are such."""
    if name not in plan.params:
        near = difflib.get_close_matches(name, plan.params, n=3, cutoff=0.4)
        known = ", ".join(near or sorted(plan.params)[:8]) or "none"
        raise UnknownNameError(f"no parameter {name!r}; there is {known}")
    return plan.params[name], _row(plan, name).check(name, value)


def find_blend(plan: Plan, node: str) -> int:
    """Return the number of a node's mix; its bypass has the next."""
    if node in plan.blends:
        return plan.blends[node]
    if node in plan.graph.nodes:
        raise ParamError(
            f"{node} cannot be mixed or bypassed: that takes one audio output, and a first input "
            "with as many channels, or one; on a device, neighbours that are not there too"
        )
    known = ", ".join(sorted(plan.blends)[:8]) or "none"
    raise UnknownNameError(f"no node {node!r}; there is {known}")


def check_share(node: str, share: float) -> float:
    """Return a share of the whole."""
    try:
        number = float(share)
    except (TypeError, ValueError):
        number = float("nan")
    if not 0.0 <= number <= 1.0:
        raise ParamError(f"mix of {node} is {share!r}: must be a number in [0, 1]")
    return number


def check_time(name: str, at: int | None) -> int:
    """Return the frame at which a message is due."""
    if at is None:
        return NOW
    if isinstance(at, bool) or not isinstance(at, int | np.integer) or not 0 <= at < LAST_FRAME:
        raise ParamError(f"{name}: at is {at!r}: must be a frame number, 0 or more")
    return int(at)


def _row(plan: Plan, name: str) -> Any:
    node, _, param = name.partition(".")
    return plan.graph.nodes[node].params()[param]
