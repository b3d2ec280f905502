"""Shared by all tests."""

import gc
import itertools
import os
import random
import signal
from collections.abc import Iterator
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
os.environ["NAMGRAPH_TRANSLATOR_RAISES"] = "1"  # its faults are not hidden by Numba
gc.disable()  # while tests are collected: nothing of what is made there is garbage
os.environ.pop("COLUMNS", None)  # how argparse and pytest's children wrap lines

settings.register_profile("fast", max_examples=10, deadline=None, derandomize=True)
settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=10_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


LEFT_TO_RUN = (
    "cli/test_bench_growth.py",
    "cli/test_bench_reports.py",
    "cli/test_benchmarks.py",
    "cli/test_cli_decoders.py",  # processes of their own
    "cli/test_cli_ends.py",
    "cli/test_cli_live",
    "cli/test_cli_verbs.py",
    "cli/test_console.py",
    "cli/test_interrupts.py",
    "cuda/",  # an emulated GPU
    "fuzz/",
    "machines/",  # cross compilers and emulators
    "pedalboard/",  # plugins are loaded, compiled and hosted
    "nodes/nam/format/test_load_fuzz.py",
    "nodes/nam/test_heap.py",
    "presets/batch/test_job_resume.py",
    "realtime/",  # subprocesses, clocks and soaks
    "runtime/adapters/test_offline.py",
    "runtime/native/test_abi.py",
    "runtime/native/test_disk_cache.py",
    "runtime/native/test_import_time.py",
    "runtime/native/test_kernel_refused.py",  # compiled each time
    "runtime/native/test_signals.py",
    "test_distribution.py",
    "test_examples.py",
    "test_public.py",
    "test_readme.py",
    "test_wrong_values.py",  # every argument of every public function
)
"""Folders and files whose tests are marked slow: ``.ci/fast`` leaves them to ``.ci/run``."""


@pytest.fixture(autouse=True)
def _kernels_of_a_test_end_with_it() -> Iterator[None]:
    """Take kernels that a test declares, some wrong on purpose, out of what ``warm`` compiles."""
    from namgraph.runtime.native import abi

    before = set(map(id, abi._natives))
    yield
    ours = "namgraph.nodes", "namgraph.runtime"
    abi._natives[:] = [
        made
        for made in abi._natives
        if id(made) in before or str(made.function.__module__).startswith(ours)
    ]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test as slow if its folder or file is."""
    tests = Path(__file__).parent
    inside = item.path.relative_to(tests).as_posix() if tests in item.path.parents else ""
    if inside.startswith(LEFT_TO_RUN):
        item.add_marker(pytest.mark.slow)


def pytest_addoption(parser: pytest.Parser) -> None:
    order = parser.getgroup("order")
    order.addoption("--shuffle", metavar="SEED", help="run tests in a random order: any text")
    order.addoption(
        "--share", type=float, default=1.0, help="with --shuffle: run so much of them, 0 to 1"
    )


def pytest_report_header(config: pytest.Config) -> str:
    seed, share = config.getoption("--shuffle"), config.getoption("--share")
    return "" if seed is None else f"order: --shuffle {seed} --share {share}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shuffle the files, and the tests in each: what a file's tests share is made once a file."""
    seed, share = config.getoption("--shuffle"), config.getoption("--share")
    if seed is None:
        return
    rng = random.Random(seed)
    files = [list(tests) for _, tests in itertools.groupby(items, lambda item: item.path)]
    rng.shuffle(files)
    for tests in files:
        rng.shuffle(tests)
    kept = [item for tests in files for item in tests if rng.random() < share]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def pytest_collection_finish() -> None:
    """Leave what was collected out of garbage collection: it would be looked through each time."""
    gc.enable()
    gc.freeze()


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a guitar in it."""
    from .cli.command import GUITAR, wav

    monkeypatch.chdir(tmp_path)
    wav(tmp_path / "in.wav", GUITAR)
    return tmp_path
