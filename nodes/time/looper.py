"""Looper: records a loop, plays it, and records more over it."""

import math

import numpy as np

from ...graph.arguments import check_number, check_whole
from ...runtime import authoring as ng
from .looper_tape import (
    CELL,
    LOOPER,
    MOST_LAYERS,
    OVERDUB,
    PLAY,
    RECORD,
    STOP,
    execute,
    open_cell,
    place,
    play_frames,
    slot_of,
)

__all__ = ["Looper"]

FADE_S = 0.005
SHORTEST_S, LONGEST_S = 0.01, 600.0
COMMANDS = ("stop", "record", "play", "overdub", "undo", "clear")
TAPS = {
    0.5: (-1 / 16, 9 / 16, 9 / 16, -1 / 16),  # Lagrange's cubic, half way
    2.0: (-1 / 32, 0.0, 9 / 32, 1 / 2, 9 / 32, 0.0, -1 / 32),  # a half-band low-pass
}


@ng.helper
def _receive(state: int, command: int) -> None:
    """Carry out a command, or let it wait for its beat."""
    s = ng.record(state, LOOPER)
    s.pending, s.stage = -1, 0
    begins = command == RECORD or (command == OVERDUB and s.size == 0 and s.mode == STOP)
    s.count = s.count_in if begins else 0
    waits = command <= OVERDUB and (s.every > 0.0 or s.count > 0)
    if command == s.mode:
        return
    if waits:
        s.pending = command
    else:
        ng.call_node(s.execute, state, command, 0, np.int32(0))


@ng.helper
def _take_turn(state: int) -> None:
    """Carry out the command that waits at this beat, or count the beat."""
    s = ng.record(state, LOOPER)
    s.count -= s.stage
    s.stage = 1
    if s.count <= 0:
        command = s.pending
        s.pending, s.stage = -1, 0
        ng.call_node(s.execute, state, command, 0, np.int32(0))


