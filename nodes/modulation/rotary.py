"""Rotary speaker: a horn and a drum that turn in front of two microphones."""

import math

import numpy as np
from numpy.typing import NDArray

from ...graph.arguments import check_number
from ...runtime import authoring as ng
from ...runtime.simd.loops.svf import COEFFICIENTS, GOAL, LANES, START, STATES
from ..dsp.filters.svf import HIGH_PASS, LOW_PASS, direct
from ..dsp.modulation.delay_line import READER, line_frames, read_cubic
from ..dsp.modulation.lfo_shapes import TURN
from .rotary_kernel import ROTOR, STATE, rotary_kernel, rotary_tick

__all__ = ["Rotary"]

CROSSOVER_HZ = 800.0
HORN_M, DRUM_M = 0.19, 0.18
"""Radius of the horn's mouth and of the drum's."""
HORN_S, DRUM_S = (1.0, 1.2), (4.5, 5.0)
"""Time constants of speeding up and slowing down."""
FARTHEST_M = 2.0
FASTEST_HZ = 12.0
TAIL_S = 0.03


@ng.node("rotary", display_name="Rotary speaker", category="modulation", example="speed=1.0")
class Rotary(ng.Node):
    """Play a mono signal through a turning horn and, below 800 Hz, a drum; output stereo.

    ``speed`` 0 is slow, 1 fast; ``brake`` stops them.  The horn needs about a second for a new
    speed, the drum, which turns the other way, five (the four speeds are options; those of
    cabinets differ).  Two microphones, ``distance_m`` in front of the rotors and up to half a
    turn apart (``mic_spread`` 1), hear the Doppler effect, the changing level, and of the horn the
    dull sound of its back (a low-pass of 2 to 8 kHz).  The way to the microphones is not
    compensated.  ``drive_db`` is the gain of an amplifier before it that saturates at full scale;
    ``balance_db`` turns the horn up and the drum down by half of it each.
    """

    stereo = True

    # Not smoothed: the rotors are slow.
    speed: float = ng.param(default=0.0, low=0.0, high=1.0, smoothing_s=0.0)
    brake: float = ng.param(
        default=0.0, low=0.0, high=1.0, smoothing_s=0.0, step=1.0, labels=("off", "on")
    )
    mic_spread: float = ng.param(default=0.7, low=0.0, high=1.0, smoothing_s=0.05)
    distance_m: float = ng.param(
        default=0.5, low=0.1, high=FARTHEST_M, unit="m", taper="log", smoothing_s=0.05
    )
    drive_db: float = ng.param(default=0.0, low=0.0, high=24.0, unit="dB", smoothing_s=0.03)
    balance_db: float = ng.param(default=0.0, low=-12.0, high=12.0, unit="dB", smoothing_s=0.02)
    horn_slow_hz: float = ng.option(default=0.8)
    horn_fast_hz: float = ng.option(default=6.7)
    drum_slow_hz: float = ng.option(default=0.7)
    drum_fast_hz: float = ng.option(default=5.7)

    def __post_init__(self) -> None:
        """Check the four speeds, too."""
        super().__post_init__()
        for name in ("horn_slow_hz", "horn_fast_hz", "drum_slow_hz", "drum_fast_hz"):
            hertz = check_number(name, getattr(self, name), 0.0, FASTEST_HZ, "Hz")
            object.__setattr__(self, name, hertz)

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """One mono port."""
        return (ng.Port("in", channels=1),)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One stereo port."""
        return (ng.Port("out", channels=2),)

    def tail(self, spec: ng.Spec) -> int:
        """Return the longest way to a microphone and the decay of the crossover, in frames."""
        return math.ceil(TAIL_S * spec.rate)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate a line for each rotor."""
        memory, rate = io.memory, io.spec.rate
        size = line_frames((FARTHEST_M + 2.0 * HORN_M) / 343.0 * rate + 64.0)
        rotors = [
            (self.horn_slow_hz, self.horn_fast_hz, HORN_S, HORN_M, 1),
            (self.drum_slow_hz, self.drum_fast_hz, DRUM_S, DRUM_M, -1),
        ]
        rows = [
            {
                "slow_hz": slow,
                "fast_hz": fast,
                "up": 1.0 - math.exp(-32.0 / (up * rate)),
                "down": 1.0 - math.exp(-32.0 / (down * rate)),
                "radius_m": radius,
                "direction": direction,
            }
            for slow, fast, (up, down), radius, direction in rotors
        ]
        made = memory.record(
            STATE,
            **io.params,
            mic_spread_step=io.glide("mic_spread", 32),
            distance_m_step=io.glide("distance_m", 32),
            balance_db_step=io.glide("balance_db", 32),
            drive_coefficient=io.glide("drive_db"),
            rate=rate,
            per_hz=TURN / rate,
            mask=size - 1,
            tick=rotary_tick.address,
            reader=memory.record(READER, mask=size - 1),
            read=read_cubic.address,
            coefficients=memory.constant(_crossover(rate)),
            rotors=memory.records(ROTOR, rows),
            spans=memory.state((2, 2, 6), np.float64),
            last=memory.state(2, np.float64),
            states=memory.state(STATES, np.float64),
            ring=memory.state((2, size)),
            band=memory.scratch(32, np.float64),
            part=memory.scratch(32),
            curve=memory.scratch(io.spec.max_frames),
        )
        return ng.Processor(rotary_kernel, made)


def _crossover(rate: float) -> NDArray[np.float64]:
    """Return the coefficients of two Butterworth high-passes and two low-passes in four lanes.

    Twice Butterworth is Linkwitz and Riley's crossover: both bands add up to an all-pass.
    """
    made = np.zeros(COEFFICIENTS)
    for lane, kind in enumerate((HIGH_PASS, HIGH_PASS, LOW_PASS, LOW_PASS)):
        numbers = direct.py_func(kind, CROSSOVER_HZ / rate, math.sqrt(0.5), 0.0)
        for k, number in enumerate(numbers):
            made[START + LANES * k + lane] = made[GOAL + LANES * k + lane] = number
    return made
