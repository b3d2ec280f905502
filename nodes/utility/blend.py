"""Blend: fades between two signals."""

import math

import numpy as np

from ...graph.arguments import check_flag, check_number
from ...runtime import authoring as ng
from ...runtime.native.pointers import call_node
from ..dsp.dynamics.history import allocate_history, keep

__all__ = ["Blend"]

NAMES = ("position", "a_db", "b_db")
GRID = 32
CURVES = ("weights_a", "weights_b", "levels")
"""Scratch, float32."""
STATE = np.dtype(
    [
        *((name, np.float64) for name in NAMES),
        *((f"{name}_now", np.float64) for name in NAMES),  # dB: amplitude factors
        *((f"{name}_coefficient", np.float64) for name in NAMES),
        ("sign", np.float64),  # of b
        ("linear", np.int64),
        ("correlation", np.float64),  # at the last tick, and at the next
        ("next_correlation", np.float64),
        ("speed", np.float64),  # coefficient of the averages, per tick
        ("mean_aa", np.float64),
        ("mean_bb", np.float64),
        ("mean_ab", np.float64),
        *((n, np.int64) for n in ("frame", "channels")),
        ("sums", np.int64),  # per channel: of aa, bb and ab since the last tick
        ("measure", np.int64),  # addresses of C functions, or 0
        ("normalise", np.int64),
        *((name, np.int64) for name in CURVES),
        *((n, np.int64) for n in ("late", "delay", "size", "bytes", "history")),
    ]
)
MEAN_S = 0.3
"""Time constant of the correlation."""
LOWEST = -0.75
"""Correlation that is made up for at most: two equal signals of it are raised by 6 dB."""
SILENT = 1e-20
"""Below this product of mean squares the correlation stays as it is."""


def _emit_sum(
    lanes: ng.Lanes,
    target: ng.Value,
    a: ng.Value,
    weight_a: ng.Value,
    b: ng.Value,
    weight_b: ng.Value,
    frames: ng.Value,
) -> None:
    zero = lanes.constant(0.0)

    def total(a: ng.Value, weight_a: ng.Value, b: ng.Value, weight_b: ng.Value) -> ng.Value:
        a, b = lanes.mul(weight_a, a), lanes.mul(weight_b, b)
        both = lanes.where(lanes.builder.fcmp_ordered("==", weight_b, zero), a, lanes.add(a, b))
        return lanes.where(lanes.builder.fcmp_ordered("==", weight_a, zero), b, both)

    ng.each(lanes, target, [a, weight_a, b, weight_b], frames, total)


_sum = ng.embed("blend.sum", 6, _emit_sum)
"""``_sum(target, a, weight_a, b, weight_b, frames)``: add two products (a weight of 0: one)."""


@ng.helper
def _weight(share: float, linear: int) -> float:
    """Return the weight of a signal with this share: the share itself, or a sine of it."""
    return share if linear else math.sin(0.5 * math.pi * share)


@ng.kernel
def _measure(sums: int, a: int, b: int, frames: int) -> None:
    """Add the products of two signals (float32) to the three sums of a channel."""
    x = ng.floats(a, frames)
    y = ng.floats(b, frames)
    total = ng.numbers(sums, 3, np.float64)
    aa = total[0]
    bb = total[1]
    ab = total[2]
    for k in range(frames):
        left = np.float64(x[k])
        right = np.float64(y[k])
        aa += left * left
        bb += right * right
        ab += left * right
    total[0] = aa
    total[1] = bb
    total[2] = ab


@ng.kernel
def _normalise(state: int, a: int, b: int, frames: int) -> None:
    """Divide the weights at two addresses by the level that they give; average the sums at ticks.

    From tick to tick the correlation goes in a straight line to the one measured before the first.
    """
    s = ng.record(state, STATE)
    place = s.frame & (GRID - 1)
    if place == 0:
        aa = 0.0
        bb = 0.0
        ab = 0.0
        sums = ng.numbers(s.sums, 3 * s.channels, np.float64)
        for c in range(s.channels):
            aa += sums[3 * c]
            bb += sums[3 * c + 1]
            ab += sums[3 * c + 2] * s.sign
        for k in range(3 * s.channels):
            sums[k] = 0.0
        if aa + bb < math.inf:  # one bad sample on a side with a weight of 0 must not last
            s.mean_aa += s.speed * (aa - s.mean_aa)
            s.mean_bb += s.speed * (bb - s.mean_bb)
            s.mean_ab += s.speed * (ab - s.mean_ab)
        s.correlation = s.next_correlation
        power = s.mean_aa * s.mean_bb
        if power > SILENT:
            found = s.mean_ab / math.sqrt(power)
            found = found if found < 1.0 else 1.0
            s.next_correlation = found if found > LOWEST else LOWEST
    weight_a = ng.floats(a, frames)
    weight_b = ng.floats(b, frames)
    start = s.correlation
    step = (s.next_correlation - start) * (1.0 / GRID)
    for k in range(frames):
        p = np.float64(weight_a[k])
        q = np.float64(weight_b[k])
        r = start + step * np.float64(place + k)
        level = 1.0 / math.sqrt(p * p + q * q + 2.0 * r * p * q)
        weight_a[k] = np.float32(level * p)
        weight_b[k] = np.float32(level * q)


