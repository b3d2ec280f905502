"""A bank of models in one launch gives the same output as each model alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import CudaError

from ..nodes.nam import nets
from .fake_driver import FakeDriver
from .gpu import RATE, amp, guitar

FRAMES = 800


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    made = [nets.wavenet(nets.array(4, [1, 2, 30]), seed=seed) for seed in range(3)]
    return [nets.write(tmp_path, m, f"{k}.nam") for k, m in enumerate(made)]


def bank(paths: list[str], shared: bool, **options: Any) -> ng.Graph:
    graph = ng.Graph()
    source = graph.input("in", channels=1 if shared else len(paths))
    made = graph.add("bank", ng.NamBank(paths, shared=shared, **options))
    source >> made >> graph.output("out", channels=len(paths))
    return graph


def signal(paths: list[str], shared: bool) -> Any:
    count = 1 if shared else len(paths)
    return np.stack([guitar(FRAMES, seed) for seed in range(count)])


def played(graph: ng.Graph, x: Any, fail_at: int = -1, fake: FakeDriver | None = None) -> Any:
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    parts = []
    for k in range(0, FRAMES, 50):
        if k == fail_at and fake is not None:
            fake.fail("cuStreamQuery", 719)
        parts.append(engine.process(np.ascontiguousarray(x[:, k : k + 50])))
    return np.concatenate(parts, 1)


@pytest.mark.parametrize("shared", [True, False])
def test_each_model_gives_the_output_it_has_alone(paths: list[str], shared: bool) -> None:
    x = signal(paths, shared)
    whole = ng.render(bank(paths, shared), x, RATE, tail=False)
    for k, path in enumerate(paths):
        alone = ng.render(amp(path), x[0 if shared else k], RATE, tail=False)
        np.testing.assert_array_equal(whole[k], alone)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("fail_at", [-1, 400])
def test_a_device_runs_a_bank_in_one_launch(
    fake: FakeDriver, paths: list[str], shared: bool, fail_at: int
) -> None:
    x = signal(paths, shared)
    before = fake.count("cuLaunchKernel")
    made = played(bank(paths, shared, backend="cuda"), x, fail_at, fake)
    assert fake.count("cuLaunchKernel") - before == 1, "captured once"
    wanted = played(bank(paths, shared), x)
    assert np.abs(made - wanted).max() <= 3e-6 * np.abs(wanted).max()


def test_another_shape_needs_another_bank(
    fake: FakeDriver, paths: list[str], tmp_path: Path
) -> None:
    other = nets.write(tmp_path, nets.wavenet(nets.array(5, [1, 2]), seed=1), "other.nam")
    with pytest.raises(CudaError, match=r"other\.nam has another shape than .*0\.nam"):
        played(bank([*paths, other], True, backend="cuda"), signal(paths, True))
    assert played(bank([*paths, other], True, backend="auto"), signal(paths, True)).shape[0] == 4


def test_a_bank_on_a_device_is_raw_or_refused(fake: FakeDriver, tmp_path: Path) -> None:
    model = nets.wavenet(nets.array(4, [1, 2, 30]), seed=1) | {"metadata": {"loudness": -20.0}}
    paths = [nets.write(tmp_path, model)]
    x = signal(paths, True)
    with pytest.raises(CudaError, match="a bank on a device plays its models raw: must be auto or"):
        played(bank(paths, True, backend="cuda", levels="normalized"), x)
    assert not ng.NamBank(paths, levels="raw").device_refusal()
    found = played(bank(paths, True, backend="auto", levels="normalized"), x)
    np.testing.assert_array_equal(found, played(bank(paths, True, levels="normalized"), x))


def test_a_preset_keeps_the_paths(paths: list[str], tmp_path: Path) -> None:
    graph = bank(paths, True, slim=0.5)
    ng.save_preset(graph, tmp_path / "bank.json")
    assert '"0.nam"' in (tmp_path / "bank.json").read_text()
    assert ng.load_preset(tmp_path / "bank.json") == graph


@pytest.mark.parametrize("wrong", [(), "one.nam", ["a.nam"] * 70_000])
def test_paths_must_be_a_list(wrong: Any) -> None:
    with pytest.raises(ng.ParamError, match=r"paths is .*: must be a list of"):
        ng.NamBank(wrong)


def test_an_unreadable_file_is_no_device_error(fake: FakeDriver, paths: list[str]) -> None:
    with pytest.raises(ng.NamFileError, match=r"no\.nam: cannot be read"):
        played(bank([*paths, "no.nam"], True, backend="cuda"), signal(paths, True))


def test_a_bad_number_mutes_the_bank_as_on_the_cpu(fake: FakeDriver, tmp_path: Path) -> None:
    quiet = nets.write(tmp_path, nets.wavenet(nets.array(4, [1, 2]), seed=1), "quiet.nam")
    loud = nets.write(
        tmp_path, nets.wavenet(nets.array(4, [1, 2], activation="ReLU"), seed=1, loud=1e30), "l.nam"
    )
    for pair in ([quiet, quiet], [loud, loud]):
        x = signal(pair, False) * np.array([[1.0], [1e30]], np.float32)
        made, wanted = (played(bank(pair, False, backend=b), x) for b in ("cuda", "cpu"))
        np.testing.assert_array_equal(made == 0, wanted == 0)
        assert (wanted == 0).all(axis=0).any() == (pair == [loud, loud])
