"""Plays blocks where a system call ends the process: see test_system_calls.py.  Linux alone.

A filter (``seccomp``) lets a child of this process do nothing but write, and end.
"""

import ctypes
import os
import struct
import sys
from typing import Any

import numpy as np
from numba import int64, njit

import namgraph as ng
from namgraph.runtime.engine.process import process
from namgraph.runtime.workers import plan_lanes, worker_threads

BLOCKS, FRAMES = 20_000, 64
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
THREAD_BLOCKS = 200
ALLOW, KILL = 0x7FFF0000, 0x80000000
NUMBERS = {"x86_64": (1, 231), "aarch64": (64, 94)}
"""Of write and exit_group."""


def function(name: str, *kinds: Any) -> Any:
    found = getattr(ctypes.CDLL(None), name)
    found.argtypes, found.restype = kinds, ctypes.c_long
    return found


LONG = ctypes.c_long
prctl = function("prctl", ctypes.c_int, LONG, LONG, LONG, LONG)
write = function("write", ctypes.c_int, LONG, LONG)
end = function("_exit", ctypes.c_int)
getppid = function("getppid")
play = process.ctypes


@njit(int64(int64, int64, int64, int64, int64, int64, int64))  # type: ignore[untyped-decorator]
def confined(
    state: int, ins: int, outs: int, blocks: int, text: int, calls: int, rules: int
) -> int:
    """Forbid system calls, play, and end with a word; only returns if they cannot be forbidden."""
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return 2
    if prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, rules, 0, 0) != 0:
        return 3
    for _ in range(blocks):
        play(state, ins, outs, FRAMES)
    for _ in range(calls):
        getppid()
    write(1, text, 7)
    end(0)
    return 4


def filter_for(machine: str) -> bytes:
    """Return a program that allows write and exit_group; all else kills the process."""
    rows = [(LOAD, 0, 0, 0)]
    rows += [(JUMP_IF_EQUAL, 2 - k, 0, number) for k, number in enumerate(NUMBERS[machine])]
    rows += [(RETURN, 0, 0, KILL), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *row) for row in rows)


def branches() -> ng.Engine:
    """Return an engine whose worker must play a branch, or its blocks never end."""
    vars(plan_lanes)["measure_rows"] = lambda plan: [1e6] * len(plan.names)
    worker_threads.PATIENCE_NS = worker_threads.SETTLE_NS = 1e12
    graph = ng.Graph()
    source, sink = graph.input("in", channels=1), graph.output("out", channels=1)
    for name in "ab":
        source >> graph.add(name, ng.Gain(gain_db=-3.0)) >> graph.add(f"{name}2", ng.Gain()) >> sink
    engine = ng.Engine(graph, sample_rate=48_000, max_frames=FRAMES, threads=2)
    engine.process(np.zeros(FRAMES, np.float32))
    return engine


def with_a_worker(machine: str, calls: str) -> None:
    """Confine the audio thread alone, this one: the worker may sleep."""
    engine, x = branches(), np.zeros((2, FRAMES), np.float32)
    ins, outs = (np.array([row.ctypes.data], np.int64) for row in x)
    text = np.frombuffer(b"played\n", np.uint8)
    rules = np.frombuffer(filter_for(machine), np.uint8)
    program = np.frombuffer(struct.pack("@HP", len(rules) // 8, rules.ctypes.data), np.uint8)
    places = ins.ctypes.data, outs.ctypes.data, THREAD_BLOCKS, text.ctypes.data
    print(confined(engine.state, *places, int(calls), program.ctypes.data))


def main(machine: str, calls: str) -> None:
    graph = ng.load_preset("crunch")
    engine = ng.Engine(graph, sample_rate=48_000, max_frames=FRAMES)
    rng = np.random.default_rng(0)
    x = rng.uniform(-0.3, 0.3, (sum(graph.inputs.values()), FRAMES)).astype(np.float32)
    y = np.zeros((sum(graph.outputs.values()), FRAMES), np.float32)
    ins, outs = (np.array([row.ctypes.data for row in a], np.int64) for a in (x, y))
    # Messages are read, and a swap is faded to, by the blocks that are confined.
    engine.queue.has_audio_thread = True
    engine.swap(graph.copy())
    for at in range(64, 6_400, 100):
        engine.set("amp.input_db", -float(at % 7), at=at)
    text = np.frombuffer(b"played\n", np.uint8)
    rules = np.frombuffer(filter_for(machine), np.uint8)
    program = np.frombuffer(struct.pack("@HP", len(rules) // 8, rules.ctypes.data), np.uint8)
    places = ins.ctypes.data, outs.ctypes.data, BLOCKS, text.ctypes.data
    child = os.fork()  # has this thread alone
    if child == 0:
        os._exit(confined(engine.state, *places, int(calls), program.ctypes.data))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    (with_a_worker if sys.argv[3:] else main)(*sys.argv[1:3])
