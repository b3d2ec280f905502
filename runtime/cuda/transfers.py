"""Uploads and downloads that a plan can leave out, and dry/wet mixing behind downloads.

Control threads only.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...graph import Op, Schedule
from ..plan.arena import Memory
from ..plan.kernels.dry_wet import allocate_dry_wet_for
from ..plan.rows import MixRow, NodeRow
from .executor_kernels import no_op

__all__ = ["dry_wet_row", "unneeded_transfers"]


def unneeded_transfers(schedule: Schedule) -> dict[Op, tuple[int, int]]:
    """Return uploads and downloads that can be left out, with their host and device buffers.

    The host can write what is uploaded, and read what is downloaded, in the device's pinned
    buffer, if the host's buffer has no other use: no other reader or writer, no input or output.
    """
    found: dict[Op, tuple[int, int]] = {}
    for op in schedule.ops:
        if op.kind == "upload":
            host, device = op.reads[0], op.writes[0]
            users = [o for o in schedule.ops if host in o.reads]
            external = host in schedule.outputs.values()
        elif op.kind == "download":
            host, device = op.writes[0], op.reads[0]
            users = [o for o in schedule.ops if host in o.writes]
            external = host in schedule.inputs.values()
        else:
            continue
        if users == [op] and not external and all(host != other for other, _ in found.values()):
            found[op] = host, device
    return found


def dry_wet_row(
    schedule: Schedule,
    views: Mapping[int, Sequence[Any]],
    nodes: Mapping[Op, NodeRow],
    download: Op,
) -> MixRow | None:
    """Return the row behind a download that mixes its node dry/wet, or ``None`` if it cannot be.

    The mix is on the host, so both the node's input and its output must cross to the host.  The
    dry signal is read from pinned memory where it was uploaded (``views``: buffers there are not
    shared).  If pipelined, the dry signal is delayed by one block, as the downloaded one is.
    """
    wet_buffer = download.reads[0]
    writers = [op for op in schedule.ops if wet_buffer in op.writes]
    readers = [op for op in schedule.ops if wet_buffer in op.reads]
    mixed = nodes.get(writers[0])
    if len(writers) != 1 or len(readers) != 1 or mixed is None or len(mixed.node.outputs) != 1:
        return None
    dry_buffer = writers[0].reads[0]
    if [op.kind for op in schedule.ops if dry_buffer in op.writes] != ["upload"]:
        return None
    memory, dry, spec = Memory(), views[dry_buffer], schedule.spec
    delay = mixed.node.latency(spec) + spec.max_frames * spec.pipelined
    mix = allocate_dry_wet_for(memory, spec, len(views[wet_buffer]), len(dry), delay)
    if mix is None:
        return None
    return MixRow(
        download._replace(node=writers[0].node),
        memory,
        no_op.address,
        mix,
        reads=tuple(dry),
        label=f"<mix {writers[0].node}>",
        dry_wet=mix,
        node=mixed.node,
        code=mixed.code,
    )
