"""Audio-thread kernel of ``Nam`` for a capture with knobs: moves the weights that they are part of.

A network gets numbers for its knobs (``model/knob.py``).  Every 32 frames, counted from reset, each
number goes on towards that of the knob's value; in between it is on a line, of which each 4th frame
counts.  So a switch goes from one choice to another without the choices between.  While all rest
the network gets whole blocks.  Where the ticks lie does not depend on how the signal is cut, so
neither does the output.

``knob_state`` and ``prepare_knobs`` belong to control threads.
"""

from collections.abc import Sequence
from math import floor
from typing import Any

import numpy as np

from ...graph.prepare import Io, Memory, glide_coefficient
from ...runtime.native.abi import helper, kernel
from ...runtime.native.pointers import call_node, element, floats, load, numbers, record
from ...runtime.simd.smoothing import glide_step
from .cpu.knob_columns import Fold
from .cpu.live_weights import LiveWeights, Moved
from .cpu.weight_kernel import FUNCTION, compute_weights, prepare_functions, write_weights
from .kernel import STATE, apply_input_gain, apply_output_gain
from .model.knob import Knob

__all__ = ["KNOB_SMOOTHING_S", "TICK", "knob_state", "play_knobs", "prepare_knobs"]

KNOB_SMOOTHING_S = 0.03
TICK = 32
"""Frames between two steps of the smoothing."""
STEP = 4
"""Frames between two values on the line from one step to the next."""

MORE = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("frame", "knob_inputs", "count", "encoded", "folds", "fold_count"),
            *("functions", "function_count"),
        )
    ]
)
"""What follows the fields of ``STATE``; then of each knob ``NAME`` and
``NAME_now``, float64: its value, and NaN until the knob has begun there."""
INPUT = np.dtype(
    [
        *((name, np.float64) for name in ("now", "before", "value", "coefficient")),
        *((name, np.float64) for name in ("low", "range", "step", "choice")),
        *((name, np.int64) for name in ("knob", "kind")),
    ]
)
"""A number for a knob: ``now`` at the end of a tick, ``before`` at its begin."""
PLAIN, SIGNED, CHOICE = range(3)
FOLD = np.dtype([(name, np.int64) for name in ("target", "base", "columns", "count")])
"""Float32 at the first three; ``columns`` has a row of ``count`` for each input."""
FIRST_MORE = STATE.itemsize
FIRST_KNOB = STATE.itemsize + MORE.itemsize
FUNCTION_BYTES = FUNCTION.itemsize


@helper
def _target(state: int, row: Any) -> Any:
    """Return the number for the value of a knob, as ``encode`` does."""
    value: Any = numbers(state + FIRST_KNOB + 16 * row.knob, 1, np.float64)[0]
    if row.step > 0.0:
        value = row.low + row.step * floor((value - row.low) / row.step + 0.5)
    if row.kind == CHOICE:
        return 1.0 if value == row.choice else 0.0
    if row.kind == SIGNED:
        return -1.0 + 2.0 * ((value - row.low) / row.range)
    return value


@helper
def _fold(state: int) -> None:
    """Write the biases for the current numbers of all knobs."""
    more = record(state + FIRST_MORE, MORE)
    for number in range(more.fold_count):
        fold = element(more.folds, number, FOLD)
        count = fold.count
        base, biases = floats(fold.base, count), floats(fold.target, count)
        columns = floats(fold.columns, count * more.count)
        for i in range(count):
            total = np.float64(base[i])
            for k in range(more.count):
                value = element(more.knob_inputs, k, INPUT).value
                total += np.float64(columns[k * count + i]) * value
            biases[i] = np.float32(total)


@helper
def _compute(state: int) -> None:
    """Compute the weights for the end of a tick."""
    more = record(state + FIRST_MORE, MORE)
    encoded = numbers(more.encoded, more.count, np.float64)
    for k in range(more.count):
        encoded[k] = element(more.knob_inputs, k, INPUT).now
    for number in range(more.function_count):
        compute_weights(more.functions + number * FUNCTION_BYTES, more.encoded)


