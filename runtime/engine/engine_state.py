"""A snapshot: all state of a plan at one frame."""

from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from ..plan.plan import Plan

__all__ = ["NOT_TAKEN", "EngineState"]

NOT_TAKEN = -1
"""The frame of a snapshot that the audio thread has not filled."""


@dataclass(frozen=True, eq=False)
class EngineState:
    """All state of one plan at one frame; only that plan can be restored from it."""

    plan: Plan
    data: NDArray[np.uint8]

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied: only the plan in memory can be restored from it."""
        raise TypeError(
            "a snapshot cannot be pickled: only the engine that took it can restore it; "
            "save_preset(engine.graph, ...) keeps the parameters"
        )

    @property
    def frame(self) -> int:
        """Frames played, since the start or the last reset, when it was taken."""
        return int(self.data[:8].view(np.int64)[0])
