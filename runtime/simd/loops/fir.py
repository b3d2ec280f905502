"""FIR filters over a run of frames, vectorised over time.

Samples, taps and sums are float32.  The sum of an output frame takes the taps in their order, by
fused multiply-add where the processor has it: its bits do not depend on where a run is cut, nor on
the number of lanes (``NAMGRAPH_LANES``).  Against a sum in float64 the error is about 1e-7 of the
sum of ``|tap * sample|``.

A filter of ``count`` taps reads ``count - 1`` frames before the first of a run.  The caller keeps
them in state in front of the run: a float32 buffer of ``count - 1 + frames``, with the input
copied behind the last ``count - 1`` frames of the run before, and ``source`` the address of the
first new frame.
"""

from ..embed import embed
from ..lanes import Lanes, Value

__all__ = ["fir_peak_run", "fir_run"]

TILE = 4  # vectors of frames that one filter sums at once: they hide the latency of a sum
PHASES, PHASE_TILE = 4, 2  # several filters: four of them, two vectors of frames


def _sums(
    lanes: Lanes,
    source: Value,
    taps: Value,
    count: Value,
    filters: int,
    vectors: int,
    rest: Value | None = None,
) -> list[list[Value]]:
    """Emit the sums of the first frames after ``source``: of each filter, vectors of frames.

    ``rest`` is the number of frames where not all of the vectors are full.
    """
    sums = [[lanes.cell(lanes.constant(0.0)) for _ in range(vectors)] for _ in range(filters)]
    with lanes.loop(count) as tap:
        back = lanes.minus(0, tap)
        for vector in range(vectors):
            first = vector * lanes.width
            here = lanes.at(lanes.at(source, back), first)
            if rest is None:
                x = lanes.load(here)
            else:
                x = lanes.load_first(here, lanes.minus(rest, first))
            for number, filter_sums in enumerate(sums):
                weight = lanes.broadcast(taps, lanes.plus(tap, lanes.times(count, number)))
                total = filter_sums[vector]
                total.value = lanes.fma(weight, x, total.value)
    return [[total.value for total in filter_sums] for filter_sums in sums]


def _emit_fir(
    lanes: Lanes, target: Value, source: Value, frames: Value, taps: Value, count: Value
) -> None:
    into, place, taps = lanes.pointer(target), lanes.pointer(source), lanes.pointer(taps)
    step = TILE * lanes.width
    whole = lanes.builder.and_(frames, lanes.index(-step))
    with lanes.loop(whole, step=step) as at:
        (made,) = _sums(lanes, lanes.at(place, at), taps, count, 1, TILE)
        for vector, y in enumerate(made):
            lanes.store(y, lanes.at(into, at), vector * lanes.width)
    with lanes.loop(frames, start=whole, step=lanes.width) as at:
        rest = lanes.minus(frames, at)
        ((y,),) = _sums(lanes, lanes.at(place, at), taps, count, 1, 1, rest)
        lanes.store_first(y, into, rest, at)


def _emit_peaks(
    lanes: Lanes,
    into: Value,
    place: Value,
    taps: Value,
    count: Value,
    filters: Value,
    rest: Value | None,
) -> None:
    """Raise PHASE_TILE vectors of frames to the largest magnitude of any filter's output."""
    builder, peaks = lanes.builder, []
    for vector in range(PHASE_TILE):
        first = vector * lanes.width
        if rest is None:
            peak = lanes.load(into, first)
        else:
            peak = lanes.load_first(into, lanes.minus(rest, first), first)
        peaks.append(lanes.cell(peak))
    grouped = builder.and_(filters, lanes.index(-PHASES))
    for start, stop, step in ((lanes.index(0), grouped, PHASES), (grouped, filters, 1)):
        with lanes.loop(stop, start=start, step=step) as number:
            own = lanes.at(taps, lanes.times(number, count))
            for made in _sums(lanes, place, own, count, step, PHASE_TILE, rest):
                for peak, y in zip(peaks, made, strict=True):
                    peak.value = lanes.max(lanes.abs(y), peak.value)
    for vector, peak in enumerate(peaks):
        first = vector * lanes.width
        if rest is None:
            lanes.store(peak.value, into, first)
        else:
            lanes.store_first(peak.value, into, lanes.minus(rest, first), first)


def _emit_fir_peak(
    lanes: Lanes,
    target: Value,
    source: Value,
    frames: Value,
    taps: Value,
    count: Value,
    filters: Value,
) -> None:
    into, place, taps = lanes.pointer(target), lanes.pointer(source), lanes.pointer(taps)
    step = PHASE_TILE * lanes.width
    whole = lanes.builder.and_(frames, lanes.index(-step))
    with lanes.loop(whole, step=step) as at:
        here = lanes.at(into, at), lanes.at(place, at)
        _emit_peaks(lanes, *here, taps, count, filters, None)
    rest = lanes.minus(frames, whole)
    with lanes.when(lanes.builder.icmp_signed(">", rest, lanes.index(0))):
        here = lanes.at(into, whole), lanes.at(place, whole)
        _emit_peaks(lanes, *here, taps, count, filters, rest)


fir_run = embed("fir_run", 5, _emit_fir)
"""``fir_run(target, source, frames, taps, count)``: write ``y[n] = sum of taps[k] x[n - k]``.

All are addresses of float32, ``frames`` and ``count`` numbers of frames and taps.  ``taps[0]``
meets the current frame.  ``source`` is the address of frame 0 and has ``count - 1`` frames before
it; ``target`` must not overlap it.
"""

fir_peak_run = embed("fir_peak_run", 6, _emit_fir_peak)
"""``fir_peak_run(target, source, frames, taps, count, filters)``: raise ``target[n]`` to the
largest magnitude that any of several filters of the same input puts out at frame n.

``taps`` holds ``filters`` rows of ``count`` taps, as ``fir_run`` has them: the phases of an
interpolator, whose outputs together are the signal between the frames (true peak).  ``target`` is
float32 and read first: fill it with zeros, or with the magnitude of the delayed input; a call for
each channel gives the peak of all.  NaN is not counted.
"""
