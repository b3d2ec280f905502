"""A node on the device beside its input: mixed on the host, where both its ends are the host's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...graph import Op, Schedule
from ..plan.arena import Memory
from ..plan.dry_wet import allocate_dry_wet_for
from ..plan.rows import MixRow, NodeRow
from .executor_kernels import idle

__all__ = ["mix_row"]


def mix_row(
    plan: Schedule, views: Mapping[int, Sequence[Any]], nodes: Mapping[Op, NodeRow], download: Op
) -> MixRow | None:
    """Return the row behind a download that mixes its node, or ``None`` if it cannot be.

    The input lies in pinned memory as it was uploaded (``views``: no buffer there is shared), and
    what the device makes of it is nobody else's.  In a pipelined lane the input waits as long as
    what comes back is late.
    """
    there = download.reads[0]
    made = [op for op in plan.ops if there in op.writes]
    read = [op for op in plan.ops if there in op.reads]
    mixed = nodes.get(made[0])
    if len(made) != 1 or len(read) != 1 or mixed is None or len(mixed.node.outputs) != 1:
        return None
    source = made[0].reads[0]
    if [op.kind for op in plan.ops if source in op.writes] != ["upload"]:
        return None
    memory, dry, spec = Memory(), views[source], plan.spec
    late = mixed.node.latency(spec) + spec.max_frames * spec.pipelined
    share = allocate_dry_wet_for(memory, spec, len(views[there]), len(dry), late)
    if share is None:
        return None
    return MixRow(
        replace(download, node=made[0].node),
        memory,
        idle.address,
        share,
        reads=tuple(dry),
        label=f"<mix {made[0].node}>",
        node=mixed.node,
        code=mixed.code,
    )
