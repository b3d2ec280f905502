"""Plays a range of the rows of a plan: one stage of several that play a graph together."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...engine.collect_stats import collect_stats
from ...engine.control import ControlQueue
from ...engine.messages.message_queue import aligned
from ...engine.parameters import post_param
from ...plan.plan import Plan
from ...plan.side_by_side import group_rows
from ...plan.stats import Stats

__all__ = ["RowRange"]

Audio = NDArray[np.float32]


class RowRange:
    """Plays rows ``begin`` to ``end`` of a plan, and nothing else.  One thread at a time.

    ``reads`` and ``writes`` are the buffers of the schedule that these rows take over from the rows
    before, and leave to those after: their channels, in this order, are the inputs and outputs.  So
    several plans of one graph, each with a range of its own, play it together.  The plan is changed
    for that, and can no longer be played as a whole.
    """

    def __init__(
        self, plan: Plan, begin: int, end: int, reads: Sequence[int], writes: Sequence[int]
    ) -> None:
        self.plan, self._rows = plan, slice(begin, end)
        group_rows(plan, begin, end)
        channels = [self._plan_channels(buffers) for buffers in (reads, writes)]
        self.inputs, self.outputs = map(len, channels)
        """Channels."""
        self._ends = [np.array([x.ctypes.data for x in side] or [0], np.int64) for side in channels]
        self._pointers = aligned(max(1, self.inputs + self.outputs), np.int64)
        header = plan.header
        header["rows"], header["row_count"] = plan.row_address(begin), end - begin
        header["ins"], header["outs"] = (side.ctypes.data for side in self._ends)
        header["in_count"], header["out_count"] = self.inputs, self.outputs
        self._queue = ControlQueue(plan, 0)
        self._queue.record["channels"] = self._pointers.ctypes.data
        if plan.graph.mixes:  # nodes are mixed and bypassed in that walk only
            self._queue.monitor()

    @property
    def frame(self) -> int:
        """Frames played since the start or the last reset."""
        return int(self._queue.record["frame"][0])

    def play(self, inputs: Audio, outputs: Audio, block: int) -> None:
        """Play ``(channels, frames)`` in blocks of ``block`` frames; rows are contiguous.

        One native call: the GIL is released.
        """
        ins, outs = (
            np.array([x.ctypes.data for x in side] or [0], np.int64) for side in (inputs, outputs)
        )
        self._queue.play(ins.ctypes.data, outs.ctypes.data, inputs.shape[1], block)

    def set(self, name: str, value: float, at: int) -> None:
        """Set a parameter ``"node.param"`` at a frame exactly, as ``Engine.set``."""
        post_param(self._queue, name, value, at)

    def reset(self) -> None:
        """Return to the state before the first frame, at once."""
        self._queue.reset_now()

    def faults(self) -> NDArray[np.int64]:
        """Return, of each row, the blocks muted so far because its output was not finite."""
        found: NDArray[np.int64] = self.plan.rows["faults"][self._rows].copy()
        return found

    def bad_samples(self) -> NDArray[np.int64]:
        """Return the samples so far of the inputs, and of the outputs, that were not finite."""
        return self._queue.counts[:2].copy()

    def readings(self) -> dict[str, float]:
        """Return the readings of the nodes of these rows, by ``"node.name"``."""
        nodes = {op.node for op in self.plan.schedule.ops[self._rows]}
        found = self.plan.readings()
        return {name: value for name, value in found.items() if name.partition(".")[0] in nodes}

    def stats(self) -> Stats:
        """Return the statistics, as ``Engine.stats``, but for times."""
        return collect_stats(self._queue, times=False)

    def _plan_channels(self, buffers: Sequence[int]) -> list[Audio]:
        return [channel for number in buffers for channel in self.plan.buffer(number)]
