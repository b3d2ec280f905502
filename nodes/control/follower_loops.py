"""Vectorised loops of the envelope follower: the peak of some channels, the level of a tick."""

from llvmlite import ir

from ...runtime import authoring as ng
from ...runtime.simd.doubles import Doubles, f64
from ...runtime.simd.emitter import f32, i32
from ...runtime.simd.loops.log_exp import log2_of
from .source import TICK

__all__ = ["level_of", "peak_of"]

TERMS = 4
"""Of the series of the logarithm: its error is 1e-9."""

MAGNITUDE = 0x7FFFFFFF
"""The bits of a float32 without its sign: as integers they are in the order of the magnitudes, and
NaN is above all, so that it stays and the engine resets the node."""


def _emit_peak(
    lanes: ng.Lanes,
    channels: ng.Value,
    count: ng.Value,
    at: ng.Value,
    frames: ng.Value,
    peak: ng.Value,
) -> ng.Value:
    builder, width = lanes.builder, lanes.width
    kind = ir.VectorType(i32, width)
    magnitude = ir.Constant(kind, [MAGNITUDE] * width)
    addresses = lanes.pointer(channels)
    top = lanes.cell(builder.bitcast(lanes.splat(builder.fptrunc(peak, f32)), kind))
    whole = builder.and_(frames, lanes.index(-width))
    rest = builder.sub(frames, whole)

    def include(samples: ng.Value) -> None:
        bits = builder.and_(builder.bitcast(samples, kind), magnitude)
        top.value = builder.select(builder.icmp_signed(">", bits, top.value), bits, top.value)

    with lanes.loop(count) as channel:
        samples = lanes.at(lanes.pointer(lanes.word(addresses, channel)), at)
        with builder.if_else(builder.icmp_signed("==", frames, lanes.index(TICK))) as (tick, other):
            with tick:
                for k in range(0, TICK, width):
                    include(lanes.load(samples, k))
            with other:
                with lanes.loop(whole, step=width) as i:
                    include(lanes.load(samples, i))
                with lanes.when(builder.icmp_signed(">", rest, lanes.index(0))):
                    include(lanes.load_first(samples, rest, whole))
    found = top.value
    while width > 1:
        width //= 2
        halves = [lanes.shuffle(found, found, range(k, k + width)) for k in (0, width)]
        found = builder.select(builder.icmp_signed(">", *halves), *halves)
    number = builder.extract_element(
        builder.bitcast(found, ir.VectorType(f32, 1)), ir.Constant(i32, 0)
    )
    return builder.fpext(number, f64)


peak_of = ng.embed("peak_of", "iiiid", _emit_peak, gives="d", inline=True)
"""``peak_of(channels, count, at, frames, peak)``: return the largest magnitude among ``frames``
samples from index ``at`` on of ``count`` channels, or ``peak`` if that is larger; NaN if one is.

``channels`` is the address of a list of channel addresses.
"""


def _emit_level(lanes: ng.Lanes, x: ng.Value, slope: ng.Value, offset: ng.Value) -> ng.Value:
    one = Doubles(lanes.builder, 1, lanes.fused)
    level = one.fma(log2_of(one, one.splat(x), TERMS), one.splat(slope), one.splat(offset))
    return one.lane(one.max(one.constant(0.0), one.min(one.constant(1.0), level)), 0)


level_of = ng.embed("level_of", "ddd", _emit_level, gives="d", inline=True)
"""``level_of(x, slope, offset)``: return ``offset`` plus ``slope`` times the logarithm of ``x`` to
base 2, limited to 0 to 1, within 1e-9 of ``slope``; NaN for NaN.
"""
