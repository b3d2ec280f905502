"""Emitted loops between two rates: two signals interleaved, one taken apart."""

from ....runtime import authoring as ng

__all__ = ["interleave", "take_apart"]


def _emit_interleave(
    lanes: ng.Lanes, target: ng.Value, even: ng.Value, odd: ng.Value, frames: ng.Value
) -> None:
    builder, w = lanes.builder, lanes.width
    into, a, b = (lanes.pointer(p) for p in (target, even, odd))
    order = [n // 2 + w * (n % 2) for n in range(2 * w)]
    whole = builder.and_(frames, lanes.index(-w))
    with lanes.loop(whole, step=w) as at:
        x, y = lanes.load(a, at), lanes.load(b, at)
        lanes.store(lanes.shuffle(x, y, order[:w]), into, lanes.times(at, 2))
        place = lanes.plus(lanes.times(at, 2), w)
        lanes.store(lanes.shuffle(x, y, order[w:]), into, place)
    rest = builder.sub(frames, whole)
    with lanes.when(builder.icmp_signed(">", rest, lanes.index(0))):
        x, y = lanes.load_first(a, rest, whole), lanes.load_first(b, rest, whole)
        left, place = lanes.times(rest, 2), lanes.times(whole, 2)
        lanes.store_first(lanes.shuffle(x, y, order[:w]), into, left, place)
        left, place = lanes.minus(left, w), lanes.plus(place, w)
        lanes.store_first(lanes.shuffle(x, y, order[w:]), into, left, place)


def _emit_take_apart(
    lanes: ng.Lanes, even: ng.Value, odd: ng.Value, source: ng.Value, frames: ng.Value
) -> None:
    builder, w = lanes.builder, lanes.width
    a, b, place = (lanes.pointer(p) for p in (even, odd, source))
    half = lanes.constant(0.5)
    whole = builder.and_(frames, lanes.index(-w))
    with lanes.loop(whole, step=w) as at:
        first = lanes.times(at, 2)
        x, y = lanes.load(place, first), lanes.load(place, lanes.plus(first, w))
        lanes.store(lanes.shuffle(x, y, range(0, 2 * w, 2)), a, at)
        lanes.store(lanes.mul(half, lanes.shuffle(x, y, range(1, 2 * w, 2))), b, at)
    rest = builder.sub(frames, whole)
    with lanes.when(builder.icmp_signed(">", rest, lanes.index(0))):
        left, first = lanes.times(rest, 2), lanes.times(whole, 2)
        x = lanes.load_first(place, left, first)
        y = lanes.load_first(place, lanes.minus(left, w), lanes.plus(first, w))
        lanes.store_first(lanes.shuffle(x, y, range(0, 2 * w, 2)), a, rest, whole)
        odds = lanes.mul(half, lanes.shuffle(x, y, range(1, 2 * w, 2)))
        lanes.store_first(odds, b, rest, whole)


interleave = ng.embed("oversampling.interleave", 4, _emit_interleave)
"""``interleave(target, even, odd, frames)``: write ``2 * frames`` float32, from each in turn."""

take_apart = ng.embed("oversampling.take_apart", 4, _emit_take_apart)
"""``take_apart(even, odd, source, frames)``: write every second of ``2 * frames`` float32 to
``even``, and half of the others to ``odd``."""
