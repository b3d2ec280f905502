"""Histories that go round in their rows: lookbacks around a piece, blocks of any length."""

from typing import Any

import numpy as np
import pytest

from namgraph.nodes.nam.cpu import program
from namgraph.nodes.testing import same_bits

from .. import nets, oracle
from ..playing import Playing, check_close, parse

FRAMES = 3000
SIGNAL = np.random.default_rng(5).uniform(-0.7, 0.7, FRAMES).astype(np.float32)
WIDTHS = [4, 8, 16]
VECTORS = 4
"""Of a piece."""
CUTS = [61, 3, 64, 1, 1, 63, 17, 200, 5, 64, 64, 48] * 5


def wavenet(lookback: int, taps: int = 2) -> Any:
    """A network of two layers, of which the first looks back this far, the second one frame."""
    return nets.wavenet(nets.array(2, [lookback // (taps - 1), 1], taps=taps), seed=lookback)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("pieces", [1, 2, 3, 10])
@pytest.mark.parametrize("more", [-17, -1, 0, 1, 15])
def test_lookbacks_around_whole_pieces(width: int, pieces: int, more: int) -> None:
    """The signal is long enough for many laps."""
    lookback = max(1, VECTORS * width * pieces + more)
    file = wavenet(lookback)
    wanted = Playing(parse(file), width)(SIGNAL, CUTS)
    check_close(wanted, oracle.play(file, SIGNAL), 1e-5, 1e-3)
    for block in (VECTORS * width, 37, 1000):
        same_bits(Playing(parse(file), width)(SIGNAL, block), wanted)


@pytest.mark.parametrize("taps", [3, 6, 16])
def test_far_and_near_taps_of_one_layer(taps: int) -> None:
    """Some taps lie in the lap before, some begin in the copy at the left end, some after it."""
    for dilation in (5, 21, 64, 70):
        file = wavenet((taps - 1) * dilation, taps)
        wanted = oracle.play(file, SIGNAL)
        check_close(Playing(parse(file))(SIGNAL, CUTS), wanted, 1e-5, 1e-3)
        check_close(Playing(parse(file))(SIGNAL, 64), wanted, 1e-5, 1e-3)


def test_too_little_room_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above can fail: with less room, frames that are still needed are overwritten."""
    file = wavenet(320)
    wanted = oracle.play(file, SIGNAL)
    monkeypatch.setattr(program, "LONG_ROOM", 2)
    found = Playing(parse(file), 16)(SIGNAL, CUTS)
    assert np.abs(found - wanted).max() > 1e-3 * np.abs(wanted).max()


def test_histories_are_little_larger_than_what_is_needed() -> None:
    """Of an A1 standard: the frames looked back on, and those of the piece that is written."""
    model = parse(nets.a1("standard"))
    network: Any = model.running
    piece = VECTORS * 16
    needed = sum(
        4 * array.channels * (layer.conv.lookback + piece)
        for array in network.arrays
        for layer in array.layers
    )
    state = Playing(model, 16).memory.sizes()[0]
    assert needed < state < 1.4 * needed
