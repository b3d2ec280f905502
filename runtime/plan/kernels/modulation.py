"""Run a node whose parameters are moved by control signals, in pieces of the 32-frame grid.

The row of such a node calls ``modulate``, which calls the node's own kernel: at each multiple of
``TICK`` frames, counted from reset, it reads the control signals, and writes the moved values into
the node's record.  In between the node smooths them, with a time constant of a third of a tick.
Kernels give the same bits however a signal is cut, so the pieces change nothing else; where no
parameter moves there is one piece.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ....graph import Modulation, Param
from ...native.abi import helper, kernel
from ...native.pointers import call_node, element, load, numbers, record, store
from ..layout.block import Block, offset
from ..layout.memory import Memory
from .transport import end_block

__all__ = ["TICK", "allocate_modulation", "modulate", "modulated_smoothing_s"]

TICK = 32
"""Frames between two values of a control signal."""

BASE = np.dtype([("value", np.float64)])
"""The value of a parameter as set, which the control signals move."""

TARGET = np.dtype(
    [
        ("field", np.int64),  # address: the parameter's target in the node's record
        ("base", np.int64),  # address of its BASE
        ("low", np.float64),
        ("high", np.float64),
        ("ratio", np.float64),  # log(high / low) of a logarithmic parameter, else 0
        ("step", np.float64),  # of a parameter with steps, else 0
        ("absolute", np.int64),  # channel in ins of the signal that is the base, or -1
        ("first", np.int64),  # index of its first SOURCE, and their number
        ("count", np.int64),
    ]
)
SOURCE = np.dtype([("channel", np.int64), ("amount", np.float64)])
"""One control signal: its index in ``ins``, and how far it moves the parameter."""

MODULATION = np.dtype(
    [
        ("frame", np.int64),  # since reset
        ("kernel", np.int64),  # of the node, and its record
        ("record", np.int64),
        ("targets", np.int64),
        ("target_count", np.int64),
        ("sources", np.int64),
        ("ins", np.int64),  # scratch: channel addresses of a piece
        ("in_count", np.int64),  # without the control signals
        ("outs", np.int64),
        ("out_count", np.int64),
        ("transport", np.int64),  # of the plan: its frame is that of the piece while one runs;
        # 0: the node does not read it
    ]
)


@helper
def _moved(state: int, number: int, ins: int, at: int) -> float:
    """Return the value of a modulated parameter, for the control signals of frame ``at``."""
    s: Any = record(state, MODULATION)
    t = element(s.targets, number, TARGET)
    moved = 0.0
    for j in range(t.first, t.first + t.count):
        source = element(s.sources, j, SOURCE)
        moved += source.amount * numbers(load(ins, source.channel), at + 1, np.float32)[at]
    base = record(t.base, BASE).value
    if t.absolute >= 0:
        base = np.float64(numbers(load(ins, t.absolute), at + 1, np.float32)[at])
    value: float = base + moved * (t.high - t.low)
    if t.ratio != 0.0:
        value = base * math.exp(moved * t.ratio)
    if t.step > 0.0:
        value = t.low + t.step * math.floor((value - t.low) / t.step + 0.5)
    if value < t.low:
        value = t.low
    if value > t.high:
        value = t.high
    return value


@helper
def _run_piece(state: int, ins: int, outs: int, begin: int, end: int) -> None:
    """Run the node from frame ``begin`` of a block to ``end``."""
    s = record(state, MODULATION)
    for c in range(s.in_count):
        store(s.ins, c, load(ins, c) + 4 * begin)
    for c in range(s.out_count):
        store(s.outs, c, load(outs, c) + 4 * begin)
    if s.transport != 0:
        end_block(s.transport, begin)
    call_node(s.kernel, s.record, s.ins, s.outs, np.int32(end - begin))
    if s.transport != 0:
        end_block(s.transport, -begin)


@kernel
def modulate(state: int, ins: int, outs: int, frames: int) -> None:
    """Move the parameters of a node at each tick, and run it in between.

    A piece goes on over ticks at which no parameter moves.
    """
    s = record(state, MODULATION)
    done = begin = 0
    while done < frames:
        if s.frame & (TICK - 1) == 0:
            moves = False
            for k in range(s.target_count):
                value = _moved(state, k, ins, done)
                field = record(element(s.targets, k, TARGET).field, BASE)
                if field.value != value:
                    if not moves and done > begin:  # the piece before has the values before
                        _run_piece(state, ins, outs, begin, done)
                        begin = done
                    moves = True
                    field.value = value
        count = TICK - (s.frame & (TICK - 1))
        if count > frames - done:
            count = frames - done
        s.frame += count
        done += count
    if done > begin:
        _run_piece(state, ins, outs, begin, done)


def modulated_smoothing_s(rate: float) -> float:
    """Return the time constant of a modulated parameter: a third of a tick, in seconds."""
    return TICK / (3.0 * rate)


def allocate_modulation(
    memory: Memory,
    kernel: int,
    made: Block,
    params: Mapping[str, tuple[Param, float]],
    modulations: Sequence[Modulation],
    channels: tuple[int, int],
    transport: Block,
) -> tuple[Block, dict[str, tuple[Block, int]]]:
    """Allocate the ``MODULATION`` of a node; return it, and where the value of each parameter is.

    ``kernel`` and ``made`` are the node's own, ``params`` the declaration and the value of each
    modulated parameter, ``channels`` the node's inputs and outputs without control signals.  The
    signals are the channels of ``ins`` after those, in the order of ``modulations``.
    """
    bases = memory.records(BASE, [{"value": value} for _, value in params.values()])
    places = {name: bases[BASE.itemsize * k] for k, name in enumerate(params)}
    targets: list[dict[str, Any]] = []
    sources: list[dict[str, Any]] = []
    for name, (declared, _) in params.items():
        first = len(sources)
        here = [(channels[0] + k, m) for k, m in enumerate(modulations) if m.target.port == name]
        sources += [{"channel": c, "amount": m.amount} for c, m in here if not m.absolute]
        targets.append(
            {
                "field": made[offset(made.content.dtype, name)],
                "base": places[name],
                "low": declared.low,
                "high": declared.high,
                "ratio": _ratio(declared),
                "step": declared.step,
                "absolute": next((c for c, m in here if m.absolute), -1),
                "first": first,
                "count": len(sources) - first,
            }
        )
    is_read = any(target is transport for b in memory.blocks for _, target, _ in b.links)
    block = memory.record(
        MODULATION,
        kernel=kernel,
        record=made,
        targets=memory.table(TARGET, targets),
        target_count=len(targets),
        sources=memory.table(SOURCE, sources),
        ins=memory.scratch(max(1, channels[0]), np.int64),
        in_count=channels[0],
        outs=memory.scratch(max(1, channels[1]), np.int64),
        out_count=channels[1],
        **({"transport": transport} if is_read else {}),
    )
    return block, places


def _ratio(declared: Param) -> float:
    is_log = declared.taper == "log" and declared.low > 0
    return math.log(declared.high / declared.low) if is_log else 0.0
