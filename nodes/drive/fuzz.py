"""Fuzz: two clipping curves in a row, at gains that clip nearly every sample."""

import math
from typing import NamedTuple

import numpy as np

from ...runtime import authoring as ng
from ..dsp.oversampling.adaa import SHAPERS
from ..dsp.oversampling.half_band import latency
from ..dsp.oversampling.oversampler import (
    OVERSAMPLER,
    RUN,
    allocate_oversamplers,
    downsample,
    upsample,
)
from .fuzz_kernel import (
    ATTACK_S,
    CHANNEL,
    KNOBS,
    RELEASE_S,
    after,
    between,
    entry,
    leave,
    one_pole,
    push,
)

__all__ = ["Fuzz"]

GLIDES = ("fuzz", "bias", "tone", "level_db", "low_cut_hz")
CURVES = ("gains", "offsets", "tones", "levels", "cuts")
STEPS = (("upsample", upsample), ("downsample", downsample), ("entry", entry), ("push", push))
MORE = (("between", between), ("after", after), ("leave", leave))
STATE = np.dtype(
    [
        *((name, np.float64) for name in GLIDES),
        *((f"{name}_now", np.float64) for name in GLIDES),
        *((f"{name}_coefficient", np.float64) for name in GLIDES),
        ("channels", np.int64),
        ("stages", np.int64),
        ("oversamplers", np.int64),
        ("circuits", np.int64),
        ("knobs", np.int64),
        *((name, np.int64) for name, _ in (*STEPS, *MORE)),  # addresses of C functions
        ("curve", np.int64),
        ("rectifier", np.int64),  # 0 where there is none
        *((name, np.int64) for name in CURVES),
        ("low", np.int64),
        ("high", np.int64),
    ]
)
OWN, CIRCUIT = OVERSAMPLER.itemsize, CHANNEL.itemsize
BIAS_SPAN = 4.0
"""Offset in front of the curves at a bias of 1 is half of it."""
BASS_HZ, TREBLE_HZ = 536.0, 1865.0
"""Ends of the tone control: -7 dB at 1 kHz between them."""
MIDDLE_CUT_HZ, BLOCK_HZ = 30.0, 7.0


class Model(NamedTuple):
    """Curve, gains in front of it, low-pass behind it, gain at the end."""

    curve: str
    first_gain: float
    second_gain: float
    second_power: int
    dark_hz: float
    out: float
    rectifies: int = 0
    sags: int = 0


MODELS = {
    "round": Model("tanh", 1.0, 4.0, 0, 8000.0, 1.5, sags=1),
    "muff": Model("asinh", 1.0, 0.15, 1, 1600.0, 0.5),
    "octave": Model("asinh", 0.15, 12.0, 0, 5000.0, 0.5, rectifies=1),
}


