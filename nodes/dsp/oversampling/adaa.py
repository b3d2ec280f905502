"""A curve over a run of samples, as it is or with first-order antiderivative anti-aliasing (ADAA).

ADAA puts out the mean of the curve f between a sample x and the one before it, x1:
``(F(x) - F(x1)) / (x - x1)`` with the antiderivative F, and ``f((x + x1) / 2)`` where the two are
closer than 1e-5.  That is half a frame late, and has the response cos(w / 2) for small signals (J.
Parker, V. Zavalishin, E. Le Bivic, "Reducing the aliasing of nonlinear waveshaping using
continuous-time convolution", DAFx 2016).  Arithmetic is float64, input and output float32.
"""

from collections.abc import Callable, Mapping
from typing import Any

from llvmlite import ir

from ....runtime import authoring as ng
from ....runtime.simd.doubles import Doubles
from .curves import CURVES, RECTIFIER, Curve

__all__ = ["SHAPERS", "embed_adaa", "embed_curve"]

CLOSE = 1e-5


def embed_adaa(name: str, curve: Curve) -> Callable[..., Any]:
    """Return ``run(memory, source, target, frames)`` for kernels.

    ``memory`` is the address of the float64 in which x1 is kept; ``target`` may be ``source``.
    """

    def emit(
        lanes: ng.Lanes, memory: ng.Value, source: ng.Value, target: ng.Value, frames: ng.Value
    ) -> None:
        d, builder = Doubles.beside(lanes), lanes.builder
        singles = ng.Lanes(builder, d.width, lanes.fused)
        kept, place, into = (lanes.pointer(p) for p in (memory, source, target))
        last = singles.load_number(place, lanes.minus(frames, 1))
        x1 = d.cell(d.broadcast(kept))
        area1 = d.cell(curve.integral(d, x1.value))

        def made(x: ng.Value) -> ng.Value:
            x = d.widen(x)
            before, area = d.delayed(x1.value, x), curve.integral(d, x)
            rise = d.sub(x, before)
            flat = d.above(d.constant(CLOSE), d.abs(rise))
            y = d.cell(d.div(d.sub(area, d.delayed(area1.value, area)), rise))
            bits = ir.IntType(d.width)
            some = builder.icmp_unsigned("!=", builder.bitcast(flat, bits), ir.Constant(bits, 0))
            with d.when(some):
                middle = d.mul(d.constant(0.5), d.add(x, before))
                y.value = d.where(flat, curve.value(d, middle), y.value)
            x1.value, area1.value = x, area
            return d.narrow(d.add(y.value, d.constant(0.0)))  # never -0

        whole = builder.and_(frames, lanes.index(-d.width))
        with lanes.loop(whole, step=d.width) as at:
            singles.store(made(singles.load(place, at)), into, at)
        rest = builder.sub(frames, whole)
        with lanes.when(builder.icmp_signed(">", rest, lanes.index(0))):
            singles.store_first(made(singles.load_first(place, rest, whole)), into, rest, whole)
        d.store_number(builder.fpext(last, d.number), kept)

    return ng.embed(f"adaa.{name}", 4, emit)


def embed_curve(name: str, curve: Curve) -> Callable[..., Any]:
    """Return ``run(memory, source, target, frames)`` for kernels, without memory."""

    def emit(
        lanes: ng.Lanes, memory: ng.Value, source: ng.Value, target: ng.Value, frames: ng.Value
    ) -> None:
        d, builder = Doubles.beside(lanes), lanes.builder
        singles = ng.Lanes(builder, d.width, lanes.fused)

        def made(x: ng.Value) -> ng.Value:
            return d.narrow(d.add(curve.value(d, d.widen(x)), d.constant(0.0)))

        ng.each(singles, target, [source], frames, made)

    return ng.embed(f"curve.{name}", 4, emit)


def _kernel(run: Callable[..., Any]) -> ng.Native:
    @ng.kernel
    def shape(state: int, ins: int, outs: int, frames: int) -> None:
        run(state, ins, outs, np_frames(frames))

    return shape


@ng.helper
def np_frames(frames: int) -> int:
    """Return the count as int64, which emitted loops take."""
    return frames + 0


SHAPERS: Mapping[tuple[str, int], ng.Native] = {
    (name, adaa): _kernel((embed_adaa if adaa else embed_curve)(name, curve))
    for name, curve in {**CURVES, "rectifier": RECTIFIER}.items()
    for adaa in (0, 1)
}
"""Kernels by curve and order of ADAA: ``state`` is the address of the float64 that keeps x1,
``ins`` and ``outs`` those of ``frames`` float32, which may be the same."""
