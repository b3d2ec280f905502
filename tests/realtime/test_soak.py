"""Half an hour of audio (two minutes unless asked for more): memory flat, figures exact, no drift.

NAMGRAPH_SOAK_S=1800 pytest tests/realtime/test_soak.py
"""

import mmap
import os
import time

import numpy as np
import pytest

from namgraph.nodes.time.delay import Delay
from namgraph.nodes.utility.gain import Gain
from namgraph.runtime.adapters.live.null import NullStream

from .live_racks import branches, chain, make

RATE = 48_000
SECONDS = float(os.environ.get("NAMGRAPH_SOAK_S", "120"))
ROUNDS = 8
FLAT_KB = 4_096


def resident_kb() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def test_memory_is_flat_and_counters_are_exact() -> None:
    """The graph is swapped, stored and recalled all the while, as in a long evening."""
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("this system has no /proc to read memory from")
    rack = branches(count=make("count"), amp=Gain(), check=Gain())
    x = np.sin(np.arange(480) * 2 * np.pi / 480).astype(np.float32)
    seconds = SECONDS / ROUNDS
    stream = NullStream(rack, 64, source=x, realtime=False, seconds=seconds)
    blocks, memory = round(seconds * RATE / 64), []
    for k in range(1, ROUNDS + 1):
        stream.clock["limit"] = k * blocks
        stream.start()
        while stream.state == "playing":
            stream.store("ABCDEF"[k % 6])
            stream.set("amp.gain_db", -float(k))
            stream.swap(branches(count=make("count"), amp=Gain(gain_db=-1.0), check=Gain()))
            stream.recall("ABCDEF"[k % 6])
            stream.stats()
            time.sleep(0.002)
        stream.stop()
        memory.append(resident_kb())
    stats = stream.stats()
    assert (stats.blocks, stats.frames) == (ROUNDS * blocks, 64 * ROUNDS * blocks)
    assert stream.frame == stats.frames
    assert stats.lost == stats.faults == stats.xruns == stats.bad_inputs == stats.bad_outputs == 0
    assert {n.calls for n in stats.nodes if n.name in ("count", "check")} == {stats.blocks}
    assert memory[-1] - memory[ROUNDS // 2] < FLAT_KB, memory
    kept = np.frombuffer(mmap.mmap(-1, 64 << 20), np.uint8)  # not from memory freed before
    kept[:] = 1
    assert resident_kb() - memory[-1] > FLAT_KB, "the check would notice 64 MB"
    del kept


def test_a_count_kept_inside_agrees_with_the_clock_outside() -> None:
    """No frame is dropped or played twice, whatever the block; the tail is where it belongs."""
    frames = round(min(SECONDS, 120.0) / 4 * RATE) // 1024 * 1024
    for block in (16, 64, 1000):
        stream = NullStream(
            chain(("count", make("count"))), block, realtime=False, seconds=frames / RATE,
            record=frames,
        )  # fmt: skip
        with stream:
            assert stream.wait(120)
        y = stream.recorded[0]
        assert abs(len(y) - frames) <= block
        np.testing.assert_array_equal(y, 1 + np.arange(len(y)) % (1 << 23))


def test_real_time_does_not_drift() -> None:
    """Blocks played and blocks lost add up to the time that has passed, to a block or two."""
    stream = NullStream(chain(("echo", Delay())), 64)
    with stream:
        while not stream.clock["done"][0]:
            time.sleep(0.001)
        start, begun = stream.clock["done"][0] + stream.lost, time.monotonic()
        time.sleep(2.0)
        before = time.monotonic()
        blocks = int(stream.clock["done"][0] + stream.lost - start)
        after = time.monotonic()
    low, high = ((t - begun) * RATE / 64 for t in (before, after))
    # A clock that naps is late by what the system makes of a nap, never early.
    assert blocks <= high + 2
    assert blocks >= low - 0.5 * RATE / 64
