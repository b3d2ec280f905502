"""The tape of a looper: its commands, and frames in which anything fades.

A tape has two *slots*, each with all channels, and is divided into *cells* of 32 frames.  The tag
of a cell has the number of the layer that was written there last, and the slot it was written to;
the other slot has the cell as it was before that layer.  A layer begins in a cell by copying it to
the other slot, so undoing a layer is one flag.  All of this is in memory that no reset clears: what
counts is the length, in the state.
"""

from typing import Any

import numpy as np

from ...runtime import authoring as ng

__all__ = [
    "CELL",
    "LOOPER",
    "MOST_LAYERS",
    "OVERDUB",
    "PLAY",
    "RECORD",
    "STOP",
    "execute",
    "open_cell",
    "play_frames",
]

STOP, RECORD, PLAY, OVERDUB, UNDO, CLEAR = range(6)
CELL = 32
MOST_LAYERS = 4096
"""Overdubs of one recording."""

LOOPER = np.dtype(
    [
        *((name, np.float64) for name in ("level_db", "level_db_now", "level_step")),
        *((name, np.float64) for name in ("decay", "decay_now", "decay_step")),
        ("transport", np.float64),
        *((n, np.float64) for n in ("state", "position", "length", "layers", "waiting")),
        ("every", np.float64),  # beats: 0 where commands do not wait
        ("rate", np.float64),
        ("clock", np.int64),  # of the plan
        ("mode", np.int64),  # STOP, RECORD, PLAY or OVERDUB
        ("command", np.int64),  # the last value of ``transport``
        ("pending", np.int64),  # a command that waits, or -1
        ("stage", np.int64),  # 1 while beats are counted
        ("count", np.int64),  # beats to be counted
        ("count_in", np.int64),
        ("size", np.int64),  # frames recorded
        ("loop", np.int64),  # frames of the loop that is read: ``size``, or what is faded out
        ("longest", np.int64),
        ("at", np.int64),  # place in steps of 1 / scale frames
        ("step", np.int64),
        ("scale", np.int64),
        ("fade", np.int64),  # frames of every fade of this loop, and of one of any loop
        ("fade_frames", np.int64),
        ("gain", np.int64),  # 0 to ``fade``: how far the loop is faded in
        ("dub", np.int64),  # the same of what is overdubbed
        ("seam", np.int64),  # frames of the seam that are done
        ("switch", np.int64),  # frames left of the fade from a layer to without it, or back
        ("layer", np.int64),  # number of the last one
        ("undone", np.int64),
        ("dubs", np.int64),  # whether the recording goes on as an overdub
        ("clears", np.int64),  # whether the tape is cleared once the loop is faded out
        ("own", np.int64),  # the address of the record that had this state, 0 after a reset
        ("mine", np.int64),  # whether this instance may write
        ("first", np.int64),  # frame of the block where ``play_frames`` begins
        ("channels", np.int64),
        ("head", np.int64),  # address: the instance that may write
        ("tape", np.int64),
        ("stride", np.int64),  # frames from one channel to the next
        ("tags", np.int64),  # int32 of each cell: 2 * layer + slot
        ("flags", np.int64),  # int8 of each layer: 1 if it is undone
        ("ramp", np.int64),  # a quarter of a sine
        ("taps", np.int64),  # float64: weights of the frames that are read
        ("tap_count", np.int64),
        ("levels", np.int64),
        ("decays", np.int64),
        ("execute", np.int64),
        ("play", np.int64),
    ]
)


@ng.helper
def slot_of(state: int, cell: int, other: int) -> Any:
    """Return the slot of a cell that is played; with ``other`` 1, that without the last layer."""
    s = ng.record(state, LOOPER)
    tag = ng.numbers(s.tags, cell + 1, np.int32)[cell]
    layer = np.int64(tag >> 1)
    slot = np.int64(tag & 1) ^ np.int64(ng.numbers(s.flags, layer + 1, np.int8)[layer])
    return slot ^ (other & np.int64(layer == s.layer) & np.int64(layer > 0))


@ng.helper
def place(state: int, slot: int, channel: int, frame: int) -> int:
    """Return the address of a frame of the tape."""
    s = ng.record(state, LOOPER)
    address: int = s.tape + 4 * ((slot * s.channels + channel) * s.stride + frame)
    return address


@ng.helper
def open_cell(state: int, cell: int) -> Any:
    """Return the slot to overdub; for a new layer, copy to it the cell that is played."""
    s = ng.record(state, LOOPER)
    tags = ng.numbers(s.tags, cell + 1, np.int32)
    if np.int64(tags[cell] >> 1) != s.layer:
        heard = slot_of(state, cell, 0)
        for c in range(s.channels):
            target = place(state, 1 - heard, c, CELL * cell)
            ng.copy_bytes(target, place(state, heard, c, CELL * cell), 4 * CELL)
        tags[cell] = np.int32(2 * s.layer + 1 - heard)
    return np.int64(tags[cell] & 1)


@ng.helper
def _begin_layer(state: int) -> None:
    s = ng.record(state, LOOPER)
    s.mode = PLAY
    if s.dub > 0 and s.undone == 0:  # the last one has not ended
        s.mode = OVERDUB
    elif s.layer + 1 < MOST_LAYERS:
        s.layer += 1
        s.layers += 1.0
        s.mode, s.undone, s.dub = OVERDUB, 0, 0
        if s.mine:
            ng.numbers(s.flags, s.layer + 1, np.int8)[s.layer] = np.int8(0)


@ng.helper
def _forget(state: int) -> None:
    s = ng.record(state, LOOPER)
    s.size, s.layer, s.undone, s.dub, s.switch, s.clears = 0, 0, 0, 0, 0, 0
    s.layers = 0.0


