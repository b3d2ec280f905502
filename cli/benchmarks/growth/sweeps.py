"""Which sizes the suite ``growth`` changes, one at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ....graph import Graph
from ....nodes import Gain, Nam
from ....nodes.nam import load_capture
from .. import models
from ..measuring.playing import Playing

__all__ = ["BLOCK", "SWEEPS", "Sweep", "playing"]

BLOCK = 64
Sizes = tuple[int, ...]


@dataclass(frozen=True)
class Sweep:
    """A name, the sizes to play, and what makes the graph of a size."""

    name: str
    sizes: Sizes
    make: Callable[[int], Graph]


def playing(graph: Graph) -> Playing:
    """Return the graph in blocks of 64 at 48 kHz."""
    return Playing(graph, 48_000.0, BLOCK)


def _net(content: Any) -> Graph:
    return Graph.chain(amp=Nam(load_capture(content), prewarm=False))


def _wavenet(channels: int, layers: int, taps: int) -> Graph:
    dilations = [models.POWERS[n % 10] for n in range(layers)]
    return _net(models.wavenet(models.array(channels, dilations, taps=taps)))


def _gains(count: int) -> Graph:
    return Graph.chain(**{f"n{k}": Gain(gain_db=0.0) for k in range(count)}, channels=1)


SWEEPS = (
    Sweep("WaveNet, channels", (2, 3, 4, 6, 8, 12, 16, 24, 32), lambda n: _wavenet(n, 10, 3)),
    Sweep("WaveNet, taps", (2, 3, 4, 6, 8, 12, 16), lambda n: _wavenet(8, 10, n)),
    Sweep("WaveNet, layers", (2, 4, 8, 12, 16, 20, 24, 32), lambda n: _wavenet(8, n, 3)),
    Sweep("LSTM, units", (8, 12, 16, 20, 24, 32, 40, 48, 64), lambda n: _net(models.lstm(n, 1))),
    Sweep("LSTM, layers", (1, 2, 3, 4, 6, 8), lambda n: _net(models.lstm(16, n))),
    Sweep("GRU, units", (8, 12, 16, 20, 24, 32, 40, 48, 64), lambda n: _net(models.gru(n))),
    Sweep("GRU, layers", (1, 2, 3, 4, 6, 8), lambda n: _net(models.gru(16, n))),
    Sweep(
        "convolver, taps",
        (256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536),
        lambda n: _net(models.linear(n)),
    ),
    Sweep("graph, nodes", (1, 2, 5, 10, 20, 50, 100, 200), _gains),
)
