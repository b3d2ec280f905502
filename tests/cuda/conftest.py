"""Fixtures: the fake driver, a model file, a device (emulated or real)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from namgraph.runtime.cuda.driver.device import unavailable_reason

from ..nodes.nam import nets
from .fake_driver import FakeDriver
from .gpu import SMALL, on_fake_device


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    yield from on_fake_device(monkeypatch)


@pytest.fixture
def model(tmp_path: Path) -> str:
    return nets.write(tmp_path, SMALL)


@pytest.fixture(params=["emulated", pytest.param("real", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What plays: the emulator everywhere, and a real device with ``-m gpu`` where there is one."""
    if request.param == "emulated":
        for _ in on_fake_device(monkeypatch):
            yield "emulated"
    elif reason := unavailable_reason():
        pytest.skip(f"no GPU: {reason}")
    else:
        yield "real"
