"""An LSTM on a device: the host keeps its state."""

from pathlib import Path

import numpy as np
import pytest

import namgraph as ng

from ..nodes.nam import nets
from .fake_driver import FakeDriver
from .gpu import RATE, X, amp, engine, in_blocks, on_cpu


@pytest.fixture
def recurrent(tmp_path: Path) -> str:
    return nets.write(tmp_path, nets.lstm(8, 2, seed=5), "lstm.nam")


def test_an_lstm_begins_prewarmed_and_no_cut_is_heard(fake: FakeDriver, recurrent: str) -> None:
    graph = amp(recurrent, backend="cuda", input_db=2.0)
    whole = in_blocks(engine(graph), X, 64)
    wanted = on_cpu(recurrent, input_db=2.0)
    assert np.abs(whole - wanted).max() <= 2e-5 * np.abs(wanted).max()
    np.testing.assert_array_equal(in_blocks(engine(graph), X, [1, 128, 31]), whole)


@pytest.mark.filterwarnings("ignore:idle gets no input")  # on purpose
@pytest.mark.parametrize("pipelined", [False, True])
def test_an_lstms_state_is_in_snapshots_resets_and_swaps(
    fake: FakeDriver, recurrent: str, pipelined: bool
) -> None:
    graph = amp(recurrent, backend="cuda")
    made = engine(graph, pipelined=pipelined, fade_s=0.001)
    first = in_blocks(made, X[:640], 64)
    kept = made.save_state()
    second = in_blocks(made, X[640:1280], 64)
    made.restore_state(kept)
    np.testing.assert_array_equal(in_blocks(made, X[640:1280], 50), second)
    made.reset()
    np.testing.assert_array_equal(in_blocks(made, X[:640], 61), first)
    if not pipelined:
        again = graph.copy()
        again.add("idle", ng.Gain())
        made.swap(again)
        np.testing.assert_array_equal(in_blocks(made, X[640:1280], 64)[100:], second[100:])


def test_fallback_of_an_lstm_is_approximate(fake: FakeDriver, recurrent: str) -> None:
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
