"""What streams take as arguments: each function returns the value, or raises a ``ParamError``."""

import math
import numbers
from typing import Any

import numpy as np

from ...graph import Graph, ParamError

__all__ = ["check_block", "check_graph", "check_latency", "check_node_share", "number_in"]

SMALLEST, LARGEST = 16, 8192
"""Frames of a block; slow cards and Bluetooth need thousands."""
WORDS = ("low", "high")
LONGEST_LATENCY_S = 10.0


def check_graph(graph: Graph) -> Graph:
    """Return a graph."""
    if not isinstance(graph, Graph):
        raise ParamError(
            f"graph is {_shown(graph)}: must be a namgraph.Graph (load_preset returns one)"
        )
    return graph


def check_block(blocksize: int, name: str = "blocksize") -> int:
    """Return a count of frames.

    0, which tells PortAudio to choose and to change its choice, is refused: the deadline of a
    block, the time a node may take and a GPU's latency are counted in blocks of one length.
    """
    if not isinstance(blocksize, int | np.integer) or isinstance(blocksize, bool):
        raise ParamError(
            f"{name} is {_shown(blocksize)}: must be an int in [{SMALLEST}, {LARGEST}]"
        )
    if not SMALLEST <= blocksize <= LARGEST:
        raise ParamError(f"{name} is {blocksize}: must lie in [{SMALLEST}, {LARGEST}]")
    return int(blocksize)


def check_node_share(share: float) -> float:
    """Return the share of a block's time that one node may take for long."""
    if not _is_number(share) or not 0.0 < share <= 100.0:
        raise ParamError(f"node_share is {_shown(share)}: must lie in (0, 100], or None")
    return float(share)


def check_latency(latency: float | str) -> float | str:
    """Return a latency as PortAudio takes it: a word, or seconds."""
    if isinstance(latency, str) and latency in WORDS:
        return latency
    if not _is_number(latency) or not 0.0 <= float(latency) <= LONGEST_LATENCY_S:
        raise ParamError(
            f'latency is {_shown(latency)}: must be "low", "high", or seconds in '
            f"[0, {LONGEST_LATENCY_S:g}]"
        )
    return float(latency)


def number_in(name: str, value: float, low: float, high: float, unit: str = "") -> float:
    """Return a finite real number that lies in ``[low, high]``."""
    if not _is_number(value) or not low <= value <= high:
        raise ParamError(f"{name} is {_shown(value)}{unit}: must lie in [{low:.15g}, {high:.15g}]")
    return float(value)


def _is_number(value: Any) -> bool:
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return real and math.isfinite(value)


def _shown(value: object) -> str:
    return f"{value!r:.60}"
