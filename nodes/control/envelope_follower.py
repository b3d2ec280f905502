"""EnvelopeFollower: the level of an audio signal as a control signal."""

import math

import numpy as np

from ...runtime import authoring as ng

__all__ = ["EnvelopeFollower"]

FLOOR_DB = -60.0
"""The level that is 0; full scale is 1."""

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
        ("held", np.float64),  # the value of this tick
        ("under_low", np.int64),  # per channel: output of the low-pass at low_hz, and at high_hz
        ("under_high", np.int64),
    ]
)


@ng.kernel
def _follow(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    y, frame, held, envelope = ng.channel(outs, 0, frames), s.frame, s.held, s.envelope
    channels = s.channels
    low, high = (
        ng.numbers(s.under_low, channels, np.float64),
        ng.numbers(s.under_high, channels, np.float64),
    )
    up = 1.0 - math.exp(-1.0 / (s.attack_ms * 1e-3 * s.rate))
    down = 1.0 - math.exp(-1.0 / (s.release_ms * 1e-3 * s.rate))
    bass = 1.0 - math.exp(-2.0 * math.pi * s.low_hz / s.rate)
    treble = 1.0 - math.exp(-2.0 * math.pi * s.high_hz / s.rate)
    for i in range(frames):
        loudest = invalid = 0.0
        for c in range(channels):
            x = np.float64(ng.channel(ins, c, frames)[i])
            low[c] += bass * (x - low[c])
            high[c] += treble * (x - low[c] - high[c])
            invalid += 0.0 * high[c]  # NaN stays NaN, so that the engine resets the node
            loudest = max(loudest, abs(high[c]))
        envelope += (up if loudest > envelope else down) * (loudest - envelope) + invalid
        if (frame + i) & 31 == 0:
            level = 20.0 * math.log10(envelope + 1e-30) + s.gain_db
            held = 1.0 - level / FLOOR_DB
            if held < 0.0:
                held = 0.0
            if held > 1.0:
                held = 1.0
        y[i] = np.float32(held)
    s.frame, s.held, s.envelope = frame + frames, held, envelope


@ng.node("envelope_follower", category="control", example="attack_ms=2.0, gain_db=6.0")
class EnvelopeFollower(ng.Node):
    """Follow the level of a signal: 0 at -60 dB and below, 1 at full scale, linear in dB.

    A one-pole filter of the rectified signal (of the loudest channel), with a time constant (63 %)
    of ``attack_ms`` up and ``release_ms`` down.  ``low_hz`` and ``high_hz`` are first-order
    filters before it, ``gain_db`` is added after it.
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
        default=20.0, low=1.0, high=2000.0, unit="Hz", taper="log", smoothing_s=0.0
    )
    high_hz: float = ng.param(
        default=20_000.0, low=200.0, high=20_000.0, unit="Hz", taper="log", smoothing_s=0.0
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
            under_low=io.memory.state(channels, np.float64),
            under_high=io.memory.state(channels, np.float64),
        )
        return ng.Processor(_follow, made)