@ng.kernel
def _blend(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    target = s.position
    now = s.position_now if s.position_now == s.position_now else target
    gain_a = ng.decibels(s.a_db)
    gain_b = s.sign * ng.decibels(s.b_db)
    end_a = np.float32(_weight(1.0 - target, s.linear))
    end_b = np.float32(_weight(target, s.linear))
    weight_a = ng.floats(s.weights_a, GRID)
    weight_b = ng.floats(s.weights_b, GRID)
    done = 0
    while done < frames:
        place = s.frame & (GRID - 1)
        n = GRID - place if GRID - place < frames - done else frames - done
        i = 0
        while i < n and now != target:
            now = ng.glide_step(now, target, s.position_coefficient)
            weight_a[i] = np.float32(_weight(1.0 - now, s.linear))
            weight_b[i] = np.float32(_weight(now, s.linear))
            i += 1
        for k in range(i, n):
            weight_a[k] = end_a
            weight_b[k] = end_b
        if s.normalise != 0:
            call_node(s.normalise, state, s.weights_a, s.weights_b, np.int32(n))
        s.a_db_now = ng.glide(s.levels, s.a_db_now, gain_a, s.a_db_coefficient, n)
        ng.scale(s.weights_a, s.weights_a, s.levels, n)
        s.b_db_now = ng.glide(s.levels, s.b_db_now, gain_b, s.b_db_coefficient, n)
        ng.scale(s.weights_b, s.weights_b, s.levels, n)
        for c in range(s.channels):
            from_a = ng.channel_address(ins, c) + 4 * done
            from_b = ng.channel_address(ins, s.channels + c) + 4 * done
            if s.delay > 0:
                history = s.history + c * s.bytes
                at = s.frame & (s.size - 1)
                keep(history, from_b if s.late else from_a, at, s.size, n)
                delayed = history + 4 * (at + s.size - s.delay)
                if s.late:
                    from_b = delayed
                else:
                    from_a = delayed
            if s.measure != 0:
                call_node(s.measure, s.sums + 24 * c, from_a, from_b, np.int32(n))
            y = ng.channel_address(outs, c) + 4 * done
            _sum(y, from_a, s.weights_a, from_b, s.weights_b, n)
        s.frame += n
        done += n
    s.position_now = now


@ng.node("blend", category="utility", example='position=0.3, law="linear"')
class Blend(ng.Node):
    """Fade between two signals: ``position`` 0 is "a" alone, 1 is "b" alone.

    ``law`` says how loud both are in between, after their levels ``a_db`` and ``b_db``:

    * "equal_power": sine and cosine; right for signals that have nothing in common
    * "linear": 1 - position and position; right for two versions of one signal that are in phase
    * "correlated": equal power divided by the level that results, sqrt(a² + b² + 2 r a b), for the
      correlation r that is measured over 0.3 s; right for two amps that play one guitar

    ``invert_b`` turns the polarity of b.  ``delay_ms`` (-20 to 20, in whole frames) lets b come
    later than a, or a later than b if it is negative; it is no latency that would be compensated.
    At an end, with 0 dB, the output is the input to the bit.
    """

    position: float = ng.param(default=0.5, low=0.0, high=1.0, smoothing_s=0.02)
    a_db: float = ng.param(default=0.0, low=-60.0, high=12.0, unit="dB")
    b_db: float = ng.param(default=0.0, low=-60.0, high=12.0, unit="dB")
    law: str = ng.option(default="equal_power", choices=("equal_power", "linear", "correlated"))
    invert_b: bool = ng.option(default=False)
    delay_ms: float = ng.option(default=0.0)

    def __post_init__(self) -> None:
        """Check the options that have no list of choices."""
        super().__post_init__()
        delay = check_number("delay_ms", self.delay_ms, -20.0, 20.0, "ms")
        object.__setattr__(self, "delay_ms", delay)
        object.__setattr__(self, "invert_b", check_flag("invert_b", self.invert_b))

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """Two signals with the same number of channels."""
        return (ng.Port("a"), ng.Port("b"))

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames by which one of the signals is late."""
        return abs(round(self.delay_ms * 1e-3 * spec.rate))

    def receptive_field(self, spec: ng.Spec) -> int | None:
        """Return the delay and one frame; ``None`` if the correlation is measured."""
        return None if self.law == "correlated" else 1 + self.tail(spec)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the sums of the correlation, and the history of the signal that is late."""
        channels, delay = io.outputs["out"], self.tail(io.spec)
        measured = self.law == "correlated"
        made = io.memory.record(
            STATE,
            **io.params,
            **{name: io.memory.scratch(GRID) for name in CURVES},
            **{f"{name}_coefficient": io.glide(name) for name in NAMES},
            sign=-1.0 if self.invert_b else 1.0,
            linear=self.law == "linear",
            measure=_measure.address if measured else 0,
            normalise=_normalise.address if measured else 0,
            correlation=1.0,
            next_correlation=1.0,
            speed=ng.glide_coefficient(MEAN_S, io.spec.rate / GRID),
            channels=channels,
            sums=io.memory.state((channels, 3), np.float64),
            late=self.delay_ms > 0,
            delay=delay,
            **allocate_history(io.memory, channels, delay),
        )
        return ng.Processor(_blend, made)
