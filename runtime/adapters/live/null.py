"""A stream without a sound card: a clock calls the callback."""

import threading
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....graph import GraphSource, as_graph
from ....graph.arguments import by_keyword, check_flag, check_number, check_whole
from ...engine.audio_arrays import as_channels
from ...engine.messages.message_queue import aligned
from .arguments import check_block
from .callback import card_callback
from .channel_map import graph_rate, input_map, output_map
from .clock import CLOCK, run_clock, use_system_clock
from .stream import Stream

__all__ = ["NullStream"]

MAX_RECORD = 1 << 30
SLACK = 2
"""Blocks that the clock may be late by before blocks are lost, like a card's buffers."""
RATE = 48_000.0
MAX_SECONDS = 1e9


class NullStream(Stream):
    """Plays a graph without a device, at real time or as fast as it can, for ``seconds`` or longer.

    The callback is the one that a sound card calls.  ``source`` is the input, ``(channels,
    frames)``, repeated (silence without it); the first ``record`` frames of the output are in
    ``recorded``.  ``sample_rate`` is in Hz; where it is not
    given, that of the graph's models, or 48000.  ``node_share`` is the share of a block's
    time that a node may take for many blocks running before it is muted for half a second.
    ``threads`` is as of ``Engine``.
    """

    @by_keyword
    def __init__(
        self,
        graph: GraphSource,
        blocksize: int = 64,
        *,
        sample_rate: float | None = None,
        realtime: bool = True,
        seconds: float | None = None,
        source: ArrayLike | None = None,
        record: int = 0,
        inputs: Sequence[int] | None = None,
        outputs: Sequence[int] | None = None,
        fade_s: float = 0.02,
        node_share: float | None = 1.0,
        pipelined: bool = False,
        threads: int | None = 1,
    ) -> None:
        graph = as_graph(graph)
        blocksize = check_block(blocksize)
        realtime = check_flag("realtime", realtime)
        record = check_whole("record", record, 0, MAX_RECORD)
        if seconds is not None:
            seconds = check_number("seconds", seconds, 0.0, MAX_SECONDS, "s", above=True)
        if sample_rate is None:
            sample_rate = graph_rate(graph) or RATE
        ins, outs = input_map(graph, inputs), output_map(graph, outputs, 0)
        super().__init__(
            graph,
            sample_rate=sample_rate,
            blocksize=blocksize,
            in_map=ins,
            out_map=outs,
            fade_s=fade_s,
            node_share=node_share,
            pipelined=pipelined,
            threads=threads,
        )
        self._source = _interleaved(source, self.in_width)
        self._sink = np.zeros((record, self.out_width), np.float32)
        self._words = aligned(2, np.int64)
        self._block = aligned((self.in_width + self.out_width) * blocksize, np.float32)
        self.clock = aligned(1, CLOCK)
        self._thread: threading.Thread | None = None
        c: Any = self.clock[0]
        use_system_clock(c, self._words)
        c["callback"], c["user"] = card_callback.address, self.host.ctypes.data
        c["block"], c["slack"] = blocksize, SLACK
        c["block_ns"] = 1e9 * blocksize / sample_rate if realtime else 0.0
        c["limit"] = 0 if seconds is None else max(1, round(seconds * sample_rate / blocksize))
        c["input"] = self._block.ctypes.data
        c["output"] = self._block.ctypes.data + 4 * self.in_width * blocksize
        c["in_width"], c["out_width"] = self.in_width, self.out_width
        if len(self._source):
            c["source"], c["source_frames"] = self._source.ctypes.data, len(self._source)
        c["sink"], c["sink_frames"] = self._sink.ctypes.data, len(self._sink)

    @property
    def recorded(self) -> NDArray[np.float32]:
        """The output recorded so far: ``(channels, frames)``."""
        return np.ascontiguousarray(self._sink[: int(self.clock["sink_at"][0])].T)

    @property
    def lost(self) -> int:
        """Blocks that were due and not played, because the clock's thread was late."""
        return int(self.clock["lost"][0])

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until all ``seconds`` are played; return ``False`` after ``timeout_s``."""
        if timeout_s is not None:
            check_number("timeout_s", timeout_s, 0.0, threading.TIMEOUT_MAX)
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self.state == "ended"

    def _start(self) -> None:
        self.clock["stop"] = 0
        self._thread = threading.Thread(
            target=run_clock.ctypes,
            args=(self.clock.ctypes.data,),
            name="namgraph-null",
            daemon=True,
        )
        self._thread.start()

    def _stop(self) -> None:
        self.clock["stop"] = 1
        if self._thread is not None:
            self._thread.join()

    def _alive(self) -> Literal["playing", "ended", "lost"]:
        running = self._thread is not None and self._thread.is_alive()
        return "playing" if running else "ended"


def _interleaved(source: ArrayLike | None, width: int) -> NDArray[np.float32]:
    if source is None or width == 0:
        return np.zeros((0, width), np.float32)
    return np.ascontiguousarray(as_channels("source", source, width).T)
