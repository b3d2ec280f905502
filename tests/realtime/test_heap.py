"""No heap call on the audio thread: counted in place of malloc, in processes of their own.

A kernel that could allocate is refused: tests/runtime/native/test_kernel_refused.py.
"""

import pytest

from namgraph import nodes
from namgraph.graph import node_types
from namgraph.presets.bundled import shipped_presets

from .heap_counter import heap_counts


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Heap calls of the shipped racks, counted in a process of its own under LD_PRELOAD."""
    return heap_counts(tmp_path_factory.mktemp("heap"), "heap_worker.py", *shipped_presets())


def test_the_native_path_never_touches_the_heap(counts: dict[str, int]) -> None:
    control = counts.pop("positive control")
    assert counts.pop("control in Python") >= 2_000, "an array for each block"
    assert counts == dict.fromkeys(counts, 0), "messages left: all were read while it counted"
    assert len(counts) >= 5 * (len(shipped_presets()) + 1) + 10, "one rack on two threads, too"
    assert control >= 2_000, "the counter sees a kernel that allocates in every block"


@pytest.fixture(scope="module")
def node_counts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Heap calls of every node alone."""
    return heap_counts(tmp_path_factory.mktemp("nodes"), "node_heap.py", "nodes")


def test_no_node_touches_the_heap(node_counts: dict[str, int]) -> None:
    control = node_counts.pop("positive control")
    assert control >= 2, "the counter sees a kernel that allocates"
    ours = {
        name
        for name, cls in node_types().items()
        if cls.__module__.startswith(nodes.__name__) and not getattr(cls, "offline_only", "")
    }
    assert {name.split()[0] for name in node_counts} == ours, "every type of node was counted"
    assert node_counts == dict.fromkeys(node_counts, 0)
