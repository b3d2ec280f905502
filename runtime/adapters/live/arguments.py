"""What streams take as arguments: each function returns the value, or raises a ``ParamError``."""

from ....graph import ParamError
from ....graph.arguments import as_number, check_number, check_whole, said

__all__ = ["check_block", "check_latency", "check_node_share"]

SMALLEST, LARGEST = 16, 8192
"""Frames of a block; slow cards and Bluetooth need thousands."""
WORDS = ("low", "high")
LONGEST_LATENCY_S = 10.0


def check_block(blocksize: int, name: str = "blocksize") -> int:
    """Return a count of frames.

    0, which tells PortAudio to choose and to change its choice, is refused: the deadline of a
    block, the time a node may take and a GPU's latency are counted in blocks of one length.
    """
    return check_whole(name, blocksize, SMALLEST, LARGEST)


def check_node_share(share: float) -> float:
    """Return the share of a block's time that one node may take for long."""
    return check_number("node_share", share, 0.0, 100.0, above=True)


def check_latency(latency: float | str) -> float | str:
    """Return a latency as PortAudio takes it: a word, or seconds."""
    if isinstance(latency, str) and latency in WORDS:
        return latency
    seconds = None if isinstance(latency, str) else as_number(latency)
    if seconds is None or not 0.0 <= seconds <= LONGEST_LATENCY_S:
        raise ParamError(
            f'latency is {said(latency)}: must be "low", "high", or seconds in '
            f"[0, {LONGEST_LATENCY_S:g}]"
        )
    return seconds
