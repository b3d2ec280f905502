"""Committed and tentative states of the streams of a stepper.  The thread that steps.

One stream plays in the state of the plan itself, and is copied when it is committed.  Many streams
have two places each: a step reads from one and writes to the other, and committing exchanges the
two places without a copy.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....graph import EngineError
from ....graph.arguments import format_value
from ...engine.control import ControlQueue
from ...engine.engine_state import EngineState, new_state, portable
from ...engine.messages.message_handler import copy_state
from ...engine.messages.message_queue import aligned
from ...limits import MAX_GRAPH_BYTES, format_bytes
from ...plan.arena import ALIGN
from ...plan.plan import Plan

__all__ = ["ManyStreams", "OneStream", "stream_numbers", "which_streams"]

FRAME_BYTES = 8
Which = slice | NDArray[Any]
"""Streams: all, or an index array."""


class OneStream:
    """The state of one stream: tentative in the plan, committed in a copy."""

    current = tentative = 0
    """Not used by the native step."""

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

    def save(self, into: EngineState, stream: int) -> None:
        """Copy the tentative state to a saved one."""
        self._copy(self._engine, into.address, True, True)

    def restore(self, state: EngineState, which: Which, params: bool) -> None:
        """Make a saved state the tentative one."""
        state = portable(self._queue.plan, state)
        self._copy(self._engine, state.address, False, params)
        self.is_tentative = True


class ManyStreams:
    """The states of many streams: of each a committed and a tentative place."""

    is_tentative = True
    """Each stream knows by itself."""

    def __init__(self, queue: ControlQueue, streams: int) -> None:
        self._queue, self._plan = queue, queue.plan
        self._bytes = FRAME_BYTES + self._plan.arena.state_bytes
        stride = -(-self._bytes // ALIGN) * ALIGN
        _check_memory(streams, 2 * stride * streams, self._plan)
        self._places = aligned(2 * streams * stride, np.uint8).reshape(2 * streams, stride)
        self._base, self._stride = int(self._places.ctypes.data), stride
        self.committed = self._base + stride * np.arange(streams, dtype=np.int64)
        """Address of the committed state of each stream."""
        self.tentative = self.committed + stride * streams
        """Address where the next step of each stream writes."""
        self.current = self.committed.copy()
        """Address of the state that each stream goes on from: one of the two."""
        self.reset(slice(None))

    def commit(self, which: Which) -> None:
        """Exchange the places of the streams that have stepped."""
        stepped = np.zeros(len(self.current), bool)
        stepped[which] = True
        stepped &= self.current != self.committed
        kept = self.committed[stepped]
        self.committed[stepped] = self.current[stepped]
        self.tentative[stepped] = kept

    def rollback(self, which: Which) -> None:
        """Go on from the committed state."""
        self.current[which] = self.committed[which]

    def reset(self, which: Which) -> None:
        """Start again; this is committed."""
        rows = self._rows(self.committed[which])
        self._places[rows, :FRAME_BYTES] = 0
        self._places[rows, FRAME_BYTES : self._bytes] = self._plan.arena.initial
        self.current[which] = self.committed[which]

    def select(self, sources: NDArray[np.int64]) -> None:
        """Make the state of stream ``sources[k]`` the tentative one of stream ``k``."""
        taken = self._places[self._rows(self.current[sources])]
        self._places[self._rows(self.tentative)] = taken
        self.current[:] = self.tentative

    def save(self, into: EngineState, stream: int) -> None:
        """Copy the tentative state of a stream to a saved one."""
        self._queue.drain()  # so that the table has what was set
        row = self._places[self._rows(self.current[stream])]
        values = self._plan.param_table["value"]
        into.data[:FRAME_BYTES] = row[:FRAME_BYTES]
        into.data[FRAME_BYTES : into.begin].view(np.float64)[:] = values
        into.data[into.begin :] = row[FRAME_BYTES : self._bytes]

    def restore(self, state: EngineState, which: Which, params: bool) -> None:
        """Make a saved state the tentative one of some streams."""
        state = portable(self._plan, state)
        if params:  # through the plan: its table of parameters is for all streams
            self._queue.copy_state(state.address, out=False, params=True)
        rows = self._rows(self.tentative[which])
        self._places[rows, :FRAME_BYTES] = state.data[:FRAME_BYTES]
        self._places[rows, FRAME_BYTES : self._bytes] = state.data[state.begin :]
        self.current[which] = self.tentative[which]

    def _rows(self, addresses: Any) -> Any:
        return (addresses - self._base) // self._stride


def which_streams(given: ArrayLike | None, count: int) -> Which | None:
    """Return what selects the streams given, all for ``None``; ``None`` if it selects none."""
    if given is None:
        return slice(None)
    chosen = stream_numbers(given, count)
    return chosen if chosen.size else None


def stream_numbers(given: ArrayLike, count: int) -> NDArray[np.int64]:
    """Return an array of stream numbers; a mask of all streams gives those that are true."""
    found = np.asarray(given)
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


def _check_memory(streams: int, needed: int, plan: Plan) -> None:
    if needed > MAX_GRAPH_BYTES:
        each = format_bytes(plan.arena.state_bytes)
        raise EngineError(
            f"streams is {streams}: two states of {each} each need {format_bytes(needed)}: at most "
            f"{format_bytes(MAX_GRAPH_BYTES)}: fewer streams, or a smaller model"
        )