@ng.kernel
def _fuzz(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    knobs = ng.record(s.knobs, KNOBS)
    gain, offset = ng.decibels(26.0 + 20.0 * s.fuzz), BIAS_SPAN * (s.bias - 0.5)
    level, done = ng.decibels(s.level_db), 0
    cuts = ng.floats(s.cuts, RUN)
    while done < frames:
        n = frames - done
        n = n if n < RUN else RUN
        s.fuzz_now = ng.glide(s.gains, s.fuzz_now, gain, s.fuzz_coefficient, n)
        s.bias_now = ng.glide(s.offsets, s.bias_now, offset, s.bias_coefficient, n)
        s.tone_now = ng.glide(s.tones, s.tone_now, s.tone, s.tone_coefficient, n)
        s.level_db_now = ng.glide(s.levels, s.level_db_now, level, s.level_db_coefficient, n)
        s.low_cut_hz_now = ng.glide(
            s.cuts, s.low_cut_hz_now, s.low_cut_hz, s.low_cut_hz_coefficient, n
        )
        whole, fine, still = np.int32(n), np.int32(n << s.stages), cuts[0] == cuts[n - 1]
        for c in range(s.channels):
            over, place = s.oversamplers + c * OWN, s.circuits + c * CIRCUIT
            ng.copy_bytes(s.low, ng.channel_address(ins, c) + 4 * done, 4 * n)
            at = 0
            while at < n:
                knobs.cut_hz = np.float64(cuts[at])
                rest = n - at if still else 1
                ng.call_node(s.entry, place, s.knobs, s.low + 4 * at, np.int32(rest))
                at += rest
            ng.call_node(s.upsample, over, s.low, s.high, whole)
            ng.call_node(s.push, place, s.knobs, s.high, whole)
            ng.call_node(s.curve, place, s.high, s.high, fine)
            if s.rectifier != 0:
                ng.call_node(s.rectifier, place + 8, s.high, s.high, fine)
            ng.call_node(s.between, place, s.knobs, s.high, whole)
            ng.call_node(s.curve, place + 16, s.high, s.high, fine)
            ng.call_node(s.after, place, s.knobs, s.high, whole)
            target = ng.channel_address(outs, c) + 4 * done
            ng.call_node(s.downsample, over, s.high, target, whole)
            ng.call_node(s.leave, place, s.knobs, target, whole)
        done += n


@ng.node("fuzz", category="drive", example='fuzz=0.8, model="muff"')
class Fuzz(ng.Node):
    """Distort twice in a row, with gains of 26 to 46 dB (``fuzz``).

    ``model`` "round" is two transistors, whose working point sags with the level; "muff" two pairs
    of diodes with low-passes; "octave" rectifies between two curves, and is heard an octave up.
    ``bias`` away from 0.5 makes even harmonics; low and high ones of "round" gate quiet notes.
    ``tone`` fades from a low-pass at 536 Hz to a high-pass at 1.9 kHz: at 0.5 there is a dip of
    7 dB at 1 kHz.  Below ``low_cut_hz`` the input is cut.

    ``quality`` "studio" computes at 4 times the sample rate, "live" at twice, with less latency;
    both with first-order antiderivative anti-aliasing.
    """

    fuzz: float = ng.param(default=0.6, low=0.0, high=1.0)
    bias: float = ng.param(default=0.5, low=0.0, high=1.0, smoothing_s=0.05)
    tone: float = ng.param(default=0.5, low=0.0, high=1.0)
    level_db: float = ng.param(default=-6.0, low=-40.0, high=12.0, unit="dB")
    low_cut_hz: float = ng.param(default=30.0, low=20.0, high=400.0, unit="Hz", taper="log")
    model: str = ng.option(default="round", choices=tuple(MODELS))
    quality: str = ng.option(default="studio", choices=("studio", "live"))

    def _plan(self) -> tuple[int, str, int]:
        """Return by how much the rate is raised, the quality, and the number of curves."""
        curves = 2 + MODELS[self.model].rectifies
        return (4 if self.quality == "studio" else 2), self.quality, curves

    def latency(self, spec: ng.Spec) -> int:
        """Return the delay of the filters around the curves, and of these."""
        return latency(*self._plan())

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until high-passes and the working point are 100 dB down."""
        slow = 1.0 / (2.0 * math.pi) * (1 / self.low_cut_hz + 1 / MIDDLE_CUT_HZ + 1 / BLOCK_HZ)
        slow += RELEASE_S if MODELS[self.model].sags else 0.0
        return 2 * self.latency(spec) + math.ceil(1.3 * math.log(1e7) * slow * spec.rate)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the filters of each channel."""
        memory, channels, model = io.memory, io.outputs["out"], MODELS[self.model]
        times, quality, adaa = self._plan()
        rate, fine = io.spec.rate, times * io.spec.rate
        curves = {name: memory.scratch(RUN) for name in CURVES}
        knobs = memory.record(
            KNOBS,
            **{name: curves[name] for name in CURVES if name != "cuts"},
            sagged=memory.scratch(RUN),
            rests=memory.scratch(RUN),
            times=times,
            sags=model.sags,
            diodes=int(model.curve == "asinh"),
            rectifies=model.rectifies,
            rate=rate,
            attack=1.0 - math.exp(-1.0 / (ATTACK_S * rate)),
            release=1.0 - math.exp(-1.0 / (RELEASE_S * rate)),
            first_gain=model.first_gain,
            second_gain=model.second_gain,
            second_power=model.second_power,
            dark=one_pole(model.dark_hz, fine),
            middle_cut=one_pole(MIDDLE_CUT_HZ, fine),
            bass=one_pole(BASS_HZ, rate),
            treble=one_pole(TREBLE_HZ, rate),
            block=one_pole(BLOCK_HZ, rate),
            out=model.out,
        )
        # As if silence had been there forever: no thump at the start.
        offset = float(np.float32(BIAS_SPAN * (self.bias - 0.5)))
        at_rest = {"x0": offset, "x1": float(np.float32(math.asinh(offset))), "x2": offset}
        rectifier = SHAPERS["rectifier", 1].address if model.rectifies else 0
        made = memory.record(
            STATE,
            **io.params,
            **{f"{name}_coefficient": io.glide(name) for name in GLIDES},
            **curves,
            **{name: function.address for name, function in (*STEPS, *MORE)},
            low=memory.scratch(RUN),
            high=memory.scratch(RUN * times),
            channels=channels,
            stages=times.bit_length() - 1,
            oversamplers=allocate_oversamplers(memory, channels, times, quality, adaa),
            circuits=memory.records(CHANNEL, [at_rest] * channels),
            knobs=knobs,
            curve=SHAPERS[model.curve, 1].address,
            rectifier=rectifier,
        )
        return ng.Processor(_fuzz, made)
