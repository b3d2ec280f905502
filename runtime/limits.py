"""How much memory one file or one graph may ask for: every limit, and how a size is spelled.

Each is checked before memory is allocated, and stands in the error that refuses what is beyond it.
"""

__all__ = ["MAX_AUDIO_SAMPLES", "MAX_GRAPH_BYTES", "spelled_bytes"]

MAX_AUDIO_SAMPLES = 1 << 31
"""Samples (frames times channels) of one audio file in memory: 8 GiB as float32, which is 12 hours
of mono at 48 kHz."""
MAX_GRAPH_BYTES = 4 << 30
"""Bytes that the arena of one graph may have: states (which are kept twice), tables, buffers."""


def spelled_bytes(count: int) -> str:
    """Return a size for people: ``1.5 GiB``, ``2.0 MiB``, ``17 bytes``."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
