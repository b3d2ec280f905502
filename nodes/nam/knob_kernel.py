"""Audio-thread kernel of ``Nam`` for a capture with knobs: moves the biases that they are part of.

Every 32 frames, counted from reset, each knob goes on towards its target; in between its value is
a line, of which each 8th frame counts.  While all knobs rest the network gets whole blocks.  Where
the ticks lie does not depend on how the signal is cut, so neither does the output.

``knob_state`` and ``prepare_knobs`` belong to control threads.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...graph.prepare import Memory
from ...runtime.native.abi import helper, kernel
from ...runtime.native.pointers import call_node, element, floats, load, record
from ...runtime.simd.smoothing import glide_step
from .cpu.knob_columns import Fold
from .kernel import STATE, apply_input_gain, apply_output_gain

__all__ = ["KNOB_SMOOTHING_S", "TICK", "knob_state", "play_knobs", "prepare_knobs"]

KNOB_SMOOTHING_S = 0.03
TICK = 32
"""Frames between two steps of the smoothing."""
STEP = 8
"""Frames between two values on the line from one step to the next."""

MORE = np.dtype([(name, np.int64) for name in ("frame", "count", "folds", "fold_count")])
"""What follows the fields of ``STATE``; then a ``KNOB`` for each knob."""
PARTS = ("", "_now", "_before", "_value", "_coefficient")
KNOB = np.dtype([(name or "target", np.float64) for name in ("", *(p[1:] for p in PARTS[1:]))])
"""``now`` is the value at the end of a tick, ``before`` that at its begin."""
FOLD = np.dtype([(name, np.int64) for name in ("target", "base", "columns", "count")])
"""Float32 at the first three; ``columns`` has a row of ``count`` for each knob."""
FIRST_MORE = STATE.itemsize
FIRST_KNOB = STATE.itemsize + MORE.itemsize


@helper
def _fold(state: int) -> None:
    """Write the biases for the current values of all knobs."""
    more = record(state + FIRST_MORE, MORE)
    for number in range(more.fold_count):
        fold = element(more.folds, number, FOLD)
        count = fold.count
        base, biases = floats(fold.base, count), floats(fold.target, count)
        columns = floats(fold.columns, count * more.count)
        for i in range(count):
            total = np.float64(base[i])
            for k in range(more.count):
                value = element(state + FIRST_KNOB, k, KNOB).value
                total += np.float64(columns[k * count + i]) * value
            biases[i] = np.float32(total)


@helper
def _begin_tick(state: int) -> None:
    """Take each knob one step towards its target; a new or reset one begins there."""
    more = record(state + FIRST_MORE, MORE)
    started = True
    for k in range(more.count):
        knob: Any = element(state + FIRST_KNOB, k, KNOB)
        if knob.now != knob.now:
            knob.now = knob.before = knob.value = knob.target
            started = False
        elif more.frame & (TICK - 1) == 0:
            knob.before = knob.now
            knob.now = glide_step(knob.now, knob.target, knob.coefficient)
    if not started:
        _fold(state)


@helper
def _moves(state: int) -> bool:
    """Return whether a knob is not where it should be; write the biases of this step if so."""
    more = record(state + FIRST_MORE, MORE)
    moves, steps = False, False
    place = (more.frame & (TICK - 1)) // STEP + 1
    for k in range(more.count):
        knob: Any = element(state + FIRST_KNOB, k, KNOB)
        if knob.before != knob.now:
            steps = True
            share = np.float64(place) / np.float64(TICK // STEP)
            knob.value = knob.before + share * (knob.now - knob.before)
            if place == TICK // STEP:
                knob.value = knob.now
        moves = moves or knob.now != knob.target
    if steps and more.frame & (STEP - 1) == 0:
        _fold(state)
    return moves or steps


@kernel
def play_knobs(state: int, ins: int, outs: int, frames: int) -> None:
    """Run one block: input gain, network in pieces while knobs move, output gain."""
    s, more = record(state, STATE), record(state + FIRST_MORE, MORE)
    source = apply_input_gain(state, ins, frames)
    done = 0
    while done < frames:
        _begin_tick(state)
        count = frames - done
        if _moves(state):
            left = STEP - (more.frame & (STEP - 1))
            if left < count:
                count = left
        begin = 4 * done
        call_node(
            s.kernel, s.network, load(source, 0) + begin, load(outs, 0) + begin, np.int32(count)
        )
        more.frame += count
        done += count
    apply_output_gain(state, outs, frames)


def knob_state(names: Sequence[str]) -> np.dtype[Any]:
    """Return the record of a node with these knobs."""
    own: Any = STATE.fields
    rest: Any = MORE.fields
    fields = [(name, kind) for part in (own, rest) for name, (kind, *_) in part.items()]
    fields += [(f"{name}{part}", np.dtype(np.float64)) for name in names for part in PARTS]
    return np.dtype(fields)


def prepare_knobs(memory: Memory, folds: Sequence[Fold], names: Sequence[str]) -> dict[str, Any]:
    """Allocate what knobs add; return the fields of the record for it, but those of the knobs."""
    rows = [
        {
            "target": fold.target,
            "base": memory.constant(fold.base),
            "columns": memory.constant(fold.columns),
            "count": fold.base.size,
        }
        for fold in folds
    ]
    return {"count": len(names), "folds": memory.table(FOLD, rows), "fold_count": len(rows)}
