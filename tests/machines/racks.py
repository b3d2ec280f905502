"""The graphs that are played on other machines, and the signal they are given."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import namgraph as ng
from namgraph.presets.bundled import shipped_presets

from ..nodes.nam import nets

__all__ = ["BLOCK", "COSTS", "RACKS", "RATE", "SHIPPED", "signal"]

RATE, BLOCK = 48_000, 64


def signal(frames: int) -> NDArray[np.float32]:
    """Return decaying notes with some noise, the same on every call."""
    t = np.arange(frames) / RATE
    notes = np.sin(2 * np.pi * 110 * t) + 0.4 * np.sin(2 * np.pi * 331 * t)
    noise = np.random.default_rng(19).standard_normal(frames)
    return np.asarray(0.4 * np.exp(-5 * (t % 0.25)) * (notes + 0.05 * noise), np.float32)


def _model(file: Any) -> ng.Graph:
    return ng.Graph.chain(ng.Nam(ng.load_nam(file), resample=True))


def _effects() -> ng.Graph:
    return ng.Graph.chain(
        ng.Gain(gain_db=-3.0), ng.Compressor(), ng.ParametricEq(gain2_db=6.0), ng.Reverb()
    )


RACKS: dict[str, Callable[[], ng.Graph]] = {
    "A1 nano": lambda: _model(nets.a1("nano")),
    "A2 lite": lambda: ng.Graph.chain(ng.Nam(ng.asset("crunch-wavenet.nam"))),
    "LSTM 1x16": lambda: _model(nets.lstm(16, 1)),
    "resampled LSTM": lambda: _model(nets.lstm(3, 1, rate=44_100)),
    "cabinet": lambda: ng.Graph.chain(ng.Cab(ng.asset("cab.wav"))),
    "effects": _effects,
}
"""What the tests compare: every kind of main kernel."""

COSTS: dict[str, Callable[[], ng.Graph]] = {
    **RACKS,
    "A1 standard": lambda: _model(nets.a1("standard")),
    "A2 full": lambda: _model(nets.a2(8)),
    "LSTM 2x16": lambda: _model(nets.lstm(16, 2)),
    "crunch rack": lambda: ng.load_preset("crunch"),
}
"""What the table of costs has."""

SHIPPED: dict[str, Callable[[], ng.Graph]] = {
    name: partial(ng.load_preset, name) for name in shipped_presets()
}
"""The racks that ship."""
