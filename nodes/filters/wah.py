"""Wah: a resonant band-pass that a pedal, or the level of the playing, moves."""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.simd.loops.recursive import state_space2_run

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
WIDTH = 9
"""Coefficients of a row: a 3 x 3 matrix."""
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
        ("moving", np.int64),  # 1 between two ticks with different coefficients
        ("coefficients", np.int64),  # two rows: at the last tick, at the next
        ("memory", np.int64),
    ]
)


@ng.kernel
def _wah(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    rows = ng.numbers(s.coefficients, 2 * WIDTH, np.float64)
    frame, done = s.frame, 0
    envelope, rise, fall = s.envelope, 0.0, 0.0
    if s.auto != 0:
        rise = 1.0 - math.exp(-1000.0 / (s.attack_ms * s.rate))
        fall = 1.0 - math.exp(-1000.0 / (s.release_ms * s.rate))
    while done < frames:
        at = frame & 31
        if at == 0:
            fresh = s.q_now != s.q_now
            q = s.q
            if s.q_now != q:
                q = ng.ratio_step(s.q_now, q, s.q_coefficient)
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
            moved = fresh or pedal != s.pedal or q != s.q_now
            s.pedal, s.q_now = pedal, q
            s.moving = 1 if moved and not fresh else 0
            for n in range(WIDTH):
                rows[n] = rows[WIDTH + n]
            if moved:
                # A trapezoidal state-variable filter (A. Simper, Cytomic 2013), by its states.
                k = 2.0 ** (s.fall * pedal - s.resonance) / q
                g = math.tan(math.pi * s.hertz * 2.0 ** (s.octaves * pedal) / s.rate)
                a1 = 1.0 / (1.0 + g * (g + k))
                a2, high = g * a1, k * PEAK
                a3 = g * a2
                rows[9], rows[10], rows[11] = 2.0 * a1 - 1.0, -2.0 * a2, 2.0 * a2
                rows[12], rows[13], rows[14] = 2.0 * a2, 1.0 - 2.0 * a3, 2.0 * a3
                rows[15], rows[16] = high * a1 + s.low * a2, s.low * (1.0 - a3) - high * a2
                rows[17] = high * a2 + s.low * a3
            if fresh:
                for n in range(WIDTH):
                    rows[n] = rows[WIDTH + n]
        count = min(32 - at, frames - done)
        if s.auto != 0:
            for i in range(done, done + count):
                loudest = 0.0
                for c in range(s.first_key, s.first_key + s.keys):
                    loudest = max(loudest, abs(np.float64(ng.channel(ins, c, frames)[i])))
                envelope += (rise if loudest > envelope else fall) * (loudest - envelope)
        for c in range(s.channels):
            x, y = ng.channel_address(ins, c) + 4 * done, ng.channel_address(outs, c) + 4 * done
            state_space2_run(y, x, count, at, s.moving, s.coefficients, s.memory + 16 * c)
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
    q: float = ng.param(default=1.0, low=0.3, high=3.0, taper="log", smoothing_s=0.03)
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
        q, hertz = self.q * math.exp2(resonance - fall * w), hertz * math.exp2(octaves * w)
        slow = math.pi * hertz / q if q > 0.5 else math.pi * hertz * q  # two real poles
        return math.ceil(SILENCE * spec.rate / slow)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate two rows of coefficients, and per channel two states."""
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
            coefficients=memory.state((2, WIDTH), np.float64),
            memory=memory.state((channels, 2), np.float64),
        )
        return ng.Processor(_wah, made)
