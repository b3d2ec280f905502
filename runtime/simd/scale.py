"""Vectorised operations on whole channels: scale by a curve or a number, add."""

from collections.abc import Callable, Sequence

from .embed import embed
from .lanes import Lanes, Value, f32

__all__ = ["add_to", "amplify", "each", "scale"]


def each(
    lanes: Lanes,
    target: Value,
    sources: Sequence[Value],
    frames: Value,
    made: Callable[..., Value],
) -> None:
    """Emit ``target[i] = made(a[i], b[i], ...)`` over the ``frames`` samples of the sources."""
    builder, place = lanes.builder, lanes.pointer(target)
    places = [lanes.pointer(source) for source in sources]
    whole = builder.and_(frames, lanes.index(-lanes.width))
    with lanes.loop(whole, step=lanes.width) as at:
        lanes.store(made(*(lanes.load(p, at) for p in places)), place, at)
    rest = builder.sub(frames, whole)
    with lanes.when(builder.icmp_signed(">", rest, lanes.index(0))):
        last = made(*(lanes.load_first(p, rest, whole) for p in places))
        lanes.store_first(last, place, rest, whole)


def _emit_scale(lanes: Lanes, target: Value, source: Value, curve: Value, frames: Value) -> None:
    each(lanes, target, [source, curve], frames, lanes.mul)


def _emit_amplify(lanes: Lanes, target: Value, source: Value, gain: Value, frames: Value) -> None:
    factor = lanes.splat(lanes.builder.fptrunc(gain, f32))
    each(lanes, target, [source], frames, lambda x: lanes.mul(factor, x))


def _emit_add(lanes: Lanes, target: Value, source: Value, frames: Value) -> None:
    each(lanes, target, [target, source], frames, lanes.add)


def _emit_fill(lanes: Lanes, target: Value, value: Value, frames: Value) -> None:
    vector = lanes.splat(lanes.builder.fptrunc(value, f32))
    each(lanes, target, [], frames, lambda: vector)


scale = embed("scale", 4, _emit_scale)
"""``scale(target, source, curve, frames)``: multiply float32 at two addresses, frame by frame."""

amplify = embed("amplify", "iidi", _emit_amplify)
"""``amplify(target, source, gain, frames)``: multiply by one number, rounded to float32."""

add_to = embed("add_to", 3, _emit_add)
"""``add_to(target, source, frames)``: add the source's float32 to the target's."""

fill = embed("fill", "idi", _emit_fill, inline=True)
"""``fill(target, value, frames)``: write one number, rounded to float32, to all frames."""
