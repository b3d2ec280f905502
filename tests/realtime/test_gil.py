"""The engine plays without the GIL: other Python threads run meanwhile."""

import ctypes
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest

from namgraph.graph import Graph
from namgraph.nodes.utility.gain import Gain
from namgraph.runtime import Engine
from namgraph.runtime.engine.process import render_blocks

FRAMES = 1 << 21


@pytest.fixture
def rack() -> tuple[Engine, np.ndarray, np.ndarray]:
    graph = Graph()
    last = graph.input("in", channels=1)
    for k in range(40):  # busy enough to last some hundred milliseconds
        last = last >> graph.add(f"gain{k}", Gain(gain_db=0.1))
    last >> graph.output("out", channels=1)
    engine = Engine(graph, sample_rate=48_000, max_frames=64)
    return engine, np.ones(FRAMES, np.float32), np.zeros(FRAMES, np.float32)


def turns_of_another_thread(work: Callable[[], None]) -> int:
    """Count how often a second thread gets to run between the start and the end of ``work``."""
    count, stop, ready = 0, threading.Event(), threading.Event()
    inside = threading.Event()

    def spin() -> None:
        nonlocal count
        ready.set()
        while not stop.is_set():
            if inside.is_set():
                count += 1

    thread = threading.Thread(target=spin)
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # getting in and out of the call gives the other thread a turn too
    try:
        thread.start()
        ready.wait()
        inside.set()
        before = count
        work()
        return count - before
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(usual)


def test_a_long_native_call_releases_the_gil(
    rack: tuple[Engine, np.ndarray, np.ndarray],
) -> None:
    engine, x, y = rack
    assert turns_of_another_thread(lambda: engine.play([x], [y], FRAMES, 64)) > 10_000
    assert y.all()


def test_the_counter_notices_a_call_that_holds_the_gil(
    rack: tuple[Engine, np.ndarray, np.ndarray],
) -> None:
    engine, x, y = rack
    held = ctypes.PYFUNCTYPE(None, *[ctypes.c_int64] * 5)(render_blocks.address)
    ins, outs = (np.array([a.ctypes.data], np.int64) for a in (x, y))
    turns = turns_of_another_thread(
        lambda: held(engine.state, ins.ctypes.data, outs.ctypes.data, FRAMES, 64)
    )
    free = turns_of_another_thread(lambda: engine.play([x], [y], FRAMES, 64))
    assert turns < free / 3
