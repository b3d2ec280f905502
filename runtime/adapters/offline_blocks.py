"""Render a signal of any length through a graph in pieces: memory does not grow with its length."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ...graph import Graph, tail as graph_tail
from ..engine.collect_stats import collect_stats
from ..engine.engine import Engine
from ..plan.stats import Stats
from .offline import CHUNK_S, LONGEST_TAIL_S, best_block
from .parallel.parallel_render import parallel_render

__all__ = ["BlockRender", "regrouped"]

Audio = NDArray[np.float32]


class BlockRender:
    """A graph that plays one signal piece by piece.

    The output has the same bits as that of ``render``: it starts where the input starts, and is
    longer by ``extra`` frames, the tail.  Control thread.
    """

    def __init__(
        self,
        graph: Graph,
        sample_rate: float,
        frames: int,
        *,
        block: int | None = None,
        tail: bool = True,
        strict: bool | None = False,
        threads: int | None = 1,
    ) -> None:
        """Prepare the graph.  ``frames`` is the length of the signal, for the size of blocks.

        ``threads`` is as of ``render``.
        """
        self._block = best_block(graph, frames) if block is None else block
        self._engine = Engine(graph, sample_rate=sample_rate, max_frames=self._block, strict=strict)
        rate = self._engine.spec.rate
        longest = round(LONGEST_TAIL_S * rate)
        self.extra = min(graph_tail(graph, self._engine.spec), longest) if tail else 0
        self._channels = sum(graph.inputs.values()), sum(graph.outputs.values())
        self._chunk = max(self._block, round(CHUNK_S * rate) // self._block * self._block)
        total = frames + self.extra + self._engine.latency
        self._parallel = parallel_render(self._engine, total, self._block, threads)

    def blocks(self, pieces: Iterable[Audio]) -> Iterator[Audio]:
        """Yield the outputs in pieces, ``(channels, frames)``; each is valid until the next.

        ``pieces`` are those of the inputs, ``(channels, frames)`` of any lengths.  Of several
        inputs or outputs the channels are in their order.
        """
        skip = self._engine.latency
        for made in self._with_latency(self._with_zeros(pieces)):
            begin = min(skip, made.shape[1])
            skip -= begin
            if begin < made.shape[1]:
                yield made[:, begin:]

    def _with_latency(self, pieces: Iterable[Audio]) -> Iterator[Audio]:
        """Yield what the graph makes of pieces of any lengths.

        The lengths of what is made do not depend on the threads, because sums over it would.
        """
        if self._parallel is not None:
            chunks = regrouped(pieces, self._channels[0], self._parallel.chunk)
            yield from regrouped(self._parallel.blocks(chunks), self._channels[1], self._chunk)
            return
        made = np.empty((self._channels[1], self._chunk), np.float32)
        for x in regrouped(pieces, self._channels[0], self._chunk):
            frames = x.shape[1]
            self._engine.play(list(x), list(made[:, :frames]), frames, self._block)
            yield made[:, :frames]

    def restart(self) -> None:
        """Play the next signal as the first one: all state and counters are cleared."""
        self._engine.reset()
        self._engine.reset_stats()

    def stats(self) -> Stats:
        """Return the statistics of the engine but for times: muted blocks are counted there."""
        if self._parallel is not None:
            return self._parallel.stats()
        return collect_stats(self._engine.queue, times=False)

    def _with_zeros(self, pieces: Iterable[Audio]) -> Iterator[Audio]:
        """Yield the pieces, then zeros for the latency and the tail."""
        yield from pieces
        left = self._engine.latency + self.extra
        silence = np.zeros((self._channels[0], min(left, self._chunk)), np.float32)
        while left > 0:
            yield silence[:, :left]
            left -= self._chunk


def regrouped(pieces: Iterable[Audio], channels: int, size: int) -> Iterator[Audio]:
    """Yield the same samples in pieces of ``size`` frames, and the rest; rows are contiguous.

    Each piece is valid until the next.
    """
    room, filled = np.empty((channels, size), np.float32), 0
    for piece in pieces:
        done = 0
        while done < piece.shape[1]:
            count = min(size - filled, piece.shape[1] - done)
            room[:, filled : filled + count] = piece[:, done : done + count]
            filled, done = filled + count, done + count
            if filled == size:
                yield room
                filled = 0
    if filled:
        yield room[:, :filled]
