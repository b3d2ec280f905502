"""``namgraph devices``: sound cards and GPUs, each list or the reason why there is none."""

import json
import sys
import types
from typing import Any

import pytest

from namgraph.cli.main import main
from namgraph.graph import CudaError
from namgraph.runtime.cuda.driver import compiler, device, gpus as listing
from namgraph.runtime.cuda.driver.gpus import Gpu

from .command import refused

CARD = {
    "name": "Scarlett\n2i2",
    "hostapi": 0,
    "max_input_channels": 2,
    "max_output_channels": 2,
    "default_samplerate": 48_000.0,
    "default_low_input_latency": 0.003,
    "default_low_output_latency": 0.004,
}
NO_DRIVER = "no CUDA driver on this machine (libcuda.so.1 is not there)"


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Any:
        raise CudaError(NO_DRIVER)

    monkeypatch.setattr(device, "open_library", missing)
    monkeypatch.setattr(device, "_opened", {})


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two GPUs, the second of which is too old; both lists are made by the real functions."""

    class Library:
        def __init__(self, library: Any) -> None:
            self.capabilities = [(9, 0), (6, 1)]

        def count(self) -> int:
            return 2

        def device(self, ordinal: int) -> int:
            return ordinal

        def device_name(self, handle: int) -> str:
            return f"NVIDIA {handle}"

        def device_memory(self, handle: int) -> int:
            return 85_899_345_920

        def device_capability(self, handle: int) -> tuple[int, int]:
            return self.capabilities[handle]

    monkeypatch.setattr(listing, "DriverLibrary", Library)
    monkeypatch.setattr(device, "open_library", object)
    monkeypatch.setattr(device, "driver", lambda: device.selected_device())
    monkeypatch.setattr(compiler, "unavailable_reason", lambda: "")


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    found = [CARD]
    fake: Any = types.ModuleType("sounddevice")
    fake.default = types.SimpleNamespace(device=(0, 0))
    fake.query_hostapis = lambda: [
        {"name": "ALSA", "default_input_device": 0, "default_output_device": 0}
    ]
    fake.query_devices = lambda: found
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return found


@pytest.fixture
def no_sounddevice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(("devices", *arguments)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.mark.usefixtures("cards")
def test_cards_are_listed_where_there_is_no_gpu(capsys: pytest.CaptureFixture[str]) -> None:
    head, card, gpus, none = printed(capsys).splitlines()
    assert (head, gpus, none) == ("sound cards", "GPUs", f"   none: {NO_DRIVER}")
    assert card.endswith("  0  Scarlett\\n2i2, ALSA: 2 in, 2 out, 48000 Hz, 7.0 ms")
    found = json.loads(printed(capsys, "--json"))
    assert [d["name"] for d in found["devices"]] == ["Scarlett\n2i2"]
    assert (found["gpus"], found["no_gpu_usable"]) == ([], NO_DRIVER)
    assert "no_devices" not in found


@pytest.mark.usefixtures("no_sounddevice", "gpu")
def test_gpus_are_listed_where_there_is_no_sounddevice(capsys: pytest.CaptureFixture[str]) -> None:
    cards, none, gpus, first, second = printed(capsys).splitlines()
    assert (cards, gpus) == ("sound cards", "GPUs")
    assert none.startswith("   none: playing live needs sounddevice: pip install")
    assert first == " *   0  NVIDIA 0, 80.0 GiB, compute capability 9.0"
    assert second == (
        "     1  NVIDIA 1, 80.0 GiB, compute capability 6.1: not usable: compute capability 6.1: "
        "must be 8.0 or higher"
    )
    found = json.loads(printed(capsys, "--json"))
    assert found["devices"] == []
    assert "sounddevice" in found["no_devices"]
    assert [(g["index"], g["memory_bytes"], g["selected"]) for g in found["gpus"]] == [
        (0, 85_899_345_920, True),
        (1, 85_899_345_920, False),
    ]
    assert "no_gpu_usable" not in found


@pytest.mark.usefixtures("cards", "gpu")
def test_a_gpu_without_a_compiler_is_listed_with_the_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiler, "unavailable_reason", lambda: "no CUDA compiler: pip install x")
    lines = printed(capsys).splitlines()
    assert "NVIDIA 0" in lines[-3]
    assert lines[-3].endswith("not usable: no CUDA compiler: pip install x")
    assert lines[-1] == "   none usable: no CUDA compiler: pip install x"


@pytest.mark.usefixtures("cards", "gpu")
def test_a_selection_that_is_no_number_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAMGRAPH_CUDA_DEVICE", "first")
    *_, first, second, none = printed(capsys).splitlines()
    assert not first.startswith(" *")
    assert "NVIDIA 1" in second
    assert none == "   none usable: NAMGRAPH_CUDA_DEVICE is 'first': must be the number of a device"


@pytest.mark.usefixtures("no_sounddevice")
def test_with_neither_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for more in ((), ("--json",)):
        said = refused(capsys, "devices", *more)
        assert "playing live needs sounddevice: pip install" in said
        assert f"and no GPU: {NO_DRIVER}" in said


def test_no_card_at_all_is_said(
    cards: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    cards.clear()
    assert "   none: namgraph live --null plays without one" in printed(capsys).splitlines()


def test_a_gpu_is_described_on_one_line() -> None:
    one = Gpu(0, "NVIDIA H100", 85_899_345_920, (9, 0), True, "")
    assert repr(one) == "<Gpu 0 NVIDIA H100, 80.0 GiB, compute capability 9.0>"
