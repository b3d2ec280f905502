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
# So does ``nohup`` with SIGHUP.  A handler that does nothing protects this process as well, and
# children do not inherit it.
for _name in ("SIGHUP", "SIGTERM"):
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, _name), lambda number, frame: None)

# Tests set these where they need them; a wrong one would be refused in every test.
if os.environ.get("NAMGRAPH_LANES", "").strip() not in ("", "4", "8", "16"):
    del os.environ["NAMGRAPH_LANES"]
if not os.environ.get("NAMGRAPH_CUDA_DEVICE", "0").isdecimal():
    del os.environ["NAMGRAPH_CUDA_DEVICE"]
os.environ.pop("COLUMNS", None)  # how argparse and pytest's children wrap lines

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
