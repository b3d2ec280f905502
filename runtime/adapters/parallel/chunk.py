"""Play one chunk of a signal through one stage, and post changes of parameters at their frames."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ....graph import CUT_GRID
from .row_range import RowRange

__all__ = ["Change", "Chunk", "StoppedError", "play_chunk", "play_in_blocks"]

Audio = NDArray[np.float32]
Change = tuple[int, str, float]
"""Frame, ``"node.param"``, value."""
PART = 1 << 14
"""Frames of one native call, about: between two, a render can be stopped."""


class StoppedError(Exception):
    """Raised on a worker thread to end a chunk, because the render was stopped."""


@dataclass(eq=False)
class Chunk:
    """One chunk of a signal on its way through one stage, and what came of it."""

    number: int
    start: int
    """Its first frame."""
    played: RowRange
    """What plays it."""
    inputs: Audio
    before: Audio | None = None
    """Inputs of the chunk before it: the run begins in there.  ``None``: the engine goes on."""
    outputs: Audio = field(init=False)
    early_faults: int = 0
    """Blocks muted before the first frame of the chunk."""
    faults: NDArray[np.int64] = field(init=False)
    """Of each row the blocks of the chunk that were muted."""
    bad_samples: NDArray[np.int64] = field(init=False)


def play_chunk(
    chunk: Chunk,
    receptive_field: int,
    block: int,
    changes: Sequence[Change],
    is_stopped: Callable[[], bool],
) -> None:
    """Play a chunk, after as many frames before it as the state at its start depends on.

    ``changes`` are all of the render, sorted by frame; those within the chunk are posted.  They
    also end blocks, and so decide how long a node that is not finite is muted.
    """
    played = chunk.played
    if chunk.before is not None:
        played.reset()
        known = played.faults().sum()
        size = chunk.before.shape[1]
        first = max(0, chunk.start - receptive_field) // CUT_GRID * CUT_GRID
        early = chunk.before[:, size - (chunk.start - first) :]
        unheard = np.empty((played.outputs, early.shape[1]), np.float32)
        play_in_blocks(played, early, unheard, first, block, (), is_stopped)
        chunk.early_faults = int(played.faults().sum() - known)
    faults, bad = played.faults(), played.bad_samples()
    frames = chunk.inputs.shape[1]
    chunk.outputs = np.empty((played.outputs, frames), np.float32)
    play_in_blocks(played, chunk.inputs, chunk.outputs, chunk.start, block, changes, is_stopped)
    chunk.faults, chunk.bad_samples = played.faults() - faults, played.bad_samples() - bad


def play_in_blocks(
    played: RowRange,
    inputs: Audio,
    outputs: Audio,
    first: int,
    block: int,
    changes: Sequence[Change] = (),
    is_stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Play the frames from ``first`` on; post the changes that belong to them."""
    frames = inputs.shape[1]
    zero = played.frame - first
    at = bisect_left(changes, first, key=_frame)
    for frame, name, value in changes[at : bisect_left(changes, first + frames, key=_frame)]:
        played.set(name, value, zero + frame)
    step = max(1, PART // block) * block
    for start in range(0, frames, step):
        if is_stopped():
            raise StoppedError
        now = slice(start, min(start + step, frames))
        played.play(inputs[:, now], outputs[:, now], block)


def _frame(change: Change) -> int:
    return change[0]
