"""The benchmark of the device runs to its end, and names what it measured."""

import json
from pathlib import Path

import pytest

from namgraph.graph import CudaError

from ..bench import gpu
from .fake_driver import FakeDriver


def test_every_figure_is_there(fake: FakeDriver, tmp_path: Path) -> None:
    gpu.main(["--quick", "--out", str(tmp_path / "gpu.json")])
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert found["device"]["name"] == "Emulated device"
    assert found["machine"]["processor"]
    assert 0 < found["error"]["exact"] < gpu.TOLERANCE
    (row,) = found["latency"]
    assert row["block"] == 64
    assert min(row["device_us"], row["end_to_end_us"]["p50"], row["without_pause_us"]["p99"]) > 0
    assert found["instances"][0]["instances"] >= 0
    assert found["offline"][0]["x_realtime"] > 0
    assert found["lstm_streams"]["x_realtime_total"] > 0


def test_what_is_known_is_kept(
    fake: FakeDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise CudaError("the device has gone")

    monkeypatch.setattr(gpu, "offline", breaks)
    with pytest.raises(CudaError, match="gone"):
        gpu.main(["--quick", "--out", str(tmp_path / "gpu.json")])
    assert json.loads((tmp_path / "gpu.json").read_text())["latency"]


def test_without_a_device_it_says_so(fake: FakeDriver, tmp_path: Path) -> None:
    fake.devices(0)
    with pytest.raises(CudaError, match="CUDA_ERROR_NO_DEVICE"):
        gpu.main(["--out", str(tmp_path / "gpu.json")])
    assert not (tmp_path / "gpu.json").exists()
