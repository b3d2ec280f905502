"""Recursive filters over a run of frames: biquads in series, state spaces of order 2 and 3.

Arithmetic and state are float64, input and output float32.  Nothing is fused or reordered, so the
bits are the same on every processor, and wherever a run is cut.

Coefficients are two rows of float64: where they stand at the last tick of a grid of ``GRID``
frames, and where they will stand at the next.  With ``moving`` 0 the first row is used as it is;
else, at place ``at`` of the grid, ``row[0] + (row[1] - row[0]) / GRID * at``.
"""

from collections.abc import Callable, Sequence

from ..doubles import Doubles, f64
from ..embed import embed
from ..lanes import Lanes, Value, f32

__all__ = [
    "GRID",
    "biquads3_run",
    "emit_biquads",
    "emit_state_space",
    "state_space2_run",
    "state_space3_run",
]

GRID = 32
"""Frames from tick to tick."""


def _emit_moving(
    lanes: Doubles,
    coefficients: Value,
    count: int,
    at: Value,
    moving: Value,
    frames: Value,
    frame: Callable[[Value, Sequence[Value]], None],
) -> None:
    """Emit ``frame(number, coefficients)`` in two loops: one settled, one with ramps."""
    builder, row = lanes.builder, lanes.pointer(coefficients)
    start = [lanes.load_number(row, n) for n in range(count)]
    still = builder.icmp_signed("==", moving, lanes.index(0))
    with builder.if_else(still) as (settled, ramped):
        with settled, lanes.loop(frames) as number:
            frame(number, start)
        with ramped:
            share = f64(1.0 / GRID)
            steps = []
            for n, now in enumerate(start):
                way = builder.fsub(lanes.load_number(row, count + n), now)
                steps.append(builder.fmul(way, share))
            with lanes.loop(frames) as number:
                place = builder.sitofp(lanes.plus(at, number), f64)
                ramps = zip(start, steps, strict=True)
                frame(number, [builder.fadd(a, builder.fmul(b, place)) for a, b in ramps])


def emit_biquads(
    lanes: Lanes,
    sections: int,
    target: Value,
    source: Value,
    frames: Value,
    at: Value,
    moving: Value,
    coefficients: Value,
    memory: Value,
    wide: bool = False,
) -> None:
    """Emit ``sections`` biquads in series, direct form I; ``wide`` writes float64."""
    singles, lanes = lanes, Doubles.beside(lanes)
    builder, out = lanes.builder, lanes if wide else singles
    x_at, y_at, kept = lanes.pointer(source), lanes.pointer(target), lanes.pointer(memory)
    past = [lanes.cell(lanes.load_number(kept, n)) for n in range(2 * sections + 2)]

    def frame(number: Value, c: Sequence[Value]) -> None:
        signal = builder.fpext(singles.load_number(x_at, number), f64)
        for section in range(sections):
            b0, b1, b2, a1, a2 = c[5 * section : 5 * section + 5]
            x1, x2, y1, y2 = past[2 * section : 2 * section + 4]
            total = builder.fadd(builder.fmul(b0, signal), builder.fmul(b1, x1.value))
            total = builder.fadd(total, builder.fmul(b2, x2.value))
            total = builder.fsub(total, builder.fmul(a1, y1.value))
            total = builder.fsub(total, builder.fmul(a2, y2.value))
            x2.value = x1.value
            x1.value = signal
            signal = total
        y2.value = y1.value
        y1.value = signal
        made = signal if wide else builder.fptrunc(signal, f32)
        out.store_number(made, y_at, number)

    _emit_moving(lanes, coefficients, 5 * sections, at, moving, frames, frame)
    for n, number in enumerate(past):
        lanes.store_number(number.value, kept, n)


def emit_state_space(
    lanes: Lanes,
    order: int,
    target: Value,
    source: Value,
    frames: Value,
    at: Value,
    moving: Value,
    coefficients: Value,
    memory: Value,
) -> None:
    """Emit (s, y) of the next frame = matrix (s, x)."""
    singles, lanes = lanes, Doubles.beside(lanes)
    builder, width = lanes.builder, order + 1
    x_at, y_at, kept = lanes.pointer(source), lanes.pointer(target), lanes.pointer(memory)
    states = [lanes.cell(lanes.load_number(kept, n)) for n in range(order)]

    def frame(number: Value, c: Sequence[Value]) -> None:
        x = builder.fpext(singles.load_number(x_at, number), f64)
        old = [state.value for state in states]
        made = []
        for row in range(width):
            terms = zip(c[width * row : width * row + width], [*old, x], strict=True)
            sums = [builder.fmul(a, b) for a, b in terms]
            while len(sums) > 1:  # by pairs: the shortest wait from frame to frame
                pairs = zip(sums[::2], sums[1::2], strict=False)
                odd = sums[len(sums) & -2 :]
                sums = [*(builder.fadd(a, b) for a, b in pairs), *odd]
            made.extend(sums)
        for state, new in zip(states, made, strict=False):
            state.value = new
        singles.store_number(builder.fptrunc(made[order], f32), y_at, number)

    _emit_moving(lanes, coefficients, width * width, at, moving, frames, frame)
    for n, state in enumerate(states):
        lanes.store_number(state.value, kept, n)


def _emit_biquads3(lanes: Lanes, *args: Value) -> None:
    emit_biquads(lanes, 3, *args)


def _emit_state_space2(lanes: Lanes, *args: Value) -> None:
    emit_state_space(lanes, 2, *args)


def _emit_state_space3(lanes: Lanes, *args: Value) -> None:
    emit_state_space(lanes, 3, *args)


biquads3_run = embed("biquads3_run", 7, _emit_biquads3)
"""``biquads3_run(target, source, frames, at, moving, coefficients, memory)``: three biquads in
series, in direct form I: ``y = b0 x + b1 x1 + b2 x2 - a1 y1 - a2 y2``, in this order.

``coefficients`` is the address of two rows of 15 float64, (b0, b1, b2, a1, a2) of each section;
``memory`` that of 8: the two last inputs of each section, then the two last outputs of the last.
"""

state_space2_run = embed("state_space2_run", 7, _emit_state_space2)
"""``state_space2_run(target, source, frames, at, moving, coefficients, memory)``: as
``state_space3_run``, with two states and a 3 x 3 matrix."""

state_space3_run = embed("state_space3_run", 7, _emit_state_space3)
"""``state_space3_run(target, source, frames, at, moving, coefficients, memory)``: a linear system
with three states s, input x and output y, both of one channel.

``coefficients`` is the address of two rows of 16 float64, a 4 x 4 matrix by rows: (s, y) of the
next frame = matrix (s, x).  ``memory`` is that of the three states.
"""
