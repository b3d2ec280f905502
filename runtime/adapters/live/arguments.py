"""Checks of the arguments of streams: return the checked value, or raise ``ParamError``."""

from ....graph import ParamError
from ....graph.arguments import as_number, check_number, check_whole, format_value

__all__ = ["check_block", "check_latency", "check_node_share"]

MIN_BLOCK, MAX_BLOCK = 16, 8192
"""Allowed block sizes in frames; slow cards and Bluetooth need thousands."""
LATENCY_NAMES = ("low", "high")
LONGEST_LATENCY_S = 10.0


def check_block(blocksize: int, name: str = "blocksize") -> int:
    """Return a block size in frames.

    0, with which PortAudio chooses a size for each block, is refused: the deadline of a block, the
    limit of a node's time and a GPU's latency need blocks of one length.
    """
    return check_whole(name, blocksize, MIN_BLOCK, MAX_BLOCK)


def check_node_share(share: float) -> float:
    """Return the share of a block's duration that one node may take, above 0."""
    return check_number("node_share", share, 0.0, 100.0, above=True)


def check_latency(latency: float | str) -> float | str:
    """Return a latency for PortAudio: "low", "high", or seconds."""
    if isinstance(latency, str) and latency in LATENCY_NAMES:
        return latency
    seconds = None if isinstance(latency, str) else as_number(latency)
    if seconds is None or not 0.0 <= seconds <= LONGEST_LATENCY_S:
        raise ParamError(
            f'latency is {format_value(latency)}: must be "low", "high", or seconds in '
            f"[0, {LONGEST_LATENCY_S:g}]"
        )
    return seconds
