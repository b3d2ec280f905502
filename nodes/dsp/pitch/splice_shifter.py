"""A pitch shifter: a delay line read at another speed, with crossfades at jumps of its delay.

The reader's delay shrinks (pitch up) or grows (down).  Near the end of its range a search finds by
how much it may jump, and the old place fades into the new one.  The gains of a fade follow the
likeness of the two, so that neither like nor unlike signals change their level.  At an onset the
reader jumps to the newest signal within 2 ms, so that an attack is not late.  Without a shift it
comes to rest at ``rest`` frames.  All channels are read at the same places.  Decisions are made at
ticks, every 32 frames.  Method: K. Lent, "An Efficient Method for Pitch Shifting Digitally Sampled
Sounds", CMJ 13(4), 1989; J. Laroche, "Time and Pitch Scale Modification of Audio Signals", 1998.

To use it: write ``ratio`` and call ``tick`` where frame & 31 is 0, then ``play`` with the address
of a row of 32 float32 per channel, and of as many rows for the output.
"""

import math
from typing import Any

import numpy as np

from ....graph.prepare import Memory
from ....runtime import authoring as ng
from ....runtime.native.pointers import element
from ....runtime.simd.loops.delays import AGAIN
from ....runtime.simd.loops.sinc import AFTER, sinc_run, sinc_table
from ..reverb.lines import write_ring
from .onset import ONSET, onset, onset_tick
from .splice_search import (
    IDLE,
    LAGS,
    READY,
    SEARCH,
    SEARCHING,
    lower_times,
    search,
    search_begin,
    search_feed,
    search_tick,
)

__all__ = ["SHIFTER", "shifter", "shifter_play", "shifter_tail", "shifter_tick"]

NEAREST_S, FADE_S, LONGEST_FADE_S, SNAP_S = 0.002, 0.03, 0.12, 0.002
HEARD_S, LATEST_S = 0.0014, 0.008
"""Seconds after an onset: until it is detected, and until it is in the output at the latest."""
SURE, UNSURE = 0.95, 0.6
"""Likeness from which a fade is short, and below which it is as long as can be."""
GUARD = AFTER + 4.0
TAP = np.dtype(
    [
        ("delay", np.float64),  # at this tick
        ("slope", np.float64),
        ("next", np.float64),  # at the next tick
        ("share", np.float64),  # gain within what fades out
    ]
)
SHIFTER = np.dtype(
    [
        ("ratio", np.float64),  # of the output's pitch to the input's; written by the caller
        ("frame", np.int64),  # since reset
        ("channels", np.int64),
        ("ring", np.int64),  # of the first channel
        ("mask", np.int64),
        ("table", np.int64),
        ("taps", np.int64),  # the reader, the one that fades out, and one from a fade cut short
        ("rest", np.float64),
        ("near", np.float64),
        ("far", np.float64),
        ("most", np.float64),  # the longest delay at all
        ("frame_s", np.float64),
        ("snap", np.int64),
        ("since", np.float64),  # frames since the last onset
        ("settled", np.int64),  # 1: what is heard is the signal, ``rest`` frames late
        ("fading", np.int64),
        ("fade_at", np.float64),  # frames since the fade began, at this tick
        ("fade_frames", np.float64),
        ("likeness", np.float64),
        ("search_frames", np.float64),  # that a search takes
        ("search", np.int64),
        ("onset", np.int64),
        ("feed", np.int64),  # addresses of functions
        ("begin", np.int64),
        ("compare", np.int64),
        ("listen", np.int64),
        ("plan", np.int64),
        ("row", np.int64),  # 32 float32
        ("gains", np.int64),  # 2 rows
        ("spread", np.float64),  # weight of channels after the first where they are compared
    ]
)
SIZES = 2.0
"""The longest delay, times the buffer."""


def shifter_tail(rate: float, buffer_s: float) -> int:
    """Return the longest delay in frames."""
    return math.ceil(SIZES * buffer_s * rate) + 2 * AFTER


