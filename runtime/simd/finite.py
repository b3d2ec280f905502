"""Detect samples that are not finite, fast: this runs for every node in every block."""

from llvmlite import ir

from .embed import embed
from .lanes import Lanes, Value, i64

__all__ = ["copy_numbers", "emit_copy", "find_non_finite"]

ACCUMULATORS = 4


def _emit_find_non_finite(
    lanes: Lanes, outs: Value, channels: Value, frames: Value, verdict: Value
) -> None:
    """Sum 0 * x, which is 0 for finite samples and NaN for infinity and NaN.

    This takes one fused multiply-add per vector; several sums hide its latency.  The last vector of
    a channel is loaded only up to ``frames``.
    """
    builder, zero = lanes.builder, lanes.constant(0.0)
    list_of_channels = lanes.pointer(outs)
    sums = [lanes.cell(zero) for _ in range(ACCUMULATORS)]
    group = builder.and_(frames, lanes.index(-ACCUMULATORS * lanes.width))
    whole = builder.and_(frames, lanes.index(-lanes.width))
    with lanes.loop(channels) as channel:
        samples = lanes.pointer(lanes.word(list_of_channels, channel))
        with lanes.loop(group, step=ACCUMULATORS * lanes.width) as at:
            for part, total in enumerate(sums):
                x = lanes.load(lanes.at(samples, at), part * lanes.width)
                total.value = lanes.fma(x, zero, total.value)
        with lanes.loop(whole, start=group, step=lanes.width) as at:
            x = lanes.load(samples, at)
            sums[0].value = lanes.fma(x, zero, sums[0].value)
        with lanes.when(builder.icmp_signed("<", whole, frames)):
            x = lanes.load_first(samples, builder.sub(frames, whole), whole)
            sums[1].value = lanes.fma(x, zero, sums[1].value)
    total = sums[0].value
    for other in sums[1:]:
        total = lanes.add(total, other.value)
    not_finite = builder.fcmp_unordered("uno", total, total)
    bits = builder.bitcast(not_finite, ir.IntType(lanes.width))
    bad = builder.icmp_unsigned("!=", bits, bits.type(0))
    lanes.put_word(builder.zext(bad, i64), lanes.pointer(verdict), 0)


def emit_copy(lanes: Lanes, target: Value, source: Value, frames: Value, counter: Value) -> None:
    """Emit a copy with 0 in place of samples that are not finite, and a count of these."""
    builder, zero = lanes.builder, lanes.constant(0.0)
    into, samples, place = (lanes.pointer(a) for a in (target, source, counter))
    whole = builder.and_(frames, lanes.index(-lanes.width))
    count = lanes.cell(lanes.word(place, 0))

    def clean(x: Value) -> Value:
        product = lanes.mul(x, zero)
        not_finite = builder.fcmp_unordered("uno", product, product)
        bits = builder.zext(builder.bitcast(not_finite, ir.IntType(lanes.width)), i64)
        count.value = builder.add(count.value, builder.ctpop(bits))
        return lanes.where(not_finite, zero, x)

    with lanes.loop(whole, step=lanes.width) as at:
        lanes.store(clean(lanes.load(samples, at)), into, at)
    rest = builder.sub(frames, whole)
    with lanes.when(builder.icmp_signed(">", rest, lanes.index(0))):
        lanes.store_first(clean(lanes.load_first(samples, rest, whole)), into, rest, whole)
    lanes.put_word(count.value, place, 0)


find_non_finite = embed("finite", 4, _emit_find_non_finite, inline=True)
"""``find_non_finite(outs, channels, frames, verdict)``: set the int64 at ``verdict`` to 1 if any of
``frames`` samples of any channel is infinite or NaN, else to 0."""

copy_numbers = embed("copy_numbers", 4, emit_copy)
"""``copy_numbers(target, source, frames, counter)``: copy float32, with 0 for each that is
infinite or NaN; add their number to the int64 at ``counter``."""
