"""Convolvers of several packages behind one interface: the next block in, the next block out."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph import Graph
from ....graph.extras import how_to_install
from ....nodes import Cab
from ....runtime.engine.engine import Engine
from ..measuring.windows import Timed

__all__ = ["RATE", "WHOLE", "Player", "not_installed", "players"]

RATE, WHOLE = 48_000, 48_000
"""Hz, and frames of a second, which is played in one call."""
LARGEST = 512
"""Frames that a whole second is cut into, inside the call, where the caller chooses it."""
WINDOW = 8192
"""Least frames of a window: what the one before left in the caches must not count."""
DIRECT_EVERY = 2
"""Rounds for a window of a convolver that takes long, since it multiplies every tap."""
Signal = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Player:
    """A name, and a function that takes the next ``block`` frames and returns as many."""

    name: str
    block: int
    next: Callable[[Signal], Signal]
    every: int = 1

    def play(self, x: Signal) -> Signal:
        """Return the output for a signal of whole blocks."""
        parts = np.split(x, len(x) // self.block)
        return np.concatenate([np.array(self.next(part)) for part in parts])

    def windows(self, x: Signal) -> Timed:
        """Return windows of at least one block, a call for each block."""
        count = max(1, WINDOW // self.block)
        parts = np.split(x[: count * self.block], count)
        call = self.next

        def play() -> None:
            for part in parts:
                call(part)

        return Timed(play, count * self.block, self.every)


def players(response: Signal, block: int) -> tuple[list[Player], dict[str, str]]:
    """Return this package's player, then those that are installed; and why others are not."""
    found, missing = [_ours(response, block)], dict[str, str]()
    for name, make in (("pedalboard", _pedalboard), ("scipy", _scipy)):
        try:
            found.append(make(response, block))
        except ImportError as error:
            missing[name] = not_installed(name, error)
    return found, missing


def not_installed(name: str, error: ImportError) -> str:
    """Return why ``pedalboard`` or ``scipy`` is not there, and the command that installs it."""
    command = 'pip install "scipy>=1.13,<2"' if name == "scipy" else how_to_install(name)
    return f"not installed ({error}): {command}"


def _ours(response: Signal, block: int) -> Player:
    graph = Graph.chain(cab=Cab(response, RATE), channels=1)
    engine = Engine(graph, sample_rate=RATE, max_frames=min(block, LARGEST), fade_s=0.0)
    made = np.empty(block, np.float32)

    def following(x: Signal) -> Signal:
        if block == WHOLE:
            engine.play([x], [made], block, LARGEST)
        else:
            engine.process(x, made)
        return made

    return Player("namgraph Cab", block, following)


def _pedalboard(response: Signal, block: int) -> Player:
    pedalboard: Any = importlib.import_module("pedalboard")
    plugin = pedalboard.Convolution(response, 1.0, float(RATE))
    size = min(block, LARGEST)
    plugin.process(np.zeros(size, np.float32), RATE, size, False)  # prepares it
    return Player("pedalboard.Convolution", block, lambda x: plugin.process(x, RATE, size, False))


def _scipy(response: Signal, block: int) -> Player:
    signal: Any = importlib.import_module("scipy.signal")
    if block == WHOLE:
        return Player(
            "scipy.signal.oaconvolve", block, lambda x: signal.oaconvolve(x, response)[: len(x)]
        )
    state = [np.zeros(len(response) - 1, np.float32)]

    def following(x: Signal) -> Signal:
        y, state[0] = signal.lfilter(response, np.ones(1, np.float32), x, zi=state[0])
        return np.asarray(y)

    return Player("scipy.signal.lfilter", block, following, DIRECT_EVERY)
