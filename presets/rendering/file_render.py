"""Play a file through a rack in pieces, at the rate of the file."""

import contextlib
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError
from ...nodes.analysis.offline_loudness import LoudnessMeter, LoudnessResult
from ...runtime.adapters.offline_blocks import BlockRender
from ...runtime.io.atomic_write import writing
from ...runtime.io.audio_file import audio_blocks, resampled_blocks
from ...runtime.plan.stats import Stats
from ..rig import Rig
from .input_channels import Choice, take_channels

__all__ = ["FileRender", "LastRender", "kept_pieces"]

Audio = NDArray[np.float32]
KEPT_FRAMES = 1 << 15
"""Frames read at a time of pieces that were kept."""


class LastRender:
    """The engines of the last file, for the next one of the same rack: they are prepared once.

    For one thread.  Not for racks on a GPU, whose memory others may need meanwhile.
    """

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._renders: list[BlockRender] = []

    def take(self, *key: object) -> list[BlockRender]:
        """Return the engines kept under this key, restarted; an empty list for another key."""
        found, self._renders = self._renders if key == self._key else [], []
        for render in found:
            render.restart()
        return found

    def keep(self, renders: list[BlockRender], *key: object) -> None:
        """Keep the engines of a file that was rendered without faults."""
        stats = [render.stats() for render in renders]
        if all(one.faults == 0 and one.device is None for one in stats):
            self._key, self._renders = key, renders


class FileRender:
    """One signal, or both sides of a file, each played by a rack of its own, in pieces."""

    def __init__(
        self,
        rig: Rig,
        source: str,
        choices: Sequence[Choice],
        frames: int,
        own_rate: int,
        block: int | None,
        tail: bool,
        strict: bool | None,
        threads: int | None = None,
        last: LastRender | None = None,
    ) -> None:
        rate = float(rig.rate or own_rate)
        self._source, self._choices, self._rate, self._own_rate = source, choices, rate, own_rate
        inner = max(1, round(frames * rate / own_rate))
        last = last if threads == 1 else None  # several threads have engines of their own
        self._last, self._key = last, (rig, rate, block, tail, len(choices))
        self._renders = last.take(*self._key) if last is not None else []
        if not self._renders:
            self._renders = [
                BlockRender(
                    rig.graph, rate, inner, block=block, tail=tail, strict=strict, threads=threads
                )
                for _ in choices
            ]
        self._inputs, self._outputs = (
            sum(ends.values()) for ends in (rig.graph.inputs, rig.graph.outputs)
        )
        self.frames = frames + max(0, round(self._renders[0].extra * own_rate / rate))
        """Frames of the result."""

    def pieces(self, progress: Callable[[float], None] | None) -> Generator[Audio, None, None]:
        """Yield the channels of all outputs, ``(channels, frames)``.

        ``progress`` is called with the share rendered.
        """
        done = 0
        for parts in zip(*map(self._one, self._choices, self._renders), strict=True):
            made = np.ascontiguousarray(np.concatenate(parts))
            done += made.shape[1]
            if progress is not None:
                progress(done / self.frames)
            yield made
        if self._last is not None:
            self._last.keep(self._renders, *self._key)

    def stats(self) -> list[Stats]:
        """Return the statistics of each render."""
        return [render.stats() for render in self._renders]

    def _one(self, choice: Choice, render: BlockRender) -> Iterator[Audio]:
        own, rate, count = self._own_rate, self._rate, len(choice)
        taken = (take_channels(choice, block) for block in audio_blocks(self._source))
        x = _at_least_one_frame(resampled_blocks(taken, count, own, rate), count)
        if count < self._inputs:  # those after the first are silent
            x = (np.pad(piece, ((0, self._inputs - count), (0, 0))) for piece in x)
        made = resampled_blocks(render.blocks(x), self._outputs, rate, own)
        if rate == own:
            yield from made
        else:  # two resamplings round lengths
            yield from _of_length(made, self._outputs, self.frames)


@contextlib.contextmanager
def kept_pieces(
    pieces: Iterable[Audio], channels: int, measured: int, rate: int
) -> Iterator[tuple[LoudnessResult, Iterator[Audio]]]:
    """Yield the loudness of the first channels, and all pieces again, from a temporary file."""
    meter = LoudnessMeter(measured, rate)
    with contextlib.ExitStack() as ends:
        with writing("a temporary file", AudioFileError):
            file = ends.enter_context(tempfile.TemporaryFile())
            for piece in pieces:
                meter.add(piece[:measured])
                file.write(np.ascontiguousarray(piece.T).tobytes())
            file.seek(0)
        size = 4 * channels * KEPT_FRAMES
        again = iter(lambda: file.read(size), b"")
        yield (
            meter.result(),
            (np.frombuffer(content, np.float32).reshape(-1, channels).T for content in again),
        )


def _at_least_one_frame(pieces: Iterable[Audio], channels: int) -> Iterator[Audio]:
    """Yield the pieces, or one frame of zeros: resampling a very short file may leave none."""
    some = False
    for piece in pieces:
        some = some or piece.shape[1] > 0
        yield piece
    if not some:
        yield np.zeros((channels, 1), np.float32)


def _of_length(pieces: Iterable[Audio], channels: int, frames: int) -> Iterator[Audio]:
    """Yield the pieces, truncated or padded with zeros to ``frames``."""
    for piece in pieces:
        piece = piece[:, :frames]
        frames -= piece.shape[1]
        if piece.shape[1]:
            yield piece
    if frames:
        yield np.zeros((channels, frames), np.float32)
