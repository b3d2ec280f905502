"""The command line on a device, and on a device that fails."""

import warnings
from pathlib import Path

import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main

from .fake_driver import FakeDriver
from .gpu import RATE, X, amp, near


@pytest.fixture(autouse=True)
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    soundfile.write("in.wav", X, RATE, subtype="FLOAT")


def rendered(capsys: pytest.CaptureFixture[str], model: str, *options: str) -> str:
    words = ("render", model, "in.wav", "out.wav", "--subtype", "float", *options)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(words) == 0
    made = soundfile.read("out.wav", dtype="float32")[0]
    assert near(made, ng.render(amp(model), X, RATE, tail=False))
    return capsys.readouterr().err


@pytest.mark.parametrize("options", [(), ("--backend", "cuda", "--block", "500")])
def test_a_file_is_rendered_on_the_device(
    fake: FakeDriver, model: str, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    before = fake.count("cuGraphLaunch")
    assert rendered(capsys, model, *options) == ""
    assert fake.count("cuGraphLaunch") - before == 1 + len(X) // (500 if options else len(X))


def test_a_fallback_is_reported_in_one_line(
    fake: FakeDriver, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.fail("cuGraphLaunch", 2, 2)
    said = rendered(capsys, model, "--block", "500")
    assert said.startswith("namgraph: warning: amp: plays on the CPU since frame 500: the driver")
    assert said.count("\n") == 1
    fake.fail("cuMemAlloc_v2", 2, times=2)
    said = rendered(capsys, model)
    assert said.startswith("namgraph: warning: amp: on the CPU: amp: CUDA: cuMemAlloc_v2 failed")
    assert said.count("\n") == 1


def test_bench_reports_each_stage(
    fake: FakeDriver, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", model, "--backend", "cuda", "--seconds", "0.1"]) == 0
    said = capsys.readouterr().out
    assert "Emulated device: upload" in said
    assert "execute" in said
    assert "between nodes" in said
    assert "(device " in said or " device " in said
    assert "% of the peak" not in said, "the host's peak is not the device's"


def test_live_reports_a_fallback(
    fake: FakeDriver, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.fail("cuGraphLaunch", 2, 20)
    words = ["live", model, "--null", "--fast", "--seconds", "0.2", "--backend", "cuda"]
    assert main([*words, "--pipelined"]) == 0
    said = capsys.readouterr()
    assert "amp: plays on the CPU since frame" in said.err
