"""Wah: a resonant band-pass that a pedal, or the level of the playing, moves."""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.simd.loops.svf import (
    COEFFICIENTS,
    LANES,
    ROWS,
    STATES,
    svf_in,
    svf_out,
    svf_run,
    svf_tick,
)

__all__ = ["VOICES", "Wah"]

VOICES = {
    "crybaby": (450.0, 2.3, 3.0, 2.0, 0.0),
    "clyde": (330.0, 2.5, 2.6, 1.6, 0.0),
    "bass": (190.0, 2.4, 2.3, 1.3, 0.5),
}
"""Frequency with the heel down, octaves from there to toe down, log2 of Q with the heel down, how
many octaves Q falls, and how much of the low-pass at the same frequency is added.

The first is J. O. Smith's fit of a Cry Baby ("Physical Audio Signal Processing", wah pedal).
"""
PEAK = 4.0
"""Gain at the resonance: 12 dB.  Pink noise keeps its level to about 4 dB, at any position."""
FLOOR_DB = -60.0
"""With ``auto``, the level at which the pedal is at one end; it is at the other at 0 dB."""
SILENCE = math.log(1e5)
"""Time constants until an exponential is 100 dB down."""

STATE = np.dtype(
    [
        *((name, np.float64) for name in ("position", "q", "sensitivity_db")),
        *((f"{name}_now", np.float64) for name in ("position", "q", "sensitivity_db")),
        *((f"{name}_coefficient", np.float64) for name in ("position", "q", "sensitivity_db")),
        *((name, np.float64) for name in ("attack_ms", "release_ms")),
        *((name, np.float64) for name in ("hertz", "octaves", "resonance", "fall", "low")),
        ("rate", np.float64),
        ("envelope", np.float64),
        ("pedal", np.float64),  # where the pedal is, 0 to 1
        ("frame", np.int64),
        ("auto", np.int64),
        ("down", np.int64),  # 1: a louder signal moves the pedal down
        ("channels", np.int64),
        ("first_key", np.int64),  # the channels that move the pedal, and their number
        ("keys", np.int64),
        ("coefficients", np.int64),  # of ``svf_run``, equal in all lanes: one channel a lane
        ("states", np.int64),
        ("chain", np.int64),
        ("rows", np.int64),
    ]
)


