"""Reads an executor's counters and times into a ``DeviceStats``.  Control threads only."""

from collections.abc import Sequence

from ..native.cpu import nanoseconds_per_cycle
from ..plan.arena import Block
from ..plan.stats import DeviceStats, spread
from .driver.driver import Driver
from .executor_kernels import FALLBACK_REASONS, TRACED

__all__ = ["read_stats"]


def read_stats(
    driver: Driver, record: Block, traces: Sequence[Block], nodes: tuple[str, ...]
) -> DeviceStats:
    """Return the counters of ``record`` (EXECUTOR) and the times in ``traces``, in microseconds.

    ``traces`` are the cycles of uploads, execution and downloads, one int64 a block.
    """
    fields, unit = record.content[0], nanoseconds_per_cycle() * 1e-3
    blocks, reason = int(fields["blocks"]), FALLBACK_REASONS[int(fields["fallback"])]
    upload, execute, download = (spread(t.content[: min(blocks, TRACED)], unit) for t in traces)
    if fields["error_code"] > 0:
        reason += f": {driver.format_error(int(fields['error_code']))}"
    return DeviceStats(
        name=driver.name,
        nodes=nodes,
        fallback_reason=reason,
        since=int(fields["fallback_frame"]),
        misses=int(fields["misses"]),
        blocks=blocks,
        pipelined=bool(fields["pipelined"]),
        upload_us=upload,
        execute_us=execute,
        download_us=download,
    )
