"""Reverb: the sound of a plate, a room, a hall or of springs."""

import math

import numpy as np

from ...runtime import authoring as ng
from ..dsp.modulation.lfo_phase import lfo_record
from ..dsp.reverb.lines import MOVE, line_rows, lines_tick, read_line, ring
from ..dsp.reverb.network import network, network_play, network_tick
from ..dsp.reverb.plate import plate, plate_play, plate_tick
from ..dsp.reverb.spring import spring, spring_play, spring_tail, spring_tick
from ..dsp.reverb.tank import GLIDES, STATE
from .reverb_kernel import reverb_kernel, reverb_tick

__all__ = ["Reverb"]

LARGEST = 2.0
LATEST_MS = 250.0
NEAREST = 2.0
"""Frames: the shortest pre-delay."""
TAIL = 1.8
"""Times ``time_s``: 100 dB, and a little for what all-passes hold back."""


@ng.node("reverb", category="time", example='model="hall", time_s=3.0, mix=0.25')
class Reverb(ng.Node):
    """Add reverberation that falls by 60 dB in ``time_s``, and above 6 kHz in ``high_s``.

    ``model`` is "plate" (Dattorro's), "room" or "hall" (sixteen delay lines in a feedback network,
    with early reflections at ``early_db``, -60: none), "shimmer" (a hall of which part goes up an
    octave in every round), or "spring" (two, up to 4.3 kHz; high notes come later and decay longer;
    ``diffusion`` and ``early_db`` do nothing).  The input is mono or stereo, the output stereo.
    ``high_s`` is at most ``time_s``.  ``size`` scales all lengths; a new one is approached within
    some seconds, which bends the pitch of what still sounds.  ``predelay_ms`` is 2 frames at least.
    ``diffusion`` is the gain of the all-passes that blur the input.  ``mod_depth`` and
    ``mod_rate_hz`` move some of the lengths, against a metallic sound.  ``low_cut_hz`` and
    ``high_cut_hz`` (20 kHz: none) are filters of 6 dB per octave before the reverberation.
    ``width`` 0 makes it mono; ``mix`` 0 is the signal alone, to the bit.
    """

    stereo = True
    # What sounded before the jump is still heard after it, and is not as even as a sine.
    jump_ratio = 50.0

    time_s: float = ng.param(
        default=2.0, low=0.1, high=30.0, unit="s", taper="log", smoothing_s=0.05
    )
    high_s: float = ng.param(
        default=1.0, low=0.1, high=30.0, unit="s", taper="log", smoothing_s=0.05
    )
    size: float = ng.param(default=1.0, low=0.3, high=LARGEST, smoothing_s=1.0)
    predelay_ms: float = ng.param(default=10.0, low=0.0, high=LATEST_MS, unit="ms", smoothing_s=0.2)
    diffusion: float = ng.param(default=0.7, low=0.0, high=0.9, smoothing_s=0.05)
    mod_depth: float = ng.param(default=0.3, low=0.0, high=1.0, smoothing_s=0.1)
    # Not smoothed: another rate changes the speed of the modulation, which has no jump.
    mod_rate_hz: float = ng.param(
        default=0.6, low=0.05, high=5.0, unit="Hz", taper="log", smoothing_s=0.0
    )
    low_cut_hz: float = ng.param(
        default=80.0, low=20.0, high=1000.0, unit="Hz", taper="log", smoothing_s=0.03
    )
    high_cut_hz: float = ng.param(
        default=12_000.0, low=1000.0, high=20_000.0, unit="Hz", taper="log", smoothing_s=0.03
    )
    early_db: float = ng.param(default=-6.0, low=-60.0, high=6.0, unit="dB")
    width: float = ng.param(default=1.0, low=0.0, high=1.0)
    mix: float = ng.param(default=0.3, low=0.0, high=1.0)
    model: str = ng.option(default="plate", choices=("plate", "room", "hall", "spring", "shimmer"))

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One stereo port."""
        return (ng.Port("out", channels=2),)

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until the reverberation is 100 dB down."""
        before = 1e-3 * self.predelay_ms + 0.15 * self.size
        falls = TAIL * self.time_s
        if self.model == "spring":
            falls = max(falls, spring_tail(spec.rate, self.time_s, self.high_s, self.size))
        return math.ceil((before + falls) * spec.rate)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate rings for the largest size and the longest pre-delay."""
        memory, rate, inputs = io.memory, io.spec.rate, io.inputs["in"]
        if inputs > 2:
            raise ng.ParamError(
                f"reverb: {inputs} channels at its input, which takes 1 or 2: "
                "mix them, or put a reverb behind each pair"
            )
        lfo = lfo_record(
            memory, rate, "walk" if self.model == "spring" else "sine", ((0.0, 0.0), (0.25, 0.0))
        )
        if self.model == "plate":
            model, tick, play = plate(memory, rate, LARGEST), plate_tick, plate_play
        elif self.model == "spring":
            model, tick, play = spring(memory, rate, LARGEST), spring_tick, spring_play
        else:
            model = network(memory, rate, self.model, LARGEST)
            tick, play = network_tick, network_play
        rows = [
            {"base": 1.0, "shortest": NEAREST, **ring(memory, 1e-3 * LATEST_MS * rate)}
            for _ in range(2)
        ]
        made = memory.record(
            STATE,
            **io.params,
            **{f"{name}_step": io.glide(name, 32) for name in GLIDES},
            width_coefficient=io.glide("width"),
            mix_coefficient=io.glide("mix"),
            rate=rate,
            inputs=inputs,
            lfo=lfo,
            predelay=line_rows(memory, rows, read_line),
            predelay_move=memory.record(MOVE, size_step=io.glide("predelay_ms", 32)),
            move=memory.record(MOVE, size_step=io.glide("size", 32)),
            lines_tick=lines_tick.address,
            read_line=read_line.address,
            tick=reverb_tick.address,
            model_tick=tick.address,
            model_play=play.address,
            model=model,
            filters=memory.state(4, np.float64),
            rows=memory.scratch((4, 32)),
            curves=memory.scratch(2 * io.spec.max_frames),
        )
        return ng.Processor(reverb_kernel, made)
