"""The null stream: a clock calls the callback that a sound card calls."""

import ctypes
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from namgraph.graph import EngineError, Graph, GraphWarning, ParamError, PortError
from namgraph.nodes import EnvelopeFollower, Lfo
from namgraph.nodes.time.delay import Delay
from namgraph.nodes.utility.gain import Gain
from namgraph.runtime import automated, render
from namgraph.runtime.adapters.live.null import NullStream

from .live_racks import branches, chain, checking, make

RATE = 48_000


def noise(frames: int, channels: int | None = None, seed: int = 0) -> np.ndarray:
    shape = (frames,) if channels is None else (channels, frames)
    return np.random.default_rng(seed).uniform(-0.5, 0.5, shape).astype(np.float32)


def echoes() -> Graph:
    return chain(("amp", Gain(gain_db=-3.0)), ("delay", Delay(time_ms=7.3)))


def played(graph: Graph, x: np.ndarray, block: int = 64, **how: Any) -> np.ndarray:
    """Return the output of a null stream for a signal, as fast as it can."""
    frames = x.shape[-1]
    stream = NullStream(
        graph, block, realtime=False, seconds=frames / RATE, source=x, record=frames, **how
    )
    with stream:
        assert stream.wait(30)
    return stream.recorded


@pytest.mark.parametrize("block", [16, 64, 100, 1024, 5120])
def test_a_stream_plays_the_same_bits_as_render(block: int) -> None:
    x = noise(3 * 8192)  # whole blocks of the longest: seconds are rounded to blocks
    expected = render(echoes(), x, RATE, tail=False, block=512)
    np.testing.assert_array_equal(played(echoes(), x, block)[0], expected)


@pytest.mark.parametrize("block", [16, 64, 100, 1024])
def test_control_signals_and_automation_play_the_same_bits_as_render(block: int) -> None:
    graph = echoes()
    graph.add("lfo", Lfo(rate_hz=9.0))
    graph.connect("lfo", "delay.mix", 0.5)
    graph.add("touch", EnvelopeFollower())
    graph.connect("in", "touch")
    graph.connect("touch", "amp.gain_db", -0.2)
    made = automated(graph, {"delay.feedback": [(0.0, 0.0), (0.4, 0.9)]})
    x = noise(3 * 8192)
    expected = render(made, x, RATE, tail=False, block=512)
    np.testing.assert_array_equal(played(made, x, block)[0], expected)


def test_changes_land_on_their_frame_as_in_a_render() -> None:
    x = noise(12_800)
    stream = NullStream(
        echoes(), 64, realtime=False, seconds=12_800 / RATE, source=x, record=12_800
    )
    for at, level in ((100, -20.0), (1_001, 6.0)):
        stream.set("amp.gain_db", level, at=at)
    with stream:
        assert stream.wait(30)
    changes = [(100, "amp.gain_db", -20.0), (1_001, "amp.gain_db", 6.0)]
    expected = render(echoes(), x, RATE, tail=False, changes=changes)
    np.testing.assert_array_equal(stream.recorded[0], expected)


def test_the_source_repeats_and_none_is_silence() -> None:
    graph = chain(("amp", Gain()))
    x = noise(1_000)
    stream = NullStream(graph, 64, realtime=False, seconds=0.1, source=x, record=4_000)
    with stream:
        stream.wait(30)
    np.testing.assert_array_equal(stream.recorded[0], np.tile(x, 4))
    stream = NullStream(graph, 64, realtime=False, seconds=0.1, record=4_000)
    with stream:
        stream.wait(30)
    assert stream.recorded.shape == (1, 4_000)
    assert not stream.recorded.any()


@pytest.mark.parametrize(
    ("outputs", "heard"),
    [(None, [0]), ((1, 2), [0, 0]), ((3,), [None, None, 0]), ((2, 1), [0, 0])],
)
def test_a_mono_graph_plays_on_the_channels_of_the_map(
    outputs: Sequence[int] | None, heard: list[int | None]
) -> None:
    x = noise(6_400)
    y = played(chain(("amp", Gain())), x, outputs=outputs)
    assert len(y) == len(heard)
    for channel, source in zip(y, heard, strict=True):
        np.testing.assert_array_equal(channel, np.zeros_like(x) if source is None else x)


def test_channels_of_the_device_go_to_the_inputs_they_are_mapped_to() -> None:
    graph = Graph()
    for name in ("left", "right"):
        graph.input(name, channels=1) >> graph.output(f"{name}_out", channels=1)
    x = noise(6_400, 4)
    np.testing.assert_array_equal(played(graph, x, inputs=(4, 2), outputs=(2, 1)), x[[1, 3]])


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"inputs": (1, 2)}, "must name 1 channels"),
        ({"inputs": (0,)}, "counted from 1"),
        ({"outputs": (1, 1)}, "different"),
        ({"outputs": ("left",)}, "counted from 1"),
    ],
)
def test_maps_that_do_not_fit_are_refused(how: dict[str, Any], says: str) -> None:
    with pytest.raises(PortError, match=says):
        NullStream(chain(("amp", Gain())), **how)


@pytest.mark.parametrize("block", [0, 15, 8193, 64.5, True])
def test_block_sizes_out_of_range_are_refused(block: int) -> None:
    with pytest.raises(ParamError, match=r"\[16, 8192\]"):
        NullStream(chain(("amp", Gain())), block)


