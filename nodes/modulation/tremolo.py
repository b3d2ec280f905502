"""Tremolo: a level that swings; or two bands that swing against each other."""

import math

import numpy as np

from ...runtime import authoring as ng
from ..dsp.modulation.lfo_phase import LFO, lfo_record
from ..dsp.modulation.tempo import parse_beats, synced_rate

__all__ = ["Tremolo"]

STATE = np.dtype(
    [
        ("rate_hz", np.float64),  # smoothed by the LFO, at ticks
        ("depth", np.float64),
        ("depth_now", np.float64),
        ("depth_coefficient", np.float64),
        ("spread", np.float64),  # smoothed by the LFO, at ticks
        ("split_hz", np.float64),
        ("split_hz_now", np.float64),  # the low-pass coefficient
        ("split_coefficient", np.float64),
        ("tempo_bpm", np.float64),
        ("beats", np.float64),  # of one swing; 0: rate_hz counts
        ("turn", np.float64),  # pi / sample rate
        ("optical", np.int64),
        ("harmonic", np.int64),
        ("rise", np.float64),  # coefficients of the lamp
        ("fall", np.float64),
        ("channels", np.int64),
        ("stride", np.int64),  # numbers from the values of one channel to those of the next
        ("lfo", np.int64),
        ("last", np.int64),  # per channel: state of the low-pass, light of the lamp
        ("values", np.int64),  # the LFO's, per channel
        ("curves", np.int64),  # depth, low-pass coefficient
    ]
)
HIGHEST = 0.49 * math.pi
"""Of pi split_hz / rate."""
RISE_S, FALL_S = 0.005, 0.03
"""Time constants of a lamp and its light-dependent resistor."""


def _emit_lamp(
    lanes: ng.Lanes, light: ng.Value, dark: ng.Value, rise: ng.Value, dim: ng.Value, fall: ng.Value
) -> ng.Value:
    # The way up is the faster one: it is the greater.
    return lanes.max(lanes.fma(dark, light, rise), lanes.fma(dim, light, fall))


lamp = ng.embed("lamp", "ddddd", _emit_lamp, gives="d", inline=True)
"""``lamp(light, dark, rise, dim, fall)``: return the light of a lamp a frame later: the greater of
``dark * light + rise`` and ``dim * light + fall``.  A frame waits for the one before, so that a
fused multiply-add counts.
"""