@ng.helper
def _record(state: int, ins: int, first: int, frames: int) -> None:
    """Record frames of the block; their cells are of no layer."""
    s = ng.record(state, LOOPER)
    if s.mine:
        tags = ng.numbers(s.tags, s.stride // CELL, np.int32)
        for cell in range((s.size + CELL - 1) // CELL, (s.size + frames + CELL - 1) // CELL):
            tags[cell] = np.int32(0)
        for c in range(s.channels):
            x = ng.channel_address(ins, c) + 4 * first
            ng.copy_bytes(place(state, 0, c, s.size), x, 4 * frames)
    s.size += frames


@ng.helper
def _play_cell(state: int, ins: int, outs: int, first: int, frames: int) -> None:
    """Play frames within one cell, with nothing that fades; overdub them."""
    s = ng.record(state, LOOPER)
    cell, writes = s.at // CELL, s.mode == OVERDUB
    slot = open_cell(state, cell) if writes else slot_of(state, cell, 0)
    for c in range(s.channels):
        t = place(state, slot, c, s.at)
        x, y = ng.channel_address(ins, c) + 4 * first, ng.channel_address(outs, c) + 4 * first
        ng.scale(y, t, s.levels + 4 * first, frames)
        ng.add_to(y, x, frames)
        if writes:
            ng.scale(t, t, s.decays + 4 * first, frames)
            ng.add_to(t, x, frames)
    s.at += frames
    if s.at == s.loop:
        s.at = 0


@ng.kernel
def _looper(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, LOOPER)
    s.level_db_now = ng.glide(
        s.levels, s.level_db_now, ng.decibels(s.level_db), s.level_step, frames
    )
    s.decay_now = ng.glide(s.decays, s.decay_now, s.decay, s.decay_step, frames)
    # Two instances play while a swap fades.  The new one, whose state was that of another, takes
    # the tape; one that is reset alone does not.
    head = ng.numbers(s.head, 1, np.int64)
    begins = ng.frame_at(s.clock, 0) == 0
    if head[0] == 0 or (s.own != state and (s.own != 0 or begins)):
        head[0] = state
    s.mine = np.int64(head[0] == state)
    if s.mine:
        s.own = state
    command = np.int64(s.transport + 0.5)
    if command != s.command:
        s.command = command
        _receive(state, command)
    done, taken = 0, -1
    while done < frames:
        n = frames - done
        if s.pending >= 0:
            begin = done + np.int64(taken == done)
            every = s.every if s.stage == 0 and s.every > 0.0 else 1.0
            left = ng.frames_to_beat(s.clock, every, begin) + begin - done
            if left == 0:
                taken = done
                _take_turn(state)
                continue
            n = min(n, left)
        settled = s.seam >= s.fade and s.switch == 0
        if s.mode == RECORD:
            n = min(n, s.longest - s.size)
        playing = s.mode == PLAY or s.mode == OVERDUB
        s.first = done
        if s.gain == 0 and (s.mode == RECORD or (s.mode == STOP and (settled or s.size == 0))):
            for c in range(s.channels):
                y = ng.channel_address(outs, c) + 4 * done
                ng.copy_bytes(y, ng.channel_address(ins, c) + 4 * done, 4 * n)
        elif (
            settled
            and s.step == 1
            and s.scale == 1
            and playing
            and s.gain == s.fade
            and (s.dub == 0 if s.mode == PLAY else s.dub == s.fade and s.mine != 0)
        ):
            n = min(n, s.loop - s.at, CELL - s.at % CELL)
            _play_cell(state, ins, outs, done, n)
        else:
            n = min(n, 1 if s.mode == RECORD else CELL)
            ng.call_node(s.play, state, ins, outs, np.int32(n))
        if s.mode == RECORD:
            _record(state, ins, done, n)
            if s.size == s.longest:
                after = OVERDUB if s.dubs else PLAY
                ng.call_node(s.execute, state, after, 0, np.int32(0))
        done += n
    s.state, s.waiting = np.float64(s.mode), np.float64(s.pending >= 0)
    s.position = np.float64(s.at // s.scale) / s.rate if s.mode != RECORD else 0.0
    s.length = np.float64(s.size) / s.rate


@ng.node("looper", category="time", example="max_s=10.0")
class Looper(ng.Node):
    """Record a loop, play it, and overdub it; the input passes through all the time.

    ``transport`` is the command, and is carried out when it changes, at its exact frame: "record"
    begins a new loop; the next "play", "overdub" or "stop" ends it.  "overdub" adds a layer to what
    is there, which is multiplied by ``decay``; with nothing recorded it records the first.  "undo"
    takes the last layer away, or the recording that goes on, and once more brings the layer back.
    "stop" returns to the beginning, "clear" erases all.  A command that makes no sense does
    nothing, and so does one that is set already: before a second "undo" comes a "play".  A
    recording that reaches ``max_s`` seconds is played.

    With ``quantise`` "beat" or "bar" all but undo and clear wait for the next beat of the tempo, or
    the next bar of ``beats_per_bar``; ``count_in`` beats are counted before a recording begins.
    ``speed`` is that of playing and overdubbing: -1 is backwards.  A loop's ends are crossfaded, by
    5 ms that are recorded past its end; so is every change.  ``level_db`` is that of the loop.

    Readings: ``state`` (0 stopped, 1 recording, 2 playing, 3 overdubbing), ``position`` and
    ``length`` in seconds, ``layers``, ``waiting`` (1 while a command waits for its beat).  The
    recording survives swaps to an equal node, but is in no saved state: a state that is restored
    plays what the tape has by then.  A reset erases it.  A ``Stepper`` refuses a looper.
    """

    level_db: float = ng.param(default=0.0, low=-60.0, high=6.0, unit="dB", smoothing_s=0.02)
    decay: float = ng.param(default=1.0, low=0.0, high=1.0)
    # A command has no smoothing of its own: the kernel fades whatever it changes.
    transport: float = ng.param(
        default=0.0, low=0.0, high=5.0, step=1.0, smoothing_s=0.0, labels=COMMANDS
    )
    speed: float = ng.option(default=1.0, choices=(1.0, 0.5, 2.0, -1.0))
    max_s: float = ng.option(default=120.0)
    quantise: str = ng.option(default="off", choices=("off", "beat", "bar"))
    count_in: int = ng.option(default=0)
    beats_per_bar: int = ng.option(default=4)

    generates = True  # a loop sounds without input
    reports = ("state", "position", "length", "layers", "waiting")

    def __post_init__(self) -> None:
        """Check the numbers, too."""
        super().__post_init__()
        check_number("max_s", self.max_s, SHORTEST_S, LONGEST_S, "s")
        check_whole("count_in", self.count_in, 0, 32)
        check_whole("beats_per_bar", self.beats_per_bar, 1, 32)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate two tapes: the loop, and the loop before its last layer, for undo."""
        memory, rate, channels = io.memory, io.spec.rate, io.outputs["out"]
        fade, longest = round(FADE_S * rate), round(self.max_s * rate)
        cells = longest // CELL + 1
        made = memory.record(
            LOOPER,
            **io.params,
            level_step=io.glide("level_db"),
            decay_step=io.glide("decay"),
            every={"off": 0.0, "beat": 1.0, "bar": float(self.beats_per_bar)}[self.quantise],
            rate=rate,
            clock=io.transport,
            pending=-1,
            count_in=self.count_in,
            longest=longest,
            step={2.0: 2, -1.0: -1}.get(self.speed, 1),
            scale=2 if self.speed == 0.5 else 1,
            fade_frames=fade,
            channels=channels,
            head=memory.store(1, np.int64),
            tape=memory.store((2, channels, CELL * cells)),
            stride=CELL * cells,
            tags=memory.store(cells, np.int32),
            flags=memory.store(MOST_LAYERS, np.int8),
            ramp=memory.constant(_quarter_sine(fade)),
            taps=memory.constant(np.array(TAPS.get(self.speed, (1.0,)))),
            tap_count=len(TAPS.get(self.speed, (1.0,))),
            levels=memory.scratch(io.spec.max_frames),
            decays=memory.scratch(io.spec.max_frames),
            execute=execute.address,
            play=play_frames.address,
        )
        return ng.Processor(_looper, made)


def _quarter_sine(frames: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return the gains of a fade in: 0 to 1 in so many frames and one."""
    return np.sin(math.pi / 2 * np.arange(frames + 1) / max(1, frames)).astype(np.float32)
