"""EnvelopeFollower: the level of an audio signal as a control signal."""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.simd.loops.log_exp import DB_PER_OCTAVE
from .follower_loops import level_of, peak_of
from .source import TICK, hold

__all__ = ["EnvelopeFollower"]

FLOOR_DB = -60.0
"""The level that is 0; full scale is 1."""

PER_DB = -1.0 / FLOOR_DB
PER_OCTAVE = DB_PER_OCTAVE * PER_DB
"""How much the value rises with the level."""

LOWEST_HZ, HIGHEST_HZ = 20.0, 20_000.0
"""Corners at which a filter is off."""

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
        ("up_ms", np.float64),  # the attack_ms that up is for, and the release_ms that down is for
        ("down_ms", np.float64),
        ("up", np.float64),  # shares of the way to the peak covered in a tick
        ("down", np.float64),
        ("held", np.float64),  # the value of this tick
        ("peak", np.float64),  # since the last tick
        ("filters", np.int64),  # per channel: output of the low-pass at low_hz, and at high_hz
        ("filtered", np.int64),  # scratch: the filtered channels
        ("stride", np.int64),  # samples from one of them to the next
        ("places", np.int64),  # scratch: a list of their addresses
        ("filter", np.int64),  # address of the kernel that filters
    ]
)


@ng.kernel
def _filter(state: int, ins: int, outs: int, frames: int) -> None:
    """Filter a block of all channels into the scratch memory, and list their addresses there."""
    s = ng.record(state, STATE)
    bass = treble = 0.0
    if s.low_hz > LOWEST_HZ:
        bass = 1.0 - math.exp(-2.0 * math.pi * s.low_hz / s.rate)
    if s.high_hz < HIGHEST_HZ:
        treble = 1.0 - math.exp(-2.0 * math.pi * s.high_hz / s.rate)
    places = ng.numbers(s.places, s.channels, np.int64)
    for c in range(s.channels):
        places[c] = s.filtered + 4 * c * s.stride
        x, y = ng.channel(ins, c, frames), ng.floats(places[c], frames)
        kept = ng.numbers(s.filters + 16 * c, 2, np.float64)
        low, high = kept[0], kept[1]
        if bass == 0.0:
            low = 0.0
        for i in range(frames):
            low += bass * (x[i] - low)
            band = x[i] - low
            high = high + treble * (band - high) if treble > 0.0 else band
            y[i] = np.float32(high)
        kept[0], kept[1] = low, high


@ng.helper
def _share(time_ms: float, rate: float) -> float:
    """Return the share of the way to the peak that is covered in a tick."""
    return 1.0 - math.exp(-TICK / (time_ms * 1e-3 * rate))


@ng.kernel
def _follow(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    if s.attack_ms != s.up_ms:
        s.up_ms, s.up = s.attack_ms, _share(s.attack_ms, s.rate)
    if s.release_ms != s.down_ms:
        s.down_ms, s.down = s.release_ms, _share(s.release_ms, s.rate)
    sources = ins
    if s.low_hz > LOWEST_HZ or s.high_hz < HIGHEST_HZ:
        ng.call_node(s.filter, state, ins, 0, np.int32(frames))
        sources = s.places
    up, down, channels, offset = s.up, s.down, s.channels, 1.0 + s.gain_db * PER_DB
    target, frame, held = ng.channel_address(outs, 0), s.frame, s.held
    peak, envelope, i = s.peak, s.envelope, 0
    while i < frames:
        if (frame + i) & 31 == 0:
            way = peak - envelope
            envelope += (up if way > 0.0 else down) * way
            held = level_of(envelope, PER_OCTAVE, offset)
            peak = 0.0
        end = hold(target, frames, i, frame, held)
        peak = peak_of(sources, channels, i, end - i, peak)
        i = end
    s.held = held
    s.frame, s.peak, s.envelope = frame + frames, peak, envelope


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
            filtered=io.memory.scratch((channels, io.spec.max_frames)),
            stride=io.spec.max_frames,
            places=io.memory.scratch(channels, np.int64),
            filter=_filter.address,
        )
        return ng.Processor(_follow, made)
