"""The record of ``Delay``, and the part of its kernel that says how late each echo is."""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.plan.arena import offset
from ..dsp.modulation.lfo_phase import LFO

__all__ = [
    "GLIDES",
    "OPEN_HZ",
    "STATE",
    "TAPS",
    "TAPS_AT",
    "TAP_FIELDS",
    "delay_times",
    "find_targets",
]

GLIDES = (
    *("feedback", "mix", "damping_hz", "low_cut_hz", "width", "freeze", "duck_db"),
    "mod_depth_ms",
)
"""Parameters with a curve, in its order; filters by their coefficients, times in frames."""
TAPS = tuple(f"tap{n}_{what}" for n in (2, 3, 4) for what in ("pct", "db"))
"""Parameters of the other taps: place as a share of the time, level as a factor."""
STATE = np.dtype(
    [
        *((f"{name}_now", np.float64) for name in GLIDES),
        *((f"{name}_target", np.float64) for name in GLIDES),
        *((f"{name}_coefficient", np.float64) for name in GLIDES),
        *((name, np.float64) for name in GLIDES),
        *((name, np.float64) for name in TAPS),
        *((f"{name}_now", np.float64) for name in TAPS),
        *((f"{name}_begin", np.float64) for name in TAPS),  # smoothed twice: at this tick
        *((f"{name}_end", np.float64) for name in TAPS),  # and at the next
        ("tap_step", np.float64),
        ("spread_ms", np.float64),
        # In frames, of the left and of the right side: smoothed once; twice, at this tick, the next
        *(
            (f"{side}_{n}", np.float64)
            for side in ("left", "right")
            for n in ("way", "begin", "end")
        ),
        ("spread_step", np.float64),
        ("mod_rate_hz", np.float64),
        ("duck_release_ms", np.float64),
        ("time_ms", np.float64),
        ("time_ms_now", np.float64),  # in frames
        ("tempo_bpm", np.float64),
        ("beats", np.float64),  # 0: time_ms counts
        ("speed", np.float64),  # smoothing coefficient of the time
        ("attack", np.float64),  # coefficient of the envelope that ducks
        ("release", np.float64),
        ("envelope", np.float64),
        ("rate", np.float64),
        ("ceiling", np.float64),  # of the feedback
        ("longest", np.float64),  # time in frames
        ("from_frames", np.float64),  # of a fade between two times
        *((f"{name}_frames", np.float64) for name in ("wow", "flutter", "drift")),  # of a tape
        ("fades", np.int64),  # whether a new time is faded to
        ("fade_frames", np.int64),
        ("fade_left", np.int64),
        ("frame", np.int64),  # since reset
        ("channels", np.int64),
        ("inputs", np.int64),
        ("taps", np.int64),
        ("crossed", np.int64),  # 1: the feedback of a channel goes to the other
        ("into", np.int64),  # 0: each channel into its line; 1: all into all; 2: all into the first
        ("mask", np.int64),
        ("voice", np.int64),  # per channel: the record of tape or bbd; 0: digital
        ("voice_bytes", np.int64),
        *((name, np.int64) for name in ("voice_in", "voice_out", "is_tape")),
        *((name, np.int64) for name in ("lfo", "wow", "flutter", "drift", "echo")),
        *((name, np.int64) for name in ("read", "plan", "find", "reads", "writes")),
        ("block", np.int64),  # frames of the block
        ("part", np.int64),  # of a run: its first frame, from that of ``delays``
        ("bare", np.int64),  # whether there is no filter in the loop in this block
        ("moves", np.int64),  # whether LFOs move the time in this block
        ("still", np.int64),  # given by delay_times: whether no delay moves
        ("newest", np.int64),  # given by delay_times: frames that can be read before writing
        ("ring", np.int64),
        ("filters", np.int64),  # per channel: low-pass, high-pass
        ("base", np.int64),  # 32 times in frames; those of a fade
        ("values", np.int64),  # 32 of an LFO
        ("delays", np.int64),  # per channel: 32 delays, 32 of a fade
        ("raw", np.int64),  # per channel: 32 frames as read
        ("wet", np.int64),  # per channel: 32 frames of the tape or bbd, or raw
        ("loop", np.int64),  # per channel: 32 frames to be fed back
        ("line", np.int64),  # 32 frames
        ("spare", np.int64),  # 32 frames read for a fade or a tap
        ("places", np.int64),  # 32 delays of a tap
        ("curves", np.int64),
    ]
)
TAP_FIELDS = len(TAPS)
TAPS_AT, WOBBLE_AT, LFOS_AT, SIDES_AT = (
    offset(STATE, name) for name in ("tap2_pct", "wow_frames", "lfo", "left_way")
)
NEAR = 1e-5
"""Distance to the target, in frames, below which the time jumps to it."""
OPEN_HZ = 20_000.0
"""``damping_hz`` from which there is no low-pass."""
SHUT_HZ = 20.0
"""``low_cut_hz`` up to which there is no high-pass."""


