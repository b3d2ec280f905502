"""The kernel of ``Delay``: echoes are read, filtered, fed back, written and mixed in runs.

A run ends at a tick, at the end of the block, and where the next echo to be read is not written.
"""

import numpy as np

from ...runtime import authoring as ng
from ..dsp.modulation.delay_line import write_line
from .delay_echo import ECHO
from .delay_times import GLIDES, STATE, TAP_FIELDS, TAPS_AT

__all__ = ["delay_kernel", "read_echoes", "write_echoes"]

CURVES = len(GLIDES)
AGAIN, MIXED, BRIGHT, CUT, WIDE, FROZEN, DUCKED = range(7)


@ng.kernel
def read_echoes(state: int, ins: int, outs: int, frames: int) -> None:
    """Read a run of every channel; ``ins`` is its first frame after a tick's run, ``outs`` in all.

    Writes ``raw``, ``wet`` and ``loop``.
    """
    s = ng.record(state, STATE)
    echo, curves, block = ng.record(s.echo, ECHO), s.curves, s.block
    bright = ng.floats(curves + 4 * (BRIGHT * block + outs), frames)
    cut = ng.floats(curves + 4 * (CUT * block + outs), frames)
    filters = ng.numbers(s.filters, 2 * s.channels, np.float64)
    echo.at = s.frame + ins
    echo.still = s.still
    for c in range(s.channels):
        ring, delays = s.ring + 4 * (s.mask + 1) * c, s.delays + 512 * c + 8 * ins
        raw, wet = s.raw + 128 * c, s.wet + 128 * c
        echo.delays = delays
        ng.call_node(s.read, s.echo, ring, raw, np.int32(frames))
        if s.fade_left > 0:
            echo.delays = delays + 256
            ng.call_node(s.read, s.echo, ring, s.spare, np.int32(frames))
            left, to, gone = s.fade_left - ins, ng.floats(raw, frames), ng.floats(s.spare, frames)
            for i in range(frames):
                share = np.float32((left - i) / s.fade_frames if left > i else 0.0)
                to[i] += share * (gone[i] - to[i])
        if s.voice:
            ng.copy_bytes(wet, raw, 4 * frames)
            ng.call_node(s.voice_out, s.voice + s.voice_bytes * c, wet, 0, np.int32(frames))
        x = ng.floats(wet if s.voice else raw, frames)
        loop = ng.floats(s.loop + 128 * c, frames)
        low, flat = filters[2 * c], filters[2 * c + 1]
        if s.bare and flat == 0.0:
            ng.copy_bytes(s.loop + 128 * c, wet if s.voice else raw, 4 * frames)
            low = np.float64(x[frames - 1])
        else:
            for i in range(frames):
                p, q = np.float64(bright[i]), np.float64(cut[i])
                low = p * x[i] + (1.0 - p) * low
                flat += q * (low - flat)
                if q == 0.0 and flat != 0.0:  # switched off: what was held leaves slowly
                    flat = flat * 0.999 if abs(flat) > 1e-12 else 0.0
                loop[i] = np.float32(low - flat)
        filters[2 * c], filters[2 * c + 1] = low, flat
        for k in range(s.taps - 1):
            _tap(state, s, c, k, ring, ins, frames)
        echo.still = s.still


@ng.helper
def _tap(state, s, c, k, ring, ins, frames):  # type: ignore[no-untyped-def]
    """Add a tap to ``wet``; where there is no tape or bbd, that begins as a copy of ``raw``."""
    taps = ng.numbers(state + TAPS_AT, 4 * TAP_FIELDS, np.float64)
    echo, places = ng.record(s.echo, ECHO), ng.numbers(s.places, 32, np.float64)
    delays = ng.numbers(s.delays + 512 * c + 8 * ins, frames, np.float64)
    at = 2 * TAP_FIELDS + 2 * k
    begin, level = taps[at], taps[at + 1]
    slope = (taps[at + TAP_FIELDS] - begin) * (1.0 / 32.0)
    steeper = (taps[at + TAP_FIELDS + 1] - level) * (1.0 / 32.0)
    place = (s.frame & 31) + ins
    for i in range(frames):
        places[i] = delays[i] * (begin + (place + i) * slope)
    echo.delays, echo.still = s.places, 0
    ng.call_node(s.read, s.echo, ring, s.spare, np.int32(frames))
    wet, more = ng.floats(s.wet + 128 * c, frames), ng.floats(s.spare, frames)
    if k == 0 and not s.voice:
        ng.copy_bytes(s.wet + 128 * c, s.raw + 128 * c, 4 * frames)
    for i in range(frames):
        wet[i] += np.float32(level + (place + i) * steeper) * more[i]


