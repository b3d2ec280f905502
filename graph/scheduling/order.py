"""Topological order of a graph, or the loop that prevents one."""

from collections import deque
from collections.abc import Iterable, Mapping

from ..errors import CycleError

__all__ = ["topological_order"]

MAX_SHOWN = 12
"""Names of a loop in a message; the middle of a longer loop is only counted."""


def topological_order(successors: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the names in an order with each before its successors; ``CycleError`` for a loop.

    Kahn's algorithm, with ties in the order given, so that the same graph gives the same order.
    Every successor must be a key.
    """
    waiting_for = dict.fromkeys(successors, 0)
    for targets in successors.values():
        for target in targets:
            waiting_for[target] += 1
    ready = deque(name for name, count in waiting_for.items() if count == 0)
    order: list[str] = []
    while ready:
        name = ready.popleft()
        order.append(name)
        for target in successors[name]:
            waiting_for[target] -= 1
            if waiting_for[target] == 0:
                ready.append(target)
    if len(order) < len(waiting_for):
        left = [name for name, count in waiting_for.items() if count > 0]
        raise CycleError(
            f"these nodes wait for each other: {_format_loop(_loop(successors, left))}; "
            "feedback is possible only inside one node, as in delay"
        )
    return order


def _loop(successors: Mapping[str, Iterable[str]], left: list[str]) -> list[str]:
    """Return one loop among the nodes ``left`` over, starting with its first in the order given.

    Each of them has a predecessor among them, so walking backwards must reach a node twice.
    """
    place = {name: i for i, name in enumerate(left)}
    feeds: dict[str, str] = {}
    for name in left:
        for target in successors[name]:
            if target in place:
                feeds.setdefault(target, name)
    seen: dict[str, int] = {}
    path: list[str] = []
    name = left[0]
    while name not in seen:
        seen[name] = len(path)
        path.append(name)
        name = feeds[name]
    loop = path[seen[name] :][::-1]
    start = min(range(len(loop)), key=lambda i: place[loop[i]])
    return loop[start:] + loop[:start]


def _format_loop(loop: list[str]) -> str:
    names = [*loop, loop[0]]
    if len(names) > MAX_SHOWN:
        half = MAX_SHOWN // 2
        names[half:-half] = [f"({len(names) - 2 * half} more)"]
    return " -> ".join(names)
