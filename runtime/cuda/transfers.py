"""Which uploads and downloads are needless, because the host can use the device's own buffer."""

from ...graph import Op, Schedule

__all__ = ["needless"]


def needless(plan: Schedule) -> dict[Op, tuple[int, int]]:
    """Return uploads and downloads that need not be: of each, the host's buffer and the device's.

    The host may write what is uploaded, and read what is downloaded, where it lies for the device,
    if no other value has the same buffer: before or after, or in another branch.
    """
    found: dict[Op, tuple[int, int]] = {}
    for op in plan.ops:
        if op.kind == "upload":
            host, there = op.reads[0], op.writes[0]
            used = [o for o in plan.ops if host in o.reads]
            taken = host in plan.outputs.values()
        elif op.kind == "download":
            host, there = op.writes[0], op.reads[0]
            used = [o for o in plan.ops if host in o.writes]
            taken = host in plan.inputs.values()
        else:
            continue
        if used == [op] and not taken and all(host != other for other, _ in found.values()):
            found[op] = host, there
    return found
