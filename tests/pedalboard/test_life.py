"""Lifetime of GraphPlugin: loading, freeing, threads, the GIL, and the time of a call."""

import ctypes
import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng

from .graphs import RATE, echo_graph, noise, rendered

pb = pytest.importorskip("pedalboard")
GraphPlugin: Any = pytest.importorskip("namgraph.runtime.adapters.pedalboard").GraphPlugin

from namgraph.runtime.adapters.pedalboard import ownership  # noqa: E402
from namgraph.runtime.adapters.pedalboard.shim import binding  # noqa: E402

ROUNDS = 5
MOST_KIB = 512
"""Resident memory that a round may add: what other parts of the process do is rarely in three."""


def median_growth(cycle: Callable[[int], None], cycles: int) -> float:
    """Return by how many KiB the resident memory grows in ``cycles`` cycles: median of rounds."""
    sizes = []
    for _ in range(ROUNDS + 1):
        gc.collect()
        sizes.append(int(Path("/proc/self/statm").read_text().split()[1]) * 4)
        for number in range(cycles):
            cycle(number)
    return float(np.median(np.diff(sizes)))


def load_and_unload() -> float:
    """Return the growth of 400 plugins that are made and dropped, every tenth after a call."""
    graph, x = echo_graph(), noise(2, 64)

    def load(number: int) -> None:
        plugin = GraphPlugin(graph)
        if number % 10 == 0:
            plugin(x, RATE)

    grown = median_growth(load, 400)
    gc.collect()
    assert binding.release_unused() == 0
    return grown


def load_and_keep() -> float:
    """Return the growth of four plugins that are kept."""
    x, held = noise(2, 64), []

    def load(_: int) -> None:
        held.append(GraphPlugin(echo_graph()))
        held[-1](x, RATE)

    grown = median_growth(load, 4)
    assert binding.release_unused() >= len(held)
    return grown


def in_a_new_process(name: str) -> float:
    """Return what a function of this file returns in a process where nothing was freed before."""
    line = [sys.executable, "-m", "namgraph.tests.pedalboard.test_life", name]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_loading_and_unloading_leaves_nothing() -> None:
    assert in_a_new_process("load_and_unload") < MOST_KIB


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_test_detects_plugins_that_are_kept() -> None:
    assert in_a_new_process("load_and_keep") > MOST_KIB


def test_a_board_keeps_its_plugin_and_its_parameters() -> None:
    ownership.release_unused_plugins()
    x, kept = noise(2), ownership.kept_count()
    board = pb.Pedalboard([pb.Gain(0), GraphPlugin(echo_graph())])
    gc.collect()
    assert ownership.kept_count() == kept + 1
    board[1].amp_gain_db = -20.0
    np.testing.assert_array_equal(board(x, RATE), rendered(echo_graph(gain_db=-20.0), x))
    del board
    gc.collect()
    assert ownership.release_unused_plugins() == kept


def test_boards_that_hold_a_plugin_are_counted() -> None:
    plugin = pb.Gain()
    assert ownership.board_count(plugin) == 0
    boards = [pb.Pedalboard([plugin]), pb.Chain([plugin])]
    assert ownership.board_count(plugin) == len(boards)


def test_many_instances_each_with_its_own_state() -> None:
    x = noise(2, 2000)
    plugins = [GraphPlugin(echo_graph(gain_db=-g)) for g in range(32)]
    board = pb.Mix(plugins)
    board(x, RATE)
    for g, plugin in enumerate(plugins):
        np.testing.assert_array_equal(plugin(x, RATE), rendered(echo_graph(gain_db=-g), x))


def in_threads(work: Callable[[int], None], count: int = 8) -> None:
    errors: list[BaseException] = []

    def guarded(k: int) -> None:
        try:
            work(k)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_instances_in_threads_of_their_own() -> None:
    x = noise(2, 5000)
    plugins = [GraphPlugin(echo_graph(gain_db=-g)) for g in range(8)]
    wanted = [rendered(echo_graph(gain_db=-g), x) for g in range(8)]

    def work(k: int) -> None:
        for _ in range(20):
            np.testing.assert_array_equal(plugins[k](x, RATE), wanted[k])

    in_threads(work)


