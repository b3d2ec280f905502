"""What a lane has done, for people."""

from collections.abc import Sequence

from ..native.cpu import nanoseconds_per_cycle
from ..plan.arena import Block
from ..plan.stats import DeviceStats, spread
from .driver.driver import Driver
from .executor_kernels import FALLEN, TRACED

__all__ = ["read_stats"]


def read_stats(
    driver: Driver, record: Block, traces: Sequence[Block], nodes: tuple[str, ...]
) -> DeviceStats:
    """Read a lane's record, and the cycles that uploads, execution and downloads took."""
    lane, unit = record.content[0], nanoseconds_per_cycle() * 1e-3
    blocks, why = int(lane["blocks"]), FALLEN[int(lane["fallen"])]
    upload, execute, download = (spread(t.content[: min(blocks, TRACED)] * unit) for t in traces)
    if lane["code"] > 0:
        why += f": {driver.said(int(lane['code']))}"
    return DeviceStats(
        name=driver.name,
        nodes=nodes,
        fallback_reason=why,
        since=int(lane["since"]),
        misses=int(lane["misses"]),
        blocks=blocks,
        pipelined=bool(lane["pipelined"]),
        upload_us=upload,
        execute_us=execute,
        download_us=download,
    )
