"""Delay: echoes with feedback, at fractional delay times."""

import math
from typing import Any

from ...runtime import authoring as ng
from ..dsp.modulation.bbd import BBD, bbd_in, bbd_out, bbd_records
from ..dsp.modulation.lfo_phase import lfo_record
from ..dsp.modulation.tempo import parse_beats
from .delay_echo import ECHO, TAPE, read_echo, tape_in, tape_out, tape_rows
from .delay_kernel import delay_kernel, read_echoes, write_echoes
from .delay_times import GLIDES, OPEN_HZ, STATE, delay_times, find_targets

__all__ = ["Delay"]

LONGEST_MS = 5000.0
ASIDE_MS = 56.0
"""Spread, modulation and wobble at their highest."""
MOST_DIGITAL = 0.98
"""The highest feedback without a clip in the loop."""
SILENCE_DB = 100.0
"""Attenuation at which the tail ends."""
LONGEST_TAIL_S = 30.0
DUCK_ATTACK_S = 0.005
FADE_S, FREEZE_S = 0.05, 0.01
WOBBLE = {"wow": ("sine", 0.6, 0.3), "flutter": ("sine", 6.2, 0.02), "drift": ("walk", 0.5, 0.1)}
"""Of a tape: shape, rate in Hz, depth in ms."""


