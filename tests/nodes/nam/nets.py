"""Models for tests: .nam files of random weights, in any shape."""

from collections.abc import Sequence
from typing import Any

from namgraph.cli.benchmarks.models import (
    A1,
    A2_DILATIONS,
    A2_TAPS,
    a1,
    a2,
    array,
    count,
    lstm,
    wavenet,
    write,
)

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
