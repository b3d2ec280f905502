"""Shared by all tests."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# A shell starts what it puts in the background with Ctrl-C ignored, and children inherit that:
# the tests that send it need it heard.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=10_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a guitar in it."""
    from .command import GUITAR, wav

    monkeypatch.chdir(tmp_path)
    wav(tmp_path / "in.wav", GUITAR)
    return tmp_path
