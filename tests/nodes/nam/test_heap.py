"""No network allocates on the heap: malloc is counted in a process of its own."""

from pathlib import Path

from ...realtime.heap_counter import heap_counts


def test_nothing_is_allocated(tmp_path: Path) -> None:
    """Networks of every shape, while parameters and sizes change."""
    counts = heap_counts(tmp_path, "node_heap.py", "networks")
    assert counts.pop("positive control") >= 2, "the counter sees a kernel that allocates"
    assert counts == dict.fromkeys(counts, 0)
    assert len(counts) >= 8
