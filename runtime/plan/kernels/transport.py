"""The transport of a plan: its tempo, and the musical time in beats of every frame.

Every plan has one ``TRANSPORT`` record in its state, so a reset returns it to beat 0, saved states
have it, and a swap hands it over.  The walks call ``begin_block`` and ``end_block``, on the audio
thread.  A beat is a quarter note.  From one change of the tempo to the next, beats are a formula of
the frame: beats + (frame - since) * bpm / (60 * rate), so they do not drift, and are the same
however a signal is cut into blocks.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ....graph import TEMPO, TEMPO_RANGE
from ...native.abi import helper
from ...native.pointers import record
from ..layout.block import Block
from ..layout.memory import Memory

__all__ = [
    "AT_REST",
    "TRANSPORT",
    "TransportReading",
    "allocate_transport",
    "beats_at",
    "begin_block",
    "end_block",
    "frame_at",
    "frames_to_beat",
    "read_transport",
    "tempo_at",
]

TRANSPORT = np.dtype(
    [
        (TEMPO, np.float64),  # the tempo as last set, from the next block on
        ("bpm", np.float64),  # the tempo of this block
        ("beats", np.float64),  # at the frame ``since``
        ("minute", np.float64),  # frames in a minute
        ("since", np.int64),  # frame of the last change of the tempo
        ("frame", np.int64),  # the first frame of this call of the kernel, counted from reset
    ]
)
"""The record at ``io.transport``; nodes read it by the functions below."""


def allocate_transport(memory: Memory, tempo_bpm: float, rate: float) -> Block:
    """Allocate the transport of a plan, as state, at beat 0."""
    low, high = TEMPO_RANGE.low, TEMPO_RANGE.high
    tempo = min(max(tempo_bpm, low), high)
    return memory.record(TRANSPORT, tempo_bpm=tempo, bpm=tempo, minute=60.0 * rate)


@helper
def beats_at(transport: int, offset: int) -> float:
    """Return the beats since reset at ``offset`` frames into this call of a kernel.

    ``transport`` is the address that ``io.transport`` gave to a field of the node's record.
    """
    t: Any = record(transport, TRANSPORT)
    frames = np.float64(t.frame + offset - t.since)
    beats: float = t.beats + frames * t.bpm / t.minute
    return beats


@helper
def frames_to_beat(transport: int, every: float, offset: int) -> int:
    """Return the frames from ``offset`` into this call to the next multiple of ``every`` beats.

    A beat is at the frame nearest to it; the result is 0 at that frame.
    """
    t: Any = record(transport, TRANSPORT)
    now = t.frame + offset
    beats = t.beats + np.float64(now - t.since) * t.bpm / t.minute
    number = math.floor(beats / every)
    left = -1
    while left < 0:  # twice at most: the beat before this frame may be nearest to it
        place = np.float64(t.since) + (number * every - t.beats) * t.minute / t.bpm
        left = np.int64(math.floor(place + 0.5)) - now
        number += 1.0
    return left


@helper
def frame_at(transport: int, offset: int) -> int:
    """Return the number, counted from reset, of the frame at ``offset`` into this call."""
    t: Any = record(transport, TRANSPORT)
    frame: int = t.frame + offset
    return frame


@helper
def tempo_at(transport: int) -> float:
    """Return the tempo of all frames of this call of a kernel, in beats per minute."""
    t: Any = record(transport, TRANSPORT)
    bpm: float = t.bpm
    return bpm


@helper
def begin_block(transport: int) -> None:
    """Let a tempo that was set begin at this frame."""
    t: Any = record(transport, TRANSPORT)
    if t.tempo_bpm != t.bpm:
        t.beats += np.float64(t.frame - t.since) * t.bpm / t.minute
        t.since, t.bpm = t.frame, t.tempo_bpm


@helper
def end_block(transport: int, frames: int) -> None:
    """Count the frames of a block that was played."""
    t: Any = record(transport, TRANSPORT)
    t.frame += frames


class TransportReading(NamedTuple):
    """The transport at the end of the last block."""

    bpm: float
    """Beats (quarter notes) per minute."""
    beats: float
    """Beats since the start or the last reset."""
    frame: int
    """Frames since the start or the last reset."""


AT_REST = TransportReading(120.0, 0.0, 0)


def read_transport(content: Any) -> TransportReading:
    """Read a ``TRANSPORT`` from a control thread, while the audio thread may change it."""
    now = content[0].copy()
    while (again := content[0].copy()) != now:  # a copy that was made in the middle of a change
        now = again
    bpm = float(now[TEMPO])
    beats = float(now["beats"] + (now["frame"] - now["since"]) * now["bpm"] / now["minute"])
    return TransportReading(bpm, beats, int(now["frame"]))