@ng.kernel
def execute(state: int, command: int, unused: int, frames: int) -> None:
    """Carry out a command at this frame; one that is impossible does nothing."""
    s = ng.record(state, LOOPER)
    recording = s.mode == RECORD
    if recording:  # it ends
        s.fade = min(s.fade_frames, s.size // 2)
        s.loop, s.seam, s.gain, s.layers = s.size, 0, 0, np.float64(s.size > 0)
        s.at = s.size - 1 if s.step < 0 else 0
        s.mode = STOP
    has_loop = s.size > 0 and s.clears == 0
    if command == CLEAR or (command == UNDO and recording):
        s.mode = STOP
        s.clears = np.int64(s.gain > 0)
        if s.gain == 0:
            _forget(state)
    elif command == UNDO:
        if s.layer > 0 and has_loop:
            if s.mode == OVERDUB:
                s.mode = PLAY
            s.undone ^= 1
            s.switch = s.fade
            s.layers += 1.0 - 2.0 * s.undone
            if s.mine:
                ng.numbers(s.flags, s.layer + 1, np.int8)[s.layer] = np.int8(s.undone)
    elif command == RECORD or (command == OVERDUB and not has_loop and not recording):
        _forget(state)
        s.mode, s.dubs = RECORD, np.int64(command == OVERDUB)
    elif command == OVERDUB and has_loop:
        _begin_layer(state)
    elif command == PLAY and has_loop:
        s.mode = PLAY
    else:
        s.mode = STOP


@ng.helper
def _ramp(state: int, frame: int) -> Any:
    """Return the gain of a fade in at a frame of it: a quarter of a sine."""
    s = ng.record(state, LOOPER)
    at = frame * s.fade_frames // s.fade if frame < s.fade else s.fade_frames
    return ng.floats(s.ramp, at + 1)[at]


@ng.helper
def _smooth(state: int, frame: int) -> Any:
    """Return the gain of a fade that begins and ends without a bend: the square of ``_ramp``."""
    gain = _ramp(state, frame)
    return gain * gain


@ng.helper
def _read(state: int, channel: int, other: int) -> Any:
    """Return what is at the place of the tape, by the weights for its speed."""
    s = ng.record(state, LOOPER)
    frame, count = s.at // s.scale, s.tap_count
    if s.scale == 2 and s.at & 1 == 0:
        count = 1
    begin, total = frame - (count - 1) // 2, 0.0
    weights = ng.numbers(s.taps, s.tap_count, np.float64)
    for k in range(count):
        q = (begin + k) % s.loop
        value = ng.floats(place(state, slot_of(state, q // CELL, other), channel, q), 1)[0]
        total += np.float64(value) * (weights[k] if count > 1 else 1.0)
    return np.float32(total)


@ng.helper
def _write(state: int, ins: int, i: int) -> None:
    """Overdub one frame of input at the place of the tape."""
    s = ng.record(state, LOOPER)
    gain, decay = _smooth(state, s.dub), ng.floats(s.decays, i + 1)[i]
    kept = decay if s.dub == s.fade else np.float32(1.0) - (np.float32(1.0) - decay) * gain
    if s.scale == 2:  # two frames of input for one of the tape
        gain *= np.float32(0.5)
        if s.at & 1:
            kept = np.float32(1.0)
    for k in range(max(1, s.step)):
        q = (s.at // s.scale + k) % s.loop
        slot = open_cell(state, q // CELL)
        for c in range(s.channels):
            t = ng.floats(place(state, slot, c, q), 1)
            t[0] = t[0] * kept + ng.channel(ins, c, i + 1)[i] * gain


@ng.kernel
def play_frames(state: int, ins: int, outs: int, frames: int) -> None:
    """Play frames from ``first`` on in which something fades, or the speed is not 1."""
    s = ng.record(state, LOOPER)
    for i in range(s.first, s.first + frames):
        level = ng.floats(s.levels, i + 1)[i]
        playing = s.mode == PLAY or s.mode == OVERDUB
        sounds = playing or s.gain > 0
        gain = _smooth(state, s.gain)
        for c in range(s.channels):
            x, y = ng.channel(ins, c, i + 1), ng.channel(outs, c, i + 1)
            y[i] = x[i]
            if sounds:
                value = _read(state, c, 0)
                if s.switch > 0:
                    share = np.float32(s.switch) / np.float32(s.fade)
                    value += (_read(state, c, 1) - value) * share
                if s.dub > 0 and s.mine == 0:  # the next instance has written this frame
                    value -= x[i] * _smooth(state, s.dub)
                y[i] = x[i] + level * (value * gain)
        if s.seam < s.fade and s.mode != RECORD and s.size > 0:
            for c in range(2 * s.channels):
                x = ng.channel(ins, c % s.channels, i + 1)
                t = ng.floats(place(state, c // s.channels, c % s.channels, s.seam), 1)
                if s.mine:
                    t[0] = t[0] * _ramp(state, s.seam) + x[i] * _ramp(state, s.fade - s.seam)
            s.seam += 1
        if (s.mode == OVERDUB or s.dub > 0) and s.mine:
            _write(state, ins, i)
        if sounds:
            whole = s.loop * s.scale
            s.at += s.step
            if s.at >= whole or s.at < 0:
                s.at = (s.at + whole) % whole
                if s.mode == RECORD:
                    s.gain = 1
        s.switch -= np.int64(s.switch > 0)
        s.gain = min(s.fade, s.gain + 1) if playing else max(0, s.gain - 1)
        s.dub = min(s.fade, s.dub + 1) if s.mode == OVERDUB else max(0, s.dub - 1)
        if not playing and s.gain == 0:
            s.at = s.loop * s.scale - 1 if s.step < 0 else 0
            if s.clears:
                _forget(state)
