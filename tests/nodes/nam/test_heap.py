"""No network touches the heap: counted in place of malloc, in a process of its own."""

from pathlib import Path

from ...realtime.heap_counter import heap_counts


def test_nothing_is_allocated(tmp_path: Path) -> None:
    """In networks of every shape, while their knobs turn (sizes are switched)."""
    counts = heap_counts(tmp_path, "node_heap.py", "networks")
    assert counts.pop("positive control") >= 2, "the counter sees a kernel that allocates"
    assert counts == dict.fromkeys(counts, 0)
    assert len(counts) >= 8