@helper
def _write(state: int, share: float) -> None:
    """Write biases and weights for a share of the way from one tick to the next."""
    more = record(state + FIRST_MORE, MORE)
    _fold(state)
    for number in range(more.function_count):
        write_weights(more.functions + number * FUNCTION_BYTES, share)


@helper
def _begin_tick(state: int) -> None:
    """Take each number one step towards its target; a new or reset one begins there."""
    more = record(state + FIRST_MORE, MORE)
    started, steps = True, False
    for k in range(more.count):
        row: Any = element(more.knob_inputs, k, INPUT)
        target = _target(state, row)
        begun = numbers(state + FIRST_KNOB + 16 * row.knob, 2, np.float64)[1]
        if begun != begun:
            row.now = row.before = row.value = target
            started = False
        elif more.frame & (TICK - 1) == 0:
            row.before = row.now
            row.now = glide_step(row.now, target, row.coefficient)
            steps = steps or row.before != row.now
    if not started or steps:
        _compute(state)
    if not started:
        for k in range(more.count):
            row = element(more.knob_inputs, k, INPUT)
            knob = numbers(state + FIRST_KNOB + 16 * row.knob, 2, np.float64)
            knob[1] = knob[0]
        _write(state, 1.0)


@helper
def _moves(state: int) -> bool:
    """Return whether a number is not where it should be; write the weights of this step if so."""
    more = record(state + FIRST_MORE, MORE)
    moves, steps = False, False
    place = (more.frame & (TICK - 1)) // STEP + 1
    share = np.float64(place) / np.float64(TICK // STEP)
    for k in range(more.count):
        row: Any = element(more.knob_inputs, k, INPUT)
        if row.before != row.now:
            steps = True
            row.value = row.before + share * (row.now - row.before)
            if place == TICK // STEP:
                row.value = row.now
        moves = moves or row.now != _target(state, row)
    if steps and more.frame & (STEP - 1) == 0:
        _write(state, share)
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
    fields += [(f"{name}{part}", np.dtype(np.float64)) for name in names for part in ("", "_now")]
    return np.dtype(fields)


def prepare_knobs(io: Io, knobs: Sequence[Knob], moved: Sequence[Moved]) -> dict[str, Any]:
    """Allocate what knobs add; return the fields of the record for it, with their values."""
    memory, rows = io.memory, _inputs(io, knobs)
    functions = prepare_functions(memory, [m for m in moved if isinstance(m, LiveWeights)])
    folds = [_fold_row(memory, m) for m in moved if isinstance(m, Fold)]
    return {
        "knob_inputs": memory.records(INPUT, rows),
        "count": len(rows),
        "encoded": memory.scratch(len(rows), np.float64),
        "folds": memory.table(FOLD, folds),
        "fold_count": len(folds),
        "functions": memory.table(FUNCTION, functions),
        "function_count": len(functions),
        **{knob.name: io.params[knob.name] for knob in knobs},
        **{f"{knob.name}_now": np.nan for knob in knobs},
    }


def _fold_row(memory: Memory, fold: Fold) -> dict[str, Any]:
    return {
        "target": fold.target,
        "base": memory.constant(fold.base),
        "columns": memory.constant(fold.columns),
        "count": fold.base.size,
    }


def _inputs(io: Io, knobs: Sequence[Knob]) -> list[dict[str, Any]]:
    """Return the records of the numbers of all knobs."""
    rows = []
    for number, knob in enumerate(knobs):
        coefficient: float = io.glide(knob.name, TICK)
        if knob.step:  # its parameter has steps, and so no smoothing
            coefficient = glide_coefficient(KNOB_SMOOTHING_S, io.spec.rate, TICK)
        for choice in range(knob.width):
            row = {"coefficient": coefficient, "low": knob.low, "step": knob.step}
            row |= {"range": knob.high - knob.low, "choice": choice, "knob": number}
            kind = CHOICE if knob.choices else SIGNED if knob.signed else PLAIN
            rows.append(row | {"kind": kind})
    return rows
