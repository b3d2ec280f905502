"""``namgraph bench --suite gpu`` completes and labels its figures."""

import json
from pathlib import Path

import pytest

from namgraph.cli.benchmarks import gpu
from namgraph.cli.main import main
from namgraph.graph import CudaError

from .fake_driver import FakeDriver

QUICK = ["bench", "--suite", "gpu", "--quick"]


def test_every_figure_is_reported(fake: FakeDriver, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["suite"] == "gpu"
    assert found["machine"]["processor"]
    figures = {row["step"]: row for row in found["rows"]}
    assert figures["device"]["name"] == "Emulated device"
    assert 0 < figures["error"]["of_peak"] < gpu.TOLERANCE
    row = figures["latency"]
    assert row["block"] == 64
    assert min(row["device_us"], row["end_to_end_us"]["p50"], row["without_pause_us"]["p99"]) > 0
    assert figures["instances"]["instances"] >= 0
    assert figures["offline"]["x_realtime"] > 0
    assert figures["lstm_streams"]["x_realtime_total"] > 0


def test_an_error_keeps_the_figures_so_far(
    fake: FakeDriver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def breaks(*_: object) -> None:
        raise CudaError("the device has gone")

    monkeypatch.setattr(gpu, "offline", breaks)
    assert main([*QUICK, "-o", str(tmp_path / "gpu.json")]) == 2
    out, err = capsys.readouterr()
    assert err == "namgraph: error: the device has gone\n"
    assert "latency: {" in out
    kept = json.loads((tmp_path / "gpu.json").read_text())
    assert (kept["rows"][-1]["step"], kept["complete"]) == ("latency", False)


def test_a_device_that_differs_from_the_cpu_is_an_error(
    fake: FakeDriver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu, "TOLERANCE", 0.0)
    assert main(QUICK) == 2
    assert "of the peak from the CPU: must be at most 0" in capsys.readouterr().err


def test_without_a_device_there_is_one_line(
    fake: FakeDriver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.devices(0)
    assert main([*QUICK, "-o", str(tmp_path / "gpu.json")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "CUDA_ERROR_NO_DEVICE" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "gpu.json").exists()
