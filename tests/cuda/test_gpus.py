"""GPUs are listed as the driver has them, without opening one."""

import json

import pytest

from namgraph.cli.main import main
from namgraph.graph import CudaError
from namgraph.runtime.cuda.driver import compiler
from namgraph.runtime.cuda.driver.device import driver
from namgraph.runtime.cuda.driver.gpus import gpus

from .fake_driver import FakeDriver


def test_every_device_is_listed_and_none_is_opened(
    fake: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.devices(3)
    monkeypatch.setenv("NAMGRAPH_CUDA_DEVICE", "2")
    found = gpus()
    assert fake.held("context") == 0
    assert [(g.index, g.selected, g.refusal) for g in found] == [
        (0, False, ""),
        (1, False, ""),
        (2, True, ""),
    ]
    assert {g.memory_bytes for g in found} == {1 << 30}
    opened = driver()
    assert (found[2].name, found[2].capability) == (opened.name, opened.capability)


def test_without_a_device_the_reason_is_the_drivers(fake: FakeDriver) -> None:
    fake.devices(0)
    with pytest.raises(CudaError, match="cuInit failed: CUDA_ERROR_NO_DEVICE"):
        gpus()


@pytest.mark.parametrize("function", ["cuDeviceGetName", "cuDeviceTotalMem_v2", "cuDeviceGet"])
def test_a_driver_that_fails_is_one_line(
    fake: FakeDriver, function: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.fail(function, 2, times=9)
    with pytest.raises(CudaError, match=f"^CUDA: {function} failed: "):
        gpus()


def test_the_command_prints_them(fake: FakeDriver, capsys: pytest.CaptureFixture[str]) -> None:
    fake.devices(2)
    assert main(("devices",)) == 0
    *_, head, first, second = capsys.readouterr().out.splitlines()
    assert head == "GPUs"
    assert first.startswith(" *   0  Emulated device, 1.0 GiB, compute capability ")
    assert second.startswith("     1  Emulated device, 1.0 GiB")
    assert main(("devices", "--json")) == 0
    row = json.loads(capsys.readouterr().out)
    assert [g["memory_bytes"] for g in row["gpus"]] == [1 << 30] * 2
    assert "no_gpu_usable" not in row


def test_the_command_says_why_none_is_usable(
    fake: FakeDriver, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiler, "unavailable_reason", lambda: "no CUDA compiler: pip install x")
    assert main(("devices", "--json")) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["gpus"][0]["refusal"] == row["no_gpu_usable"] == "no CUDA compiler: pip install x"
    monkeypatch.setenv("NAMGRAPH_CUDA_DEVICE", "7")
    assert main(("devices",)) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "   none usable: CUDA device 7: this machine has 1"
