"""Copies of a memory in another arena: content, addresses, regions, and what is refused."""

import gc
import weakref

import numpy as np
import pytest

import namgraph as ng
from namgraph.runtime.plan.arena import Arena, Block, Memory

from ..racks import noise

NODE = np.dtype(
    [("gain", np.float64), ("ring", np.int64), ("table", np.int64), ("middle", np.int64)]
)


def filled() -> tuple[Memory, Block]:
    memory = Memory()
    table = memory.constant(np.arange(40, dtype=np.float32))
    memory.pointers([table, table[8]])
    ring = memory.state(50)
    memory.scratch(7)
    record = memory.record(NODE, gain=1.5, ring=ring, table=table, middle=table[12])
    return memory, record


def words(arena: Arena, address: int, count: int) -> list[int]:
    found: list[int] = arena.bytes_at(address, 8 * count).view(np.int64).tolist()
    return found


def require_linked(arena: Arena, record: Block) -> None:
    """Check that what the record refers to lies in the arena, with the content given."""
    ring, table, middle = (int(record.content[name][0]) for name in ("ring", "table", "middle"))
    assert arena.state_address <= ring < arena.initial_address
    assert middle == table + 12
    np.testing.assert_array_equal(arena.bytes_at(table, 160).view(np.float32), np.arange(40))
    pointers = table + 192  # the next block, at a multiple of 64 bytes
    assert words(arena, pointers, 2) == [table, table + 8]


def test_a_copy_has_the_initial_content_and_addresses_of_its_own() -> None:
    memory, record = filled()
    first = Arena([Memory(), memory])
    first.initial[:] = first.state
    record.content["gain"] = 7.0  # the state moves on
    copy = memory.copy(first)
    moved = copy.counterpart(record)
    before = Memory()
    before.state(1000)
    before.constant(np.ones(333))
    second = Arena([before, copy])
    require_linked(second, moved)
    assert moved.content["gain"][0] == 1.5
    assert moved.place("gain") == moved.address
    assert (copy.nbytes, copy.sizes()) == (memory.nbytes, memory.sizes())
    assert second.ranges[1] == (second.ranges[0][1], first.ranges[1][1])


def test_a_copy_of_a_copy_is_linked_too() -> None:
    memory, record = filled()
    arena = Arena([memory])
    for _ in range(3):
        arena.initial[:] = arena.state
        memory = memory.copy(arena)
        record = memory.counterpart(record)
        arena = Arena([Memory(), filled()[0], memory])
        require_linked(arena, record)


def test_addresses_in_state_are_listed_for_the_audio_thread() -> None:
    memory, record = filled()
    first = Arena([memory])
    copy = memory.copy(first)
    moved = copy.counterpart(record)
    second = Arena([Memory(), copy])
    for arena, number, of in ((first, 0, record), (second, 1, moved)):
        places = {of.place(name): int(of.content[name][0]) for name in ("ring", "table", "middle")}
        assert dict(arena.relocations[number].tolist()) == places
    assert len(second.relocations[0]) == 0


def test_a_memory_that_refers_to_another_cannot_be_copied() -> None:
    other, memory = Memory(), Memory()
    memory.pointers([other.state(4)])
    arena = Arena([other, memory])
    other.copy(arena)
    with pytest.raises(ValueError, match="refers to another one"):
        memory.copy(arena)


def test_a_copied_block_has_no_content_before_it_is_laid_out() -> None:
    memory, record = filled()
    first = Arena([memory])
    first.initial[:] = first.state
    copy = memory.copy(first)
    moved = copy.counterpart(record)
    assert (moved.dtype, moved.shape) == (record.dtype, record.shape)
    with pytest.raises(ValueError, match="until its arena is laid out"):
        _ = moved.content
    second = Arena([copy])
    assert moved.content["gain"][0] == 1.5
    assert moved.content["ring"][0] != record.content["ring"][0]
    assert np.shares_memory(moved.content, second.state)


def test_a_copy_does_not_keep_the_memory_before() -> None:
    graphs = [ng.Graph.chain(ng.Gain(), ng.Delay()), ng.Graph.chain(ng.Gain(), ng.Delay())]
    engine = ng.Engine(graphs[0], sample_rate=48_000, max_frames=64, fade_s=0.0)
    first = weakref.ref(engine.plan.arena)
    for k in range(3):
        engine.swap(graphs[k % 2])
        engine.process(noise(64))
    gc.collect()
    assert first() is None
