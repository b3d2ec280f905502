"""Audio-thread kernel and record of a pair of captures: each side as a mono ``Nam`` plays it.

Each side has the record of ``nam/kernel.py``, or ``nam/knob_kernel.py``, and is played by the
kernel of that.  Parameters are those of the pair, whose record passes them on.
"""

from typing import Any

import numpy as np

from ....runtime.native.abi import helper, kernel
from ....runtime.native.pointers import (
    call_node,
    element,
    load,
    numbers,
    record,
    store,
    zero_bytes,
)
from ..kernel import apply_input_gain, apply_output_gain

__all__ = ["PAIR", "PASSED", "SIDE", "play_pair"]

PAIR = np.dtype(
    [
        *((name, np.int64) for name in ("sides", "both", "both_record", "inputs")),
        *((name, np.int64) for name in ("ins", "outs", "scaled", "passed", "passed_count")),
    ]
)
"""After these come the parameters, and the smoothed values of some.  ``both`` is the kernel of both
networks at once, or 0; ``ins``, ``outs`` and ``scaled`` are lists of two channels."""
SIDE = np.dtype([(name, np.int64) for name in ("wait", "kernel", "state")])
"""``wait``: frames of silence before the side is prewarmed, which takes it fewer than the other."""
PASSED = np.dtype([(name, np.int64) for name in ("value", "now", "target", "target_now")])
"""A parameter: byte offsets in the pair's record, and addresses in that of a side."""


@helper
def _pass_parameters(state: int) -> None:
    """Copy the parameters to the sides; a smoothed value that is to start anew does so there."""
    s = record(state, PAIR)
    for number in range(s.passed_count):
        row = element(s.passed, number, PASSED)
        store(row.target, 0, load(state + row.value, 0))
        if row.now != 0:
            now = numbers(state + row.now, 1, np.float64)
            if now[0] != now[0]:
                store(row.target_now, 0, load(state + row.now, 0))
    for number in range(s.passed_count):
        row = element(s.passed, number, PASSED)
        if row.now != 0:
            numbers(state + row.now, 1, np.float64)[0] = 0.0


@helper
def _play_side(sides: int, number: int, ins: int, outs: int, frames: int) -> None:
    """Play the frames of a side, or silence while it waits."""
    side: Any = element(sides, number, SIDE)
    if side.wait > 0:
        zero_bytes(load(outs, number), 4 * np.int64(frames))
        side.wait -= frames
    else:
        call_node(side.kernel, side.state, ins + 8 * number, outs + 8 * number, frames)


@helper
def _play_both(state: int, frames: int) -> None:
    """Play both networks at once, between the gains of each side."""
    s = record(state, PAIR)
    for number in range(2):
        side = element(s.sides, number, SIDE)
        source = apply_input_gain(side.state, s.ins + 8 * number, frames)
        store(s.scaled, number, load(source, 0))
    call_node(s.both, s.both_record, s.scaled, s.outs, frames)
    for number in range(2):
        side = element(s.sides, number, SIDE)
        apply_output_gain(side.state, s.outs + 8 * number, frames)


@kernel
def play_pair(state: int, ins: int, outs: int, frames: int) -> None:
    """Run one block, in pieces that end where a side begins; one input channel feeds both sides."""
    s = record(state, PAIR)
    _pass_parameters(state)
    done = np.int64(0)
    while done < frames:
        count = np.int64(frames) - done
        for number in range(2):
            wait = element(s.sides, number, SIDE).wait
            if 0 < wait < count:
                count = wait
            store(s.ins, number, load(ins, number if s.inputs == 2 else 0) + 4 * done)
            store(s.outs, number, load(outs, number) + 4 * done)
        if s.both != 0:
            _play_both(state, np.int32(count))
        else:
            for number in range(2):
                _play_side(s.sides, number, s.ins, s.outs, np.int32(count))
        done += count
