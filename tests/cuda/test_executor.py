"""``CudaExecutor``: a model on a device gives the CPU's output; state, swaps, chunks, threads."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.nam.cuda import wavenet
from namgraph.nodes.nam.precision import PRECISIONS

from ..nodes.nam import nets
from .fake_driver import FakeDriver
from .gpu import X, amp, engine, in_blocks, near, on_cpu


def test_device_output_equals_the_cpus(fake: FakeDriver, model: str) -> None:
    made = in_blocks(engine(amp(model, backend="cuda")), X, 64)
    assert fake.count("cuGraphLaunch") >= len(X) // 64
    assert near(made, on_cpu(model))
    assert np.abs(made).max() > 0.001


@pytest.mark.parametrize("blocks", [1, 17, 128, [5, 100, 1, 64]])
def test_block_sizes_do_not_change_the_output(fake: FakeDriver, model: str, blocks: Any) -> None:
    graph = amp(model, backend="cuda")
    whole = in_blocks(engine(graph), X[:900], 64)
    np.testing.assert_array_equal(in_blocks(engine(graph), X[:900], blocks), whole)


def test_gain_smoothing_equals_the_cpus(fake: FakeDriver, model: str) -> None:
    def played(**options: Any) -> Any:
        made = engine(amp(model, input_db=-6.0, **options))
        made.set("amp.output_db", 3.0, at=700)
        made.set("amp.input_db", 6.0, at=1111)
        return in_blocks(made, X, 64)

    assert near(played(backend="cuda"), played())


def test_snapshots_resets_and_restores_are_exact(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"))
    first = in_blocks(made, X[:500], 64)
    kept = made.save_state()
    second = in_blocks(made, X[500:1000], 64)
    made.restore_state(kept)
    np.testing.assert_array_equal(in_blocks(made, X[500:1000], 50), second)
    made.restore_state(kept)
    made.reset()
    np.testing.assert_array_equal(in_blocks(made, X[:500], 61), first)


@pytest.mark.filterwarnings("ignore:idle gets no input")  # on purpose
def test_a_swap_takes_the_state_along(fake: FakeDriver, model: str) -> None:
    graph = amp(model, backend="cuda")
    whole = in_blocks(engine(graph), X, 64)
    made = engine(graph, fade_s=0.001)
    before = in_blocks(made, X[:640], 64)
    again = graph.copy()
    again.add("idle", ng.Gain())
    made.swap(again)
    after = in_blocks(made, X[640:], 64)
    made_whole = np.concatenate([before, after])
    np.testing.assert_array_equal(made_whole[: 640 + 0], whole[:640])
    np.testing.assert_array_equal(made_whole[800:], whole[800:])
    assert near(made_whole, whole)


def test_neighbours_stay_on_the_device(fake: FakeDriver, model: str) -> None:
    def two(**options: Any) -> ng.Graph:
        graph = ng.Graph()
        first = graph.add("first", ng.Nam(model, output_db=40.0, **options))
        second = graph.add("second", ng.Nam(model, **options))
        graph.input("in", channels=1) >> first >> second >> graph.output("out", channels=1)
        return graph

    made = engine(two(backend="cuda"))
    stats = made.stats()
    assert [n.name for n in stats.nodes] == ["first", "second"]
    assert [n.name for n in stats.between] == ["upload", "device", "download"]
    launches = fake.count("cuGraphLaunch")
    wanted = in_blocks(engine(two()), X, 64)
    assert near(in_blocks(made, X[:640], 64), wanted[:640])
    assert fake.count("cuGraphLaunch") - launches == 10, "one launch a block"
    fake.fail("cuStreamQuery", 719)
    assert near(in_blocks(made, X[640:], 64), wanted[640:])


@pytest.mark.filterwarnings("ignore:alone gets no input")  # on purpose
def test_signals_meet_on_the_device(fake: FakeDriver, model: str) -> None:
    def several(**options: Any) -> ng.Graph:
        graph = ng.Graph()
        source, out = graph.input("in", channels=1), graph.output("out", channels=1)
        one = graph.add("one", ng.Nam(model, output_db=30.0, **options))
        two = graph.add("two", ng.Nam(model, **options))
        alone = graph.add("alone", ng.Nam(model, **options))
        source >> one >> two >> out
        source >> two
        graph.connect("alone", "out")
        assert alone
        return graph

    for pipelined in (False, True):
        made = engine(several(backend="cuda"), pipelined=pipelined)
        assert {"copy", "add", "clear"} <= {n.name for n in made.stats().between}
        late = made.latency
        assert late == (128 if pipelined else 0)
        wanted = in_blocks(engine(several()), X, 64)
        sound = in_blocks(made, X, [64, 13])
        assert near(sound[late:], wanted[: len(X) - late])


def test_a_long_block_is_cut_into_chunks(
    fake: FakeDriver, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("namgraph.runtime.cuda.node_resources.SHORTEST_CHUNK", 300)
    graph = amp(model, backend="cuda")
    short = in_blocks(engine(graph), X, 64)
    whole = engine(graph, max_frames=2000)
    np.testing.assert_array_equal(in_blocks(whole, X, [1500, 700, 10]), short)
    assert fake.count("cuGraphLaunch") > 0
    buffers: Any = whole.plan.executor._nodes[0][1].processor.buffers.content[0]  # type: ignore[union-attr]
    assert buffers["slots"] == 6


def test_any_thread_may_process(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"))
    parts: list[Any] = []
    threads = [
        threading.Thread(target=lambda: parts.append(in_blocks(made, X[:640], 64))),
        threading.Thread(target=lambda: parts.append(in_blocks(made, X[640:], 64))),
    ]
    for thread in threads:
        thread.start()
        thread.join()
    assert near(np.concatenate(parts), on_cpu(model))


def test_each_stage_is_timed(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"))
    in_blocks(made, X, 64)
    device = made.stats().device
    assert device is not None
    assert (device.name, device.nodes, device.blocks) == ("Emulated device", ("amp",), 47)
    times = (device.upload_us, device.execute_us, device.download_us)
    assert all(0 < t["p50"] <= t["p99"] <= t["max"] for t in times)
    assert device.execute_us["p50"] > device.upload_us["p50"]


def test_precision_is_a_choice(fake: FakeDriver, tmp_path: Path) -> None:
    path = nets.write(tmp_path, nets.wavenet(nets.array(8, [1, 2, 30]), seed=6), "eight.nam")
    wanted, found = on_cpu(path), {}
    for precision in PRECISIONS:
        made = in_blocks(engine(amp(path, backend="cuda", precision=precision)), X, 64)
        found[precision] = float(np.abs(made - wanted).max() / np.abs(wanted).max())
    assert found["exact"] <= 3e-6
    assert found["fast"] == found["tf32x3"] <= 1e-5
    assert 1e-5 < found["tf32"] <= 1e-2
    assert set(PRECISIONS) == set(wavenet.PRECISIONS)
