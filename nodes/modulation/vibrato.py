"""Vibrato: a pitch that swings, by a delay that does."""

import math

import numpy as np

from ...runtime import authoring as ng
from ..dsp.modulation.delay_line import (
    READER,
    SHORTEST,
    line_frames,
    read_curve,
    write_line,
)
from ..dsp.modulation.lfo_phase import LFO, lfo_record
from ..dsp.modulation.tempo import parse_beats, synced_rate

__all__ = ["Vibrato"]

STATE = np.dtype(
    [
        ("rate_hz", np.float64),
        ("depth_cents", np.float64),
        ("depth_cents_now", np.float64),  # the swing of the delay in frames, on its way
        ("depth_step", np.float64),
        ("tempo_bpm", np.float64),
        ("beats", np.float64),
        ("rate", np.float64),  # of the stream
        ("slope_share", np.float64),  # the steepest slope of the shape, per turn
        ("longest", np.float64),  # swing in frames, at most
        ("begin", np.float64),  # swing at the last tick
        ("end", np.float64),  # and at the next
        ("frame", np.int64),  # since reset
        ("mask", np.int64),
        ("channels", np.int64),
        ("lfo", np.int64),
        ("reader", np.int64),
        ("read", np.int64),
        ("values", np.int64),  # of the LFO, then delays
        ("ring", np.int64),
    ]
)
LOWEST_HZ = 0.1
MOST_CENTS = 100.0


@ng.kernel
def _vibrato(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    lfo, reader = ng.record(s.lfo, LFO), ng.record(s.reader, READER)
    values = ng.numbers(s.values, 32, np.float64)
    done = 0
    while done < frames:
        place = s.frame & 31
        if place == 0:
            rate_hz = synced_rate(s.rate_hz, s.tempo_bpm, s.beats)
            # Speed of the delay at the steepest point of the shape, in frames per turn.
            speed = (math.pow(2.0, s.depth_cents / 1200.0) - 1.0) / s.slope_share * s.rate
            swing = speed / rate_hz
            swing = swing if swing < s.longest else s.longest
            s.begin = s.end if s.depth_cents_now == s.depth_cents_now else swing
            s.depth_cents_now = ng.glide_step(s.depth_cents_now, swing, s.depth_step)
            # Smoothed twice: the delay sets off without a jump of speed, which would click.
            s.end = ng.glide_step(s.begin, s.depth_cents_now, s.depth_step)
            # Until the swing is as short as a new rate needs, the rate follows it.
            lfo.rate_hz = rate_hz if s.begin * rate_hz <= speed else speed / s.begin
        n = frames - done if frames - done < 32 - place else 32 - place
        ng.call_node(lfo.run, s.lfo, s.values, 32, np.int32(n))
        begin, slope = s.begin, (s.end - s.begin) * (1.0 / 32.0)
        for i in range(n):
            values[i] = SHORTEST + (begin + (place + i) * slope) * (1.0 + values[i])
        reader.at = s.frame
        for c in range(s.channels):
            ring = s.ring + 4 * (s.mask + 1) * c
            write_line(ring, s.mask, s.frame, ng.channel_address(ins, c) + 4 * done, n)
            y = ng.channel_address(outs, c) + 4 * done
            ng.call_node(s.read, s.reader, ring, y, np.int32(n))
        s.frame += n
        done += n


@ng.node("vibrato", category="modulation", example="rate_hz=6.0, depth_cents=30.0")
class Vibrato(ng.Node):
    """Let the pitch swing ``rate_hz`` times a second, by up to ``depth_cents`` up and down.

    The signal is delayed by a time that swings: for a sine, by (2^(cents / 1200) - 1) / (2 pi rate)
    around its mean, which is that much plus two frames (0.41 ms at 5 Hz and 20 cents).  This delay
    is part of the effect and not compensated.  After a new rate or depth, delay and rate move there
    together, within a few tenths of a second, and the pitch never leaves its range.  ``sync`` is a
    note value such as "1/8." that replaces ``rate_hz`` by one swing in this time at ``tempo_bpm``.
    """

    rate_hz: float = ng.param(
        default=5.0, low=LOWEST_HZ, high=12.0, unit="Hz", taper="log", smoothing_s=0.0
    )
    depth_cents: float = ng.param(
        default=20.0, low=0.0, high=MOST_CENTS, unit="cents", smoothing_s=0.08
    )
    tempo_bpm: float = ng.param(default=120.0, low=20.0, high=400.0, unit="bpm", smoothing_s=0.0)
    shape: str = ng.option(default="sine", choices=("sine", "triangle"))
    sync: str = ng.option(default="")

    def __post_init__(self) -> None:
        """Check the note value, too."""
        super().__post_init__()
        parse_beats(self.sync)

    def tail(self, spec: ng.Spec) -> int:
        """Return the longest delay in frames."""
        slowest = self.rate_hz if not self.sync else LOWEST_HZ
        return math.ceil(2.0 * self._swing(self.depth_cents, slowest) * spec.rate) + 5

    def _swing(self, cents: float, rate_hz: float) -> float:
        """Return the amplitude of the delay in seconds."""
        steepest = 2.0 * math.pi if self.shape == "sine" else 4.0
        return (math.pow(2.0, cents / 1200.0) - 1.0) / (steepest * rate_hz)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate a line for the slowest and deepest vibrato."""
        memory, rate, channels = io.memory, io.spec.rate, io.outputs["out"]
        sine = self.shape == "sine"
        longest = self._swing(MOST_CENTS, LOWEST_HZ) * rate
        size = line_frames(2.0 * longest + SHORTEST + 32.0)
        values = memory.scratch(32, np.float64)
        made = memory.record(
            STATE,
            **io.params,
            depth_step=io.glide("depth_cents", 32),
            beats=parse_beats(self.sync),
            rate=rate,
            slope_share=2.0 * math.pi if sine else 4.0,
            longest=longest,
            mask=size - 1,
            channels=channels,
            # It begins at its shortest delay.
            lfo=lfo_record(memory, rate, self.shape, [(0.75 if sine else 0.0, 0.0)], runs=True),
            reader=memory.record(READER, mask=size - 1, delays=values),
            read=read_curve.address,
            values=values,
            ring=memory.state((channels, size)),
        )
        return ng.Processor(_vibrato, made)
