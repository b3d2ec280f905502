"""What one node holds on the device: kernel, weights, state, and pinned buffers of its launch."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..plan.arena import Block
from .arguments import NamArgs
from .device_processor import DeviceProcessor
from .driver.resources import Launch, Pinned, Resources
from .records import BLOCK

__all__ = ["READ_AHEAD_BYTES", "NodePorts", "NodeResources", "fill_record"]

CHUNKS_PER_MULTIPROCESSOR = 2
SHORTEST_CHUNK = 1024
"""Frames: each chunk also computes its warm-up, so shorter ones gain nothing."""
LINE_FLOATS = 16
"""Float32 in a cache line: rows of pinned buffers begin at one."""

READ_AHEAD_BYTES = 4096
"""Allocated behind a signal: kernels load their first frames before they know the count, as far as
these share a page."""
NodePorts = tuple[int, int, int, int]
"""Device address and channel stride (float32) of a node's input, then of its output."""


def fill_record(block: Block, **fields: Any) -> None:
    """Set fields of an allocated record, before the arena is made; a ``Block`` sets its address."""
    for name, value in fields.items():
        if isinstance(value, Block):
            place: Any = block.content.dtype.fields
            block.links.append((int(place[name][1]), value, 0))
        else:
            block.content[name][0] = value


class NodeResources:
    """One node's kernel, weights, state and pinned buffers on the device.

    ``frames`` is the longest block.  Raises ``CudaError``.
    """

    def __init__(
        self, resources: Resources, processor: DeviceProcessor, ports: NodePorts, frames: int
    ) -> None:
        self.processor = processor
        row = _whole_lines(frames)
        buffers = processor.buffers.content[0]
        inputs, past_rows = int(buffers["ring_rows"]), int(buffers["past_rows"])
        self._heard_stride = _whole_lines(int(buffers["heard_at"]) + row)
        self._past_stride = _whole_lines(processor.past_floats)
        self.header = resources.pinned(BLOCK.itemsize)
        self.past = resources.pinned(4 * past_rows * self._past_stride)
        self.heard = resources.pinned(4 * past_rows * self._heard_stride)
        self.bad = resources.pinned(4 * processor.instances)
        self.factors = resources.pinned(2 * 4 * row + READ_AHEAD_BYTES)
        slots = 1 if processor.recurrent else _slots(resources, processor, frames)
        count, floats = processor.weights.shape
        weights = np.zeros((count, _whole_lines(floats)), np.float32)
        weights[:, :floats] = processor.weights
        x, x_stride, y, y_stride = ports
        args = NamArgs(
            block=self.header.device,
            weights=resources.upload(weights),
            weights_stride=weights.shape[1] if len(weights) > 1 else 0,
            state=resources.allocate(4 * processor.instances * slots * processor.state_floats),
            x=x,
            x_stride=x_stride if inputs > 1 else 0,
            y=y,
            y_stride=y_stride,
            in_factor=self.factors.device,
            out_factor=self.factors.device + 4 * row,
            past=self.past.device,
            past_stride=self._past_stride if past_rows > 1 else 0,
            heard=self.heard.device,
            heard_stride=self._heard_stride if past_rows > 1 else 0,
            bad=self.bad.device,
        )
        self.launch = Launch(resources.load(processor.kernel), (processor.instances, slots), args)
        fill_record(
            processor.buffers,
            past=_host_address(self.past),
            past_stride=self._past_stride,
            heard=_host_address(self.heard),
            heard_stride=self._heard_stride,
            bad=_host_address(self.bad),
            header=_host_address(self.header),
            in_factor=_host_address(self.factors),
            out_factor=_host_address(self.factors) + 4 * row,
            slots=slots,
            min_chunk_frames=_min_chunk_frames(processor),
        )

    def prewarm(self, run: Callable[[Launch], None], frames: int) -> None:
        """Process silence with a recurrent node, and store the resulting state as its initial one.

        ``run`` launches and waits; ``frames`` is the longest block.
        """
        processor, header = self.processor, self.header.host[: BLOCK.itemsize].view(BLOCK)[0]
        past = _rows(self.past, processor.instances, self._past_stride)
        past[:, : processor.past_floats] = processor.initial_state
        header["replay"], header["chunks"] = processor.past_floats, 1
        left = processor.prewarm
        while left > 0:
            header["frames"] = header["chunk_frames"] = min(left, frames)
            run(self.launch)
            header["replay"] = -1
            left -= frames
        heard = _rows(self.heard, processor.instances, self._heard_stride)
        for block in (processor.memory.lstm_state, processor.memory.initial_state):
            assert block is not None  # allocated for every recurrent node
            block.content[...] = heard[:, : processor.past_floats]


def _host_address(pinned: Pinned) -> int:
    return int(pinned.host.ctypes.data)


def _rows(pinned: Pinned, count: int, stride: int) -> NDArray[np.float32]:
    return pinned.host[: 4 * count * stride].view(np.float32).reshape(count, stride)


def _whole_lines(floats: int) -> int:
    return -(-floats // LINE_FLOATS) * LINE_FLOATS


def _slots(resources: Resources, processor: DeviceProcessor, frames: int) -> int:
    """Return how many chunks of the longest block can be computed side by side."""
    blocks = CHUNKS_PER_MULTIPROCESSOR * resources.driver.multiprocessors
    return max(1, min(blocks // processor.instances, frames // _min_chunk_frames(processor)))


def _min_chunk_frames(processor: DeviceProcessor) -> int:
    return max(SHORTEST_CHUNK, processor.past_floats)
