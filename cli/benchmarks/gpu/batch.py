"""Time one launch of many instances of a network, without an engine."""

import time
from typing import Any

import numpy as np

from ....graph import CudaError
from ....nodes.nam.cuda.network import CudaNetwork
from ....runtime.cuda.arguments import NamArgs
from ....runtime.cuda.driver.device import driver, memory_pool
from ....runtime.cuda.driver.resources import Launch, Resources
from ....runtime.cuda.node_resources import READ_AHEAD_BYTES
from ....runtime.cuda.records import BLOCK

__all__ = ["Batch"]

LAUNCHES = 200
"""Blocks that ``queued`` plays in one launch."""


class Batch:
    """``count`` instances, each with its own weights, played in blocks of ``frames``."""

    def __init__(self, network: CudaNetwork, count: int, frames: int) -> None:
        self.handles = Resources(driver(), memory_pool())
        handles = self.handles
        row = len(network.weights)
        weights = np.tile(network.weights, (count, 1))
        # Distinct weights, so close that no instance is louder than the first.
        weights *= np.random.default_rng(1).uniform(0.999, 1.001, (count, 1)).astype(np.float32)
        kept = self._kept(network, frames)
        sizes = BLOCK.itemsize, 4 * network.past_floats * count, 4 * kept * count
        order, past, heard = map(handles.pinned, sizes)
        whole = 4 * frames * count + READ_AHEAD_BYTES
        self.x, self.y = handles.pinned(whole), handles.pinned(whole)
        bad = handles.pinned(4 * count)
        args = NamArgs(
            block=order.device,
            weights=handles.upload(weights),
            weights_stride=row,
            state=handles.allocate(4 * network.state_floats * count),
            x=self.x.device,
            x_stride=frames,
            y=self.y.device,
            y_stride=frames,
            past=past.device,
            past_stride=network.past_floats,
            heard=heard.device,
            heard_stride=kept,
            bad=bad.device,
        )
        loaded = handles.load(network.kernel)
        launch = Launch(loaded, (count, 1), args)
        self.graph = handles.capture([launch])
        self.many = handles.capture([launch] * LAUNCHES)
        block: Any = order.host[: BLOCK.itemsize].view(BLOCK)[0]
        block["frames"], block["chunks"], block["chunk_frames"] = frames, 1, frames
        x = np.random.default_rng(0).normal(size=count * frames, scale=0.1)
        self.x.host.view(np.float32)[: count * frames] = x
        block["replay"] = network.past_floats
        self.once()
        block["replay"] = -1
        self.once()
        if bad.host.any():
            raise CudaError("an instance made numbers that are not finite")

    def once(self) -> float:
        """Play one block of all instances; return the seconds from launch to completion."""
        return self._spent(self.graph)

    def queued(self) -> float:
        """Play many blocks in one launch, without the host; return the seconds of one block."""
        return self._spent(self.many) / LAUNCHES

    def _spent(self, graph: int) -> float:
        begun = time.perf_counter()
        self.handles.launch_graph(graph)
        self.handles.synchronize()
        return time.perf_counter() - begun

    def close(self) -> None:
        """Free all device memory."""
        self.handles.close()

    @staticmethod
    def _kept(network: CudaNetwork, frames: int) -> int:
        return -(-((network.past_floats if network.recurrent else 0) + frames) // 16) * 16