@ng.node("delay", category="time", example="time_ms=420.0, mix=0.3")
class Delay(ng.Node):
    """Repeat a signal after ``time_ms``, again and again with ``feedback``; mix it with itself.

    ``mix`` 0 is the signal alone, 1 the echoes alone.  ``damping_hz`` and ``low_cut_hz`` are a
    low-pass and a high-pass in the loop: every echo after the first is duller and thinner than the
    one before (20 kHz and 20 Hz: none is).  A time of whole frames is exact to the bit; between
    frames it is interpolated by Lagrange's cubic (Laakso et al., "Splitting the unit delay", 1996).
    A new time is approached as a tape machine would, by playing faster or slower for a moment; with
    ``glide`` "fade" by a crossfade of 50 ms.  ``sync`` is a note value such as "1/8." that replaces
    ``time_ms`` at ``tempo_bpm``.  The loop itself is never shorter than one frame.

    ``routing`` "stereo" is a line for each channel, "mono" one for their mean; "ping_pong" and
    "cross" have two outputs, and the feedback of each goes to the other: "ping_pong" begins with
    the mean of the inputs on the left.  ``spread_ms`` delays the right side more, or where it is
    negative the left; ``width`` 0 has all echoes in the middle.  ``character`` "tape" has a soft
    clip, 60 Hz to 6 kHz, wow and flutter in the loop, "bbd" a compander and a low-pass; in both the
    feedback may be above 1 ("digital": 0.98 at most).  ``mod_depth_ms`` and ``mod_rate_hz`` move
    the time.  ``duck_db`` turns the echoes down by a signal of full scale.  ``taps`` adds up to
    three more, at ``tapN_pct`` of the time.  ``freeze`` on repeats what is in the line for ever.
    """

    stereo = True  # by ``spread_ms`` and ``routing``
    # A tape that is moved from 0 to 5 s plays the abrupt beginning of what it had recorded.
    jump_ratio = 1e4

    time_ms: float = ng.param(
        default=350.0, low=0.0, high=LONGEST_MS, unit="ms", taper="log", smoothing_s=0.05
    )
    feedback: float = ng.param(default=0.35, low=0.0, high=1.1)
    mix: float = ng.param(default=0.35, low=0.0, high=1.0)
    damping_hz: float = ng.param(default=OPEN_HZ, low=200.0, high=OPEN_HZ, unit="Hz", taper="log")
    low_cut_hz: float = ng.param(default=20.0, low=20.0, high=1000.0, unit="Hz", taper="log")
    # Not smoothed: another rate changes the speed of the modulation, which has no jump.
    mod_rate_hz: float = ng.param(
        default=0.5, low=0.05, high=8.0, unit="Hz", taper="log", smoothing_s=0.0
    )
    mod_depth_ms: float = ng.param(default=0.0, low=0.0, high=5.0, unit="ms", smoothing_s=0.1)
    duck_db: float = ng.param(default=0.0, low=0.0, high=24.0, unit="dB")
    duck_release_ms: float = ng.param(
        default=250.0, low=10.0, high=2000.0, unit="ms", taper="log", smoothing_s=0.0
    )
    spread_ms: float = ng.param(default=0.0, low=-50.0, high=50.0, unit="ms", smoothing_s=0.05)
    width: float = ng.param(default=1.0, low=0.0, high=1.0)
    # A switch has no smoothing of its own: the kernel goes from one state to the other in 10 ms.
    freeze: float = ng.param(
        default=0.0, low=0.0, high=1.0, smoothing_s=0.0, step=1.0, labels=("off", "on")
    )
    tempo_bpm: float = ng.param(default=120.0, low=20.0, high=400.0, unit="bpm", smoothing_s=0.0)
    tap2_pct: float = ng.param(default=75.0, low=1.0, high=100.0, unit="%", smoothing_s=0.05)
    tap2_db: float = ng.param(default=-6.0, low=-60.0, high=0.0, unit="dB", smoothing_s=0.05)
    tap3_pct: float = ng.param(default=50.0, low=1.0, high=100.0, unit="%", smoothing_s=0.05)
    tap3_db: float = ng.param(default=-6.0, low=-60.0, high=0.0, unit="dB", smoothing_s=0.05)
    tap4_pct: float = ng.param(default=25.0, low=1.0, high=100.0, unit="%", smoothing_s=0.05)
    tap4_db: float = ng.param(default=-6.0, low=-60.0, high=0.0, unit="dB", smoothing_s=0.05)
    sync: str = ng.option(default="")
    routing: str = ng.option(default="stereo", choices=("stereo", "ping_pong", "cross", "mono"))
    character: str = ng.option(default="digital", choices=("digital", "tape", "bbd"))
    glide: str = ng.option(default="tape", choices=("tape", "fade"))
    taps: int = ng.option(default=1, choices=(1, 2, 3, 4))

    def __post_init__(self) -> None:
        """Check the note value, too."""
        super().__post_init__()
        parse_beats(self.sync)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One port, stereo where channels feed each other."""
        crossed = self.routing in ("ping_pong", "cross")
        return (ng.Port("out", channels=2 if crossed else None),)

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until the echoes are 100 dB down, 30 seconds at most."""
        longest = round(LONGEST_TAIL_S * spec.rate)
        feedback = min(self.feedback, self._ceiling())
        if self.freeze or feedback >= 1.0:
            return longest
        decay_db = 20.0 * math.log10(feedback) if feedback > 0 else -math.inf
        echoes = 1 + math.floor(-SILENCE_DB / decay_db)
        smear = spec.rate / (2 * math.pi * self.damping_hz)  # added by the low-pass at each echo
        time_ms = self.time_ms
        if self.sync:
            time_ms = min(6e4 * parse_beats(self.sync) / self.tempo_bpm, LONGEST_MS)
        time_ms += abs(self.spread_ms) + self.mod_depth_ms
        slow = 0.0
        if self.character != "digital":
            time_ms += 1.0
            slow += 12.0 * spec.rate / (2 * math.pi * 60.0)
        if self.low_cut_hz > 20.0:
            slow += 12.0 * spec.rate / (2 * math.pi * self.low_cut_hz)
        frames = echoes * (time_ms * 1e-3 * spec.rate + smear) + 12 * smear + slow
        return min(math.ceil(frames) + 2, longest)

    def _ceiling(self) -> float:
        return MOST_DIGITAL if self.character == "digital" else 1.1

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate rings for the longest time, because the time is a parameter."""
        memory, rate, channels = io.memory, io.spec.rate, io.outputs["out"]
        size = 1 << math.ceil(math.log2((LONGEST_MS + ASIDE_MS) * 1e-3 * rate + 40))
        made = memory.record(
            STATE,
            **io.params,
            **{f"{name}_coefficient": io.glide(name) for name in GLIDES if name != "freeze"},
            freeze_coefficient=ng.glide_coefficient(FREEZE_S, rate),
            **self._voice(io),
            **{f"{n}_frames": 1e-3 * ms * rate for n, (_, _, ms) in WOBBLE.items()},
            tap_step=io.glide("tap2_pct", 32),
            spread_step=io.glide("spread_ms", 32),
            beats=parse_beats(self.sync),
            speed=io.glide("time_ms"),
            attack=ng.glide_coefficient(DUCK_ATTACK_S, rate),
            rate=rate,
            ceiling=self._ceiling(),
            longest=LONGEST_MS * 1e-3 * rate,
            fades=self.glide == "fade",
            fade_frames=round(FADE_S * rate),
            channels=channels,
            inputs=io.inputs["in"],
            taps=self.taps,
            crossed=self.routing in ("ping_pong", "cross"),
            into={"mono": 1, "ping_pong": 2}.get(self.routing, 0),
            mask=size - 1,
            lfo=lfo_record(memory, rate, "sine", runs=True),
            echo=memory.record(ECHO, mask=size - 1),
            **self._parts(),
            ring=memory.state((channels, size)),
            filters=memory.state((channels, 2), "f8"),
            base=memory.scratch(64, "f8"),
            values=memory.scratch(32, "f8"),
            delays=memory.scratch((channels, 64), "f8"),
            raw=memory.scratch((channels, 32)),
            wet=memory.scratch((channels, 32)),
            loop=memory.scratch((channels, 32)),
            line=memory.scratch(32),
            spare=memory.scratch(32),
            places=memory.scratch(32, "f8"),
            curves=memory.scratch(len(GLIDES) * io.spec.max_frames),
        )
        return ng.Processor(delay_kernel, made)

    def _parts(self) -> dict[str, int]:
        """Return the addresses of the functions that the kernel calls."""
        parts = {"read": read_echo, "plan": delay_times, "find": find_targets}
        parts |= {"reads": read_echoes, "writes": write_echoes}
        return {name: part.address for name, part in parts.items()}

    def _voice(self, io: ng.Io) -> dict[str, Any]:
        """Return the fields of the sound in the loop."""
        channels, memory, rate = io.outputs["out"], io.memory, io.spec.rate
        if self.character == "tape":
            wobble: dict[str, Any] = {}
            for name, (shape, hz, _) in WOBBLE.items():
                wobble[name] = lfo_record(memory, rate, shape, rate_hz=hz, runs=True)
            return wobble | {
                "is_tape": True,
                "voice": memory.records(TAPE, tape_rows(rate, channels)),
                "voice_bytes": TAPE.itemsize,
                "voice_in": tape_in.address,
                "voice_out": tape_out.address,
            }
        if self.character == "bbd":
            return {
                "voice": bbd_records(memory, rate, range(channels)),
                "voice_bytes": BBD.itemsize,
                "voice_in": bbd_in.address,
                "voice_out": bbd_out.address,
            }
        return {}
