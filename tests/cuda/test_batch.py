"""``render_models``: many models over one signal in banks, each with the output it has alone."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.graph import LONGEST_BLOCK
from namgraph.presets.batch.job import read_job
from namgraph.presets.batch.run import run_job
from namgraph.runtime.adapters.offline import BLOCK, DEVICE_FLOATS, best_block

from ..nodes.nam import nets
from ..nodes.nam.features import CASES
from .fake_driver import FakeDriver
from .gpu import RATE, amp, guitar

X = guitar(900)


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Two shapes and one that no device takes, mixed."""
    shapes: list[Any] = [
        nets.wavenet(nets.array(4, [1, 2, 30]), seed=1),
        nets.wavenet(nets.array(3, [1, 20]), seed=2),
        nets.wavenet(nets.array(4, [1, 2, 30]), seed=3),
        CASES["Linear fft"],
    ]
    return [nets.write(tmp_path, shape, f"{k}.nam") for k, shape in enumerate(shapes)]


def alone(path: str) -> Any:
    return ng.render(amp(path), X, RATE, tail=False)


def test_on_the_cpu_each_is_as_it_is_alone(paths: list[str]) -> None:
    shares: list[float] = []
    made = ng.render_models(paths, X, RATE, backend="cpu", progress=shares.append)
    for row, path in zip(made, paths, strict=True):
        np.testing.assert_array_equal(row, alone(path))
    assert shares == [1.0]


def test_a_device_takes_each_shape_at_once_and_leaves_the_rest(
    fake: FakeDriver, paths: list[str]
) -> None:
    made = ng.render_models(paths, X, RATE)
    assert fake.count("cuGraphInstantiateWithFlags") == 2
    for row, path in zip(made, paths, strict=True):
        wanted = alone(path)
        assert np.abs(row - wanted).max() <= 3e-6 * np.abs(wanted).max()
    with pytest.raises(ng.CudaError, match=r"3\.nam"):
        ng.render_models(paths, X, RATE, backend="cuda")


def test_a_device_scales_by_the_levels(fake: FakeDriver, tmp_path: Path) -> None:
    """Two inputs, and so two launches; what comes out is scaled row by row."""
    files = []
    for k, level in enumerate((14.0, 8.0, 14.0)):
        said = {"input_level_dbu": level, "output_level_dbu": 10.0 + k}
        model = nets.wavenet(nets.array(4, [1, 2, 30]), seed=k) | {"metadata": said}
        files.append(nets.write(tmp_path, model, f"{k}.nam"))
    made = ng.render_models(files, X, RATE, levels="calibrated")
    assert fake.count("cuGraphInstantiateWithFlags") == 2
    for row, path in zip(made, files, strict=True):
        wanted = ng.render(amp(path, levels="calibrated"), X, RATE, tail=False)
        assert np.abs(row - wanted).max() <= 3e-6 * np.abs(wanted).max()


def test_no_models_is_nothing(paths: list[str]) -> None:
    assert ng.render_models([], X, RATE).shape == (0, len(X))


def test_models_must_be_a_list(paths: list[str]) -> None:
    with pytest.raises(ng.ParamError, match="must be a list of files"):
        ng.render_models(paths[0], X, RATE)
    with pytest.raises(ng.ParamError, match="backend is 'gpu': must be one of cpu, cuda, auto"):
        ng.render_models(paths, X, RATE, backend="gpu")
    with pytest.raises(ng.PortError, match="has 2 channels"):
        ng.render_models(paths, np.stack([X, X]), RATE)
    with pytest.raises(ng.PortError, match="must be floating point"):
        ng.render_models(paths, X.astype(np.int16), RATE)
    made = ng.render_models((path for path in paths[:2]), X[None], RATE)
    assert made.shape == (2, len(X))
    assert ng.render_models(paths, X[:0], RATE).shape == (4, 0)


def test_blocks_are_as_long_as_there_is_room_and_much_alike() -> None:
    graph, model = ng.Graph(), ng.asset("crunch-lstm.nam")
    x, y = graph.input("in", channels=1), graph.output("out", channels=1000)
    assert best_block(graph, 1 << 22) == BLOCK
    x >> graph.add("bank", ng.NamBank([model] * 1000, backend="cuda")) >> y
    assert best_block(graph, 1 << 22) == DEVICE_FLOATS // 1000
    alone = amp(model, backend="cuda")
    lengths = [best_block(alone, n) for n in range(1, 10_000_000, 9_973)]
    assert (min(lengths), max(lengths)) == (BLOCK, LONGEST_BLOCK)
    assert len(set(lengths)) <= 100
    for frames, block in zip(range(1, 10_000_000, 9_973), lengths, strict=True):
        count = -(-frames // block)
        assert count == max(1, -(-frames // LONGEST_BLOCK)), "no more blocks than must be"
        assert block <= max(BLOCK, 1.13 * frames / count + BLOCK)


def job(folder: Path, paths: list[str], **options: Any) -> dict[str, Any]:
    """Do a job of one take through models; return the sounds."""
    soundfile.write(folder / "take.wav", X, RATE, subtype="FLOAT")
    keys = {"inputs": "take.wav", "models": paths, "subtype": "float"}
    (folder / "job.json").write_text(json.dumps({"namgraph_job": 1, **keys}))
    run_job(read_job(folder / "job.json"), again=True, **options)
    made = {p: folder / "renders" / Path(p).stem / "take.wav" for p in paths}
    return {p: soundfile.read(file, dtype="float32")[0] for p, file in made.items()}


def test_a_job_runs_models_side_by_side(fake: FakeDriver, paths: list[str], tmp_path: Path) -> None:
    wanted = job(tmp_path, paths, backend="cpu")
    assert fake.count("cuGraphInstantiateWithFlags") == 0
    made = job(tmp_path, paths)
    assert fake.count("cuGraphInstantiateWithFlags") == 2, "a launch for each shape"
    for path in paths:
        assert np.abs(made[path] - wanted[path]).max() <= 3e-6 * np.abs(wanted[path]).max()
    for path in (paths[0], paths[2]):
        assert (made[path] != wanted[path]).any(), "a device's rounding is another"


def test_a_model_that_goes_wrong_spoils_no_other(fake: FakeDriver, tmp_path: Path) -> None:
    good, bad = nets.wavenet(nets.array(4, [1, 2])), nets.wavenet(nets.array(4, [1, 2]))
    bad["weights"][-6:] = [3e38] * 6
    both = [nets.write(tmp_path, shape, f"{n}.nam") for n, shape in (("a", good), ("b", bad))]
    told: list[str] = []
    made = job(tmp_path, both, warn=told.append)
    assert told
    assert all("b/take.wav" in line and "a/take.wav" not in line for line in told)
    assert not made[both[1]].any()
    wanted = alone(both[0])
    assert np.abs(made[both[0]] - wanted).max() <= 3e-6 * np.abs(wanted).max()
