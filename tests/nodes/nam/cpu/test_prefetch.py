"""What layers prefetch is what later layers load: the code is emitted with prefetches noted."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from namgraph.nodes.nam.cpu import wavenet_layers
from namgraph.nodes.nam.cpu.wavenet_layers import LAYER, LAYERS
from namgraph.runtime.simd.lanes import Lanes, Value

from ....runtime.simd.emitting import compiled
from .. import nets
from ..playing import Playing, parse

FRAMES, WIDTH, LINE = 64, 16, 64
DILATIONS = [1, 64, 200, 128, 400]
TAPS = 3
SIGNAL = np.random.default_rng(3).uniform(-0.5, 0.5, 40 * FRAMES).astype(np.float32)
Emit = Callable[[Lanes, Value, int], None]
EMITS: dict[int, tuple[Emit, tuple[int, ...]]] = {
    16: (lambda lanes, at, _: wavenet_layers._emit_tiled("tanh", 4, 0, 4, lanes, at), (0,)),
    8: (lambda lanes, at, k: wavenet_layers._emit_fused("tanh", 8, 2, lanes, at, k), (0, 32)),
}
"""By channels: what emits the layers from a frame on, and the frames that make a block."""


class Noting(Lanes):
    """Writes addresses to a log, whose first number says how many there are."""

    log: Value

    def prefetch(self, place: Value) -> None:
        number = self.plus(self.word(self.log, 0), 1)
        self.put_word(self.builder.ptrtoint(place, number.type), self.log, number)
        self.put_word(number, self.log, 0)


def prefetched(channels: int, width: int, record: int) -> set[int]:
    """Play a run of layers; return the cache lines that it prefetches."""
    emit, starts = EMITS[channels]
    log = np.zeros(100_000, np.int64)
    for start in starts:

        def noted(lanes: Lanes, state: Value, at: Value, _: Value, start: int = start) -> None:
            noting = Noting(lanes.builder, lanes.width)
            noting.log = noting.pointer(at)
            emit(noting, state, start)

        name = f"prefetch{channels}.{start}.{wavenet_layers.AHEAD}"
        compiled(name, noted, width).ctypes(record, log.ctypes.data, 0)
    return {int(at) // LINE for at in log[1 : log[0] + 1]}


def history_lines(playing: Playing, layer: Any) -> set[int]:
    """Return the cache lines of its input that a layer reads in this block, or is written there."""
    column, lap = playing.arena.bytes_at(int(layer["source_position"]), 16).view(np.int64)
    rows = next(b for b in playing.memory.blocks if b.address == layer["source_address"]).shape[0]
    return {
        (int(layer["source_address"]) + 4 * at) // LINE + line
        for back in range(0, TAPS * int(layer["dilation"]), int(layer["dilation"]))
        for row in range(rows)
        for line in range(FRAMES * 4 // LINE)
        for at in [row * int(layer["source_row"]) + column - back + (lap if back > column else 0)]
    }


def weight_lines(playing: Playing, layer: Any) -> Iterator[int]:
    """Yield the cache lines of a layer's weights."""
    for name in ("conv", "bias", "mixin", "out"):
        block = next(b for b in playing.memory.blocks if b.address == layer[name])
        yield from range(block.address // LINE, (block.address + block.nbytes - 1) // LINE + 1)


def playing_with_layers(channels: int) -> tuple[Playing, int, Any]:
    """Return a network some laps after its start, the record of its layers, and their rows."""
    playing = Playing(parse(nets.wavenet(nets.array(channels, DILATIONS, taps=TAPS))), WIDTH)
    playing(SIGNAL)
    found = {b.dtype: b for b in playing.memory.blocks if b.dtype in (LAYERS, LAYER)}
    return playing, found[LAYERS].address, found[LAYER].content


@pytest.mark.parametrize("channels", EMITS)
def test_all_that_later_layers_load_is_prefetched(channels: int) -> None:
    playing, record, layers = playing_with_layers(channels)
    found = prefetched(channels, WIDTH, record)
    wanted: set[int] = set()
    for layer in layers[wavenet_layers.AHEAD :]:
        wanted |= history_lines(playing, layer)
        assert set(weight_lines(playing, layer)) <= found
    assert wanted <= found
    arena = playing.arena
    state = range(arena.state_address // LINE, (arena.state_address + arena.state_bytes) // LINE)
    assert {line for line in found if line in state} == wanted  # and no other history


def test_a_smaller_distance_prefetches_other_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: layer 1 is not among those two layers ahead."""
    playing, record, layers = playing_with_layers(16)
    wanted = history_lines(playing, layers[1])
    assert not wanted & prefetched(16, WIDTH, record)
    monkeypatch.setattr(wavenet_layers, "AHEAD", 1)
    assert wanted <= prefetched(16, WIDTH, record)


@pytest.mark.parametrize("width", [4, 8])
def test_vectors_shorter_than_a_cache_line_prefetch_nothing(width: int) -> None:
    _, record, _ = playing_with_layers(16)
    assert not prefetched(16, width, record)