@ng.kernel
def write_echoes(state: int, ins: int, outs: int, frames: int) -> None:
    """Write the lines of a run; ``outs`` is the number of its first frame in the block.

    Lines get the input, ``ins``, and what was read from them.
    """
    s = ng.record(state, STATE)
    place, block = s.part, s.block
    again = s.curves + 4 * (AGAIN * block + outs)
    frozen = ng.floats(s.curves + 4 * (FROZEN * block + outs), frames)
    line, one = ng.floats(s.line, frames), np.float32(1.0)
    for c in range(s.channels):
        source = c ^ 1 if s.crossed else c
        raw = ng.floats(s.raw + 128 * source, frames)
        ng.scale(s.line, again, s.loop + 128 * source, frames)
        if s.into == 0:
            x = ng.channel_address(ins, c if c < s.inputs else 0) + 4 * outs
            ng.add_to(s.line, x, frames)
        elif s.into == 1 or c == 0:
            for k in range(s.inputs):
                x = ng.channel_address(ins, k) + 4 * outs
                ng.amplify(s.spare, x, 1.0 / s.inputs, frames)
                ng.add_to(s.line, s.spare, frames)
        if s.voice:
            here = s.voice + s.voice_bytes * c
            ng.call_node(s.voice_in, here, s.line, s.frame + place, np.int32(frames))
        if s.freeze_now != 0.0 or frozen[0] != 0.0:
            for i in range(frames):
                if frozen[i] != 0.0:
                    line[i] = (one - frozen[i]) * line[i] + frozen[i] * raw[i]
        write_line(s.ring + 4 * (s.mask + 1) * c, s.mask, s.frame + place, s.line, frames)
        if s.newest == 1:  # less than one frame: between the current frame and the one before
            delays = ng.numbers(s.delays + 512 * c + 8 * place, frames, np.float64)
            heard = ng.floats((s.wet if s.voice or s.taps > 1 else s.raw) + 128 * c, frames)
            for i in range(frames):
                early = np.float32(1.0 - delays[i] if delays[i] < 1.0 else 0.0)
                if early > 0:
                    heard[i] = (one - early) * heard[i] + early * line[i]


@ng.kernel
def delay_kernel(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a block: runs of echoes, then their mix with the signal."""
    s = ng.record(state, STATE)
    ng.call_node(s.find, state, 0, 0, np.int32(0))
    # What is neutral changes no bit, so it may be left out of a block.
    ducks = s.duck_db_now != 0.0 or s.duck_db_target != 0.0
    narrow = s.channels == 2 and (s.width_now != 1.0 or s.width_target != 1.0)
    bare = s.damping_hz_now == 1.0 and s.damping_hz_target == 1.0
    s.bare = bare and s.low_cut_hz_now == 0.0 and s.low_cut_hz_target == 0.0
    s.moves = 1 if s.mod_depth_ms_now != 0.0 or s.mod_depth_ms_target != 0.0 else s.is_tape
    glides = ng.numbers(state, 3 * CURVES, np.float64)  # now, target, coefficient
    for k in range(CURVES):
        curve = s.curves + 4 * k * frames
        way = glides[2 * CURVES + k]
        glides[k] = ng.glide(curve, glides[k], glides[CURVES + k], way, frames)
    s.block, one, half, done = frames, np.float32(1.0), np.float32(0.5), 0
    release = s.release
    while done < frames:
        place = s.frame & 31
        n = frames - done if frames - done < 32 - place else 32 - place
        ng.call_node(s.plan, state, done, frames, np.int32(n))
        part = 0
        while part < n:
            m = n - part if n - part < s.newest else s.newest
            at = done + part
            s.part = part
            ng.call_node(s.reads, state, part, at, np.int32(m))
            ng.call_node(s.writes, state, ins, at, np.int32(m))
            mixed = ng.floats(s.curves + 4 * (MIXED * frames + at), m)
            wide = ng.floats(s.curves + 4 * (WIDE * frames + at), m)
            ducked = ng.floats(s.curves + 4 * (DUCKED * frames + at), m)
            gain, envelope = ng.floats(s.line, m), s.envelope
            if ducks:
                for i in range(m):
                    loud = np.float32(0.0)
                    for c in range(s.inputs):
                        level = abs(ng.floats(ng.channel_address(ins, c) + 4 * at, m)[i])
                        loud = loud if loud > level else level
                    way = (np.float64(loud) if loud < 1.0 else 1.0) - envelope
                    envelope += (s.attack if way > 0.0 else release) * way
                    if ducked[i] == 0.0:
                        envelope = 0.0
                    gain[i] = np.float32(1.0 - np.float64(ducked[i]) * envelope)
            s.envelope = envelope if ducks else 0.0
            heard = s.wet if s.voice or s.taps > 1 else s.raw
            for c in range(s.channels if ducks else 0):
                ng.scale(heard + 128 * c, heard + 128 * c, s.line, m)
            for c in range(s.channels):
                x = ng.floats(ng.channel_address(ins, c if c < s.inputs else 0) + 4 * at, m)
                y = ng.floats(ng.channel_address(outs, c) + 4 * at, m)
                mine, other = ng.floats(heard + 128 * c, m), ng.floats(heard + 128 * (c ^ 1), m)
                if narrow:
                    for i in range(m):
                        echo = mine[i] + half * (one - wide[i]) * (other[i] - mine[i])
                        y[i] = (one - mixed[i]) * x[i] + mixed[i] * echo
                else:
                    for i in range(m):
                        y[i] = (one - mixed[i]) * x[i] + mixed[i] * mine[i]
            part += m
        s.fade_left = s.fade_left - n if s.fade_left > n else 0
        s.frame += n
        done += n
