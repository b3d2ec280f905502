"""A model on a device plays as it does on the CPU, whatever happens to the device."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import CudaError
from namgraph.nodes.nam.cuda import wavenet
from namgraph.nodes.nam.node import PRECISIONS
from namgraph.runtime.cuda import compiler

from ..nodes.nam import nets
from .fake_driver import FakeDriver
from .gpu import RATE, amp, guitar, in_blocks, on_fake_device

SMALL = nets.wavenet(
    nets.array(4, [1, 2, 4, 8, 16], head=2, bias=False),
    nets.array(2, [1, 2, 4], inputs=4, head=1),
    seed=3,
)
X = guitar(3000)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    yield from on_fake_device(monkeypatch)


@pytest.fixture
def model(tmp_path: Path) -> str:
    return nets.write(tmp_path, SMALL)


def engine(graph: ng.Graph, **options: Any) -> ng.Engine:
    return ng.Engine(graph, sample_rate=RATE, **{"max_frames": 128, **options})


def on_cpu(path: str, x: Any = X, **options: Any) -> Any:
    return in_blocks(engine(amp(path, **options)), x, 64)


def near(a: Any, b: Any) -> bool:
    return bool(np.abs(a - b).max() <= 3e-6 * np.abs(b).max())


def test_the_device_plays_what_the_cpu_plays(fake: FakeDriver, model: str) -> None:
    made = in_blocks(engine(amp(model, backend="cuda")), X, 64)
    assert fake.count("cuGraphLaunch") >= len(X) // 64
    assert near(made, on_cpu(model))
    assert np.abs(made).max() > 0.001


@pytest.mark.parametrize("blocks", [1, 17, 128, [5, 100, 1, 64]])
def test_no_cut_is_heard(fake: FakeDriver, model: str, blocks: Any) -> None:
    graph = amp(model, backend="cuda")
    whole = in_blocks(engine(graph), X[:900], 64)
    np.testing.assert_array_equal(in_blocks(engine(graph), X[:900], blocks), whole)


def test_gains_glide_as_on_the_cpu(fake: FakeDriver, model: str) -> None:
    def played(**options: Any) -> Any:
        made = engine(amp(model, input_db=-6.0, **options))
        made.set("amp.output_db", 3.0, at=700)
        made.set("amp.input_db", 6.0, at=1111)
        return in_blocks(made, X, 64)

    assert near(played(backend="cuda"), played())


def test_snapshots_resets_and_restores_are_exact(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"))
    first = in_blocks(made, X[:500], 64)
    kept = made.snapshot()
    second = in_blocks(made, X[500:1000], 64)
    made.restore(kept)
    np.testing.assert_array_equal(in_blocks(made, X[500:1000], 50), second)
    made.restore(kept)
    made.reset()
    np.testing.assert_array_equal(in_blocks(made, X[:500], 61), first)


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


@pytest.mark.parametrize(
    ("function", "code"), [("cuGraphLaunch", 719), ("cuStreamQuery", 700), ("cuGraphLaunch", 2)]
)
def test_the_cpu_takes_over_in_the_same_block(
    fake: FakeDriver, model: str, function: str, code: int
) -> None:
    made = engine(amp(model, backend="cuda", input_db=3.0))
    made.set("amp.input_db", -3.0, at=620)
    before = in_blocks(made, X[:640], 64)
    fake.fail(function, code)
    after = in_blocks(made, X[640:], 64)
    expected = engine(amp(model, input_db=3.0))
    expected.set("amp.input_db", -3.0, at=620)
    wanted = in_blocks(expected, X, 64)
    assert near(np.concatenate([before, after]), wanted)
    # From the block that failed on these are the CPU's own bits.
    np.testing.assert_array_equal(after, wanted[640:])
    device = made.stats().device
    assert device is not None
    assert device.fallen.startswith("the driver failed: CUDA_ERROR")
    assert device.since == 640
    assert fake.count("cuGraphLaunch") <= 13


def test_a_device_that_does_not_answer_is_given_up(
    fake: FakeDriver, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("namgraph.runtime.cuda.build.HANG_S", 0.01)
    made = engine(amp(model, backend="cuda"))
    fake.set_queries(1 << 30)
    np.testing.assert_array_equal(in_blocks(made, X, 64), on_cpu(model))
    device = made.stats().device
    assert device is not None
    assert device.fallen == "the device does not answer"


def test_a_device_that_is_too_slow_is_relieved(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"))
    made.deadline(1e-9)
    np.testing.assert_array_equal(in_blocks(made, X, 64)[640:], on_cpu(model)[640:])
    device = made.stats().device
    assert device is not None
    assert (device.fallen, device.misses, device.since) == ("the device is too slow", 3, 192)


def test_patience_has_no_end_offline(fake: FakeDriver, model: str) -> None:
    fake.set_queries(50)
    made = engine(amp(model, backend="cuda"))
    in_blocks(made, X[:640], 64)
    device = made.stats().device
    assert device is not None
    assert (device.fallen, device.misses, device.blocks) == ("", 0, 10)


def test_another_size_is_the_cpus(fake: FakeDriver, tmp_path: Path) -> None:
    path = nets.write(tmp_path, nets.container(SMALL, nets.wavenet(nets.array(3, [1, 2]), seed=9)))

    def played(**options: Any) -> Any:
        made = engine(amp(path, **options))
        made.set("amp.slim", 0.2, at=900)
        return made, in_blocks(made, X, 64)

    made, sound = played(backend="cuda")
    device = made.stats().device
    assert device is not None
    assert device.fallen == "set to what is not on the device"
    assert near(sound, played()[1])


def test_neighbours_stay_on_the_device(fake: FakeDriver, model: str) -> None:
    def two(**options: Any) -> ng.Graph:
        graph = ng.Graph()
        first = graph.add("first", ng.Nam(model, output_db=40.0, **options))
        second = graph.add("second", ng.Nam(model, **options))
        graph.input("in", channels=1) >> first >> second >> graph.output("out", channels=1)
        return graph

    made = engine(two(backend="cuda"))
    names = [n.name for n in made.stats().nodes]
    assert names == ["<upload>", "first", "second", "<device>", "<download>"]
    launches = fake.count("cuGraphLaunch")
    wanted = in_blocks(engine(two()), X, 64)
    assert near(in_blocks(made, X[:640], 64), wanted[:640])
    assert fake.count("cuGraphLaunch") - launches == 10, "one launch a block"
    fake.fail("cuStreamQuery", 719)
    assert near(in_blocks(made, X[640:], 64), wanted[640:])


def test_what_is_given_is_given_back(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"))
    assert fake.leaks > 0
    in_blocks(made, X[:128], 64)
    del made
    assert fake.leaks == 0
    assert [fake.held(k) for k in ("module", "stream", "graph", "executable")] == [0] * 4


def test_without_a_device_there_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, fake: FakeDriver, model: str
) -> None:
    fake.devices(0)
    said = r"^amp: CUDA: cuInit failed: CUDA_ERROR_NO_DEVICE: .*: must play on the host \(backend"
    with pytest.raises(CudaError, match=said):
        engine(amp(model, backend="cuda"))
    made = in_blocks(engine(amp(model, backend="auto")), X, 64)
    np.testing.assert_array_equal(made, on_cpu(model))


def test_pipelined_is_one_block_late_and_balanced(fake: FakeDriver, model: str) -> None:
    def beside(**options: Any) -> ng.Graph:
        graph = amp(model, **options)
        graph.connect("in", "out")
        return graph

    fake.set_queries(3)
    made = engine(beside(backend="cuda"), pipelined=True)
    assert made.latency == 128
    for blocks in (64, [1, 128, 17]):
        made.reset()
        sound = in_blocks(made, X, blocks)
        assert near(sound[128:], in_blocks(engine(beside()), X, 64)[:-128])
        assert not sound[:128].any()


def test_a_pipelined_snapshot_has_what_was_in_flight(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"), pipelined=True)
    first = in_blocks(made, X[:640], 64)
    kept = made.snapshot()
    second = in_blocks(made, X[640:1280], 64)
    in_blocks(made, X[:100], 50)
    made.restore(kept)
    np.testing.assert_array_equal(in_blocks(made, X[640:1280], 100), second)
    made.reset()
    np.testing.assert_array_equal(in_blocks(made, X[:640], 33), first)


@pytest.mark.parametrize(("function", "code"), [("cuGraphLaunch", 2), ("cuStreamQuery", 719)])
def test_the_cpu_takes_over_from_a_pipelined_device(
    fake: FakeDriver, model: str, function: str, code: int
) -> None:
    made = engine(amp(model, backend="cuda"), pipelined=True)
    before = in_blocks(made, X[:640], 64)
    fake.fail(function, code)
    after = in_blocks(made, X[640:], 64)
    wanted = in_blocks(engine(amp(model)), X, 64)
    assert near(np.concatenate([before, after])[128:], wanted[:-128])
    assert made.stats().device.fallen  # type: ignore[union-attr]


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
        names = [n.name for n in made.stats().nodes]
        assert {"<copy>", "<add>", "<clear>"} <= set(names)
        late = made.latency
        assert late == (128 if pipelined else 0)
        wanted = in_blocks(engine(several()), X, 64)
        sound = in_blocks(made, X, [64, 13])
        assert near(sound[late:], wanted[: len(X) - late])


def test_a_long_block_is_cut_into_chunks(
    fake: FakeDriver, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("namgraph.runtime.cuda.share.SHORTEST_CHUNK", 300)
    graph = amp(model, backend="cuda")
    short = in_blocks(engine(graph), X, 64)
    whole = engine(graph, max_frames=2000)
    np.testing.assert_array_equal(in_blocks(whole, X, [1500, 700, 10]), short)
    assert fake.count("cuGraphLaunch") > 0
    part: Any = whole.plan.lane._nodes[0][1].work.part.content[0]  # type: ignore[union-attr]
    assert part["slots"] == 6


def test_a_number_that_is_not_finite_is_muted_and_forgotten(
    fake: FakeDriver, tmp_path: Path
) -> None:
    path = nets.write(tmp_path, nets.wavenet(nets.array(4, [1, 2, 4], activation="ReLU"), seed=1))
    loud = X.copy()
    loud[1000:1003] = 1e38

    def played(**options: Any) -> Any:
        made = engine(amp(path, input_db=60.0, **options))  # too much for float32
        return in_blocks(made, loud, 64), made.stats()

    sound, stats = played(backend="cuda")
    wanted, expected = played()
    assert near(sound, wanted)
    assert stats.faults == expected.faults > 0
    assert stats.device.fallen == ""


def test_any_thread_may_play(fake: FakeDriver, model: str) -> None:
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


def test_the_stages_of_a_block_are_timed_apart(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"))
    in_blocks(made, X, 64)
    device = made.stats().device
    assert device is not None
    assert (device.name, device.nodes, device.blocks) == ("Emulated device", ("amp",), 47)
    times = (device.upload_us, device.execute_us, device.download_us)
    assert all(0 < t["p50"] <= t["p99"] <= t["max"] for t in times)
    assert device.execute_us["p50"] > device.upload_us["p50"]


@pytest.fixture
def recurrent(tmp_path: Path) -> str:
    return nets.write(tmp_path, nets.lstm(8, 2, seed=5), "lstm.nam")


def test_an_lstm_begins_prewarmed_and_no_cut_is_heard(fake: FakeDriver, recurrent: str) -> None:
    graph = amp(recurrent, backend="cuda", input_db=2.0)
    whole = in_blocks(engine(graph), X, 64)
    wanted = on_cpu(recurrent, input_db=2.0)
    assert np.abs(whole - wanted).max() <= 2e-5 * np.abs(wanted).max()
    np.testing.assert_array_equal(in_blocks(engine(graph), X, [1, 128, 31]), whole)


@pytest.mark.parametrize("pipelined", [False, True])
def test_an_lstms_state_is_in_snapshots_resets_and_swaps(
    fake: FakeDriver, recurrent: str, pipelined: bool
) -> None:
    graph = amp(recurrent, backend="cuda")
    made = engine(graph, pipelined=pipelined, fade_s=0.001)
    first = in_blocks(made, X[:640], 64)
    kept = made.snapshot()
    second = in_blocks(made, X[640:1280], 64)
    made.restore(kept)
    np.testing.assert_array_equal(in_blocks(made, X[640:1280], 50), second)
    made.reset()
    np.testing.assert_array_equal(in_blocks(made, X[:640], 61), first)
    if not pipelined:
        again = graph.copy()
        again.add("idle", ng.Gain())
        made.swap(again)
        np.testing.assert_array_equal(in_blocks(made, X[640:1280], 64)[100:], second[100:])


def test_the_cpu_takes_over_from_an_lstm_very_nearly(fake: FakeDriver, recurrent: str) -> None:
    made = engine(amp(recurrent, backend="cuda"))
    before = in_blocks(made, X[:1280], 64)
    fake.fail("cuStreamQuery", 719)
    after = in_blocks(made, X[1280:], 64)
    wanted = on_cpu(recurrent)
    assert np.abs(np.concatenate([before, after]) - wanted).max() <= 2e-5 * np.abs(wanted).max()


def test_a_bank_of_lstms(fake: FakeDriver, tmp_path: Path) -> None:
    paths = [nets.write(tmp_path, nets.lstm(5, 1, seed=seed), f"{seed}.nam") for seed in range(3)]
    made = ng.render_models(paths, X, RATE, backend="cuda")
    for row, path in zip(made, paths, strict=True):
        wanted = ng.render(amp(path), X, RATE, tail=False)
        assert np.abs(row - wanted).max() <= 2e-5 * np.abs(wanted).max()


def test_precision_is_a_choice(fake: FakeDriver, tmp_path: Path) -> None:
    path = nets.write(tmp_path, nets.wavenet(nets.array(8, [1, 2, 30]), seed=6), "eight.nam")
    wanted, found = on_cpu(path), {}
    for precision in PRECISIONS:
        made = in_blocks(engine(amp(path, backend="cuda", precision=precision)), X, 64)
        found[precision] = float(np.abs(made - wanted).max() / np.abs(wanted).max())
    assert found["exact"] <= 3e-6
    assert found["tf32x3"] <= 1e-5
    assert 1e-5 < found["tf32"] <= 1e-2
    assert set(PRECISIONS) == set(wavenet.PRECISIONS)


def test_without_a_compiler_auto_is_the_cpu(
    fake: FakeDriver, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiler, "missing", lambda: "no CUDA compiler; install namgraph[cuda]")
    made = in_blocks(engine(amp(model, backend="auto")), X, 64)
    np.testing.assert_array_equal(made, on_cpu(model))
    with pytest.raises(CudaError, match=r"no CUDA compiler; install namgraph\[cuda\]: must be"):
        engine(amp(model, backend="cuda"))