def shifter(
    memory: Memory, rate: float, buffer_s: float, rest: int, channels: int, snap: bool
) -> Any:
    """Allocate a shifter whose delay is 2 ms to ``buffer_s``, without a shift ``rest`` frames."""
    far = buffer_s * rate
    near = max(NEAREST_S * rate, 2.0 * GUARD)
    size = 1 << math.ceil(math.log2(SIZES * far + AGAIN + 32.0))
    times = lower_times(rate)
    rows = [{"next": float(rest)}, {"next": float(rest)}, {"next": float(rest)}]
    return memory.record(
        SHIFTER,
        ratio=1.0,
        channels=channels,
        ring=memory.state((channels, size + AGAIN)),
        mask=size - 1,
        table=memory.constant(sinc_table()),
        taps=memory.records(TAP, rows),
        rest=float(rest),
        near=near,
        far=far,
        most=SIZES * far,
        frame_s=1.0 / rate,
        snap=int(snap),
        since=math.inf,
        search_frames=32.0 * (math.ceil(((far - near) / times + 3.0) / LAGS) + 1),
        search=search(memory, rate, far - near),
        onset=onset(memory, rate, rate / times),
        feed=search_feed.address,
        begin=search_begin.address,
        compare=search_tick.address,
        listen=onset_tick.address,
        plan=shifter_plan.address,
        row=memory.scratch(32),
        gains=memory.scratch((2, 32)),
        spread=0.6,
    )


@ng.helper
def fade_gains(u, likeness):  # type: ignore[no-untyped-def]
    """Return the gains of the old and the new place, ``u`` (0 to 1) into a fade."""
    new = u * u * (3.0 - 2.0 * u)
    old = 1.0 - new
    over = 1.0 / math.sqrt(old * old + new * new + 2.0 * likeness * old * new)
    return old * over, new * over


@ng.kernel
def shifter_plan(state: int, ins: int, outs: int, frames: int) -> None:
    """Decide whether to jump: to rest, at an onset, or at the end of the range."""
    s = ng.record(state, SHIFTER)
    now, wanted = element(s.taps, 0, TAP), ng.record(s.search, SEARCH)
    rise, delay = s.ratio - 1.0, now.delay
    to, ticks, likeness = -1.0, 0, 0.0
    second = 1.0 / s.frame_s
    if rise == 0.0:
        wanted.phase = IDLE
        if delay != s.rest and not s.fading:
            to, ticks = s.rest, int(FADE_S * second / 32.0)
    else:
        heard = ng.record(s.onset, ONSET)
        speed = rise if rise > 0.0 else -rise
        fresh = s.near
        if rise > 0.0:
            fresh += 0.012 * rise * second
            latest = (HEARD_S + (LATEST_S - HEARD_S) * s.ratio) * second
            fresh = fresh if fresh < latest else latest
        s.since += 32.0
        snaps = s.snap and heard.found
        if snaps:
            s.since, wanted.phase = HEARD_S * second, IDLE
            if delay > fresh + 0.001 * second:
                to, ticks = fresh, int(SNAP_S * second / 32.0 + 0.5)
        span = s.far - s.near
        fade = FADE_S * second
        if rise > 0.0:
            fade = fade if speed * fade < 0.35 * span else 0.35 * span / speed
            if s.snap and s.since < delay and fade > SNAP_S * second:
                fade = SNAP_S * second  # the attack is still to come: no jump away before it
            left = (delay - s.near) / speed - fade
        else:
            left = (s.far - delay) / speed
        if wanted.phase == IDLE and left <= s.search_frames and not snaps:
            last = span
            if rise > 0.0:
                last = last if last < s.most - delay else s.most - delay
            else:
                # In time for the search to end, the delay has grown by this.
                grown = delay + speed * s.search_frames
                last = last if last < grown - s.near else grown - s.near
            least = speed * (s.search_frames + fade)
            least = least if least < 0.5 * last else 0.5 * last
            least = least if least > s.near else s.near
            ng.call_node(s.begin, s.search, int(least), int(last), np.int32(0))
        if wanted.phase == READY and not s.fading and left <= 0.0:
            jump, likeness = wanted.best, wanted.likeness
            if rise > 0.0:
                to = delay + jump
                room = fade + left
            else:
                to = delay - jump
                to = to if to > s.near else s.near
                room = 0.7 * (delay - to) / speed
                doubt = (SURE - likeness) / (SURE - UNSURE)
                doubt = 0.0 if doubt < 0.0 else 1.0 if doubt > 1.0 else doubt
                fade *= 1.0 + doubt * (LONGEST_FADE_S / FADE_S - 1.0)
                most = 0.5 * s.far / speed
                room = room if room < most else most
            ticks = int((fade if fade < room else room) / 32.0)
            wanted.phase = IDLE
    if to >= 0.0:
        old, older, share = element(s.taps, 1, TAP), element(s.taps, 2, TAP), 1.0
        older.share = 0.0
        if s.fading:
            keep, share = fade_gains(s.fade_at / s.fade_frames, s.likeness)
            older.share, older.delay = keep * old.share, old.delay
        old.share, old.delay, now.delay = share, delay, to
        ticks = ticks if ticks > 2 else 2
        s.fading, s.fade_at, s.fade_frames = 1, 0.0, np.float64(32 * ticks)
        s.likeness = likeness


