"""``namgraph bench --suite models``: parity before time, kernels that play, PyTorch beside it."""

import importlib.util
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from namgraph.cli.benchmarks import architectures, models
from namgraph.cli.benchmarks.architectures import model_cases as module, parity, torch_trainer
from namgraph.cli.benchmarks.architectures.model_cases import Case, cases, random_models
from namgraph.cli.benchmarks.architectures.parity import check_parity, model_playing
from namgraph.cli.benchmarks.measuring import kernels_used as kernels_module
from namgraph.cli.benchmarks.measuring.kernels_used import check_kernels
from namgraph.cli.benchmarks.measuring.network_reference import FUNCTIONS, reference_output
from namgraph.cli.benchmarks.measuring.playing import share_of_peak
from namgraph.cli.benchmarks.measuring.windows import Timed, in_turn
from namgraph.cli.main import main
from namgraph.graph import EngineError, NamFileError, ParamError
from namgraph.nodes.nam import load_nam
from namgraph.nodes.nam.model.networks import Activation
from namgraph.runtime.native.host import host_lanes
from namgraph.runtime.simd.activations import ACTIVATIONS

from ..nodes.nam import oracle, shapes
from . import command

SMALL = {
    "A1 nano": lambda: models.a1("nano"),
    "LSTM 1x3": lambda: models.lstm(3, 1),
    "GRU 1x3": lambda: models.gru(3),
    "ConvNet 4x3": lambda: models.convnet(4, [1, 2, 4]),
    "Linear 600": lambda: models.linear(600),
}
NOISE = np.random.default_rng(0).normal(0.0, 0.1, 600).astype(np.float32)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MADE", SMALL)


