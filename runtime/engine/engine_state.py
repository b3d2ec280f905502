"""Save and restore all state of a plan at one frame.  Control threads."""

from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from ...graph import EngineError
from ...graph.arguments import format_value
from ..plan.plan import Plan
from .control import ControlQueue
from .message_queue import Message, aligned

__all__ = ["EngineState", "restore_state", "save_state"]

NOT_TAKEN = -1
"""The frame of a state that the audio thread has not copied yet."""


@dataclass(frozen=True, eq=False)
class EngineState:
    """All state of one plan at one frame; only that plan can be restored from it."""

    plan: Plan
    data: NDArray[np.uint8]

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied: it belongs to one plan in memory."""
        raise TypeError(
            "an EngineState cannot be pickled: only the engine that saved it can restore it; "
            "save_preset(engine.graph, ...) keeps the parameters"
        )

    @property
    def frame(self) -> int:
        """Frames played, since the start or the last reset, when it was saved."""
        return int(self.data[:8].view(np.int64)[0])


def save_state(queue: ControlQueue) -> EngineState:
    """Return a copy of the state of the plan that plays: see ``Engine.save_state``."""
    with queue.lock:
        plan = queue.plan
        size = 8 * (1 + len(plan.param_table)) + plan.arena.state_bytes
        state = EngineState(plan, aligned(size, np.uint8))
        state.data[:8].view(np.int64)[0] = NOT_TAKEN
        queue.post_copy(Message.SNAPSHOT, state.data.ctypes.data, state)
        if queue.has_audio_thread:
            queue.wait(lambda: state.frame != NOT_TAKEN, "saved its state")
        if state.frame == NOT_TAKEN:
            raise EngineError(
                "no state can be saved while a swap waits for the crossfade before it: "
                "play on until it has ended"
            )
    return state


def restore_state(queue: ControlQueue, state: EngineState) -> None:
    """Return to a saved state: see ``Engine.restore_state``."""
    if not isinstance(state, EngineState):
        raise EngineError(f"state is {format_value(state)}: must be the result of save_state()")
    with queue.lock:
        if state.plan is not queue.plan:
            raise EngineError("the state is of another plan: the graph was swapped since")
        queue.post_copy(Message.RESTORE, state.data.ctypes.data, state)