def test_one_instance_in_many_threads() -> None:
    x, plugin = noise(2, 5000), GraphPlugin(echo_graph())
    wanted = rendered(echo_graph(), x)

    def work(k: int) -> None:
        for _ in range(20):
            np.testing.assert_array_equal(plugin(x, RATE), wanted)

    in_threads(work)


def test_parameters_are_set_while_it_plays() -> None:
    plugin, x = GraphPlugin(echo_graph()), noise(2, 64)
    over = threading.Event()

    def turn() -> None:
        k = 0
        while not over.is_set():
            plugin.amp_gain_db = -(k % 60)
            k += 1

    hands = [threading.Thread(target=turn) for _ in range(2)]
    for hand in hands:
        hand.start()
    try:
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            assert np.isfinite(plugin(x, RATE, reset=False)).all()
            plugin(x, 44_100 if until - time.monotonic() < 0.5 else RATE)
    finally:
        over.set()
        for hand in hands:
            hand.join()
    plugin.amp_gain_db = -7.0
    np.testing.assert_array_equal(plugin(x, RATE), rendered(echo_graph(gain_db=-7.0), x))


def test_made_in_another_thread_it_says_where_to_make_it() -> None:
    first = GraphPlugin(echo_graph())  # pedalboard's message thread is this one from now on
    with pytest.raises(ng.EngineError, match="only in the thread that created the first"):
        in_threads(lambda k: GraphPlugin(echo_graph()) and None, count=1)
    assert first.amp_gain_db == -6.0


def progress(work: Callable[[], object], seconds: float = 0.5) -> float:
    """How many short sleeps a second another Python thread gets done while ``work`` repeats."""
    done, over = 0, threading.Event()

    def tick() -> None:
        nonlocal done
        while not over.is_set():
            time.sleep(0.001)
            done += 1

    thread = threading.Thread(target=tick)
    thread.start()
    begun, before = time.perf_counter(), done
    while time.perf_counter() - begun < seconds:
        work()
    rate = (done - before) / (time.perf_counter() - begun)
    over.set()
    thread.join()
    return rate


def shares(tries: int = 12) -> tuple[float, float]:
    """The best share of its idle progress that a thread makes beside us, and beside a GIL hog.

    The best of some tries: others use the machine too.
    """
    x, plugin = noise(2, 1 << 20), GraphPlugin(echo_graph())
    plugin(x, RATE)
    hog: Any = ctypes.PyDLL(None)
    beside = hogged = 0.0
    for trial in range(tries):
        idle = progress(lambda: time.sleep(0.02))
        beside = max(beside, progress(lambda: plugin(x, RATE, reset=False)) / idle)
        if trial < 2:
            hogged = max(hogged, progress(lambda: hog.usleep(20_000)) / idle)
        if beside >= 0.95 and trial:
            break
    return beside, hogged


@pytest.mark.skipif(sys.platform == "win32", reason="sleeps in libc")
def test_other_python_threads_run_while_it_plays() -> None:
    """How much they progress is measured by running this file; here only that the GIL is free."""
    beside, hogged = shares()
    assert beside > 0.5
    assert hogged < 0.5 * beside, "the measure cannot see a held GIL"


def test_python_ends_well_with_plugins_on_boards() -> None:
    script = (
        "import numpy as np, pedalboard as pb, namgraph as ng\n"
        "from namgraph.runtime.adapters.pedalboard import GraphPlugin\n"
        "g = ng.Graph(); g.input('i', channels=2) >> g.add('a', ng.Gain()) >> "
        "g.output('o', channels=2)\n"
        "board = pb.Pedalboard([GraphPlugin(g)]); p = GraphPlugin(g)\n"
        "keep = board(np.zeros((2, 64), 'f4'), 48000)\nprint('played')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "played\n", "")


if __name__ == "__main__":
    if sys.argv[1:]:
        print({"load_and_unload": load_and_unload, "load_and_keep": load_and_keep}[sys.argv[1]]())
    else:
        print("progress beside us, beside a GIL hog:", *(f"{share:.2f}" for share in shares()))