@pytest.mark.usefixtures("small")
def test_every_model_is_compared_and_timed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = models.write(tmp_path, models.lstm(4, 2), "mine.nam")
    assert main(["bench", file, "--suite", "models", "--quick", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["command"] == f"namgraph bench {file} --suite models --quick"
    made = command.rows(found, "model")
    names = [*SMALL, "mine.nam"]
    assert [row["model"] for row in made] == [name for name in names for _ in range(2)]
    for row in made:
        assert row["block"] in architectures.QUICK_BLOCKS
        assert 0 < row["least_ns"] <= row["ns"] <= row["p99_ns"]
        assert row["x_realtime"] == pytest.approx(1e9 / (row["least_ns"] * 48_000))
        assert row["error"] < 1e-5
        if row["model"] == "Linear 600":  # by FFT: multiply-adds are not what is done
            assert row["peak_share"] is None
        else:
            done = row["multiply_adds"] * 1e9 / row["least_ns"]
            assert row["peak_share"] == pytest.approx(done / row["fma_peak_per_s"])
    fast = command.rows(found, "fast")
    assert [row["model"] for row in fast] == ["A1 nano"] * 2 + ["ConvNet 4x3"] * 2
    for row in fast:
        assert 1e-7 < row["error"] < 1e-4
        same = next(r for r in made if (r["model"], r["block"]) == (row["model"], row["block"]))
        assert row["ratio"] == row["least_ns"] / same["least_ns"]
    kernels = {row["model"]: row["kernels"] for row in made}
    assert "nam.lstm.h3.d1.w4" in kernels["LSTM 1x3"]
    assert f"nam.layers.fused4.tanh.w{host_lanes()}" in kernels["A1 nano"]
    assert any(name.startswith("convolver") for name in kernels["Linear 600"])


def test_a_line_names_the_kernels() -> None:
    row = {"model": "A", "block": 64, "least_ns": 1.5, "ns": 2.0, "p99_ns": 3.0, "x_realtime": 9.0}
    row |= {"peak_share": 0.5, "error": 1e-6, "kernels": ["nam.x.w4"]}
    line = architectures.format_row("model", row)
    assert line.endswith("(median 2.00, p99 3.00), 9 x, 50 % of the peak; off by 1.0e-06; nam.x.w4")
    peer = architectures.format_row("peer", {**row, "ratio": 3.0, "peer": "PyTorch"})
    assert peer.endswith("3.0 times ours: PyTorch")
    fast = architectures.format_row("fast", {**row, "ratio": 0.874})
    assert fast.endswith("0.87 of the time: fast; off by 1.0e-06")


def test_the_sizes_are_those_of_trainers() -> None:
    names = [case.name for case in random_models()]
    assert len(names) == 13
    assert {"A1 standard", "A2 full", "A2 lite", "LSTM 3x18", "GRU 1x16"} <= {*names}


def test_what_differs_from_the_reference_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    case = _case(models.lstm(3, 1))
    played = {64: model_playing(case.model, 64)}
    other = reference_output(load_nam(models.lstm(3, 1, seed=1)).running, NOISE)
    monkeypatch.setattr(parity, "reference_output", lambda network, x: other)
    with pytest.raises(EngineError, match=r"off the float64 reference by .* nothing was timed"):
        check_parity(case, played, NOISE)


def test_other_bits_in_other_blocks_are_not_timed() -> None:
    case = _case(models.lstm(3, 1))
    played = {64: model_playing(case.model, 64), 16: model_playing(case.model, 16)}
    played[16].play(NOISE)  # has a state now
    with pytest.raises(EngineError, match="blocks of 16 have other bits than those of 64"):
        check_parity(case, played, NOISE)


def test_kernels_of_another_architecture_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = model_playing(load_nam(models.lstm(3, 1)), 64).engine.plan
    assert check_kernels(plan, "nam.lstm", "it") == ("nam.lstm.h3.d1.w4",)
    with pytest.raises(EngineError, match=r"it: plays nam.lstm.h3.d1.w4: must be one of nam.gru\*"):
        check_kernels(plan, "nam.gru", "it")
    monkeypatch.setattr(kernels_module, "host_lanes", lambda: 2)
    with pytest.raises(EngineError, match="must have at most 2 lanes"):
        check_kernels(plan, "nam.lstm", "it")


def test_a_stereo_model_is_refused(tmp_path: Path) -> None:
    file = models.write(tmp_path, models.lstm(3, 1, channels=(2, 2)))
    with pytest.raises(ParamError, match="must be mono"):
        cases([file])


def test_the_reference_is_that_of_the_tests() -> None:
    """Two references, one of the file and one of the network, agree on every kind of layer."""
    for seed in range(40):
        _agree(shapes.random_wavenet(seed))
    for content in (
        models.lstm(3, 2),
        models.convnet(4, [1, 3]),
        models.linear(300),
        shapes.fill({"receptive_field": 5, "bias": True, "out_channels": 3}, "Linear"),
    ):
        _agree(content)


def _agree(content: Any) -> None:
    network = load_nam(content).running
    x = np.tile(NOISE[:200], (network.inputs, 1))
    wanted = np.atleast_2d(oracle.play(content, x))
    found = reference_output(network, x)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1e-6 * np.abs(wanted).max()  # weights are float32


@pytest.mark.usefixtures("small")
def test_a_silent_model_is_timed_and_two_of_one_name_are_told_apart(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MADE", {})
    (tmp_path / "a").mkdir()
    silent = {**models.linear(64), "weights": [0.0] * 64}
    files = [models.write(folder, silent) for folder in (tmp_path, tmp_path / "a")]
    assert main(["bench", *files, "--suite", "models", "--quick", "--json"]) == 0
    made = command.rows(json.loads(capsys.readouterr().out), "model")
    assert {row["error"] for row in made} == {0.0}
    assert list(dict.fromkeys(row["model"] for row in made)) == files


def test_a_share_of_the_peak_of_silence() -> None:
    silence, sound = np.zeros(2), np.array([1.0, -2.0])
    assert share_of_peak(silence, silence) == 0.0
    assert share_of_peak(sound, silence) == math.inf
    assert share_of_peak(sound + 1.0, sound) == 0.5


def test_the_reference_knows_every_activation() -> None:
    assert set(FUNCTIONS) == set(ACTIVATIONS) - {"leaky_max"}  # a kernel for "leaky"
    with pytest.raises(ParamError, match="Activation has no reference"):
        reference_output(Activation("tanh"), NOISE)


def test_windows_are_played_in_turn() -> None:
    order: list[str] = []
    often, rarely = Timed(lambda: order.append("a"), 10), Timed(lambda: order.append("b"), 10, 3)
    in_turn([often, rarely], 4)
    assert "".join(order) == "ab" + "ab" + "a" + "a" + "ab"
    assert (len(often.seconds), len(rarely.seconds)) == (4, 2)
    often.seconds = [4e-8, 1e-8, 3e-8, 2e-8]
    figures = often.figures()
    assert (figures["least_ns"], figures["ns"]) == (pytest.approx(1.0), pytest.approx(2.5))
    assert figures["spread"] == pytest.approx(3.0)  # the four quarters have one window each
    often.seconds = [1e-8, 3e-8]
    assert often.figures()["spread"] is None
    with pytest.raises(ValueError, match="no window"):
        Timed(lambda: None, 1).figures()


# --- the trainer


class FakeNetwork:
    """The trainer's interface, played by this package's reference."""

    def __init__(self, content: Any, wrong: float = 1.0) -> None:
        self.network = load_nam(content).running
        self.receptive_field, self.wrong = self.network.receptive_field or 1, wrong

    def __call__(self, x: Any, pad_start: bool) -> Any:
        before = self.receptive_field - 1 if pad_start else 0
        y = reference_output(self.network, np.concatenate([np.zeros(before), x.array]))[0]
        return Tensor(self.wrong * y[self.receptive_field - 1 :])


class Tensor:
    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)

    def __getitem__(self, place: Any) -> "Tensor":
        return Tensor(self.array[place])

    def numpy(self) -> Any:
        return self.array


class Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


TORCH = SimpleNamespace(
    no_grad=Nothing,
    zeros=lambda n: Tensor(np.zeros(n)),
    from_numpy=Tensor,
    cat=lambda parts: Tensor(np.concatenate([p.array for p in parts])),
)
PEER = torch_trainer.Trainer(TORCH, "a trainer of tests")


def test_the_trainer_plays_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    case = _case(models.convnet(4, [1, 2, 4]))
    monkeypatch.setattr(torch_trainer, "network_of", lambda content, name: FakeNetwork(content))
    monkeypatch.setattr(torch_trainer, "WHOLE", 512)
    monkeypatch.setattr(architectures, "WHOLE", 512)
    made = dict[str, list[Any]]()
    for step, row in architectures._steps([case], PEER, True):
        made.setdefault(step, []).append(row)
    assert [row["block"] for row in made["peer"]] == [64, 256, 512]
    ours = {row["block"]: row for row in made["model"]}
    for row in made["peer"]:
        least = ours[min(row["block"], 256)]["least_ns"]
        assert row["ratio"] == pytest.approx(row["least_ns"] / least)
        assert row["peer"] == "a trainer of tests"


def test_another_network_of_the_trainer_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    case = _case(models.convnet(4, [1, 2, 4]))
    monkeypatch.setattr(
        torch_trainer, "network_of", lambda content, name: FakeNetwork(content, 1.01)
    )
    told = torch_trainer.trainer_windows(PEER, case, (64,), NOISE, NOISE)
    assert isinstance(told, str)
    assert "off ours by" in told


def test_a_fault_of_the_trainer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    case = _case(models.convnet(4, [1, 2, 4]))

    def breaks(*_: object, **options: object) -> Any:
        raise KeyError(0)

    monkeypatch.setattr(torch_trainer, "network_of", lambda content, name: FakeNetwork(content))
    monkeypatch.setattr(FakeNetwork, "__call__", breaks)
    told = torch_trainer.trainer_windows(PEER, case, (64,), NOISE, NOISE)
    assert told == "the trainer cannot play it: KeyError: 0"


def test_what_is_compared_is_loud() -> None:
    x = np.zeros(1000, np.float32)
    x[700] = 1.0
    assert architectures._loudest(x, 100).argmax() == 50
    assert architectures._loudest(x, 800).argmax() == 500
    assert len(architectures._loudest(x, 1000)) == 1000


def test_what_the_trainer_cannot_play_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(content: Any, name: str) -> Any:
        raise NamFileError("it: the trainer cannot play it: KeyError")

    monkeypatch.setattr(torch_trainer, "network_of", refuses)
    (step, row), *rest = architectures._steps([_case(models.lstm(3, 1))], PEER, True)
    assert (step, row["reason"]) == ("skipped", "it: the trainer cannot play it: KeyError")
    assert [step for step, _ in rest] == ["model", "model"]


def test_without_the_trainer_the_pip_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install" in str(torch_trainer.trainer())


def _case(content: Any) -> Case:
    return module._case("it", load_nam(content), content)
