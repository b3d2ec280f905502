"""Threads that play the chunks of a signal through stages."""

import threading
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .chunk import Change, Chunk, StoppedError, play_chunk
from .stage_player import StagePlayer

__all__ = ["Pipeline"]

Audio = NDArray[np.float32]


class Pipeline:
    """Plays chunks through stages: each stage takes over what the stage before it has made.

    Threads take any chunk that can be played now, the last stages first.  Native calls release the
    GIL.  At most ``room`` chunks are on their way, so memory does not grow with the signal.
    """

    def __init__(
        self,
        players: Sequence[StagePlayer],
        threads: int,
        room: int,
        block: int,
        changes: Sequence[Change] = (),
    ) -> None:
        self._players, self._threads, self._room = players, threads, room
        self._block, self._changes = block, changes
        self._moved = threading.Condition()
        """Its lock is held while chunks are taken and given back."""
        self._made: dict[int, Audio] = {}
        self._count = 0  # chunks that the last stage has made
        self._is_stopped = False
        self._error: BaseException | None = None

    def blocks(self, chunks: Iterable[Audio]) -> Iterator[Audio]:
        """Yield the outputs of the last stage, one for each chunk of the inputs of the first.

        The chunks are copied.  All have the same length, but for the last.  Closing the iterator
        stops the threads within some milliseconds.
        """
        workers = [
            threading.Thread(target=self._work, name=f"namgraph-render-{k}", daemon=True)
            for k in range(self._threads)
        ]
        given = taken = 0
        try:
            for worker in workers:
                worker.start()
            for chunk in chunks:
                with self._moved:
                    self._players[0].add(np.array(chunk))
                    self._moved.notify_all()
                given += 1
                while taken < given and (given - taken >= self._room or taken in self._made):
                    yield self._wait_for(taken)
                    taken += 1
            while taken < given:
                yield self._wait_for(taken)
                taken += 1
        finally:
            with self._moved:
                self._is_stopped = True
                self._moved.notify_all()
            for worker in workers:
                if worker.ident is not None:
                    worker.join()

    def _wait_for(self, number: int) -> Audio:
        with self._moved:
            while number not in self._made:
                if self._error is not None:
                    raise self._error
                self._moved.wait()
            return self._made.pop(number)

    def _work(self) -> None:
        """Play chunks until the pipeline is stopped.  Worker thread."""
        try:
            while True:
                with self._moved:
                    while (found := self._take()) is None:
                        if self._is_stopped:
                            return
                        self._moved.wait()
                place, chunk = found
                field = self._players[place].stage.field or 0
                play_chunk(chunk, field, self._block, self._changes, lambda: self._is_stopped)
                with self._moved:
                    self._pass_on(place, chunk)
                    self._moved.notify_all()
        except StoppedError:
            return
        except BaseException as error:  # raised by the thread that reads the outputs
            with self._moved:
                self._error, self._is_stopped = error, True
                self._moved.notify_all()

    def _take(self) -> tuple[int, Chunk] | None:
        if self._is_stopped:
            return None
        for place in reversed(range(len(self._players))):
            chunk = self._players[place].take()
            if chunk is not None:
                return place, chunk
        return None

    def _pass_on(self, place: int, chunk: Chunk) -> None:
        """Give a chunk that was played to the stage after it, or to the reader."""
        for made in self._players[place].give_back(chunk):
            if place + 1 < len(self._players):
                self._players[place + 1].add(made)
            else:
                self._made[self._count] = made
                self._count += 1
