"""Parameter smoothing: a one-pole filter per parameter, stepped once a frame.

A node's record has, for a parameter ``gain_db``, the target ``gain_db`` (written by the engine at
an exact frame) and ``gain_db_now``, the smoothed value, in any unit.  The plan sets every ``*_now``
to NaN, which means "not started: begin at the target".
"""

from .embed import embed
from .lanes import Lanes, Value, f32

__all__ = ["decibels", "glide", "glide_step", "ratio_step"]

ARRIVED = 1e-6
"""A glide this close to its target ends there (-120 dB of full scale)."""


def _emit_decibels(lanes: Lanes, level: Value) -> Value:
    builder = lanes.builder
    power = builder.module.declare_intrinsic("llvm.pow", [level.type])
    return builder.call(power, [level.type(10.0), builder.fdiv(level, level.type(20.0))])


decibels = embed("decibels", "d", _emit_decibels, gives="d")
"""``decibels(level)``: return the amplitude factor of a level in dB, both in float64."""


def _emit_glide(
    lanes: Lanes, curve: Value, now: Value, target: Value, coefficient: Value, frames: Value
) -> Value:
    """Step the filter in float64 until it arrives; fill the rest with the target."""
    builder, place = lanes.builder, lanes.pointer(curve)
    started = builder.fcmp_ordered("ord", now, now)
    value, at = lanes.cell(builder.select(started, now, target)), lanes.cell(lanes.index(0))
    head, body, after = (builder.append_basic_block(n) for n in ("head", "body", "after"))
    builder.branch(head)
    builder.position_at_end(head)
    more = builder.icmp_signed("<", at.value, frames)
    away = builder.fcmp_unordered("une", value.value, target)
    builder.cbranch(builder.and_(more, away), body, after)
    builder.position_at_end(body)
    way = builder.fsub(target, value.value)
    step = builder.fadd(value.value, builder.fmul(coefficient, way))
    left = builder.fsub(target, step)
    near = builder.and_(
        builder.fcmp_ordered("<=", left, left.type(ARRIVED)),
        builder.fcmp_ordered(">=", left, left.type(-ARRIVED)),
    )
    value.value = builder.select(near, target, step)
    lanes.store_number(builder.fptrunc(value.value, f32), place, at.value)
    at.value = lanes.plus(at.value, 1)
    builder.branch(head)
    builder.position_at_end(after)
    settled = lanes.splat(builder.fptrunc(target, f32))
    rest = builder.sub(frames, at.value)
    whole = lanes.plus(at.value, builder.and_(rest, lanes.index(-lanes.width)))
    with lanes.loop(whole, start=at.value, step=lanes.width) as here:
        lanes.store(settled, place, here)
    last = builder.sub(frames, whole)
    with lanes.when(builder.icmp_signed(">", last, lanes.index(0))):
        lanes.store_first(settled, place, last, whole)
    return value.value


glide = embed("glide", "idddi", _emit_glide, gives="d")
"""``glide(curve, now, target, coefficient, frames)``: write the next ``frames`` values of a glide
as float32 at the address ``curve``; return the last, in float64.

The arithmetic is float64 from frame to frame, independent of block sizes; ``now`` NaN begins at the
target.  A glide that has arrived stays exactly at its target: a settled gain of 1 changes no bit.
It is emitted, not compiled by Numba, to save compile time: nearly every node uses it.
"""


def _emit_glide_step(lanes: Lanes, now: Value, target: Value, coefficient: Value) -> Value:
    builder = lanes.builder
    step = builder.fadd(now, builder.fmul(coefficient, builder.fsub(target, now)))
    left = builder.fsub(target, step)
    away = builder.or_(
        builder.fcmp_ordered(">", left, left.type(ARRIVED)),
        builder.fcmp_ordered("<", left, left.type(-ARRIVED)),
    )
    return builder.select(away, step, target)


glide_step = embed("glide.step", "ddd", _emit_glide_step, gives="d", inline=True)
"""``glide_step(now, target, coefficient)``: return the next value of a glide, in float64.

For parameters that are stepped once in 32 frames, with ``io.glide(name, 32)``.  As in ``glide``, it
arrives exactly at its target, and ``now`` NaN begins there.
"""


def _emit_ratio_step(lanes: Lanes, now: Value, target: Value, coefficient: Value) -> Value:
    builder = lanes.builder
    power = builder.module.declare_intrinsic("llvm.pow", [now.type])
    step = builder.fmul(now, builder.call(power, [builder.fdiv(target, now), coefficient]))
    left, near = builder.fsub(target, step), builder.fmul(target, target.type(ARRIVED))
    away = builder.or_(
        builder.fcmp_ordered(">", left, near), builder.fcmp_ordered("<", left, builder.fneg(near))
    )
    return builder.select(away, step, target)


ratio_step = embed("ratio.step", "ddd", _emit_ratio_step, gives="d")
"""``ratio_step(now, target, coefficient)``: return the next value of a glide by equal ratios.

For frequencies and other numbers above 0 that are heard by their logarithm; otherwise as
``glide_step``.  Skip the call, a power, where ``now`` is ``target``.
"""
