"""A failing node is muted alone on its branch, counted, reported and restored."""

import time

import numpy as np
import pytest

from namgraph.graph import ParamError
from namgraph.nodes.utility.gain import Gain
from namgraph.runtime import Engine
from namgraph.runtime.adapters.live.null import NullStream

from .live_racks import branches, chain, make
from .test_null import noise

RATE = 48_000


def by_name(stream: NullStream) -> dict[str, object]:
    return {n.name: n for n in stream.stats().nodes}


def report_xrun(stream: NullStream, flags: int) -> None:
    """Set the driver's status flags until the stream has counted them once.

    The audio thread reads and clears the flags without a lock, so a write between the two is lost.
    """
    before = stream.stats().xruns
    while stream.stats().xruns == before:
        stream.clock["flags"] = flags
        start = stream.stats().blocks
        while stream.stats().blocks < start + 2:
            time.sleep(0.0005)


def test_a_node_that_goes_non_finite_is_muted_alone_counted_and_comes_back() -> None:
    x = noise(48_000)
    graph = branches(bad=make("break"), good=Gain())
    stream = NullStream(graph, 64, realtime=False, seconds=1, source=x, record=48_000)
    stream.set("bad.us", 0.0, at=9_600)
    stream.set("bad.us", 2.0, at=19_200)
    with stream:
        assert stream.wait(30)
    bad, good = stream.recorded
    np.testing.assert_array_equal(good, x)
    np.testing.assert_array_equal(bad[:9_600], x[:9_600])
    assert not bad[9_600:19_200].any()
    np.testing.assert_array_equal(bad[19_200:], x[19_200:] / 2)
    stats = stream.stats()
    assert stats.faults == 150
    assert {n.name: n.faults for n in stats.nodes if n.faults} == {"bad": 150}


def test_a_node_that_overruns_its_limit_is_muted_and_restored() -> None:
    """A parameter sets how long the node takes."""
    e = Engine(branches(slow=make("spin", us=0.0), good=Gain()), sample_rate=RATE, max_frames=64)
    e.guard(0.002, overruns=4, mute_s=0.1)
    x, found = noise(64), []
    e.set("slow.us", 6_000.0)
    for k in range(100):
        y = e.process({"in": x})
        np.testing.assert_array_equal(y["good_out"][0], x, "the other branch plays on")
        found.append(bool(y["slow_out"].any()))
        if k == 10:
            resting = {n.name: n.resting for n in e.stats().nodes}
            e.set("slow.us", 0.0)
    assert found.index(False) == 3, "muted at the fourth late block"
    muted = found[3 : found.index(True, 3)]
    assert len(muted) == 1 + 75, "the block that was muted, and a tenth of a second"
    assert all(found[3 + len(muted) :]), "restored, and well behaved since"
    assert (resting["slow"], resting["good"]) == (True, False)
    assert {n.name: n.overruns for n in e.stats().nodes if n.overruns} == {"slow": 1}


def test_a_node_that_is_late_now_and_then_is_left_alone() -> None:
    e = Engine(chain(("slow", make("spin"))), sample_rate=RATE, max_frames=64)
    e.guard(0.050, overruns=4)
    for k in range(30):
        e.set("slow.us", 60_000.0 if k % 3 == 0 else 0.0)
        assert e.process(noise(64)).any()
    assert not any(n.overruns for n in e.stats().nodes)


def test_a_muted_node_can_be_bypassed() -> None:
    e = Engine(chain(("slow", make("spin", us=6_000.0))), sample_rate=RATE, max_frames=64)
    e.guard(0.002, overruns=2, mute_s=1.0)
    x = noise(64)
    for _ in range(4):
        e.process(x)
    assert not e.process(x).any()
    e.bypass("slow")
    for _ in range(200):
        y = e.process(x)
    np.testing.assert_array_equal(y, x)


def test_late_blocks_are_blamed_on_the_node_that_ran_long() -> None:
    graph = chain(("first", Gain()), ("long", make("spin")), ("last", Gain()))
    stream = NullStream(graph, 64, realtime=False, node_share=None)
    with stream:
        for k in range(20):
            stream.set("long.us", 3_000.0)
            before = stream.stats().blocks
            while stream.stats().blocks == before:
                time.sleep(0.0005)
            if k == 10:
                report_xrun(stream, 4)  # an underflow
            stream.set("long.us", 0.0)
            stream.get("long.us")
    stats = stream.stats()
    nodes = by_name(stream)
    assert stats.late >= 20
    assert nodes["long"].late >= 20  # type: ignore[attr-defined]
    assert nodes["long"].late >= 0.8 * (stats.late - stats.late_outside)  # type: ignore[attr-defined]
    assert stats.blamed["long"] >= 20
    assert stats.xruns == 1
    assert nodes["long"].max_us >= 3_000.0  # type: ignore[attr-defined]
    assert nodes["long"].p50_us < 3_000.0  # type: ignore[attr-defined]


def test_a_rack_that_is_too_heavy_as_a_whole_blames_its_heaviest_node() -> None:
    graph = chain(("light", make("spin", us=900.0)), ("heavy", make("spin", us=1_100.0)))
    stream = NullStream(graph, 64, realtime=False, seconds=0.4, node_share=None)
    with stream:
        assert stream.wait(30)
    stats = stream.stats()
    assert stats.late == stats.blocks
    assert max(stats.blamed, key=lambda name: stats.blamed[name]) == "heavy"


def test_an_xrun_long_after_a_late_block_counts_as_outside() -> None:
    stream = NullStream(
        chain(("long", make("spin", us=3_000.0))), 64, realtime=False, node_share=None
    )
    with stream:
        while stream.stats().late < 1:
            time.sleep(0.001)
        stream.set("long.us", 0.0)
        stream.get("long.us")
        start = stream.stats().blocks
        while stream.stats().blocks < start + 20:
            time.sleep(0.001)
        quiet = stream.stats()
        report_xrun(stream, 2)
    stats = stream.stats()
    assert stats.xruns == 1
    if quiet.late == stats.late:  # else the system took its time from a block just before
        assert stats.xruns_outside == 1


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), 1e9])
def test_invalid_node_shares_are_refused(bad: float) -> None:
    with pytest.raises(ParamError, match="node_share"):
        NullStream(chain(("a", Gain())), node_share=bad)
