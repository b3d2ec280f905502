"""StereoWidth: more or less difference between left and right; mono bass, balance, rotation."""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.simd.loops.svf import (
    COEFFICIENTS,
    LANES,
    ROWS,
    SKEW,
    STATES,
    svf_half,
    svf_in,
    svf_out,
    svf_tick,
)
from ..dsp.filters.chains import chain_numbers
from ..dsp.filters.decay import decay_frames
from ..dsp.filters.svf import ALL_PASS, HIGH_PASS, direct

__all__ = ["StereoWidth"]

OFF_HZ = 20.0
"""``bass_mono_hz`` at which there is no filter."""
GLIDES = ("width", "balance", "rotation_deg")
STATE = np.dtype(
    [
        *((name, np.float64) for name in GLIDES),
        *((f"{name}_now", np.float64) for name in GLIDES),
        *((f"{name}_coefficient", np.float64) for name in GLIDES),
        ("bass_mono_hz", np.float64),
        ("bass_mono_hz_now", np.float64),
        ("bass_mono_hz_step", np.float64),
        ("share", np.float64),  # of the filtered signal at this tick
        ("share_next", np.float64),
        ("filtering", np.int64),
        ("frame", np.int64),  # since reset
        ("frame_s", np.float64),
        ("tick", np.int64),
        (
            "coefficients",
            np.int64,
        ),  # lanes 0 and 1: high-pass of the side; 2: all-pass of the middle
        ("states", np.int64),
        ("chain", np.int64),
        ("rows", np.int64),
        ("parts", np.int64),  # 32 frames of middle and side, then both filtered
        ("curves", np.int64),
    ]
)
Q = math.sqrt(0.5)
SIDE_OUT, MIDDLE = 8 * (LANES * SKEW + 1), 16
FADE_S = 0.02