def test_a_graph_may_have_only_inputs_or_only_outputs() -> None:
    stream = NullStream(checking(), 64, realtime=False, seconds=0.1, source=np.ones(64, np.float32))
    with stream:
        stream.wait(30)
    assert stream.out_width == 0
    assert stream.get("check.seen") > 0
    graph = Graph()
    graph.add("count", make("count")) >> graph.output("out", channels=1)
    with pytest.warns(GraphWarning, match="count gets no input"):  # it needs none
        stream = NullStream(graph, 64, realtime=False, seconds=0.1, record=640)
    with stream:
        stream.wait(30)
    np.testing.assert_array_equal(stream.recorded[0], np.arange(1, 641))


def test_a_stream_stops_starts_again_and_closes_for_good() -> None:
    stream = NullStream(chain(("count", make("count"))), 64, record=1 << 16)
    assert stream.state == "stopped"
    with stream:
        while stream.frame < 640:
            time.sleep(0.001)
        stream.stop()
        assert stream.state == "stopped"
        stopped = stream.frame
        assert stream.start().state == "playing"
        while stream.frame < stopped + 640:
            time.sleep(0.001)
    stream.close()
    assert stream.stats().state == "closed"
    np.testing.assert_array_equal(
        stream.recorded[0], np.arange(1, 1 + len(stream.recorded[0])), "nothing was lost between"
    )
    with pytest.raises(EngineError, match="closed"):
        stream.start()
    with pytest.raises(EngineError, match="closed"):
        stream.set("count.x", 0)
    assert stream.stats().state == "closed"


def test_two_streams_in_one_process_are_independent() -> None:
    x = noise(6_400)
    streams = [
        NullStream(chain(("amp", Gain())), 64, source=s * x, seconds=0.1, record=4_800)
        for s in (1.0, -1.0)
    ]
    with streams[0], streams[1]:
        assert all(s.wait(30) for s in streams)
    np.testing.assert_array_equal(streams[0].recorded, -streams[1].recorded)
    assert streams[0].recorded.any()


def test_real_time_is_not_faster_than_real() -> None:
    begun = time.monotonic()
    with NullStream(chain(("amp", Gain())), 64, seconds=0.25) as stream:
        assert stream.wait(30)
    assert time.monotonic() - begun > 0.24
    assert stream.stats().blocks == round(0.25 * RATE / 64)


def test_blocks_that_come_too_late_are_lost_and_counted() -> None:
    graph = chain(("slow", make("spin", us=10_000.0)))
    with NullStream(graph, 64, seconds=0.1, node_share=None) as stream:
        assert stream.wait(30)
    stats = stream.stats()
    assert stats.lost >= 5 * stats.blocks, "7.5 blocks pass in the time of one"
    assert stats.flags["output_underflow"] >= stats.blocks - 2
    assert stats.late == stats.blocks


def test_the_clock_runs_while_the_gil_is_held_but_not_with_a_python_callback() -> None:
    usleep = ctypes.PyDLL(None).usleep  # keeps the GIL
    found = []
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int, *[ctypes.c_void_p] * 2, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong,
        ctypes.c_void_p,
    )  # fmt: skip
    python = kind(lambda *_: 0)
    for callback in (None, python):
        stream = NullStream(chain(("amp", Gain())), 64, realtime=False)
        if callback is not None:
            stream.clock["callback"] = ctypes.cast(callback, ctypes.c_void_p).value
        with stream:
            while stream.clock["done"][0] < 10:
                time.sleep(0.001)
            interval = sys.getswitchinterval()
            sys.setswitchinterval(10.0)  # no other thread takes the GIL between the next two lines
            before = int(stream.clock["done"][0])
            usleep(100_000)
            sys.setswitchinterval(interval)
            found.append(int(stream.clock["done"][0]) - before)
    assert found[0] > 100
    assert found[1] < found[0] / 20


def test_meters_hold_peaks_and_count_clips() -> None:
    x = np.zeros(24_000, np.float32)
    x[100], x[200:205] = 0.5, -1.5
    graph = branches(quiet=Gain(gain_db=-6.0206), loud=Gain())
    stream = NullStream(graph, 64, realtime=False, seconds=0.5, source=x)
    with stream:
        stream.wait(30)
    stats = stream.stats()
    (source,) = stats.inputs
    quiet, loud = stats.outputs
    assert (source.name, quiet.name, loud.name) == ("in", "quiet_out", "loud_out")
    assert source.highest_db == pytest.approx(20 * np.log10(1.5), abs=1e-6)
    assert quiet.hold_db == pytest.approx(20 * np.log10(0.75), abs=1e-3)
    assert (source.clipped, quiet.clipped, loud.clipped) == (5, 0, 5)
    assert (source.clipping, quiet.clipping) == (True, False)
    assert quiet.peak_db == pytest.approx(quiet.hold_db - 24.0 * 0.496, abs=0.2), "24 dB a second"
    assert all(level.peak_db == -200 for level in NullStream(graph).stats().outputs)


def test_flags_of_a_driver_are_counted() -> None:
    stream = NullStream(chain(("amp", Gain())), 64, realtime=False, seconds=0.02)
    stream.clock["flags"] = 2 | 4 | 16
    with stream:
        stream.wait(30)
    stats = stream.stats()
    raised = {name for name, count in stats.flags.items() if count}
    assert raised == {"input_overflow", "output_underflow", "priming"}
    assert (stats.xruns, stats.xruns_outside) == (1, 1)
