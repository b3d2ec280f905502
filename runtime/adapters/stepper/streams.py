"""The state of one stream of a stepper, and the choice of streams.  The thread that steps.

A step plays in the tentative state, in place; ``commit`` and ``rollback`` copy it.  Of one stream
that is the state of the plan itself; of many see ``images.py`` and ``tiles.py``.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....graph import EngineError
from ....graph.arguments import format_value
from ...engine.control import ControlQueue
from ...engine.engine_state import EngineState, new_state, portable
from ...engine.messages.message_handler import copy_state
from ...limits import MAX_GRAPH_BYTES, format_bytes
from .native_step import step

__all__ = [
    "OneStream",
    "Which",
    "check_memory",
    "restore_head",
    "save_head",
    "stream_numbers",
    "which_streams",
]

WORD = 8

Which = slice | NDArray[Any]
"""Streams: all, or an index array."""


class OneStream:
    """The state of one stream: tentative in the plan, committed in a copy."""

    native = step
    record = None

    def __init__(self, queue: ControlQueue) -> None:
        self._queue, self._committed = queue, new_state(queue.plan)
        self._copy, self._engine = copy_state.ctypes, queue.address
        self._place = self._committed.address
        self._copy(self._engine, self._place, True, False)
        self.is_tentative = False
        """Whether there were steps since the last commit."""

    def commit(self, which: Which) -> None:
        """Copy the state of the plan."""
        if self.is_tentative:
            self._copy(self._engine, self._place, True, False)
            self.is_tentative = False

    def rollback(self, which: Which) -> None:
        """Copy the committed state back."""
        if self.is_tentative:
            self._copy(self._engine, self._place, False, False)
            self.is_tentative = False

    def reset(self, which: Which) -> None:
        """Start again; this is committed."""
        self._queue.reset_now()
        self.is_tentative = True
        self.commit(which)

    def select(self, sources: NDArray[np.int64]) -> None:
        """Go on from stream 0, the only one."""

    def save(self, into: EngineState, stream: int) -> None:
        """Copy the tentative state to a saved one."""
        self._copy(self._engine, into.address, True, True)

    def restore(self, state: EngineState, which: Which, params: bool) -> None:
        """Make a saved state the tentative one."""
        state = portable(self._queue.plan, state)
        self._copy(self._engine, state.address, False, params)
        self.is_tentative = True

    def reading(self, place: int) -> float:
        """Return the float64 that the plan has at this address."""
        return float(self._queue.plan.arena.bytes_at(place, 8).view(np.float64)[0])


def save_head(queue: ControlQueue, into: EngineState, frame: int) -> NDArray[np.uint8]:
    """Write the frame and the parameters of a saved state; return what the nodes' state goes to."""
    queue.drain()  # so that the plan has what was set
    into.data[:WORD].view(np.int64)[0] = frame
    into.data[WORD : into.begin].view(np.float64)[:] = queue.plan.param_table["value"]
    return into.data[into.begin :]


def restore_head(queue: ControlQueue, state: EngineState, params: bool) -> EngineState:
    """Return a saved state with pointers of the plan; set its parameters too, for all streams."""
    state = portable(queue.plan, state)
    if params:  # through the plan: its table of parameters is for all streams
        queue.copy_state(state.address, out=False, params=True)
    return state


def which_streams(given: ArrayLike | None, count: int) -> Which | None:
    """Return what selects the streams given, all for ``None``; ``None`` if it selects none."""
    if given is None:
        return slice(None)
    chosen = stream_numbers(given, count)
    return chosen if chosen.size else None


def stream_numbers(given: ArrayLike, count: int) -> NDArray[np.int64]:
    """Return an array of stream numbers; a mask of all streams gives those that are true."""
    try:
        found = np.asarray(given)
    except (TypeError, ValueError):  # rows of different lengths, a tensor on a device
        found = np.asarray(None)
    if found.dtype == bool and found.shape == (count,):
        return np.flatnonzero(found)
    whole = found.dtype.kind in "iu" or found.size == 0
    inside = not found.size or (whole and 0 <= found.min() <= found.max() < count)
    if not whole or found.ndim > 1 or not inside:
        raise EngineError(
            f"streams is {format_value(given)}: must be numbers in [0, {count - 1}], or a mask of "
            f"{count}"
        )
    return found.astype(np.int64).reshape(-1)


def check_memory(streams: int, needed: int) -> None:
    """Raise ``EngineError`` if the two states of so many streams need too many bytes."""
    if needed > MAX_GRAPH_BYTES:
        each = format_bytes(needed // (2 * streams))
        raise EngineError(
            f"streams is {streams}: two states of {each} each need {format_bytes(needed)}: at most "
            f"{format_bytes(MAX_GRAPH_BYTES)}: fewer streams, or a smaller model"
        )
