"""The time limit of nodes, as fields of a ``PLAN`` record.  Control threads."""

from ...graph.arguments import check_number, check_whole
from ..native.cpu import nanoseconds_per_cycle

__all__ = ["guard_fields"]

LONGEST_S = 3600.0


def guard_fields(
    limit_s: float | None, overruns: int, mute_s: float, sample_rate: float
) -> dict[str, int]:
    """Check the arguments of ``Engine.guard``; return the fields; ``None`` is no limit."""
    cycles = 0
    if limit_s is not None:
        limit_s = check_number("limit_s", limit_s, 0.0, LONGEST_S, "s", above=True)
        cycles = max(1, round(limit_s * 1e9 / nanoseconds_per_cycle()))
    overruns = check_whole("overruns", overruns, 1, 1 << 30)
    mute_s = check_number("mute_s", mute_s, 0.0, LONGEST_S, "s")
    return {
        "cycle_limit": cycles,
        "max_consecutive_overruns": overruns,
        "mute_frames": max(1, round(mute_s * sample_rate)),
    }
