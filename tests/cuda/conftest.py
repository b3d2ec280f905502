"""A fake device, and a model to play on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..nodes.nam import nets
from .fake_driver import FakeDriver
from .gpu import SMALL, on_fake_device


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    yield from on_fake_device(monkeypatch)


@pytest.fixture
def model(tmp_path: Path) -> str:
    return nets.write(tmp_path, SMALL)
