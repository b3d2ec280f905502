"""EnvelopeFollower: the level of an audio signal as a control signal."""

import math

import numpy as np

from ...runtime import authoring as ng
from .source import hold

__all__ = ["EnvelopeFollower"]

FLOOR_DB = -60.0
"""The level that is 0; full scale is 1."""

DB_PER_E = 20.0 / math.log(10.0)
"""Decibels of a factor of e."""

LOWEST_HZ, HIGHEST_HZ = 20.0, 20_000.0
"""Corners at which a filter is off."""
MAGNITUDE = 0x7FFFFFFF
"""The bits of a float32 without its sign: as integers they are in the order of the magnitudes, and
NaN is above all, so that it stays and the engine resets the node."""

STATE = np.dtype(
    [
        ("attack_ms", np.float64),
        ("release_ms", np.float64),
        ("gain_db", np.float64),
        ("low_hz", np.float64),
        ("high_hz", np.float64),
        ("rate", np.float64),
        ("channels", np.int64),
        ("frame", np.int64),
        ("envelope", np.float64),
        ("up", np.int64),  # addresses of SHAREs
        ("down", np.int64),
        ("held", np.float64),  # the value of this tick
        ("peak", np.int64),  # bits of the peak since the last tick
        ("filters", np.int64),  # per channel: output of the low-pass at low_hz, and at high_hz
        ("filtered", np.int64),  # scratch
        ("filter", np.int64),  # address of the kernel that filters
    ]
)
SHARE = np.dtype(
    [
        ("time_ms", np.float64),
        ("share", np.float64),  # of the way to the peak that is covered in a tick, in this time
    ]
)


@ng.kernel
def _filter(state: int, source: int, memory: int, frames: int) -> None:
    """Filter one channel at the address ``source`` into the scratch memory."""
    s = ng.record(state, STATE)
    bass = treble = 0.0
    if s.low_hz > LOWEST_HZ:
        bass = 1.0 - math.exp(-2.0 * math.pi * s.low_hz / s.rate)
    if s.high_hz < HIGHEST_HZ:
        treble = 1.0 - math.exp(-2.0 * math.pi * s.high_hz / s.rate)
    x, y = ng.floats(source, frames), ng.floats(s.filtered, frames)
    kept = ng.numbers(memory, 2, np.float64)
    low, high = kept[0], kept[1]
    if bass == 0.0:
        low = 0.0
    for i in range(frames):
        low += bass * (x[i] - low)
        band = x[i] - low
        high = high + treble * (band - high) if treble > 0.0 else band
        y[i] = np.float32(high)
    kept[0], kept[1] = low, high


@ng.kernel
def _follow(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    is_filtered = s.low_hz > LOWEST_HZ or s.high_hz < HIGHEST_HZ
    target, frame, held, peak, i = ng.channel_address(outs, 0), s.frame, s.held, s.peak, 0
    while i < frames:
        if (frame + i) & 31 == 0:
            bits = ng.numbers(s.filtered, 1, np.int32)
            bits[0] = np.int32(peak)
            way = ng.floats(s.filtered, 1)[0] - s.envelope
            time_ms = s.attack_ms if way > 0.0 else s.release_ms
            speed = ng.record(s.up if way > 0.0 else s.down, SHARE)
            if time_ms != speed.time_ms:
                speed.time_ms = time_ms
                speed.share = 1.0 - math.exp(-32.0 / (time_ms * 1e-3 * s.rate))
            s.envelope += speed.share * way
            level_db = DB_PER_E * math.log(s.envelope + 1e-30) + s.gain_db
            held = 1.0 - level_db / FLOOR_DB
            if held < 0.0:
                held = 0.0
            if held > 1.0:
                held = 1.0
            peak = 0
        end = hold(target, frames, i, frame, held)
        n = end - i
        for c in range(s.channels):
            source = ng.channel_address(ins, c) + 4 * i
            if is_filtered:
                ng.call_node(s.filter, state, source, s.filters + 16 * c, np.int32(n))
                source = s.filtered
            x = ng.numbers(source, n, np.int32)
            for k in range(n):
                peak = max(peak, x[k] & MAGNITUDE)
        i = end
    s.frame, s.held, s.peak = frame + frames, held, peak


@ng.node("envelope_follower", category="control", example="attack_ms=2.0, gain_db=6.0")
class EnvelopeFollower(ng.Node):
    """Follow the level of a signal: 0 at -60 dB and below, 1 at full scale, linear in dB.

    The peak of every 32 frames (of the loudest channel) is smoothed with a time constant (63 %) of
    ``attack_ms`` up and ``release_ms`` down.  A first-order high-pass at ``low_hz`` (off at 20 Hz)
    and a low-pass at ``high_hz`` (off at 20 kHz) come before, ``gain_db`` is added after it.
    """

    # None is smoothed: they are read at ticks, and the envelope itself is continuous.
    attack_ms: float = ng.param(
        default=5.0, low=0.1, high=500.0, unit="ms", taper="log", smoothing_s=0.0
    )
    release_ms: float = ng.param(
        default=100.0, low=1.0, high=5000.0, unit="ms", taper="log", smoothing_s=0.0
    )
    gain_db: float = ng.param(default=0.0, low=-24.0, high=60.0, unit="dB", smoothing_s=0.0)
    low_hz: float = ng.param(
        default=LOWEST_HZ, low=LOWEST_HZ, high=2000.0, unit="Hz", taper="log", smoothing_s=0.0
    )
    high_hz: float = ng.param(
        default=HIGHEST_HZ, low=200.0, high=HIGHEST_HZ, unit="Hz", taper="log", smoothing_s=0.0
    )

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One control port."""
        return (ng.Port("out", kind=ng.Kind.CONTROL),)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate two filters per channel."""
        channels = io.inputs["in"]
        made = io.memory.record(
            STATE,
            **io.params,
            rate=io.spec.rate,
            channels=channels,
            filters=io.memory.state((channels, 2), np.float64),
            filtered=io.memory.scratch(32),
            filter=_filter.address,
            up=io.memory.record(SHARE),
            down=io.memory.record(SHARE),
        )
        return ng.Processor(_follow, made)