@ng.kernel
def find_targets(state: int, ins: int, outs: int, frames: int) -> None:
    """Write the targets of the glides."""
    s = ng.record(state, STATE)
    s.feedback_target = s.feedback if s.feedback < s.ceiling else s.ceiling
    s.mix_target, s.width_target, s.freeze_target = s.mix, s.width, s.freeze
    opening, closing = 1.0, 0.0
    if s.damping_hz < OPEN_HZ:
        opening -= math.exp(-2.0 * math.pi * s.damping_hz / s.rate)
    if s.low_cut_hz > SHUT_HZ:
        closing = 1.0 - math.exp(-2.0 * math.pi * s.low_cut_hz / s.rate)
    s.damping_hz_target, s.low_cut_hz_target = opening, closing
    s.release = 1.0 - math.exp(-1e3 / (s.duck_release_ms * s.rate))
    s.duck_db_target = 1.0 - math.pow(10.0, -0.05 * s.duck_db)
    s.mod_depth_ms_target = 1e-3 * s.rate * s.mod_depth_ms


@ng.helper
def _target(s):  # type: ignore[no-untyped-def]
    frames = s.time_ms * s.rate * 1e-3
    if s.beats > 0.0:
        frames = s.beats * 60.0 * s.rate / s.tempo_bpm
        frames = frames if frames < s.longest else s.longest
    whole = float(math.floor(frames + 0.5))
    # A frozen loop is read again and again: between frames it would grow dull.
    return whole if abs(frames - whole) < NEAR or s.freeze > 0.5 else frames


@ng.helper
def _tick(state, s, begun):  # type: ignore[no-untyped-def]
    """Set where spread and taps go in the next 32 frames."""
    names = TAP_FIELDS
    taps = ng.numbers(state + TAPS_AT, 4 * names, np.float64)  # targets, now, begin, end
    for k in range(names):
        target = 0.01 * taps[k] if k & 1 == 0 else math.pow(10.0, 0.05 * taps[k])
        taps[names + k] = ng.glide_step(taps[names + k], target, s.tap_step)
        taps[2 * names + k] = taps[3 * names + k] if begun else target
        taps[3 * names + k] = ng.glide_step(taps[2 * names + k], taps[names + k], s.tap_step)
    # Each side by itself, so that none of them sets off or stops abruptly.
    late = 1e-3 * s.rate * s.spread_ms
    sides = ng.numbers(state + SIDES_AT, 6, np.float64)
    for c in range(2):
        target = late if c else -late
        target = float(math.floor(target + 0.5)) if target > 0.0 else 0.0
        at = 3 * c
        sides[at] = ng.glide_step(sides[at] if begun else target, target, s.spread_step)
        sides[at + 1] = sides[at + 2] if begun else target
        sides[at + 2] = ng.glide_step(sides[at + 1], sides[at], s.spread_step)


@ng.kernel
def delay_times(state: int, ins: int, outs: int, frames: int) -> None:
    """Write the delays of the next ``frames``, up to a tick; ``ins`` is the first one's number."""
    s = ng.record(state, STATE)
    place, begun = s.frame & 31, s.time_ms_now == s.time_ms_now
    target, now = _target(s), s.time_ms_now
    if not begun:
        now = target
    base, values = ng.numbers(s.base, 64, np.float64), ng.numbers(s.values, 32, np.float64)
    if place == 0:
        _tick(state, s, begun)
        if s.fades and s.fade_left == 0 and target != now:
            s.from_frames, now, s.fade_left = now, target, s.fade_frames
    moving = s.moves != 0 or now != target
    moving = moving or s.left_begin != s.left_end or s.right_begin != s.right_end
    s.still = 0 if moving else 1
    for i in range(frames):
        if now != target and not s.fades:
            now += s.speed * (target - now)
            if abs(target - now) <= NEAR:
                now = target
        base[i] = now
        base[32 + i] = s.from_frames
    s.time_ms_now = now
    depth = ng.floats(s.curves + 4 * (7 * outs + ins), frames)
    frozen = ng.floats(s.curves + 4 * (5 * outs + ins), frames)  # does not move
    ng.record(s.lfo, LFO).rate_hz = s.mod_rate_hz
    wobble = ng.numbers(state + WOBBLE_AT, 3, np.float64)
    for source in range(4 if s.is_tape else 1):
        address = ng.numbers(state + LFOS_AT, 4, np.int64)[source]
        ng.call_node(ng.record(address, LFO).run, address, s.values, 32, np.int32(frames))
        for i in range(frames if moving else 0):
            away = np.float64(depth[i]) if source == 0 else wobble[source - 1]
            away *= 1.0 - np.float64(frozen[i])
            base[i] += away * values[i]
            base[32 + i] += away * values[i]
    nearest = 1e9
    for c in range(s.channels):
        delays = ng.numbers(s.delays + 512 * c, 64, np.float64)
        sides = ng.numbers(state + SIDES_AT, 6, np.float64)
        side, end = sides[3 * (c & 1) + 1], sides[3 * (c & 1) + 2]
        slope = (end - side) * (1.0 / 32.0)
        for i in range(frames):
            aside = side + (place + i) * slope
            for k in range(2):
                value = base[32 * k + i] + aside
                value = value if value > 0.0 else 0.0
                delays[32 * k + i] = value
                if k == 0 or s.fade_left:
                    nearest = nearest if nearest < value else value
    taps, share = ng.numbers(state + TAPS_AT, 4 * TAP_FIELDS, np.float64), 1.0
    for k in range(2 * (s.taps - 1)):
        place_of = taps[(2 + (k & 1)) * TAP_FIELDS + (k & ~1)]
        share = share if share < place_of else place_of
    nearest *= share
    s.newest = int(nearest if nearest > 2.0 else 2.0) - 1
