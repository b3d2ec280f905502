"""The arena: layout, alignment, links, regions, and refused fields."""

import itertools

import numpy as np
import pytest

from namgraph.runtime.plan.arena import ALIGN, Arena, Memory

PAIR = np.dtype([("value", np.float64), ("place", np.int64)])


def test_blocks_keep_their_content_and_are_linked() -> None:
    memory = Memory()
    table = memory.constant(np.arange(5, dtype=np.float32))
    ring = memory.state((2, 7))
    record = memory.record(PAIR, value=1.5, place=ring)
    middle = memory.record(PAIR, place=table[8])
    arena = Arena([memory])
    assert record.content["value"][0] == 1.5
    assert record.content["place"][0] == ring.address
    assert middle.content["place"][0] == table.address + 8
    np.testing.assert_array_equal(table.content, np.arange(5))
    for block in memory.blocks:
        assert block.address % ALIGN == 0
        assert arena.bytes_at(block.address, block.nbytes).nbytes == block.nbytes


def test_state_is_contiguous_memory_after_memory() -> None:
    first, second = Memory(), Memory()
    blocks = [first.state(3), first.constant([1.0]), second.record(PAIR), second.scratch(9)]
    arena = Arena([first, second])
    (a, size_a), (b, size_b) = arena.ranges
    assert (a, b) == (0, size_a)
    assert arena.state_bytes == size_a + size_b == 2 * ALIGN
    inside = [
        arena.state_address <= k.address < arena.state_address + arena.state_bytes for k in blocks
    ]
    assert inside == [True, False, True, False]


def test_no_two_blocks_overlap() -> None:
    memory = Memory()
    rng = np.random.default_rng(0)
    for size in rng.integers(1, 300, 60):
        [memory.state, memory.scratch][size % 2](int(size), np.uint8)
    Arena([memory])
    spans = sorted((b.address, b.address + b.nbytes) for b in memory.blocks)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))


def test_an_address_in_an_unaligned_field_is_refused() -> None:
    memory = Memory()
    crooked = np.dtype([("flag", np.int8), ("place", np.int64)])
    with pytest.raises(TypeError, match=r"'place' .* multiple of 8 bytes, not at 1: put it before"):
        memory.record(crooked, place=memory.state(1))
    rows = [{"place": memory.state(1)}] * 2  # the first lies well, the second does not
    memory.records(np.dtype([("place", np.int64), ("flag", np.int8)]), rows)
    with pytest.raises(ValueError, match="multiple of 8"):
        Arena([memory])


@pytest.mark.parametrize("kind", [np.int32, np.float64])
def test_an_address_in_a_field_of_another_type_is_refused(kind: type) -> None:
    memory = Memory()
    with pytest.raises(TypeError, match=rf"'place' .* must be an int64, not {np.dtype(kind)}"):
        memory.record(np.dtype([("place", kind)]), place=memory.state(1))


def test_an_unknown_field_is_refused_by_name() -> None:
    memory = Memory()
    with pytest.raises(TypeError, match="no field 'depht': its dtype has depth, rate"):
        memory.record(np.dtype([("depth", np.float64), ("rate", np.int64)]), depht=1.0)
