"""Sixteen one-pole low-passes side by side over a run of up to 32 frames, emitted.

Signals lie in rows of 32 float32, one a filter; eight frames of eight rows at a time are
transposed, so that a vector has one frame of eight filters.  Arithmetic and state are float32, by
fused multiply-add where the processor has it.
"""

from typing import Any

from llvmlite import ir

from ..embed import embed
from ..lanes import Lanes, Value, i64

__all__ = ["one_poles16_run"]

FILTERS, ROW, TILE = 16, 32, 8


def _transposed(lanes: Lanes, rows: list[Value]) -> list[Value]:
    """Return eight vectors of eight lanes with rows and lanes exchanged."""
    for half in (4, 2, 1):
        made = list(rows)
        for low in (n for n in range(TILE) if not n & half):
            a, b = rows[low], rows[low + half]
            first = [TILE + n - half if n & half else n for n in range(TILE)]
            second = [TILE + n if n & half else n + half for n in range(TILE)]
            made[low], made[low + half] = lanes.shuffle(a, b, first), lanes.shuffle(a, b, second)
        rows = made
    return rows


def _emit_one_poles(lanes: Lanes, rows: Value, states: Value, poles: Value, frames: Value) -> None:
    lanes = Lanes(lanes.builder, TILE, lanes.fused)
    builder, place = lanes.builder, lanes.pointer(rows)
    kept, pole_at = lanes.pointer(states), lanes.pointer(poles)
    groups = range(0, FILTERS, TILE)
    b = [lanes.load(pole_at, first) for first in groups]
    a = [lanes.sub(lanes.constant(1.0), pole) for pole in b]
    state = [lanes.cell(lanes.load(kept, first)) for first in groups]

    def tile(at: Value, rest: Value | None) -> None:
        for group, first in enumerate(groups):
            places = [lanes.at(place, lanes.plus(at, ROW * (first + k))) for k in range(TILE)]
            loaded = [lanes.load(p) if rest is None else lanes.load_first(p, rest) for p in places]
            y, made = state[group].value, []
            for number, x in enumerate(_transposed(lanes, loaded)):
                new = lanes.fma(b[group], y, lanes.mul(a[group], x))
                if rest is not None:  # frames after the run leave the state as it is
                    inside = builder.icmp_signed(">", rest, ir.Constant(i64, number))
                    new = builder.select(inside, new, y)
                y = new
                made.append(new)
            state[group].value = y
            for p, row in zip(places, _transposed(lanes, made), strict=True):
                if rest is None:
                    lanes.store(row, p)
                else:
                    lanes.store_first(row, p, rest)

    whole = builder.and_(frames, lanes.index(-TILE))
    with lanes.loop(whole, step=TILE) as at:
        tile(at, None)
    left = lanes.minus(frames, whole)
    with lanes.when(builder.icmp_signed(">", left, lanes.index(0))):
        tile(whole, left)
    for group, first in enumerate(groups):
        lanes.store(state[group].value, kept, first)


one_poles16_run: Any = embed("one_poles16_run", 4, _emit_one_poles)
"""``one_poles16_run(rows, states, poles, frames)``: y = (1 - b) x + b y' in place, of 16 rows of 32
float32; ``states`` (the last outputs y') and ``poles`` (b) are addresses of 16 float32."""
