"""The states of many streams through one node, side by side in tiles: see ``VoicesProcessor``.

Stream ``k`` is lane ``k % lanes`` of tile ``k // lanes``.  All tentative states are one array, and
all committed ones another, so ``commit`` and ``rollback`` of all streams copy one array.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph.prepare import VoicesProcessor
from ...engine.control import ControlQueue
from ...engine.engine_state import EngineState, portable
from ...engine.messages.message_queue import aligned
from ...plan.arena import ALIGN
from .native_tiles import TILES, step_tiles
from .streams import Which, check_memory

__all__ = ["TileStreams"]

WORD = 8


class TileStreams:
    """Many streams: tentative and committed states in tiles."""

    native = step_tiles

    def __init__(self, queue: ControlQueue, streams: int, voices: VoicesProcessor) -> None:
        self._queue, self._plan, self._voices = queue, queue.plan, voices
        self._streams, lanes = np.arange(streams), voices.lanes
        begin = self._plan.arena.state_address
        self._places = tuple(
            (np.array(places, np.int64) - begin) // kind.itemsize
            for places, kind in ((voices.doubles, _F8), (voices.floats, _F4))
        )
        """Of each number of a voice's state its index in the state of the plan."""
        sizes = len(voices.doubles), len(voices.floats)
        count, frames = -(-streams // lanes), self._plan.spec.max_frames
        check_memory(streams, 2 * count * _stride(sizes, lanes))
        self._tentative, self._committed = (_Tiles(count, sizes, lanes) for _ in range(2))
        initial = _Tiles(1, sizes, lanes)
        self._scratch = aligned((2 * lanes + 1) * frames, np.float32)
        self._verdict = aligned(2, np.int64)
        self.is_tentative = False
        """Whether there were steps since all streams were committed or rolled back."""
        self._initial = initial
        for tiles in (initial, self._tentative, self._committed):
            tiles.put(*self._initial_numbers(), 0)
        ins = int(self._scratch.ctypes.data)
        outs = ins + 4 * lanes * frames
        self._verdict[0] = outs
        self.record = aligned(1, TILES)
        """What the native step needs."""
        self.record[0] = (
            voices.kernel.address,
            voices.record,
            lanes,
            self._tentative.address,
            _stride(sizes, lanes),
            *sizes,
            initial.address,
            lanes * (8 * sizes[0] + 4 * sizes[1]),
            ins,
            outs,
            outs + 4 * lanes * frames,
            self._verdict.ctypes.data,
        )

    def commit(self, which: Which) -> None:
        """Copy the tentative states."""
        self._copy(self._committed, self._tentative, which)

    def rollback(self, which: Which) -> None:
        """Copy the committed states back."""
        self._copy(self._tentative, self._committed, which)

    def reset(self, which: Which) -> None:
        """Start again; this is committed."""
        for tiles in (self._tentative, self._committed):
            tiles.put(*self._initial_numbers(), 0, self._streams[which])

    def select(self, sources: NDArray[np.int64]) -> None:
        """Make the state of stream ``sources[k]`` the tentative one of stream ``k``."""
        self._tentative.put(*self._tentative.get(sources), self._streams)
        self.is_tentative = True

    def save(self, into: EngineState, stream: int) -> None:
        """Copy the tentative state of a stream to a saved one."""
        self._queue.drain()  # so that the table and the node's record have what was set
        doubles, floats, frames = self._tentative.get(np.array([stream]))
        into.data[:WORD].view(np.int64)[0] = frames[0]
        into.data[WORD : into.begin].view(np.float64)[:] = self._plan.param_table["value"]
        state = into.data[into.begin :]
        state[:] = self._plan.arena.state  # all else: settings, and pointers of the plan
        at = self._plan.transport.place("frame") - self._plan.arena.state_address
        state[at : at + WORD].view(np.int64)[0] = frames[0]
        state.view(np.float64)[self._places[0]] = doubles[0]
        state.view(np.float32)[self._places[1]] = floats[0]

    def restore(self, state: EngineState, which: Which, params: bool) -> None:
        """Make a saved state the tentative one of some streams."""
        state = portable(self._plan, state)
        if params:  # through the plan: its table of parameters is for all streams
            self._queue.copy_state(state.address, out=False, params=True)
        numbers = self._numbers(state.data[state.begin :])
        self._tentative.put(*numbers, state.frame, self._streams[which])
        self.is_tentative = True

    def reading(self, place: int) -> float:
        """Return the float64 that the plan has at this address."""
        arena = self._plan.arena
        return float(arena.bytes_at(place, WORD).view(np.float64)[0])

    def _initial_numbers(self) -> tuple[NDArray[Any], NDArray[Any]]:
        return self._numbers(self._plan.arena.initial)

    def _numbers(self, state: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
        doubles, floats = self._places
        return state.view(np.float64)[doubles], state.view(np.float32)[floats]

    def _copy(self, target: "_Tiles", source: "_Tiles", which: Which) -> None:
        if not isinstance(which, slice):
            numbers = self._streams[which]
            target.put(*source.get(numbers), numbers)
        elif self.is_tentative:
            target.memory[...] = source.memory
            self.is_tentative = False


_F8, _F4 = np.dtype(np.float64), np.dtype(np.float32)


def _stride(sizes: tuple[int, int], lanes: int) -> int:
    """Return the bytes of a tile: its numbers, then the frames played, in whole cache lines."""
    return -(-lanes * (8 * sizes[0] + 4 * sizes[1] + WORD) // ALIGN) * ALIGN


class _Tiles:
    """An array of tiles, and its parts as ``[tile][number][lane]``."""

    def __init__(self, count: int, sizes: tuple[int, int], lanes: int) -> None:
        stride = _stride(sizes, lanes)
        self.memory = aligned(count * stride, np.uint8)
        self.address = int(self.memory.ctypes.data)
        self._lanes = lanes
        self._parts, begin = list[NDArray[Any]](), 0
        for size, kind in ((sizes[0], _F8), (sizes[1], _F4), (1, np.dtype(np.int64))):
            steps = (stride, lanes * kind.itemsize, kind.itemsize)
            shape = (count, size, lanes)
            self._parts.append(np.ndarray(shape, kind, self.memory.data, begin, steps))
            begin += size * lanes * kind.itemsize

    def get(self, streams: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return the numbers of some streams, ``[stream][number]``, and their frames played."""
        tile, lane = np.divmod(streams, self._lanes)
        doubles, floats, frames = (part[tile, :, lane] for part in self._parts)
        return doubles, floats, frames[:, 0]

    def put(
        self,
        doubles: NDArray[Any],
        floats: NDArray[Any],
        frames: Any,
        streams: NDArray[np.int64] | None = None,
    ) -> None:
        """Write the numbers of some streams, or of all lanes."""
        if streams is None:
            streams = np.arange(self._parts[0].shape[0] * self._lanes)
        tile, lane = np.divmod(streams, self._lanes)
        for part, values in zip(self._parts[:2], (doubles, floats), strict=True):
            part[tile, :, lane] = values
        self._parts[2][tile, 0, lane] = frames
