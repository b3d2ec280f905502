"""Save all state of an engine at one frame; restore it there or in a twin.  Control threads."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import EngineError
from ...graph.arguments import check_flag, format_value
from ..plan.plan import Plan
from ..plan.state_layout import StateLayout
from .control import ControlQueue
from .messages.message_queue import Message, aligned

__all__ = ["EngineState", "new_state", "portable", "restore_state", "save_state", "state_for"]

NOT_TAKEN = -1
"""The frame of a state that the audio thread has not copied yet."""
WORD = 8


@dataclass(frozen=True, eq=False, repr=False)
class EngineState:
    """All state of a graph at one frame: of nodes, and the parameters as they were set.

    ``restore_state`` of any engine of an equal graph at the same rate and ``max_frames`` takes it,
    also after a swap to an equal graph, and after it was pickled.  ``save_state(into=...)`` writes
    another moment into it.
    """

    layout: StateLayout
    data: NDArray[np.uint8]
    """The frame, the value of each parameter, then the state of the nodes, with their pointers."""
    address: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Check the size of the data, and note its address, for native code."""
        layout, data = self.layout, self.data
        fits = isinstance(layout, StateLayout) and isinstance(data, np.ndarray)
        fits = fits and data.shape == (self.begin + layout.nbytes,)
        if not fits or data.dtype != np.uint8 or not data.flags.c_contiguous:
            raise EngineError("this is no saved state: save_state() makes one")
        object.__setattr__(self, "address", int(self.data.ctypes.data))

    @property
    def frame(self) -> int:
        """Frames played, since the start or the last reset, when it was saved."""
        return int(self.data[:WORD].view(np.int64)[0])

    @property
    def params(self) -> dict[str, float]:
        """Value of each parameter, mix and bypass when it was saved."""
        values = self.data[WORD : self.begin].view(np.float64).tolist()
        return dict(zip(self.layout.params, values, strict=True))

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return int(self.data.nbytes)

    @property
    def begin(self) -> int:
        """Offset in bytes of the state of the nodes."""
        return WORD * (1 + len(self.layout.params))

    def copy(self) -> "EngineState":
        """Return a copy that ``save_state(into=...)`` may change by itself."""
        made = aligned(self.data.nbytes, np.uint8)
        made[:] = self.data
        return EngineState(self.layout, made)

    def __reduce__(self) -> tuple[Any, ...]:
        content = self.data.tobytes()
        return _unpickled, (self.layout, content, _digest(self.layout, content))

    def __repr__(self) -> str:
        rows = sum(row.size > 0 for row in self.layout.rows) - 1  # without the transport
        return f"<EngineState at frame {self.frame}, {rows} nodes, {self.nbytes} bytes>"


def _digest(layout: StateLayout, content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16, key=_key(layout)).hexdigest()


def _key(layout: StateLayout) -> bytes:
    return hashlib.blake2b(repr(layout).encode()).digest()


def _unpickled(layout: StateLayout, content: bytes, digest: str) -> EngineState:
    """Return a state from a pickle; ``EngineError`` if a bit of it has changed since.

    The state of a node has positions in memory, which native code does not check.
    """
    if _digest(layout, content) != digest:
        raise EngineError("the saved state is damaged: save and pickle it again")
    made = aligned(len(content), np.uint8)
    made[:] = np.frombuffer(content, np.uint8)
    return EngineState(layout, made)


def new_state(plan: Plan) -> EngineState:
    """Return memory for a state of a plan."""
    layout = plan.state_layout
    made = aligned(WORD * (1 + len(layout.params)) + layout.nbytes, np.uint8)
    made[:WORD].view(np.int64)[0] = NOT_TAKEN
    return EngineState(layout, made)


def state_for(plan: Plan, into: EngineState | None) -> EngineState:
    """Return ``into`` if a state of ``plan`` can be written there, else a new one for ``None``."""
    if into is None:
        return new_state(plan)
    if not isinstance(into, EngineState):
        raise EngineError(f"into is {format_value(into)}: must be the result of save_state()")
    if into.layout is not plan.state_layout:
        raise EngineError(
            "into is a state of another engine, or of before a swap: make one with save_state()"
        )
    return into


def save_state(queue: ControlQueue, into: EngineState | None) -> EngineState:
    """Copy the state of the plan that plays: see ``Engine.save_state``."""
    with queue.lock:
        state = state_for(queue.plan, into)
        queue.done[Message.SNAPSHOT] += 1
        if not queue.has_audio_thread:
            taken = queue.copy_state(state.address, out=True, params=True)
        else:
            state.data[:WORD].view(np.int64)[0] = NOT_TAKEN
            queue.post_copy(Message.SNAPSHOT, state.address, state)
            if queue.has_audio_thread:
                queue.wait(lambda: state.frame != NOT_TAKEN, "saved its state")
            taken = state.frame != NOT_TAKEN
        if not taken:
            raise EngineError(
                "no state can be saved while a swap waits for the crossfade before it: "
                "play on until it has ended"
            )
    return state


def portable(plan: Plan, state: EngineState) -> EngineState:
    """Return a state as ``plan`` can copy it in: itself, or a copy with this plan's pointers."""
    if not isinstance(state, EngineState):
        raise EngineError(f"state is {format_value(state)}: must be the result of save_state()")
    if state.layout is plan.state_layout:
        return state
    source, target, made = state.layout, plan.state_layout, new_state(plan)
    begin = WORD * (1 + len(target.params))
    old = state.data[WORD * (1 + len(source.params)) :]
    made.data[begin:] = target.moved(source, old, plan.arena.initial)
    made.data[:WORD] = state.data[:WORD]
    known, now = state.params, plan.param_table["value"].tolist()
    values = [known.get(name, now[k]) for k, name in enumerate(target.params)]
    made.data[WORD:begin].view(np.float64)[:] = values
    return made


def restore_state(queue: ControlQueue, state: EngineState, params: bool) -> None:
    """Return to a saved state: see ``Engine.restore_state``."""
    params = check_flag("params", params)
    with queue.lock:
        state = portable(queue.plan, state)
        queue.done[Message.RESTORE] += 1
        if not queue.has_audio_thread:
            if not queue.copy_state(state.address, out=False, params=params):
                raise EngineError(
                    "no state can be restored while a swap waits for the crossfade before it: "
                    "play on until it has ended"
                )
            return
        kind = Message.RESTORE_ALL if params else Message.RESTORE
        queue.post_copy(kind, state.address, state)
