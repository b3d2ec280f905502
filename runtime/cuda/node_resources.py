"""A node's share of a lane: its kernel, its weights and state there, and what both sides see."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..plan.arena import Block
from .arguments import NamArgs
from .device_processor import DeviceProcessor
from .driver.resources import Launch, Pinned, Resources
from .records import BLOCK

__all__ = ["ROOM", "Ends", "NodeResources", "put"]

CHUNKS_A_MULTIPROCESSOR = 2
SHORTEST_CHUNK = 1024
"""Frames: shorter blocks gain nothing from being cut, as each chunk runs over what came before."""
LINE = 16
"""Float32 to a cache line: rows of what is shared begin at one."""

ROOM = 4096
"""Bytes behind a signal: a kernel reads its first frames before it knows how many there are, as far
as they share a page."""
Ends = tuple[int, int, int, int]
"""Of a node's input and output: address on the device, and float32 from channel to channel."""


def put(block: Block, **fields: Any) -> None:
    """Fill in fields of a record that has been asked for, before the arena is laid out."""
    for name, value in fields.items():
        if isinstance(value, Block):
            place: Any = block.content.dtype.fields
            block.links.append((int(place[name][1]), value, 0))
        else:
            block.content[name][0] = value


class NodeResources:
    """What one node has of the device."""

    def __init__(self, handles: Resources, work: DeviceProcessor, ends: Ends, frames: int) -> None:
        self.work = work
        room = _whole(frames)
        part = work.part.content[0]
        heard, past_rows = int(part["ring_rows"]), int(part["past_rows"])
        self._heard_stride = _whole(int(part["heard_at"]) + room)
        self._past_stride = _whole(work.past_floats)
        self.order = handles.pinned(BLOCK.itemsize)
        self.past = handles.pinned(4 * past_rows * self._past_stride)
        self.heard = handles.pinned(4 * past_rows * self._heard_stride)
        self.bad = handles.pinned(4 * work.instances)
        self.factors = handles.pinned(2 * 4 * room + ROOM)
        slots = 1 if work.recurrent else _slots(handles, work, frames)
        weights = np.zeros((len(work.weights), _whole(work.weights.shape[1])), np.float32)
        weights[:, : work.weights.shape[1]] = work.weights
        x, x_stride, y, y_stride = ends
        args = NamArgs(
            block=self.order.device,
            weights=handles.upload(weights),
            weights_stride=weights.shape[1] if len(weights) > 1 else 0,
            state=handles.allocate(4 * work.instances * slots * work.state_floats),
            x=x,
            x_stride=x_stride if heard > 1 else 0,
            y=y,
            y_stride=y_stride,
            in_factor=self.factors.device,
            out_factor=self.factors.device + 4 * room,
            past=self.past.device,
            past_stride=self._past_stride if past_rows > 1 else 0,
            heard=self.heard.device,
            heard_stride=self._heard_stride if past_rows > 1 else 0,
            bad=self.bad.device,
        )
        self.launch = Launch(handles.load(work.kernel), (work.instances, slots), args)
        put(
            work.part,
            past=_host(self.past),
            past_stride=self._past_stride,
            heard=_host(self.heard),
            heard_stride=self._heard_stride,
            bad=_host(self.bad),
            order=_host(self.order),
            in_factor=_host(self.factors),
            out_factor=_host(self.factors) + 4 * room,
            slots=slots,
            least=_least(work),
        )

    def prewarm(self, run: Callable[[Launch], None], frames: int) -> None:
        """Play silence to a recurrent node, and keep the state it then has as its first."""
        work, order = self.work, self.order.host[: BLOCK.itemsize].view(BLOCK)[0]
        past = _rows(self.past, work.instances, self._past_stride)
        past[:, : work.past_floats] = work.first
        order["replay"], order["chunks"], left = work.past_floats, 1, work.prewarm
        while left > 0:
            order["frames"] = order["chunk_frames"] = min(left, frames)
            run(self.launch)
            order["replay"] = -1
            left -= frames
        heard = _rows(self.heard, work.instances, self._heard_stride)
        for block in (work.memory.kept, work.memory.fresh):
            assert block is not None  # a recurrent node has asked for both
            block.content[...] = heard[:, : work.past_floats]


def _host(pinned: Pinned) -> int:
    return int(pinned.host.ctypes.data)


def _rows(pinned: Pinned, count: int, stride: int) -> NDArray[np.float32]:
    return pinned.host[: 4 * count * stride].view(np.float32).reshape(count, stride)


def _whole(floats: int) -> int:
    return -(-floats // LINE) * LINE


def _slots(handles: Resources, work: DeviceProcessor, frames: int) -> int:
    """Return how many chunks of the longest block can be computed side by side."""
    busy = CHUNKS_A_MULTIPROCESSOR * handles.driver.multiprocessors
    return max(1, min(busy // work.instances, frames // _least(work)))


def _least(work: DeviceProcessor) -> int:
    return max(SHORTEST_CHUNK, work.past_floats)
