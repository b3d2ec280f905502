"""The CUDA backend against the CPU, on the emulated device and on a real one.

``pytest -m gpu tests/cuda -rs`` runs the second half where there is a GPU.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng

from ..nodes.nam import nets
from ..nodes.nam.playing import error
from .gpu import RATE, SMALL, amp, guitar, in_blocks

SHAPES: dict[str, Any] = {
    "a1 standard": nets.a1("standard"),
    "a1 lite": nets.a1("lite"),
    "a1 feather": nets.a1("feather"),
    "a1 nano": nets.a1("nano"),
    "a2 full": nets.a2(8),
    "a2 lite": nets.a2(3),
    "small": SMALL,
    "lstm 1x16": nets.lstm(16, 1),
    "lstm 2x8": nets.lstm(8, 2),
}
EXACT, RECURRENT, ROUGH = 6e-6, 2e-5, 5e-3
"""Shares of the peak: the device and the CPU may each be 3e-6 from exact; tf32 has 10 bits."""


def frames(device: str, name: str) -> int:
    if device == "real":
        return 48_000
    return 3000 if name == "small" or "lstm" in name else 400


def played(graph: ng.Graph, x: Any, blocks: int | list[int], **options: Any) -> Any:
    engine = ng.Engine(graph, sample_rate=RATE, **{"max_frames": 128, **options})
    sound = in_blocks(engine, x, blocks)
    device = engine.stats().device
    assert device is None or not device.fallback_reason
    return sound


@pytest.mark.parametrize("name", SHAPES)
def test_output_equals_the_cpus_for_any_block_sizes(device: str, name: str, tmp_path: Path) -> None:
    path, x = nets.write(tmp_path, SHAPES[name]), guitar(frames(device, name))
    made = played(amp(path, backend="cuda"), x, 64)
    assert error(made, played(amp(path), x, 64)) <= (RECURRENT if "lstm" in name else EXACT)
    for blocks in (17, [1, 128, 5]):
        np.testing.assert_array_equal(played(amp(path, backend="cuda"), x, blocks), made)


@pytest.mark.parametrize(("precision", "most"), [("tf32x3", EXACT), ("tf32", ROUGH)])
def test_tensor_core_error_is_within_its_limit(
    device: str, precision: str, most: float, tmp_path: Path
) -> None:
    path, x = nets.write(tmp_path, SHAPES["a1 standard"]), guitar(frames(device, "a1 standard"))
    graph = amp(path, backend="cuda", precision=precision)
    made = played(graph, x, 64)
    assert error(made, played(amp(path), x, 64)) <= most
    np.testing.assert_array_equal(played(graph, x, [1, 128, 5]), made)


def test_parallel_chunks_equal_the_whole(device: str, tmp_path: Path) -> None:
    name = "a1 standard" if device == "real" else "small"
    path, count = nets.write(tmp_path, SHAPES[name]), 400_000 if device == "real" else 5000
    x, graph = guitar(count), amp(path, backend="cuda")
    whole = played(graph, x, count, max_frames=count)
    np.testing.assert_array_equal(played(graph, x[:20_000], 128), whole[:20_000])
    np.testing.assert_array_equal(played(graph, x, [4096, 1000], max_frames=4096), whole)


@pytest.mark.parametrize("shape", ["wavenet", "lstm"])
def test_a_bank_equals_its_models(device: str, shape: str, tmp_path: Path) -> None:
    rows = [nets.wavenet(nets.array(4, [1, 2, 30]), seed=k) for k in range(5)]
    if shape == "lstm":
        rows = [nets.lstm(8, 1, seed=k) for k in range(5)]
    paths = [nets.write(tmp_path, row, f"{k}.nam") for k, row in enumerate(rows)]
    x = guitar(frames(device, "small"))
    made = ng.render_models(paths, x, RATE, backend="cuda")
    for row, path in zip(made, paths, strict=True):
        np.testing.assert_array_equal(row, played(amp(path, backend="cuda"), x, 64))


@pytest.mark.parametrize("name", ["small", "lstm 1x16"])
def test_pipelined_output_is_the_same_but_later(device: str, name: str, tmp_path: Path) -> None:
    path, x = nets.write(tmp_path, SHAPES[name]), guitar(frames(device, name))
    late = played(amp(path, backend="cuda"), x, [64, 128, 3], pipelined=True)
    np.testing.assert_array_equal(
        late[128:], played(amp(path, backend="cuda"), x, 64)[: len(x) - 128]
    )


@pytest.mark.filterwarnings("ignore:idle gets no input")  # on purpose
@pytest.mark.parametrize("name", ["small", "lstm 1x16"])
def test_it_comes_back_to_where_it_was(device: str, name: str, tmp_path: Path) -> None:
    path, x = nets.write(tmp_path, SHAPES[name]), guitar(2000)
    made = ng.Engine(amp(path, backend="cuda"), sample_rate=RATE, max_frames=128, fade_s=0.0)
    first = in_blocks(made, x[:1000], 64)
    moment = made.save_state()
    second = in_blocks(made, x[1000:], 64)
    made.restore_state(moment)
    again = made.graph.copy()
    again.add("idle", ng.Gain())
    made.swap(again)  # the plan is another, the state the same
    np.testing.assert_array_equal(in_blocks(made, x[1000:], 50), second)
    made.reset()
    np.testing.assert_array_equal(in_blocks(made, x[:1000], 61), first)
