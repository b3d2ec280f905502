"""The chunks of one stage: played in order, or side by side, each from its own frame on.

A stage without a receptive field has one engine, which plays chunk after chunk.  One with a
receptive field has several; each is reset, plays the frames before a chunk that its state depends
on, and then the chunk.  That is right unless a node was muted and reset because its output was not
finite: its state, and the grid of its transforms, then depend on when.  So a chunk counts only if
nothing was muted before, nor in the run up to it; else the engine that played the chunk before
plays it again.  From the first muted block on, the stage goes on chunk after chunk.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .chunk import Chunk
from .row_range import RowRange
from .stages import Stage

__all__ = ["StagePlayer"]

Audio = NDArray[np.float32]


class StagePlayer:
    """Hands out the chunks of a stage, and takes them back; all calls under one lock."""

    def __init__(self, stage: Stage, engines: Sequence[RowRange], frames: int) -> None:
        self.stage, self._frames = stage, frames
        self._inputs: dict[int, Audio] = {}
        """Of each chunk not yet played, by number; the one before is kept for the run up to it."""
        self._given = 0  # chunks of inputs so far
        self.faults = np.zeros(stage.end - stage.begin, np.int64)
        """Blocks muted so far, of each row."""
        self.bad_samples = np.zeros(2, np.int64)
        """Samples of the inputs and outputs so far that were not finite."""
        self._free = list(engines)
        self._last: RowRange | None = None  # has the state at the end of the last chunk that counts
        self._is_muted = False  # whether a node was, in any chunk that counts
        self._next = 0  # the chunk to begin next
        self._done = 0  # chunks that count
        self._played: dict[int, Chunk] = {}  # that wait for those before them
        self._again = False  # whether chunk ``_done`` has to be played again
        self._in_order = stage.field is None

    def readings(self) -> dict[str, float]:
        """Return the readings of the nodes of a stage that plays in order."""
        return {} if self._last is None or not self._in_order else self._last.readings()

    def add(self, inputs: Audio) -> None:
        """Add the inputs of the next chunk."""
        self._inputs[self._given] = inputs
        self._given += 1

    def take(self) -> Chunk | None:
        """Return a chunk to play now, or ``None``."""
        number = self._done if self._again else self._next
        if number not in self._inputs:
            return None
        goes_on = self._again or number == 0 or self._in_order or self._is_muted
        if goes_on and number != self._done:
            return None  # another chunk has to be played before
        if goes_on and number:
            engine = self._last
            self._last = None
        else:
            engine = self._free.pop() if self._free else None
        if engine is None:
            return None
        if self._again:
            self._again = False
        else:
            self._next += 1
        before = None if goes_on else self._inputs[number - 1]
        return Chunk(number, number * self._frames, engine, self._inputs[number], before)

    def give_back(self, chunk: Chunk) -> list[Audio]:
        """Take a chunk that was played; return the outputs of those that now count, in order."""
        self._played[chunk.number] = chunk
        made: list[Audio] = []
        while (chunk_now := self._played.pop(self._done, None)) is not None:
            if chunk_now.before is not None and (self._is_muted or chunk_now.early_faults):
                self._free.append(chunk_now.played)
                self._again = True
                break
            if self._last is not None:
                self._free.append(self._last)
            self._last = chunk_now.played
            self._is_muted = self._is_muted or bool(chunk_now.faults.any())
            self.faults += chunk_now.faults
            self.bad_samples += chunk_now.bad_samples
            self._inputs.pop(self._done - 1, None)
            if self._in_order:
                del self._inputs[self._done]
            self._done += 1
            made.append(chunk_now.outputs)
        return made
