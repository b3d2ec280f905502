"""A sound card that remembers what ``namgraph.play`` plays: a ``sounddevice`` without PortAudio."""

import types
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["CARDS", "Card", "PortAudioError"]

CARDS = [("Built-in Mic", 1, 0), ("Scarlett 2i2", 2, 2), ("Speaker", 0, 1), ("HDMI", 0, 8)]
"""Name, inputs and outputs of each."""


class PortAudioError(Exception):
    """As sounddevice's."""


class Card:
    """Has a ``module`` to put into ``sys.modules["sounddevice"]``."""

    def __init__(self, cards: Sequence[tuple[str, int, int]] = tuple(CARDS)) -> None:
        self.heard: list[np.ndarray] = []
        self.asked: list[dict[str, Any]] = []
        self.stops = 0
        self.fails: BaseException | None = None
        """Raised by the next ``play``."""
        made: Any = types.ModuleType("sounddevice")
        made.PortAudioError = PortAudioError
        made.default = types.SimpleNamespace(device=(1, 1))
        made.query_hostapis = lambda: [
            {"name": "ALSA", "default_input_device": 1, "default_output_device": 1}
        ]
        made.query_devices = lambda: [
            {
                "name": name,
                "hostapi": 0,
                "max_input_channels": ins,
                "max_output_channels": outs,
                "default_samplerate": 48_000.0,
                "default_low_input_latency": 0.003,
                "default_low_output_latency": 0.004,
            }
            for name, ins, outs in cards
        ]
        made.play, made.stop = self._play, self._stop
        self.module: types.ModuleType = made

    def _play(self, samples: np.ndarray, rate: float, **asked: Any) -> None:
        if self.fails is not None:
            raise self.fails
        self.heard.append(samples)
        self.asked.append({"rate": rate, **asked})

    def _stop(self) -> None:
        self.stops += 1
