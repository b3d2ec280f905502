"""Compare lost blocks of a compiled audio callback and one in Python, while Python is busy.

    python examples/gil_torture.py [SECONDS]

A clock plays the same rack with both callbacks, as a sound card would.  Printed is the share of
blocks that were due and never rendered.
"""

import ctypes
import gc
import sys
import time
from collections.abc import Callable

import numpy as np

import namgraph as ng

BLOCK = 64
POINTER, WORD = ctypes.c_void_p, ctypes.c_ulong
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, POINTER, POINTER, WORD, POINTER, WORD, POINTER)
RACK = ng.load_preset("crunch")
WINDOWS = sys.platform == "win32"
NAP = ctypes.PyDLL("kernel32").Sleep if WINDOWS else ctypes.PyDLL(None).usleep  # keeps the GIL
LITTER: list[list[int]] = []


def count(until: float) -> None:
    while time.monotonic() < until:
        pass


def hold_the_gil(until: float) -> None:
    while time.monotonic() < until:
        NAP(50 if WINDOWS else 50_000)
        time.sleep(0.05)


def collect(until: float) -> None:
    LITTER.extend([k] for k in range(2_000_000 - len(LITTER)))
    while time.monotonic() < until:
        gc.collect()
        time.sleep(0.02)


LOADS: dict[str, Callable[[float], None]] = {
    "sleeps": lambda until: time.sleep(until - time.monotonic()),
    "counts": count,
    "holds the GIL in C, 50 ms each": hold_the_gil,
    "collects 2 M lists": collect,
}


def lost(load: Callable[[float], None], seconds: float, python: bool) -> float:
    """Return the share of blocks, in percent, that were due and never rendered."""
    stream = ng.NullStream(RACK, BLOCK)
    engine = ng.Engine(RACK, sample_rate=48_000, max_frames=BLOCK)

    def callback(source: int, target: int, frames: int, now: int, flags: int, user: int) -> int:
        x = np.ctypeslib.as_array((ctypes.c_float * frames).from_address(source))
        y = np.ctypeslib.as_array((ctypes.c_float * 2 * frames).from_address(target))
        y[:] = engine.process(x[np.newaxis]).T
        return 0

    called = CALLBACK(callback)
    if python:  # the same clock calls this instead
        stream.clock["callback"] = ctypes.cast(called, POINTER).value
    with stream:
        done, late = int(stream.clock["done"][0]), stream.lost
        load(time.monotonic() + seconds)
        done, late = int(stream.clock["done"][0]) - done, stream.lost - late
    return 100.0 * late / max(1, done + late)


for name, load in LOADS.items():
    print(f"Python {name}: blocks of {BLOCK} never rendered")
    for python in (False, True):
        share = lost(load, float([*sys.argv, "1"][1]), python)
        kind, bar = "Python" if python else "compiled", "#" * round(share / 2)
        print(f"  {kind:<9}{share:6.2f} %  {bar}".rstrip(), flush=True)
