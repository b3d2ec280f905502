"""Models for tests: .nam files of random weights, in any shape."""

from collections.abc import Sequence
from typing import Any

from namgraph.cli.benchmarks.models import A1, a1, array, count, lstm, wavenet, write

__all__ = [
    "A1",
    "A2_DILATIONS",
    "A2_TAPS",
    "a1",
    "a2",
    "array",
    "container",
    "count",
    "lstm",
    "wavenet",
    "write",
]

Json = dict[str, Any]

A2_TAPS = [6] * 14 + [15, 15] + [6] * 7
A2_DILATIONS = [1, 3, 7, 17, 41, 101, 239] * 2 + [1, 13] + [1, 3, 7, 17, 41, 101, 239]


def a2(channels: int, seed: int = 0) -> Json:
    """A network of the second generation: 3 channels (lite) or 8 (full)."""
    leaky = [{"type": "LeakyReLU", "negative_slope": 0.01}] * len(A2_TAPS)
    return wavenet(
        array(channels, A2_DILATIONS, taps=A2_TAPS, activation=leaky, head_taps=16), seed=seed
    )


def container(*models: Json, limits: Sequence[float] = (0.5, 1.0)) -> Json:
    """A container with these models as its sizes."""
    rows = [{"max_value": v, "model": m} for v, m in zip(limits, models, strict=True)]
    return {
        "version": "0.7.0",
        "architecture": "SlimmableContainer",
        "config": {"submodels": rows},
        "weights": [],
        "sample_rate": 48_000,
    }