@ng.kernel
def shifter_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Take the last 32 frames into account, then set where the readers go until the next tick."""
    s = ng.record(state, SHIFTER)
    now, wanted = element(s.taps, 0, TAP), ng.record(s.search, SEARCH)
    if s.frame > 0:
        ng.call_node(s.feed, s.search, 0, 0, np.int32(32))
        ng.call_node(s.listen, s.onset, wanted.low, 0, np.int32(32 // wanted.times))
    for k in range(3):
        tap = element(s.taps, k, TAP)
        tap.delay = tap.next
    if s.fading:
        s.fade_at += 32.0
        if s.fade_at >= s.fade_frames:
            s.fading = 0
    if s.ratio != 1.0 and wanted.phase == SEARCHING:
        ng.call_node(s.compare, s.search, 0, 0, np.int32(32))
    if s.ratio != 1.0 or now.delay != s.rest:
        ng.call_node(s.plan, state, 0, 0, np.int32(32))
    s.settled = 1 if s.ratio == 1.0 and now.delay == s.rest and not s.fading else 0
    for k in range(3):
        tap = element(s.taps, k, TAP)
        after = tap.delay + 32.0 * (1.0 - s.ratio)
        after = after if after > GUARD else GUARD
        after = after if after < s.most else s.most
        tap.next, tap.slope = after, (after - tap.delay) * (1.0 / 32.0)


@ng.kernel
def shifter_play(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a run that does not cross a tick; rows of channels are 32 float32 apart."""
    s = ng.record(state, SHIFTER)
    wanted, place = ng.record(s.search, SEARCH), s.frame & 31
    mono = ng.floats(wanted.mono + 4 * (wanted.count - 1 + place), frames)
    first, weight = ng.floats(ins, frames), np.float32(s.spread)
    for i in range(frames):
        mono[i] = first[i]
    for c in range(1, s.channels):
        x = ng.floats(ins + 128 * c, frames)
        for i in range(frames):
            mono[i] += weight * x[i]
    old_gain, new_gain = ng.floats(s.gains, 32), ng.floats(s.gains + 128, 32)
    if s.fading:
        per = 1.0 / s.fade_frames
        for i in range(frames):
            old, new = fade_gains((s.fade_at + (place + i)) * per, s.likeness)
            old_gain[i], new_gain[i] = np.float32(old), np.float32(new)
    n, spare = np.int64(frames), ng.floats(s.row, 32)
    ring_bytes = 4 * (s.mask + 1 + AGAIN)
    for c in range(s.channels):
        ring, target = s.ring + ring_bytes * c, outs + 128 * c
        write_ring(ring, s.mask, s.frame, ins + 128 * c, frames)
        if s.settled:
            begin = (s.frame - int(s.rest)) & s.mask
            ng.copy_bytes(target, ring + 4 * begin, 4 * frames)
            continue
        y = ng.floats(target, frames)
        for k in range(3 if s.fading else 1):
            tap = element(s.taps, k, TAP)
            if k == 0:
                sinc_run(target, ring, s.mask, s.table, s.frame, tap.delay, tap.slope, place, n)
                if s.fading:
                    for i in range(frames):
                        y[i] *= new_gain[i]
            elif tap.share != 0.0:
                share = np.float32(tap.share)
                sinc_run(s.row, ring, s.mask, s.table, s.frame, tap.delay, tap.slope, place, n)
                for i in range(frames):
                    y[i] += share * old_gain[i] * spare[i]
    s.frame += frames
