"""Ctrl-C at any moment: exit code 130 (or the finished work), no traceback, nothing left."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import namgraph as ng

DI = ng.asset("di.wav")
READY = """
import sys, namgraph.__main__ as start
print("ready", flush=True)
sys.exit(start.main())
"""
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

# As a shell's child has it: pytest itself may have been started with SIGINT ignored.
DEFAULT = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
SETTLE_S = 0.02
"""Between that line and the first one of ``main``."""


def interrupted(arguments: list[str], at: float, folder: Path, cache: Path | None) -> None:
    """Send SIGINT ``at`` seconds after Python itself has started."""
    work, temporary = folder / "work", folder / "temporary"
    work.mkdir(parents=True)
    temporary.mkdir()
    kept = {} if cache is None else {"NUMBA_CACHE_DIR": str(cache)}
    with subprocess.Popen(
        [sys.executable, "-c", READY, *arguments],
        cwd=work,
        env={**os.environ, "TMPDIR": str(temporary), **kept},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(SETTLE_S + at)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=200)
    assert process.returncode in (0, 130), (at, process.returncode, errors)
    assert errors.strip() == "", (at, errors)
    assert not list(temporary.iterdir()), at
    left = [p.name for p in work.iterdir()]
    assert left in ([], ["out.wav"]), (at, left)
    if left:  # an interrupt may come after the file, which is then as without one
        made = (work / "out.wav").read_bytes()
        subprocess.run([sys.executable, "-c", READY, *arguments], cwd=work, check=True)
        assert made == (work / "out.wav").read_bytes()
    if cache is not None:
        assert not [p.name for p in cache.rglob("*") if ".tmp." in p.name], at


VERBS = {
    "info": ["info", "crunch"],
    "render": ["render", "crunch", DI, "out.wav"],
    "verify": ["verify", ng.asset("crunch-lstm.nam")],
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_command_is_interrupted_anywhere(verb: str, tmp_path: Path) -> None:
    moments = random.Random(verb)
    for turn in range(3):
        at = 0.6 * (turn + moments.random())
        interrupted(VERBS[verb], at, tmp_path / str(turn), None)


def test_a_kernel_is_interrupted_while_it_compiles(tmp_path: Path) -> None:
    moments = random.Random(3)
    for turn in range(2):
        cache = tmp_path / f"cache{turn}"
        at = 1.0 + 2.0 * (turn + moments.random())
        interrupted(VERBS["render"], at, tmp_path / str(turn), cache)


LATE = """
import namgraph.__main__, signal, sys, weakref
import namgraph.cli.main

def main(**options):
    from namgraph.cli.console import run
    return run(work)

class Node: ...

def work():
    node = Node()
    ref = weakref.ref(node, lambda _: signal.raise_signal(signal.SIGINT))
    del node  # KeyboardInterrupt in a callback of the collector: Python drops it
    import time
    time.sleep({seconds})
    return 7

namgraph.cli.main.main = main
sys.exit(namgraph.__main__.main())
"""


@pytest.mark.parametrize(("seconds", "code"), [(600, 130), (0, 7)])
def test_an_interrupt_that_python_drops_is_delivered_again(seconds: int, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{DEFAULT}\n{LATE.format(seconds=seconds)}"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "ignored" not in done.stderr


def test_an_exception_converted_from_an_interrupt_is_exit_code_130(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from namgraph.cli.console import run

    def work() -> int:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("a module could not be loaded") from None
        return 0

    assert run(work) == 130
    assert capsys.readouterr().err.strip() == ""


def test_an_interrupt_after_the_work_keeps_its_exit_code() -> None:
    script = (
        "import atexit, signal, sys, namgraph.__main__, namgraph.cli.main\n"
        "namgraph.cli.main.main = lambda **options: 7\n"
        "code = namgraph.__main__.main()\n"
        "atexit.register(lambda: signal.raise_signal(signal.SIGINT))\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", f"{DEFAULT}\n{script}"], capture_output=True)
    assert (done.returncode, done.stderr) == (7, b"")


def test_a_part_file_left_by_an_interrupt_is_removed_at_exit(tmp_path: Path) -> None:
    script = (
        "from namgraph.runtime.io import atomic_write as atomic\n"
        "from pathlib import Path\n"
        "unlink = Path.unlink\n"
        "def interrupted(*_, **__):\n"
        "    Path.unlink = unlink\n"
        "    raise KeyboardInterrupt\n"
        "Path.unlink = interrupted\n"
        "try:\n"
        "    with atomic.whole_file('out.wav'):\n"
        "        raise ValueError\n"
        "except KeyboardInterrupt:\n"
        "    print(len(list(Path().iterdir())))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n", "it is there while the process runs"
    assert not list(tmp_path.iterdir())
