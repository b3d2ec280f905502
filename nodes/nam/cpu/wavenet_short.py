"""The kernel of a run of plain WaveNet layers in blocks of a few frames.

In the kernels of ``wavenet_layers.py`` vectors run over time: a block of one frame uses one lane
of them.  Here they run over channels, and a tile is a few frames.  Every sum is taken in the same
order by the same operations, and the histories are the same: so are the bits.  That order bounds
the time of a frame: a sum is one chain of multiply-adds, each waiting for the one before.
"""

from functools import cache, partial

from ....runtime.native.abi import Native, kernel
from ....runtime.simd.activations import ACTIVATIONS
from ....runtime.simd.embed import embed
from ....runtime.simd.fields import Words
from ....runtime.simd.lanes import Cell, Lanes, Value
from .tiles import place, tap
from .wavenet_layers import LAYER, LAYERS

__all__ = ["short_layers"]

FRAMES = (1, 2, 4, 8)
"""Frames of a tile; the smallest that holds the longest block is taken."""
CHANNELS = range(5, 33)
"""Channel counts that have a kernel here: with fewer, the one over time is as fast."""
FEW, FRAMES_OF_FEW = 6, 4
"""With up to ``FEW`` channels, the longest blocks for which the kernel here is the faster one."""


def short_layers(channels: int, activation: str, width: int, frames: int) -> Native | None:
    """Return the kernel for a run of plain layers in blocks of at most ``frames`` frames.

    ``None`` where the kernel over time, with ``width`` lanes, is as fast.
    """
    longest = FRAMES_OF_FEW if channels <= FEW else FRAMES[-1]
    if channels not in CHANNELS or frames > min(width // 2, longest):
        return None
    return _kernel(channels, activation, next(n for n in FRAMES if n >= frames))


@cache
def _kernel(channels: int, activation: str, tile: int) -> Native:
    name = f"nam.layers.short{tile}.{activation}"
    played = embed(name, 2, partial(_emit, activation, tile), channels)

    @kernel
    def short_run(state: int, ins: int, outs: int, frames: int) -> None:
        for first in range(0, frames, tile):  # prewarming plays longer blocks, too
            played(state, first)

    return short_run


def _emit(activation: str, frames: int, lanes: Lanes, state: Value, first: Value) -> None:
    """Emit a run of layers for the frames from ``first`` on; a vector has a lane for each channel.

    Frames after the last one of the block compute unused values, in columns that the next block
    overwrites.
    """
    run, kind = Words(lanes, LAYERS, lanes.pointer(state)), ACTIVATIONS[activation]
    head, head_row = place(lanes, run, "head")
    head, rows = lanes.at(head, first), run.pointer("layers")
    tile = _Tile(lanes, run.pointer("activated"), frames)
    heads = tile.gather(head, head_row)
    start, start_row = place(lanes, Words(lanes, LAYER, rows), "source")
    stream = tile.gather(lanes.at(start, first), start_row)
    with lanes.loop(run["count"]) as number:
        words = Words(lanes, LAYER, lanes.words(rows, lanes.times(number, LAYER.itemsize // 8)))
        x, x_row = place(lanes, words, "source")
        mixin, bias = (lanes.load(words.pointer(name)) for name in ("mixin", "bias"))
        condition = lanes.at(run.pointer("condition"), first)
        given = [lanes.broadcast(condition, f) for f in range(frames)]
        sums = [lanes.cell(lanes.fma(mixin, vector, bias)) for vector in given]
        with lanes.loop(words["taps"]) as k:
            part = lanes.at(words.pointer("conv"), lanes.times(k, lanes.width**2))
            _multiply(lanes, sums, part, lanes.at(tap(lanes, words, x, k), first), x_row, 1)
        table = words.pointer("parameters")
        parameters = [lanes.load(table, n * lanes.width) for n in range(kind.parameters)]
        for total, h in zip(sums, heads, strict=True):
            total.value = kind.emit(lanes, total.value, parameters)
            h.value = lanes.add(h.value, total.value)
        with lanes.when(lanes.builder.icmp_signed("!=", words["has_out"], lanes.index(0))):
            tile.keep(sums)
            out_bias = lanes.load(words.pointer("out_bias"))
            for s in stream:
                s.value = lanes.add(s.value, out_bias)
            _multiply(lanes, stream, words.pointer("out"), tile.memory, 1, lanes.width)
            y, y_row = place(lanes, words, "target")
            tile.scatter(stream, lanes.at(y, first), y_row)
    tile.scatter(heads, head, head_row)


def _multiply(
    lanes: Lanes, sums: list[Cell], weights: Value, x: Value, channel: Value | int, frame: int
) -> None:
    """Emit ``sums[f] += weights[i] * x[i * channel + f * frame]`` for all channels ``i``."""
    with lanes.loop(lanes.width) as i:
        weight = lanes.load(weights, lanes.times(i, lanes.width))
        here = lanes.at(x, lanes.times(i, channel))
        for f, total in enumerate(sums):
            total.value = lanes.fma(weight, lanes.broadcast(here, f * frame), total.value)


class _Tile:
    """A few frames as vectors over channels, and their way into and out of rows over time."""

    def __init__(self, lanes: Lanes, memory: Value, frames: int) -> None:
        self.lanes, self.memory, self.frames = lanes, memory, frames

    def gather(self, row: Value, step: Value) -> list[Cell]:
        """Return variables with the frames at ``row``, whose channels are ``step`` floats apart."""
        lanes = self.lanes
        with lanes.loop(lanes.width) as i:
            here, column = lanes.at(row, lanes.times(i, step)), lanes.at(self.memory, i)
            for f in range(self.frames):
                lanes.store_number(lanes.load_number(here, f), column, f * lanes.width)
        return [lanes.cell(lanes.load(self.memory, f * lanes.width)) for f in range(self.frames)]

    def keep(self, vectors: list[Cell]) -> None:
        """Store the frames one after another in ``memory``."""
        for f, vector in enumerate(vectors):
            self.lanes.store(vector.value, self.memory, f * self.lanes.width)

    def scatter(self, vectors: list[Cell], row: Value, step: Value) -> None:
        """Store the frames to ``row``, whose channels are ``step`` floats apart."""
        lanes = self.lanes
        self.keep(vectors)
        with lanes.loop(lanes.width) as i:
            here, column = lanes.at(row, lanes.times(i, step)), lanes.at(self.memory, i)
            for f in range(self.frames):
                lanes.store_number(lanes.load_number(column, f * lanes.width), here, f)
