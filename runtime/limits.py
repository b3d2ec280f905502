"""Limits of the memory of audio files and graphs, and of threads; the text form of a size.

Each limit of memory is checked before it is allocated, and the error names it.
"""

from ..graph.arguments import check_whole

__all__ = ["MAX_AUDIO_SAMPLES", "MAX_GRAPH_BYTES", "MOST_THREADS", "check_threads", "format_bytes"]

MAX_AUDIO_SAMPLES = 1 << 31
"""Samples (frames times channels) of one audio file in memory: 8 GiB as float32, 12 hours of mono
at 48 kHz."""
MAX_GRAPH_BYTES = 4 << 30
"""Bytes of the arena of one graph: state (stored twice), tables, buffers."""

MOST_THREADS = 256


def check_threads(threads: int | None, name: str = "threads") -> int | None:
    """Return a number of threads, or ``None``, checked; ``name`` is for the message."""
    return None if threads is None else check_whole(name, threads, 1, MOST_THREADS)


def format_bytes(count: int) -> str:
    """Return a size as text: ``1.5 GiB``, ``2.0 MiB``, ``17 bytes``."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