@ng.kernel
def _wah(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    frame, done, channels = s.frame, 0, s.channels
    envelope, rise, fall = s.envelope, 0.0, 0.0
    if s.auto != 0:
        rise = 1.0 - math.exp(-1000.0 / (s.attack_ms * s.rate))
        fall = 1.0 - math.exp(-1000.0 / (s.release_ms * s.rate))
    while done < frames:
        at = frame & 31
        if at == 0:
            s.q_now = ng.glide_step(s.q_now, s.q, s.q_coefficient)
            pedal = ng.glide_step(s.position_now, s.position, s.position_coefficient)
            s.position_now = pedal
            if s.auto != 0:
                boost = ng.glide_step(
                    s.sensitivity_db_now, s.sensitivity_db, s.sensitivity_db_coefficient
                )
                s.sensitivity_db_now = boost
                pedal = 1.0 - (20.0 * math.log10(envelope + 1e-30) + boost) / FLOOR_DB
                pedal = pedal if pedal > 0.0 else 0.0
                pedal = pedal if pedal < 1.0 else 1.0
                if s.down != 0:
                    pedal = 1.0 - pedal
            s.pedal = pedal
            k = 2.0 ** (s.fall * pedal - s.resonance) / s.q_now
            g = math.tan(math.pi * s.hertz * 2.0 ** (s.octaves * pedal) / s.rate)
            aim = ng.numbers(s.coefficients, 5 * LANES, np.float64)
            for lane in range(LANES):
                aim[lane], aim[LANES + lane], aim[2 * LANES + lane] = g, k, 0.0
                aim[3 * LANES + lane], aim[4 * LANES + lane] = k * PEAK, s.low
            svf_tick(s.coefficients)
        count = min(32 - at, frames - done)
        if s.auto != 0:
            for i in range(done, done + count):
                loudest = 0.0
                for c in range(s.first_key, s.first_key + s.keys):
                    loudest = max(loudest, abs(np.float64(ng.channel(ins, c, frames)[i])))
                envelope += (rise if loudest > envelope else fall) * (loudest - envelope)
        states = s.states
        for first in range(0, channels, LANES):
            beside = min(LANES, channels - first)
            for lane in range(beside):
                source = ng.channel_address(ins, first + lane) + 4 * done
                svf_in(s.rows + 8 * lane, source, count)
            svf_run(s.coefficients, states, s.chain, s.rows, at, count)
            for lane in range(beside):
                target = ng.channel_address(outs, first + lane) + 4 * done
                svf_out(target, s.rows + 8 * lane, count)
            states += 8 * STATES
        done += count
        frame += count
    s.frame, s.envelope = frame, envelope


@ng.node("wah", category="filter", example="position=0.3")
class Wah(ng.Node):
    """Move a resonance by ``position``, a pedal from heel (0) to toe (1), or by the level.

    The resonance has a gain of 12 dB; with ``voice`` "crybaby" its frequency goes from 450 to
    2216 Hz and its Q from 8 to 2, "clyde" begins lower, and "bass" goes from 190 to 1003 Hz and
    lets the lows pass, 6 dB down.  ``q`` multiplies Q.  Modulate ``position`` by a control signal,
    or set ``auto``: the level of the loudest channel then moves the pedal (``position`` does
    nothing), from -60 dB to 0 dB, with time constants (63 %) of ``attack_ms`` up and ``release_ms``
    down; ``sensitivity_db`` is added to the level.  ``direction`` -1 begins at the toe.  With
    ``sidechain`` the level is that of the input "key".  Reports ``pedal``: where the pedal is.
    """

    position: float = ng.param(default=0.5, low=0.0, high=1.0)
    q: float = ng.param(default=1.0, low=0.3, high=3.0, taper="log")
    sensitivity_db: float = ng.param(default=0.0, low=-24.0, high=24.0, unit="dB")
    # Not smoothed: the envelope goes on from where it is, at another speed.
    attack_ms: float = ng.param(
        default=8.0, low=0.5, high=200.0, unit="ms", taper="log", smoothing_s=0.0
    )
    release_ms: float = ng.param(
        default=150.0, low=5.0, high=2000.0, unit="ms", taper="log", smoothing_s=0.0
    )
    voice: str = ng.option(default="crybaby", choices=tuple(VOICES))
    auto: bool = ng.option(default=False, choices=(False, True))
    direction: int = ng.option(default=1, choices=(1, -1))
    sidechain: bool = ng.option(default=False, choices=(False, True))
    reports = ("pedal",)

    def __post_init__(self) -> None:
        """Check that a key has something to move."""
        super().__post_init__()
        if self.sidechain and not self.auto:
            raise ng.ParamError("sidechain is True without auto: give auto=True, or leave it out")

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """The signal, and with ``sidechain`` the signal whose level moves the pedal."""
        return (ng.Port("in"), ng.Port("key")) if self.sidechain else (ng.Port("in"),)

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until the resonance is 100 dB down."""
        hertz, octaves, resonance, fall, _ = VOICES[self.voice]
        w = 0.0 if self.auto else self.position  # where it rings longest
        q, hertz = self.q * 2.0 ** (resonance - fall * w), hertz * 2.0 ** (octaves * w)
        slow = math.pi * hertz / q if q > 0.5 else math.pi * hertz * q  # two real poles
        return math.ceil(SILENCE * spec.rate / slow)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate a section for each channel, eight channels side by side."""
        memory, channels = io.memory, io.outputs["out"]
        hertz, octaves, resonance, fall, low = VOICES[self.voice]
        glides = ("position", "q", "sensitivity_db")
        made = memory.record(
            STATE,
            **io.params,
            **{f"{name}_coefficient": io.glide(name, 32) for name in glides},
            hertz=hertz,
            octaves=octaves,
            resonance=resonance,
            fall=fall,
            low=low,
            rate=io.spec.rate,
            auto=int(self.auto),
            down=int(self.direction < 0),
            channels=channels,
            first_key=io.inputs["in"] if self.sidechain else 0,
            keys=io.inputs["key" if self.sidechain else "in"],
            coefficients=memory.state(COEFFICIENTS, np.float64),
            states=memory.state((-(-channels // LANES), STATES), np.float64),
            chain=memory.constant(np.zeros(LANES + 1)),
            rows=memory.scratch((ROWS, LANES), np.float64),
        )
        return ng.Processor(_wah, made)
