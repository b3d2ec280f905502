"""How much stack is needed: little on audio threads; one line says so where there is less."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")

PLAY = """
import sys, threading
import namgraph as ng
graphs = [ng.load_preset("crunch")]
for name in ("crunch-lstm.nam", "crunch-wavenet.nam"):
    graph = ng.Graph()
    amp = graph.add("amp", ng.Nam(ng.asset(name)))
    cab = graph.add("cab", ng.Cab(ng.asset("cab.wav")))
    graph.input("in", channels=1) >> amp >> cab >> graph.output("out", channels=1)
    graphs.append(graph)
streams = [ng.NullStream(g, 64, realtime=False, seconds=0.2) for g in graphs]
threading.stack_size(int(sys.argv[1]) * 1024)
for stream in streams:
    assert stream.start().wait(60)
print("played")
"""

DEEP = """
import sys, threading
from numba import cfunc, njit
@njit("int64(int64)")
def deep(n):
    return n if n <= 0 else n ^ (deep(n - 1) * 3)
@cfunc("int64(int64)")
def start(n):
    return deep(n)
threading.stack_size(int(sys.argv[1]) * 1024)
thread = threading.Thread(target=start.ctypes, args=(20_000,))
thread.start()
thread.join()
print("played")
"""


def runs(script: str, kib: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, str(kib)], capture_output=True, text=True, timeout=200
    )


def test_an_audio_thread_needs_no_more_than_64_kib() -> None:
    done = runs(PLAY, 64)
    assert (done.returncode, done.stdout) == (0, "played\n"), done.stderr


def test_a_function_that_needs_more_is_found() -> None:
    assert runs(DEEP, 64).returncode < 0
    assert runs(DEEP, 16_384).stdout == "played\n"


def limited(soft: int, hard: int) -> subprocess.CompletedProcess[str]:
    """Start the command with these stack limits in KiB in place of the system's."""
    script = (
        "import resource, sys\n"
        f"limits = [{soft} * 1024, {hard} * 1024]\n"
        "resource.getrlimit = lambda which: tuple(limits)\n"
        "resource.setrlimit = lambda which, new: print('set', *new)\n"
        "from namgraph.__main__ import main\n"
        "sys.argv[1:] = ['--version']\n"
        "sys.exit(main())"
    )
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)


def test_too_low_a_limit_is_said_or_raised() -> None:
    said = limited(128, 128)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == (
        "namgraph: error: the stack is limited to 128 KiB: at least 256 KiB are needed "
        "(ulimit -s 256)\n"
    )
    raised = limited(128, 8192)
    assert raised.returncode == 0, raised.stderr
    assert raised.stdout.splitlines()[0] == "set 262144 8388608"
    assert "set" not in limited(256, 256).stdout
