"""The static law of a pair of diodes with first-order ADAA, over a run of float64, vectorised."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...runtime import authoring as ng
from ...runtime.simd.doubles import Doubles
from ...runtime.simd.loops.log_exp import exp2_of
from .diode import FIRST, OFFSET, SHIFT

__all__ = ["embed_static_law"]

CLOSE = 1e-6
"""Volts below which ADAA takes the curve in the middle."""


def embed_static_law(channel: "np.dtype[Any]", knobs: "np.dtype[Any]") -> Callable[..., Any]:
    """Return ``law(channel, knobs, run, frames)`` for kernels, in place at the address ``run``.

    ``channel`` and ``knobs`` are the addresses of records of these dtypes: the law's coefficients,
    each with its twin ``_back`` for negative voltages, and the last sample (``g1``), what the law
    made of it (``v1``) and its antiderivative (``area1``).
    """

    def emit(
        lanes: ng.Lanes, state: ng.Value, given: ng.Value, run: ng.Value, frames: ng.Value
    ) -> None:
        d, builder = Doubles.beside(lanes), lanes.builder
        kept, knob = lanes.pointer(state), lanes.pointer(given)
        pairs = {
            name: [d.broadcast(kept, _number(channel, name + side)) for side in ("", "_back")]
            for name in ("b", "log_half", "zero", "scale")
        }
        pairs["thermal"] = [d.broadcast(knob, _number(knobs, n)) for n in _THERMAL]
        table = lanes.pointer(lanes.word(knob, _number(knobs, "table")))
        steps = lanes.word(knob, _number(knobs, "steps"))
        last = {n: d.cell(d.broadcast(kept, _number(channel, n))) for n in ("g1", "v1", "area1")}

        def made(g: ng.Value) -> ng.Value:
            back = d.above(d.constant(0.0), g)
            b, log_half, zero, scale, thermal = (
                d.where(back, *reversed(pair)) for pair in pairs.values()
            )
            size, half = d.mul(scale, d.abs(g)), d.constant(0.5)
            u = _solved(d, size, log_half, b, steps, table)
            rest = d.sub(size, u)
            root = d.sqrt(d.add(d.mul(b, b), d.mul(rest, rest)))
            area = d.sub(d.mul(u, size), d.mul(half, d.mul(u, u)))
            area = d.mul(d.mul(thermal, thermal), d.add(d.sub(area, root), b))
            v = d.mul(thermal, d.sub(u, zero))
            v = d.where(back, d.neg(v), v)
            g1, v1, area1 = (
                d.delayed(last[n].value, x) for n, x in (("g1", g), ("v1", v), ("area1", area))
            )
            for name, x in (("g1", g), ("v1", v), ("area1", area)):
                last[name].value = x
            rise = d.sub(g, g1)
            mean = d.div(d.sub(area, area1), rise)
            return d.where(d.above(d.abs(rise), d.constant(CLOSE)), mean, d.mul(half, d.add(v, v1)))

        ng.each(d, run, [run], frames, made)
        end = builder.and_(lanes.minus(frames, 1), lanes.index(d.width - 1))
        for name, cell in last.items():
            number = builder.extract_element(cell.value, end)
            d.store_number(number, kept, _number(channel, name))

    return ng.embed("diode.static_law", 4, emit)


_THERMAL = ("thermal", "thermal_back")


def _number(dtype: "np.dtype[Any]", name: str) -> int:
    """Return the place of an 8-byte field, in fields."""
    fields = dtype.fields
    assert fields is not None
    return int(fields[name][1]) // 8


def _solved(
    d: Doubles, g: ng.Value, log_half: ng.Value, b: ng.Value, steps: ng.Value, table: ng.Value
) -> ng.Value:
    """Emit ``diode.solved`` for every lane."""
    builder, one, half = d.builder, d.constant(1.0), d.constant(0.5)
    t = d.add(d.add(g, log_half), d.constant(OFFSET))
    t = d.min(d.max(t, one), d.constant(65_535.0))
    cells = builder.sub(builder.lshr(d.bits(t), d.whole(SHIFT)), d.whole(FIRST))
    w = None
    for column in reversed(_columns(d, table, cells)):
        w = column if w is None else d.fma(w, t, column)
    small = d.mul(d.constant(0.25), d.mul(b, b))
    share = d.div(small, d.add(d.mul(w, d.add(one, w)), small))
    u = d.cell(d.add(d.sub(g, w), share))
    half_b = d.mul(half, b)
    with d.loop(steps):
        up = d.mul(half_b, exp2_of(d, d.mul(d.constant(1.0 / math.log(2.0)), u.value)))
        down = d.div(small, up)
        over = d.sub(d.sub(d.add(u.value, up), down), g)
        u.value = d.sub(u.value, d.div(over, d.add(d.add(one, up), down)))
    return u.value


def _columns(d: Doubles, table: ng.Value, cells: ng.Value) -> list[ng.Value]:
    """Load the four numbers of a cell for every lane: four vectors."""
    made = [d.constant(0.0)] * 4
    for lane in range(d.width):
        row = d.times(d.lane(cells, lane), 4)
        for n in range(4):
            number = d.load_number(table, d.plus(row, n))
            made[n] = d.builder.insert_element(made[n], number, d.index(lane))
    return made
