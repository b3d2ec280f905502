"""The level that a dynamics node acts on: filters of its key, the loudest of linked channels.

The key is the signal that is measured: the input, or a side-chain.  Its filters, a high-pass of
second order (Butterworth) and a low-pass of first order, are those of ``dsp/filters/svf.py``, here
in one loop for one channel.  A new frequency is taken at once: the key is not heard.
"""

import math
from typing import Any

import numpy as np

from ....graph import Io
from ....runtime import authoring as ng
from ....runtime.native.pointers import call_node, zero_bytes
from ..filters.svf import HIGHEST

__all__ = [
    "KEY",
    "SIDECHAINS",
    "allocate_key",
    "find_levels",
    "key_filters",
    "key_levels",
    "key_ports",
    "tune_key",
]

KEY = np.dtype(
    [
        ("low_hz", np.float64),  # for which the rest was computed
        ("high_hz", np.float64),
        ("rate", np.float64),
        *((name, np.float64) for name in ("d", "c1", "c2", "p", "q", "r", "low")),
        ("twice", np.float64),  # step of the low-pass's state: 2, or 1 without it
        ("filters", np.int64),  # addresses of C functions: that computes the rest
        ("filtered", np.int64),  # that finds levels, and that without filters
        ("plain", np.int64),
        ("levels", np.int64),  # one of these two
    ]
)
KEY_CHANNEL = np.dtype(
    [
        ("u", np.float64),  # integrators of the high-pass
        ("v", np.float64),
        ("s", np.float64),  # of the low-pass
        ("key", np.int64),
    ]
)
CHANNEL = KEY_CHANNEL.itemsize
SIDECHAINS = (False, True, "mono")
"""Choices of the option: no key port, one with as many channels as the input, a mono one."""
LOWEST_HZ, HIGHEST_HZ = 20.0, 20_000.0
"""At these frequencies there is no high-pass, no low-pass."""
DAMPING = 2.0**0.5
"""1/Q of a Butterworth filter."""


def key_ports(sidechain: bool | str) -> tuple[ng.Port, ...]:
    """Return the input ports of a node for one of ``SIDECHAINS``."""
    keys = {False: (), True: (ng.Port("key"),), "mono": (ng.Port("key", channels=1),)}
    return (ng.Port("in"), *keys[sidechain])


def allocate_key(io: Io, port: str, *, filtered: bool = True) -> tuple[Any, Any]:
    """Allocate the filters of an input port: a record ``KEY``, a ``KEY_CHANNEL`` per channel.

    Without ``filtered`` levels are the magnitudes of the samples, whatever the frequencies are.
    """
    key = io.memory.record(
        KEY,
        rate=io.spec.rate,
        filters=key_filters.address,
        filtered=(key_levels if filtered else plain_levels).address,
        plain=plain_levels.address,
    )
    return key, io.memory.records(KEY_CHANNEL, [{"key": key}] * io.inputs[port])


@ng.kernel
def key_filters(key: int, _ins: int, _outs: int, _frames: int) -> None:
    """Compute the coefficients for the frequencies in a record ``KEY``."""
    s = ng.record(key, KEY)
    turn = s.low_hz / s.rate
    g = math.tan(math.pi * (turn if turn < HIGHEST else HIGHEST))
    a1 = 1.0 / (1.0 + g * (g + DAMPING))
    a2 = g * a1
    a3 = g * a2
    s.p = 2.0 * a1 - 1.0
    s.q = 2.0 * a2
    s.r = 2.0 * a3
    # Input minus the damping times the band-pass, minus the low-pass.
    s.d = 1.0 - DAMPING * a2 - a3
    s.c1 = -DAMPING * a1 - a2
    s.c2 = 1.0 - a3 - DAMPING * a2
    if s.low_hz <= LOWEST_HZ:
        s.d = 1.0
        s.c1 = 0.0
        s.c2 = 0.0
    turn = s.high_hz / s.rate
    g = math.tan(math.pi * (turn if turn < HIGHEST else HIGHEST))
    s.low = 1.0
    s.twice = 1.0
    if s.high_hz < HIGHEST_HZ:
        s.low = g / (1.0 + g)
        s.twice = 2.0
    off = s.low_hz <= LOWEST_HZ and s.high_hz >= HIGHEST_HZ
    s.levels = s.plain if off else s.filtered


@ng.kernel
def key_levels(channel: int, samples: int, levels: int, frames: int) -> None:
    """Filter the samples (float32) of a channel; raise the levels (float64) to their magnitude."""
    s = ng.record(channel, KEY_CHANNEL)
    k = ng.record(s.key, KEY)
    x = ng.floats(samples, frames)
    level = ng.numbers(levels, frames, np.float64)
    d = k.d
    c1 = k.c1
    c2 = k.c2
    p = k.p
    q = k.q
    r = k.r
    low = k.low
    twice = k.twice
    u = s.u
    v = s.v
    state = s.s
    keep = 1.0 - r
    for i in range(frames):
        sample = np.float64(x[i])
        high = d * sample + (c1 * u - c2 * v)
        u, v = (q * sample - q * v) + p * u, (r * sample + q * u) + keep * v
        step = low * (high - state)
        size = abs(state + step)
        state += twice * step
        level[i] = level[i] if level[i] >= size else size
    finite = u - u == 0.0 and v - v == 0.0 and state - state == 0.0
    s.u, s.v, s.s = (u, v, state) if finite else (0.0, 0.0, 0.0)


@ng.kernel
def plain_levels(_channel: int, samples: int, levels: int, frames: int) -> None:
    """Raise the levels (float64) to the magnitude of the samples (float32)."""
    x = ng.floats(samples, frames)
    level = ng.numbers(levels, frames, np.float64)
    for i in range(frames):
        size = abs(np.float64(x[i]))
        level[i] = level[i] if level[i] >= size else size


@ng.helper
def tune_key(key: int, low_hz: float, high_hz: float) -> None:
    """Take over the frequencies of the filters: a high-pass and a low-pass."""
    s = ng.record(key, KEY)
    if low_hz != s.low_hz or high_hz != s.high_hz:
        s.low_hz = low_hz
        s.high_hz = high_hz
        call_node(s.filters, key, 0, 0, np.int32(0))


@ng.helper
def find_levels(
    key: int, channels: int, ins: int, first: int, count: int, done: int, levels: int, frames: int
) -> None:
    """Write the levels (float64) of ``count`` linked channels, ``frames`` from frame ``done`` on.

    ``channels`` is the address of the records of all channels, ``ins`` of the list of the key's.
    """
    s = ng.record(key, KEY)
    zero_bytes(levels, 8 * frames)
    for c in range(first, first + count):
        source = ng.channel_address(ins, c) + 4 * done
        call_node(s.levels, channels + c * CHANNEL, source, levels, np.int32(frames))
