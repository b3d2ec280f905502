"""Click: a metronome on the beats of the transport."""

import math

import numpy as np

from ...graph.arguments import check_whole
from ...runtime import authoring as ng

__all__ = ["Click"]

BEAT_HZ, BAR_HZ = 1000.0, 1500.0
DECAY_S, LONGEST_S = 0.008, 0.08
STATE = np.dtype(
    [
        ("level_db", np.float64),
        ("level_db_now", np.float64),
        ("level_step", np.float64),
        ("accent_db", np.float64),
        ("on", np.float64),
        ("beat", np.float64),  # a reading
        ("bar", np.float64),
        ("beats_per_bar", np.float64),
        ("clock", np.int64),  # the plan's transport
        ("age", np.int64),  # frames since the click began; ``length`` and more: silence
        ("gain", np.float64),
        ("turn", np.float64),  # radians in a frame
        ("beat_turn", np.float64),
        ("bar_turn", np.float64),
        ("decay", np.float64),  # of a frame, as a logarithm
        ("length", np.int64),
        ("curve", np.int64),
    ]
)


@ng.kernel
def _click(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    s.level_db_now = ng.glide(
        s.curve, s.level_db_now, ng.decibels(s.level_db), s.level_step, frames
    )
    y, levels, done = ng.channel(outs, 0, frames), ng.floats(s.curve, frames), 0
    while done < frames:
        left = ng.frames_to_beat(s.clock, 1.0, done)
        if left == 0:
            count = math.floor(ng.beats_at(s.clock, done) + 0.5)
            s.bar = math.floor(count / s.beats_per_bar)
            s.beat = count - s.beats_per_bar * s.bar + 1.0
            s.bar += 1.0
            if s.on > 0.5:
                accent = s.beat == 1.0
                s.age, s.turn = 0, s.bar_turn if accent else s.beat_turn
                s.gain = ng.decibels(s.accent_db) if accent else 1.0
            left = ng.frames_to_beat(s.clock, 1.0, done + 1) + 1
        end = min(frames, done + left)
        for i in range(done, end):
            value = 0.0
            if s.age < s.length:
                at = np.float64(s.age)
                value = s.gain * math.sin(s.turn * at) * math.exp(s.decay * at)
                s.age += 1
            y[i] = np.float32(value) * levels[i]
        done = end


@ng.node("click", category="time", example="level_db=-12.0")
class Click(ng.Node):
    """Click on every beat of the tempo: a metronome, 1.5 kHz on the first of a bar, else 1 kHz.

    A source: connect it beside the signal.  The first beat is at frame 0, and the beats are those
    at which a ``Looper`` with ``quantise`` begins and ends: during its ``count_in`` they are what
    is counted.  ``engine.set("tempo_bpm", 90)`` sets the tempo.  ``on`` starts and stops it, at the
    next beat; a click that has begun ends.  Readings: ``bar`` and ``beat``, both from 1 on.
    """

    level_db: float = ng.param(default=-12.0, low=-60.0, high=0.0, unit="dB", smoothing_s=0.02)
    # Neither is smoothed: both count from the next click on, which begins at 0.
    accent_db: float = ng.param(default=4.0, low=0.0, high=12.0, unit="dB", smoothing_s=0.0)
    on: float = ng.param(
        default=1.0, low=0.0, high=1.0, step=1.0, smoothing_s=0.0, labels=("off", "on")
    )
    beats_per_bar: int = ng.option(default=4)

    generates = True
    reports = ("bar", "beat")

    def __post_init__(self) -> None:
        """Check the length of a bar, too."""
        super().__post_init__()
        check_whole("beats_per_bar", self.beats_per_bar, 1, 32)

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """None."""
        return ()

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One mono output."""
        return (ng.Port("out", channels=1),)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the record; silence at first."""
        rate = io.spec.rate
        length = math.ceil(LONGEST_S * rate)
        made = io.memory.record(
            STATE,
            **io.params,
            level_step=io.glide("level_db"),
            beats_per_bar=float(self.beats_per_bar),
            clock=io.transport,
            age=length,
            beat_turn=2.0 * math.pi * BEAT_HZ / rate,
            bar_turn=2.0 * math.pi * BAR_HZ / rate,
            decay=-1.0 / (DECAY_S * rate),
            length=length,
            curve=io.memory.scratch(io.spec.max_frames),
        )
        return ng.Processor(_click, made)