@ng.kernel
def _tremolo(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    lfo = ng.record(s.lfo, LFO)
    lfo.rate_hz = synced_rate(s.rate_hz, s.tempo_bpm, s.beats)
    lfo.spread = s.spread
    ng.call_node(lfo.run, s.lfo, s.values, s.stride, np.int32(frames))
    s.depth_now = ng.glide(s.curves, s.depth_now, s.depth, s.depth_coefficient, frames)
    depth, share = ng.floats(s.curves, frames), ng.floats(s.curves + 4 * frames, frames)
    harmonic, rise, fall = s.harmonic, s.rise, s.fall
    dark, dim = 1.0 - rise, 1.0 - fall
    if harmonic:
        angle = s.turn * s.split_hz
        g = math.tan(angle if angle < HIGHEST else HIGHEST)
        s.split_hz_now = ng.glide(
            s.curves + 4 * frames, s.split_hz_now, g / (1.0 + g), s.split_coefficient, frames
        )
    last = ng.numbers(s.last, 2 * s.channels, np.float64)
    for c in range(s.channels):
        swing = ng.numbers(s.values + 8 * c * s.stride, frames, np.float64)
        for i in range(frames):
            swing[i] = 0.5 - 0.5 * swing[i]  # 0 is loud, 1 quiet
    for c in range(0, s.channels if s.optical else 0, 2):
        # Two channels at once; the last of an odd number is played twice.
        other = c + 1 if c + 1 < s.channels else c
        first = ng.numbers(s.values + 8 * c * s.stride, frames, np.float64)
        second = ng.numbers(s.values + 8 * other * s.stride, frames, np.float64)
        one, two = last[2 * c + 1], last[2 * other + 1]
        for i in range(frames):
            one = lamp(one, dark, rise * first[i], dim, fall * first[i])
            two = lamp(two, dark, rise * second[i], dim, fall * second[i])
            first[i] = one
            second[i] = two
        last[2 * c + 1] = one
        last[2 * other + 1] = two
    for c in range(s.channels):
        swing = ng.numbers(s.values + 8 * c * s.stride, frames, np.float64)
        x, y = ng.channel(ins, c, frames), ng.channel(outs, c, frames)
        if harmonic:
            low = last[2 * c]
            for i in range(frames):
                sample, d = np.float64(x[i]), np.float64(depth[i])
                half = np.float64(share[i]) * (sample - low)
                lows = low + half
                low = lows + half
                high = sample - lows
                y[i] = np.float32(lows + high - d * (lows * swing[i] + high * (1.0 - swing[i])))
            last[2 * c] = low
        else:
            for i in range(frames):
                y[i] = x[i] * np.float32(1.0 - np.float64(depth[i]) * swing[i])


@ng.node("tremolo", category="modulation", example="rate_hz=4.0, depth=0.5")
class Tremolo(ng.Node):
    """Let the level swing ``rate_hz`` times a second, from 1 down to 1 - ``depth``.

    ``mode`` "harmonic" splits the signal at ``split_hz`` (6 dB per octave) and lets the low and
    the high band swing against each other, as the brown amplifiers of 1960 did; "amplitude" is the
    plain one.  ``shape`` "optical" is a sine seen by a lamp and a light-dependent resistor, which
    react in 5 ms and recover in 30 ms.  Each channel is ``spread`` turns ahead of the one before:
    0.5 pans a stereo signal from side to side.  ``sync`` is a note value such as "1/8." that
    replaces ``rate_hz`` by one swing in this time at ``tempo_bpm``.
    """

    stereo = True  # by ``spread``

    rate_hz: float = ng.param(
        default=5.0, low=0.05, high=20.0, unit="Hz", taper="log", smoothing_s=0.05
    )
    depth: float = ng.param(default=0.7, low=0.0, high=1.0)
    # Half a turn at most: more would only exchange the channels.
    spread: float = ng.param(default=0.0, low=0.0, high=0.5, unit="turns", smoothing_s=0.15)
    split_hz: float = ng.param(default=800.0, low=200.0, high=2000.0, unit="Hz", taper="log")
    tempo_bpm: float = ng.param(default=120.0, low=20.0, high=400.0, unit="bpm", smoothing_s=0.0)
    shape: str = ng.option(default="sine", choices=("sine", "triangle", "square", "optical"))
    mode: str = ng.option(default="amplitude", choices=("amplitude", "harmonic"))
    sync: str = ng.option(default="")

    def __post_init__(self) -> None:
        """Check the note value, too."""
        super().__post_init__()
        parse_beats(self.sync)

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until the low band of "harmonic" is 100 dB down."""
        fade = 12.0 / (2.0 * math.pi * self.split_hz) if self.mode == "harmonic" else 0.0
        return math.ceil(fade * spec.rate)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate an LFO with a tap for each channel."""
        channels, memory, rate = io.outputs["out"], io.memory, io.spec.rate
        optical = self.shape == "optical"
        shape = "sine" if optical else self.shape
        loud = {"sine": 0.25, "triangle": 0.5, "square": 0.0}[shape]  # the phase to begin at
        made = memory.record(
            STATE,
            **io.params,
            depth_coefficient=io.glide("depth"),
            split_coefficient=io.glide("split_hz"),
            beats=parse_beats(self.sync),
            turn=math.pi / rate,
            optical=optical,
            harmonic=self.mode == "harmonic",
            rise=ng.glide_coefficient(RISE_S, rate),
            fall=ng.glide_coefficient(FALL_S, rate),
            channels=channels,
            stride=io.spec.max_frames,
            lfo=lfo_record(
                memory,
                rate,
                shape,
                [(loud, float(c)) for c in range(channels)],
                spread_step=io.glide("spread", 32),
                rate_step=io.glide("rate_hz", 32),
                runs=True,
            ),
            last=memory.state((channels, 2), np.float64),
            values=memory.scratch((channels, io.spec.max_frames), np.float64),
            curves=memory.scratch(2 * io.spec.max_frames),
        )
        return ng.Processor(_tremolo, made)
