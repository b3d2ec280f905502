"""Where every control of a rack stands: read from a plan, checked, and found in another."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...graph import ParamError, UnknownNameError
from ...graph.arguments import as_whole, check_number, said
from ..plan.plan import Plan
from .message_queue import NOW

__all__ = ["Settings", "changes", "check_share", "check_time", "find_dry_wet", "find_param"]


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
        found = {n: (float(value[i]), not value[i + 1]) for n, i in plan.dry_wet_params.items()}
        return cls({n: float(value[i]) for n, i in plan.params.items()}, found)


def changes(plan: Plan, settings: Settings) -> Iterator[tuple[int, float]]:
    """Yield the numbers in a plan of all that it has in common with ``settings``, and the values.

    A value that is out of range there (another type of node bears the name) is left out as well.
    """
    for name, value in settings.params.items():
        if name in plan.params and _row(plan, name).low <= value <= _row(plan, name).high:
            yield plan.params[name], value
    for node, (share, bypassed) in settings.mixes.items():
        if node in plan.dry_wet_params:
            yield plan.dry_wet_params[node], share
            yield plan.dry_wet_params[node] + 1, float(not bypassed)


def find_param(plan: Plan, name: str, value: float) -> tuple[int, float]:
    """Return a parameter's number and its new value, if there are such."""
    if not isinstance(name, str) or name not in plan.params:
        near = difflib.get_close_matches(str(name), plan.params, n=3, cutoff=0.4)
        known = ", ".join(near or sorted(plan.params)[:8]) or "none"
        raise UnknownNameError(f"no parameter {said(name)}; there is {known}")
    return plan.params[name], _row(plan, name).check(name, value)


def find_dry_wet(plan: Plan, node: str) -> int:
    """Return the number of a node's mix; its bypass has the next."""
    if isinstance(node, str) and node in plan.dry_wet_params:
        return plan.dry_wet_params[node]
    if isinstance(node, str) and node in plan.graph.nodes:
        raise ParamError(
            f"{node} cannot be mixed or bypassed: that takes one audio output, and a first input "
            "with as many channels, or one; on a device, neighbours that are not there too"
        )
    known = ", ".join(sorted(plan.dry_wet_params)[:8]) or "none"
    raise UnknownNameError(f"no node {said(node)}; there is {known}")


def check_share(node: str, share: float) -> float:
    """Return a share of the whole."""
    return check_number(f"mix of {node}: share", share, 0.0, 1.0)


def check_time(name: str, at: int | None) -> int:
    """Return the frame at which a message is due."""
    if at is None:
        return NOW
    frame = as_whole(at)
    if frame is None or not 0 <= frame < LAST_FRAME:
        raise ParamError(f"{name}: at is {said(at)}: must be a frame number, 0 or more")
    return frame


def _row(plan: Plan, name: str) -> Any:
    node, _, param = name.partition(".")
    return plan.graph.nodes[node].params()[param]