@ng.kernel
def _tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Step the frequency and the share of the filtered signal."""
    s = ng.record(state, STATE)
    begun = s.bass_mono_hz_now == s.bass_mono_hz_now
    wanted = 1.0 if s.bass_mono_hz > OFF_HZ else 0.0
    s.share = s.share_next if begun else wanted
    s.share_next = ng.glide_step(s.share, wanted, s.bass_mono_hz_step)
    if s.share == 0.0 and s.share_next == 0.0:
        if s.filtering:
            states = ng.numbers(s.states, STATES, np.float64)
            for k in range(STATES):
                states[k] = 0.0
        s.filtering = 0
    else:
        s.filtering = 1
    if s.bass_mono_hz_now != s.bass_mono_hz:
        s.bass_mono_hz_now = ng.ratio_step(s.bass_mono_hz_now, s.bass_mono_hz, s.bass_mono_hz_step)
        aim = ng.numbers(s.coefficients, COEFFICIENTS, np.float64)
        for lane in range(3):
            kind = HIGH_PASS if lane < 2 else ALL_PASS
            g, k, m0, m1, m2 = direct(kind, s.bass_mono_hz_now * s.frame_s, Q, 0.0)
            aim[lane], aim[LANES + lane], aim[2 * LANES + lane] = g, k, m0
            aim[3 * LANES + lane], aim[4 * LANES + lane] = m1, m2
    if s.filtering:
        svf_tick(s.coefficients)


@ng.kernel
def _stereo_width(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    wide, balance, angle = s.curves, s.curves + 4 * frames, s.curves + 8 * frames
    turns = s.rotation_deg_now != s.rotation_deg
    s.width_now = ng.glide(wide, s.width_now, s.width, s.width_coefficient, frames)
    s.balance_now = ng.glide(balance, s.balance_now, s.balance, s.balance_coefficient, frames)
    s.rotation_deg_now = ng.glide(
        angle, s.rotation_deg_now, s.rotation_deg, s.rotation_deg_coefficient, frames
    )
    one, zero, half, done = np.float32(1.0), np.float32(0.0), np.float32(0.5), 0
    radians = math.pi / 180.0
    while done < frames:
        place = s.frame & 31
        if place == 0:
            ng.call_node(s.tick, state, 0, 0, np.int32(0))
        n = frames - done if frames - done < 32 - place else 32 - place
        w, b = ng.floats(wide + 4 * done, n), ng.floats(balance + 4 * done, n)
        degrees = ng.floats(angle + 4 * done, n)
        left = ng.floats(ng.channel_address(ins, 0) + 4 * done, n)
        right = ng.floats(ng.channel_address(ins, 1) + 4 * done, n)
        y = ng.floats(ng.channel_address(outs, 0) + 4 * done, n)
        z = ng.floats(ng.channel_address(outs, 1) + 4 * done, n)
        if s.filtering:
            mid, side = ng.floats(s.parts, n), ng.floats(s.parts + 128, n)
            for i in range(n):
                mid[i] = half * (left[i] + right[i])
                side[i] = half * (left[i] - right[i])
            svf_in(s.rows, s.rows, s.parts + 128, n)
            svf_in(s.rows + MIDDLE, s.rows + MIDDLE, s.parts, n)
            svf_half(s.coefficients, s.chain, place, s.states, s.rows, n)
            svf_out(s.parts + 384, s.rows + SIDE_OUT, n)
            svf_out(s.parts + 256, s.rows + MIDDLE, n)
            turned, thin = ng.floats(s.parts + 256, n), ng.floats(s.parts + 384, n)
            slope = (s.share_next - s.share) * (1.0 / 32.0)
            for i in range(n):
                share = np.float32(s.share + slope * (place + i))
                middle = mid[i] + share * (turned[i] - mid[i])
                away = w[i] * (side[i] + share * (thin[i] - side[i]))
                y[i] = middle + away
                z[i] = middle - away
        else:
            for i in range(n):
                middle, away = half * (left[i] + right[i]), w[i] * (half * (left[i] - right[i]))
                y[i] = left[i] if w[i] == one else middle + away
                z[i] = right[i] if w[i] == one else middle - away
        if turns or degrees[0] != zero:
            cosine, sine = one, zero
            for i in range(n):
                if turns or i == 0:
                    cosine = np.float32(math.cos(radians * np.float64(degrees[i])))
                    sine = np.float32(math.sin(radians * np.float64(degrees[i])))
                u, v = y[i], z[i]
                y[i] = cosine * u - sine * v if degrees[i] != zero else u
                z[i] = sine * u + cosine * v if degrees[i] != zero else v
        for i in range(n):
            y[i] *= one - b[i] if b[i] > zero else one
            z[i] *= one + b[i] if b[i] < zero else one
        s.frame += n
        done += n


@ng.node("stereo_width", category="utility", example="width=1.4, bass_mono_hz=120.0")
class StereoWidth(ng.Node):
    """Scale the difference between left and right by ``width``: 0 is mono, 1 changes no bit.

    Below ``bass_mono_hz`` (20 Hz: off) both sides are equal: the difference goes through a
    Linkwitz-Riley high-pass of 24 dB per octave, the mean through the all-pass of equal phase.
    ``rotation_deg`` turns the image about its middle, 45 puts what was in the middle on the right;
    then ``balance`` turns one side down: -1 leaves the left alone, 1 the right.
    """

    stereo = True

    width: float = ng.param(default=1.0, low=0.0, high=2.0)
    bass_mono_hz: float = ng.param(
        default=OFF_HZ, low=OFF_HZ, high=500.0, unit="Hz", taper="log", smoothing_s=FADE_S
    )
    balance: float = ng.param(default=0.0, low=-1.0, high=1.0, smoothing_s=FADE_S)
    rotation_deg: float = ng.param(
        default=0.0, low=-45.0, high=45.0, unit="deg", smoothing_s=FADE_S
    )

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """One stereo port."""
        return (ng.Port("in", channels=2),)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One stereo port."""
        return (ng.Port("out", channels=2),)

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until the filters' answer has fallen by 100 dB."""
        if self.bass_mono_hz <= OFF_HZ:
            return 0
        return math.ceil(2.0 * decay_frames(HIGH_PASS, self.bass_mono_hz / spec.rate, Q))

    def receptive_field(self, spec: ng.Spec) -> int | None:
        """Return 1, or ``None`` while there are filters."""
        return 1 if self.bass_mono_hz <= OFF_HZ else None

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Lay the three filter sections out in the lanes of one group."""
        memory = io.memory
        made = memory.record(
            STATE,
            **io.params,
            **{f"{name}_coefficient": io.glide(name) for name in GLIDES},
            bass_mono_hz_step=io.glide("bass_mono_hz", 32),
            frame_s=1.0 / io.spec.rate,
            tick=_tick.address,
            coefficients=memory.state(COEFFICIENTS, np.float64),
            states=memory.state(STATES, np.float64),
            chain=memory.constant(chain_numbers([2, 1])),
            rows=memory.scratch((ROWS, LANES), np.float64),
            parts=memory.scratch((4, 32)),
            curves=memory.scratch(3 * io.spec.max_frames),
        )
        return ng.Processor(_stereo_width, made)
