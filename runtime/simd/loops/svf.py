"""State-variable filter sections in the eight float64 lanes of a vector, emitted.

A *group* is eight lanes, each one second-order section.  Neighbouring lanes form chains: the output
of one lane is the input of the next, ``SKEW`` steps later, so that all lanes work at the same time,
each on another frame (a wavefront).  With two steps no lane waits for the one before it.  A group
can hold one chain of eight sections, or four chains of two for four signals.  ``svf_run`` plays a
group for up to ``SPAN`` frames:

* ``coefficients``: ``COEFFICIENTS`` float64, all zero at first: ``aim`` (g, k, m0, m1, m2, eight
  lanes each, written by the caller at ticks), then ``start`` and ``goal`` (the same numbers at the
  last tick and at the next, written by ``svf_tick``), ``started`` and ``moving``.  Groups with
  equal sections may share them.
* ``states``: ``STATES`` float64, the two integrators u and v of each lane.
* ``chain``: ``CHAIN`` float64, for each lane the step at which it begins (0 for the first of a
  chain, then ``SKEW`` more for each; ``UNUSED`` for a lane without a section), then the last.
* ``rows``: ``ROWS`` times eight float64, scratch.  Row t has the inputs of step t in the first
  lanes of chains; afterwards, the outputs of all lanes.  Frame i of a lane that
  begins at step p is in row i + p.

With a1 = 1/(1 + g (g + k)), a2 = g a1, a3 = g a2 a section computes, from the input x::

    y = (m0 + m1 a2 + m2 a3) x + ((m1 a1 + m2 a2) u - (m1 a2 - m2 (1 - a3)) v)
    u' = 2 a2 (x - v) + (2 a1 - 1) u        v' = 2 a3 (x - v) + (2 a2 u + v)

the trapezoidal state-variable filter (A. Simper, "Linear Trapezoidal Integrated State Variable
Filter", Cytomic 2013) solved for its state.  While a group is moving, g, k, m0, m1, m2 are linear
from tick to tick, and the rest is computed at every frame.  ``svf_section`` of
``nodes/dsp/filters/svf.py`` is the same arithmetic, one section after the other.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from ..embed import embed
from ..lanes import Lanes, Value, f32, i64

__all__ = [
    "CHAIN",
    "COEFFICIENTS",
    "GOAL",
    "GRID",
    "LANES",
    "MOVING",
    "ROWS",
    "SKEW",
    "SPAN",
    "START",
    "STARTED",
    "STATES",
    "UNUSED",
    "fused",
    "svf_carry",
    "svf_half",
    "svf_in",
    "svf_out",
    "svf_pair",
    "svf_run",
    "svf_tick",
]

LANES = 8
GRID = 32
"""Frames between ticks."""
START, GOAL, STARTED, MOVING = 40, 80, 120, 121
"""Offsets in the coefficients, in float64; ``aim`` is at 0."""
COEFFICIENTS = 128
STATES = 2 * LANES
CHAIN = LANES + 1
UNUSED = float(1 << 20)
SKEW = 2
SPAN = 64
"""The longest run of a group that is not moving, in frames; one that is ends at the next tick."""
ROWS = SPAN + SKEW * (LANES - 1)

f64 = ir.DoubleType()
f64s = ir.VectorType(f64, LANES)
i32 = ir.IntType(32)


def _at(lanes: Lanes, place: Value, offset: int | Value) -> Value:
    return lanes.builder.gep(place, [lanes.index(offset)], inbounds=True, source_etype=f64)


def _load(lanes: Lanes, place: Value, offset: int | Value, kind: Any = f64s) -> Value:
    return lanes.builder.load(_at(lanes, place, offset), align=8, typ=kind)


def _store(lanes: Lanes, value: Value, place: Value, offset: int | Value) -> None:
    lanes.builder.store(value, _at(lanes, place, offset), align=8)


def _fill(number: float, kind: Any) -> Value:
    return ir.Constant(kind, [ir.Constant(f64, number)] * kind.count)


def _splat(lanes: Lanes, number: Value, kind: Any) -> Value:
    none = ir.Constant(kind, ir.Undefined)
    one = lanes.builder.insert_element(none, number, ir.Constant(i32, 0))
    mask = ir.Constant(ir.VectorType(i32, kind.count), [0] * kind.count)
    return lanes.builder.shuffle_vector(one, none, mask)


def _emit_tick(lanes: Lanes, coefficients: Value) -> None:
    builder, place = lanes.builder, lanes.pointer(coefficients)
    fresh = builder.fcmp_ordered("==", _load(lanes, place, STARTED, f64), f64(0.0))
    moving = None
    for number in range(5):
        aim = _load(lanes, place, LANES * number)
        start = builder.select(fresh, aim, _load(lanes, place, GOAL + LANES * number))
        _store(lanes, start, place, START + LANES * number)
        _store(lanes, aim, place, GOAL + LANES * number)
        away = builder.fcmp_unordered("une", aim, start)
        moving = away if moving is None else builder.or_(moving, away)
    some = builder.icmp_unsigned("!=", builder.bitcast(moving, ir.IntType(LANES)), ir.IntType(8)(0))
    _store(lanes, builder.uitofp(some, f64), place, MOVING)
    _store(lanes, f64(1.0), place, STARTED)


def _derive(lanes: Lanes, numbers: list[Value]) -> tuple[Value, ...]:
    """Return p, 2 a2, 2 a3, d, c1, c2 from g, k, m0, m1, m2."""
    add, sub, mul, div = lanes.add, lanes.sub, lanes.mul, lanes.div
    g, k, m0, m1, m2 = numbers
    one, two = _fill(1.0, g.type), _fill(2.0, g.type)
    a1 = div(one, add(one, mul(g, add(g, k))))
    a2 = mul(g, a1)
    a3 = mul(g, a2)
    d = add(add(m0, mul(m1, a2)), mul(m2, a3))
    c1 = add(mul(m1, a1), mul(m2, a2))
    c2 = sub(mul(m1, a2), mul(m2, sub(one, a3)))
    return sub(mul(two, a1), one), mul(two, a2), mul(two, a3), d, c1, c2


def _fma(lanes: Lanes, a: Value, b: Value, c: Value) -> Value:
    """Return ``a * b + c`` in float64, rounded once where the processor can."""
    if not lanes.fused:
        return lanes.add(lanes.mul(a, b), c)
    name = "llvm.fma.f64" if a.type == f64 else f"llvm.fma.v{a.type.count}f64"
    module, kind = lanes.builder.module, ir.FunctionType(a.type, [a.type] * 3)
    function = module.globals.get(name) or ir.Function(module, kind, name)
    return lanes.builder.call(function, [a, b, c])


def _emit_run(lanes: Lanes, coefficients: Value, chain: Value, place: Value, *rest: Value) -> None:
    """Emit the loop for one group, or for two that share their coefficients."""
    _emit_group(lanes, coefficients, chain, place, rest, f64s)


def _emit_half(lanes: Lanes, coefficients: Value, chain: Value, place: Value, *rest: Value) -> None:
    """Emit the loop for the first four lanes of a group."""
    _emit_group(lanes, coefficients, chain, place, rest, ir.VectorType(f64, LANES // 2))


def _emit_group(
    lanes: Lanes, coefficients: Value, chain: Value, place: Value, rest: Sequence[Value], kind: Any
) -> None:
    builder, frames = lanes.builder, rest[-1]
    signals = [
        (lanes.pointer(a), lanes.pointer(b)) for a, b in zip(rest[:-1:2], rest[1::2], strict=True)
    ]
    numbers, chain = lanes.pointer(coefficients), lanes.pointer(chain)
    begins = _load(lanes, chain, 0, kind)
    steps = lanes.plus(frames, builder.fptosi(_load(lanes, chain, LANES, f64), i64))
    start = [_load(lanes, numbers, START + LANES * n, kind) for n in range(5)]
    moving = builder.fcmp_ordered("!=", _load(lanes, numbers, MOVING, f64), f64(0.0))
    with builder.if_else(moving) as (glides, settled):
        with glides:
            goal = [_load(lanes, numbers, GOAL + LANES * n, kind) for n in range(5)]
            share = _fill(1.0 / GRID, kind)
            slope = [lanes.mul(lanes.sub(b, a), share) for a, b in zip(start, goal, strict=True)]
            ahead = lanes.sub(_splat(lanes, builder.sitofp(place, f64), kind), begins)

            def glided(t: Value) -> tuple[Value, ...]:
                at = lanes.add(ahead, _splat(lanes, builder.sitofp(t, f64), kind))
                now = [lanes.add(a, lanes.mul(s, at)) for a, s in zip(start, slope, strict=True)]
                return _derive(lanes, now)

            _steps(lanes, glided, signals, begins, steps, frames)
        with settled:
            fixed = _derive(lanes, start)
            _steps(lanes, lambda t: fixed, signals, begins, steps, frames)


def _steps(
    lanes: Lanes,
    derived: Callable[[Value], tuple[Value, ...]],
    signals: Sequence[tuple[Value, Value]],
    begins: Value,
    steps: Value,
    frames: Value,
) -> None:
    """Emit the loop over steps; lanes whose frame is not in the run keep their state."""
    builder, kind = lanes.builder, begins.type
    whole = ir.VectorType(i64, kind.count)
    first = builder.fcmp_ordered("==", begins, _fill(0.0, kind))
    late, count = builder.fptosi(begins, whole), _splat(lanes, frames, whole)
    lane_before = [kind.count - 1, *range(kind.count - 1)]
    before = ir.Constant(ir.VectorType(i32, kind.count), lane_before)
    # u, v, and the outputs of the last SKEW steps.
    cells = [
        [lanes.cell(_load(lanes, states, at, kind)) for at in (0, LANES)]
        + [lanes.cell(_fill(0.0, kind)) for _ in range(SKEW)]
        for states, _ in signals
    ]
    with lanes.loop(steps) as t:
        p, q, r, d, c1, c2 = derived(t)
        frame = builder.sub(_splat(lanes, t, whole), late)
        live = builder.icmp_unsigned("<", frame, count)
        for (u, v, last, older), (_, rows) in zip(cells, signals, strict=True):
            row, us, vs, y = _at(lanes, rows, lanes.times(t, LANES)), u.value, v.value, older.value
            x = builder.select(
                first, _load(lanes, row, 0, kind), builder.shuffle_vector(y, y, before)
            )
            y = _fma(lanes, d, x, _fma(lanes, c1, us, lanes.neg(lanes.mul(c2, vs))))
            _store(lanes, y, row, 0)
            older.value, last.value = last.value, y
            e = lanes.sub(x, vs)
            u.value = builder.select(live, _fma(lanes, q, e, lanes.mul(p, us)), us)
            v.value = builder.select(live, _fma(lanes, r, e, _fma(lanes, q, us, vs)), vs)
    for (u, v, *_), (states, _) in zip(cells, signals, strict=True):
        _store(lanes, u.value, states, 0)
        _store(lanes, v.value, states, LANES)


def _emit_in(lanes: Lanes, target: Value, other: Value, source: Value, frames: Value) -> None:
    target, other, source = map(lanes.pointer, (target, other, source))
    with lanes.loop(frames) as i:
        sample, at = lanes.builder.fpext(lanes.load_number(source, i), f64), lanes.times(i, LANES)
        _store(lanes, sample, target, at)
        _store(lanes, sample, other, at)


def _emit_out(lanes: Lanes, target: Value, source: Value, frames: Value) -> None:
    target, source = lanes.pointer(target), lanes.pointer(source)
    with lanes.loop(frames) as i:
        sample = _load(lanes, source, lanes.times(i, LANES), f64)
        lanes.store_number(lanes.builder.fptrunc(sample, f32), target, i)


def _emit_carry(lanes: Lanes, target: Value, other: Value, source: Value, frames: Value) -> None:
    target, other, source = map(lanes.pointer, (target, other, source))
    with lanes.loop(frames) as i:
        at = lanes.times(i, LANES)
        sample = _load(lanes, source, at, f64)
        _store(lanes, sample, target, at)
        _store(lanes, sample, other, at)


svf_tick = embed("svf.tick", 1, _emit_tick)
"""``svf_tick(coefficients)``: begin a ramp of 32 frames from where the last ended to ``aim``.

