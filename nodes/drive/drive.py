"""Overdrive: the clipping stage and the tone control of a Tube Screamer (TS808) circuit."""

import math

import numpy as np

from ...graph.arguments import check_number
from ...runtime import authoring as ng
from ..dsp.oversampling.half_band import latency
from ..dsp.oversampling.oversampler import (
    OVERSAMPLER,
    RUN,
    allocate_oversamplers,
    downsample,
    upsample,
)
from .diode import DIODES, omega_table
from .drive_circuit import CHANNEL, KNOBS, LIFT_HZ, TONE_HZ, design, live, pole, studio, warped

__all__ = ["Drive"]

GLIDES = ("drive", "tone", "level_db", "low_cut_hz")
CURVES = ("drives", "tones", "levels", "cuts")
STATE = np.dtype(
    [
        *((name, np.float64) for name in GLIDES),
        *((f"{name}_now", np.float64) for name in GLIDES),
        *((f"{name}_coefficient", np.float64) for name in GLIDES),
        ("channels", np.int64),
        ("studio", np.int64),  # 1 or 0
        ("oversamplers", np.int64),
        ("circuits", np.int64),
        ("knobs", np.int64),
        ("upsample", np.int64),  # addresses of C functions
        ("downsample", np.int64),
        ("design", np.int64),
        ("play", np.int64),
        *((name, np.int64) for name in CURVES),
        ("low", np.int64),
        ("high", np.int64),
    ]
)
OWN, CIRCUIT = OVERSAMPLER.itemsize, CHANNEL.itemsize


@ng.kernel
def _drive(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    knobs = ng.record(s.knobs, KNOBS)
    level, done = ng.decibels(s.level_db), 0
    drives, cuts = ng.floats(s.drives, RUN), ng.floats(s.cuts, RUN)
    while done < frames:
        n = frames - done
        n = n if n < RUN else RUN
        s.drive_now = ng.glide(s.drives, s.drive_now, s.drive, s.drive_coefficient, n)
        s.tone_now = ng.glide(s.tones, s.tone_now, s.tone, s.tone_coefficient, n)
        s.level_db_now = ng.glide(s.levels, s.level_db_now, level, s.level_db_coefficient, n)
        s.low_cut_hz_now = ng.glide(
            s.cuts, s.low_cut_hz_now, s.low_cut_hz, s.low_cut_hz_coefficient, n
        )
        for c in range(s.channels):
            over, place = s.oversamplers + c * OWN, s.circuits + c * CIRCUIT
            circuit = ng.record(place, CHANNEL)
            source = ng.channel_address(ins, c) + 4 * done
            ng.call_node(s.upsample, over, source, s.high, np.int32(n))
            at = 0
            while at < n:
                drive, cut = np.float64(drives[at]), np.float64(cuts[at])
                if drive != circuit.for_drive or cut != circuit.for_cut:
                    circuit.for_drive = drive
                    circuit.for_cut = cut
                    ng.call_node(s.design, place, s.knobs, 0, np.int32(s.studio))
                rest = n - at
                still = drives[at] == drives[n - 1] and cuts[at] == cuts[n - 1]
                rest = rest if still else 1
                knobs.first = at
                ng.call_node(s.play, place, s.knobs, s.high, np.int32(rest))
                at += rest
            ng.call_node(s.downsample, over, s.high, s.low, np.int32(n))
            ng.scale(ng.channel_address(outs, c) + 4 * done, s.low, s.levels, n)
        done += n


@ng.node("drive", category="drive", example="drive=0.6, tone=0.4")
class Drive(ng.Node):
    """Overdrive in the manner of the TS808: diodes in the feedback of an amplifier.

    ``drive`` turns the gain above ``low_cut_hz`` from 22 to 41 dB; below it the signal passes with
    a gain of 1, and it is always in the sum, so that the pick stays.  ``tone`` moves the low-pass
    behind it from 723 Hz to 3.2 kHz.  ``clip`` is the kind of diodes: "silicon", "led" (later,
    louder), "germanium" (earlier, softer), "asymmetric" (one silicon diode against two).  Full
    scale is ``volts`` V at the circuit's input and output: 4.36 at an interface with 12 dBu.

    ``quality`` "studio" solves the circuit at 4 times the sample rate; "live" applies the diodes'
    static law at twice the rate with antiderivative anti-aliasing, and less latency.
    """

    drive: float = ng.param(default=0.5, low=0.0, high=1.0)
    tone: float = ng.param(default=0.5, low=0.0, high=1.0)
    level_db: float = ng.param(default=0.0, low=-24.0, high=24.0, unit="dB")
    low_cut_hz: float = ng.param(default=720.0, low=20.0, high=1500.0, unit="Hz", taper="log")
    clip: str = ng.option(default="silicon", choices=tuple(DIODES))
    quality: str = ng.option(default="studio", choices=("studio", "live"))
    volts: float = ng.option(default=1.0)

    def __post_init__(self) -> None:
        """Check the option that has no list of choices."""
        super().__post_init__()
        volts = check_number("volts", self.volts, 0.01, 100.0, "V")
        object.__setattr__(self, "volts", volts)

    def _plan(self) -> tuple[int, str, int]:
        """Return by how much the rate is raised, the quality, and the order of ADAA."""
        return (4, "studio", 0) if self.quality == "studio" else (2, "live", 1)

    def latency(self, spec: ng.Spec) -> int:
        """Return the delay of the filters around the circuit."""
        return latency(*self._plan())

    def tail(self, spec: ng.Spec) -> int:
        """Return the length of the filters, and the frames until the high-pass is 100 dB down."""
        ring = (math.log(1e5) + 5.0) / (2.0 * math.pi * self.low_cut_hz)
        return 2 * self.latency(spec) + math.ceil(ring * spec.rate)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate filters and circuits of each channel."""
        memory, channels = io.memory, io.outputs["out"]
        times, quality, adaa = self._plan()
        diode, rate = DIODES[self.clip], times * io.spec.rate
        curves = {name: memory.scratch(RUN) for name in CURVES}
        knobs = memory.record(
            KNOBS,
            **{name: curves[name] for name in ("drives", "cuts", "tones")},
            times=times,
            table=memory.constant(omega_table()),
            steps=diode.extra_steps,
            pushed=memory.scratch(RUN * times, np.float64),
            rate=rate,
            volts=self.volts,
            saturation=diode.saturation,
            thermal=diode.thermal,
            thermal_back=diode.thermal_back,
            tone=pole(TONE_HZ, rate),
            lift=pole(LIFT_HZ, rate),
            warp=warped(rate),
        )
        made = memory.record(
            STATE,
            **io.params,
            **{f"{name}_coefficient": io.glide(name) for name in GLIDES},
            **curves,
            low=memory.scratch(RUN),
            high=memory.scratch(RUN * times),
            channels=channels,
            studio=int(self.quality == "studio"),
            oversamplers=allocate_oversamplers(memory, channels, times, quality, adaa),
            circuits=memory.records(CHANNEL, [{"for_drive": -1.0}] * channels),
            knobs=knobs,
            upsample=upsample.address,
            downsample=downsample.address,
            design=design.address,
            play=(studio if self.quality == "studio" else live).address,
        )
        return ng.Processor(_drive, made)
