"""Shared by all tests."""

import os

# Before Numba is imported: lets tests count allocations.
os.environ.setdefault("NUMBA_NRT_STATS", "1")

import signal
from pathlib import Path

import pytest
from hypothesis import settings

# A shell starts what it puts in the background with Ctrl-C ignored, and children inherit that:
# the tests that send it need it heard.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("fast", max_examples=10, deadline=None, derandomize=True)
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


LEFT_TO_RUN = (
    "cuda/",  # an emulated GPU
    "fuzz/",
    "pedalboard/",  # plugins are loaded, compiled and hosted
    "realtime/",  # subprocesses, clocks and soaks
    "test_cli_ends.py",
    "test_cli_live.py",
    "test_cli_verbs.py",
    "test_examples.py",
)
"""Folders and files whose tests are marked slow: ``.ci/fast`` leaves them to ``.ci/run``."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow all tests of some folders and files."""
    tests = Path(__file__).parent
    for item in items:
        inside = item.path.relative_to(tests).as_posix() if tests in item.path.parents else ""
        if inside.startswith(LEFT_TO_RUN):
            item.add_marker(pytest.mark.slow)