To be called at frames that are multiples of 32.  The first one begins at ``aim``; a ramp ends
exactly at its goal.  ``coefficients[MOVING]`` is then 1.0 if any number moves, else 0.0.
"""

svf_run = embed("svf.run", 6, _emit_run)
"""``svf_run(coefficients, chain, place, states, rows, frames)``: play one group.

``place`` is the first frame's place between ticks, 0 to 31; while the group is moving,
``place + frames`` is at most 32.
"""

svf_pair = embed("svf.pair", 8, _emit_run)
"""``svf_pair(coefficients, chain, place, states, rows, states, rows, frames)``: play two groups.

They have the same sections, for two channels; it takes two thirds of the time of ``svf_run`` twice.
"""

svf_half = embed("svf.half", 6, _emit_half)
"""``svf_half(coefficients, chain, place, states, rows, frames)``: play the first four lanes of a
group, in three quarters of the time of ``svf_run``."""

svf_in = embed("svf.in", 4, _emit_in)
"""``svf_in(target, other, source, frames)``: write float32 samples as inputs of two lanes.

``target`` and ``other`` are the addresses of their numbers in the first row, ``rows + 8 * lane``;
for one lane alone they are equal.
"""

svf_out = embed("svf.out", 3, _emit_out)
"""``svf_out(target, source, frames)``: write the outputs of a lane as float32.

``source`` is the address of the first: ``rows + 64 * begin + 8 * lane``, where ``begin`` is the
lane's number in ``chain``.
"""

svf_carry = embed("svf.carry", 4, _emit_carry)
"""``svf_carry(target, other, source, frames)``: make outputs of a lane the inputs of two others.

In the same rows or others; addresses as of ``svf_in`` and ``svf_out``.
"""

fused = embed("fused", "ddd", _fma, gives="d", inline=True)
"""``fused(a, b, c)``: return ``a * b + c`` in float64, rounded once where the processor can."""
