"""Cab: zero-latency convolution with a cabinet's or any other impulse response."""

import math
import os
import warnings
from dataclasses import InitVar
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph.errors import FileError
from ...graph.paths import checked_file, describe_value, file_label
from ...runtime import authoring as ng
from ...runtime.io.audio_file import AudioFile
from ..dsp.convolver.kernel import convolver
from ..dsp.convolver.partition import receptive_field
from ..dsp.convolver.prepare import Route, convolution, convolution_kernel
from .impulse_response import GAIN_RULES, LAYOUTS, header, response
from .response_array import ImpulseResponse

__all__ = ["Cab", "checked_source", "kernels"]

DEPTHS = range(4)
"""Numbers of partition levels that a response may need: see ``convolver``."""

STATE = np.dtype(
    [
        ("level_db", np.float64),
        ("mix", np.float64),
        ("level_db_now", np.float64),  # the current amplitude factor
        ("mix_now", np.float64),
        ("level_coefficient", np.float64),
        ("mix_coefficient", np.float64),
        ("inputs", np.int64),
        ("outputs", np.int64),
        ("levels", np.int64),
        ("mixes", np.int64),
        ("convolver", np.int64),
    ]
)


def _emit_mix(
    lanes: ng.Lanes,
    wet: ng.Value,
    dry: ng.Value,
    mixes: ng.Value,
    levels: ng.Value,
    frames: ng.Value,
) -> None:
    one = lanes.constant(1.0)

    def mixed(y: ng.Value, x: ng.Value, mix: ng.Value, level: ng.Value) -> ng.Value:
        both = lanes.add(lanes.mul(mix, y), lanes.mul(lanes.sub(one, mix), x))
        alone = lanes.builder.fcmp_ordered("==", mix, one)
        return lanes.mul(level, lanes.where(alone, y, both))

    ng.each(lanes, wet, [wet, dry, mixes, levels], frames, mixed)


_mix_dry_wet = ng.embed("cab.mix", 5, _emit_mix)
"""``_mix_dry_wet(wet, dry, mixes, levels, frames)``: mix ``dry`` into ``wet``, scale, in place."""


@cache
def _kernel(depth: int) -> ng.Native:
    """Return the kernel for responses of ``depth`` levels; fewer levels compile faster."""
    convolve = convolver(depth)

    @ng.kernel
    def cab(state: int, ins: int, outs: int, frames: int) -> None:
        s = ng.record(state, STATE)
        convolve(s.convolver, ins, outs, frames)
        gain = ng.decibels(s.level_db)
        # At 1, both: skip what would give the same bits.
        if s.level_db_now != 1.0 or gain != 1.0 or s.mix_now != 1.0 or s.mix != 1.0:
            s.level_db_now = ng.glide(s.levels, s.level_db_now, gain, s.level_coefficient, frames)
            s.mix_now = ng.glide(s.mixes, s.mix_now, s.mix, s.mix_coefficient, frames)
            for c in range(s.outputs):
                dry = ng.channel_address(ins, c if c < s.inputs else s.inputs - 1)
                _mix_dry_wet(ng.channel_address(outs, c), dry, s.mixes, s.levels, frames)

    return cab


def kernels() -> tuple[ng.Native, ...]:
    """Return the kernels of all depths, for compiling them ahead of time."""
    alone = (convolution_kernel(depth) for depth in DEPTHS)  # of CabMics
    return (*(_kernel(depth) for depth in DEPTHS), *alone)


@ng.node("cab", display_name="Cabinet", category="cabinet", example='"cab.wav", level_db=-3.0')
class Cab(ng.Node):
    """Convolve with an impulse response from an audio file; no latency, any length up to 10 s.

    ``path`` is the path of the file, or an ``AudioFile`` that ``read_audio`` returned, or an array
    of floating point, ``(taps,)`` or ``(channels, taps)``, whose sample rate in Hz is ``rate``:
    ``Cab(array, 48_000)``.  Samples in memory are copied; presets cannot store them.

    ``layout`` assigns the file's channels:

    * ``"mono"``: the first channel is applied to every channel that is connected;
    * ``"left"``, ``"right"``: the same with the first or the second of several channels;
    * ``"sum"``: the same with the mean of all channels (their sum over their number);
    * ``"stereo"``: one channel in, left and right out;
    * ``"dual"``: left in to left out, right in to right out, each with its own response;
    * ``"true_stereo"``: two in, two out, four responses: LL, LR, RL, RR (LR: left in, right out);
    * ``"auto"``: by the file's channels: 1 mono, 2 stereo, 4 true stereo.  For four channels that
      is a guess, with a ``RuntimeWarning``; files in ambisonic B-format are refused.

    ``gain_rule`` sets the loudness: ``"nam"`` as the NAM plugin has it (-18 dB and 48000 / rate),
    ``"energy"`` (sum of squares 1), ``"peak"`` (largest magnitude of the spectrum 1) or ``"none"``
    (as the file has it).  Unlike the NAM plugin, nothing is cut off after 8192 taps.  A file at
    another rate is resampled.  ``mix`` 0 is dry, 1 is wet.
    """

    warms_up = True  # else its first frames after a swap lack those before

    path: str | os.PathLike[str] | AudioFile | NDArray[Any] | ImpulseResponse = ng.file(
        kw_only=False, content=ImpulseResponse
    )
    rate: InitVar[float | None] = ng.option(default=None, kw_only=False)
    level_db: float = ng.param(default=0.0, low=-60.0, high=24.0, unit="dB")
    mix: float = ng.param(default=1.0, low=0.0, high=1.0)
    gain_rule: str = ng.option(default="nam", choices=GAIN_RULES)
    layout: str = ng.option(default="auto", choices=("auto", *LAYOUTS))

    def __post_init__(self, rate: float | None) -> None:
        """Check all fields without reading the file; copy and check samples in memory."""
        object.__setattr__(self, "path", checked_source(self.path, rate))
        super().__post_init__()

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """One port: any channel count for a mono response, else one or two channels."""
        layout = self._layout()
        one = None if LAYOUTS[layout] == 1 else 2
        return (ng.Port("in", 1 if layout == "stereo" else one),)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One port: the input's channel count for a mono response, else two channels."""
        return (ng.Port("out", None if LAYOUTS[self._layout()] == 1 else 2),)

    def tail(self, spec: ng.Spec) -> int:
        """Return the length of the response, in frames of the stream."""
        return int(response(self._source, self.layout, spec.rate, self.gain_rule).shape[1])

    def receptive_field(self, spec: ng.Spec) -> int:
        """Return the length of the response, and what its transforms look back."""
        return receptive_field(self.tail(spec))

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Read, resample, scale and transform the file."""
        inputs, outputs = io.inputs["in"], io.outputs["out"]
        guess = header(self._source).guess(file_label(self.path), self.layout)
        if guess:
            warnings.warn(guess, RuntimeWarning, stacklevel=2)
        taps = response(self._source, self.layout, io.spec.rate, self.gain_rule)
        made = convolution(io.memory, taps, _routes(self._layout(), inputs))
        state = io.memory.record(
            STATE,
            level_db=io.params["level_db"],
            mix=io.params["mix"],
            level_db_now=math.nan,
            mix_now=math.nan,
            level_coefficient=io.glide("level_db"),
            mix_coefficient=io.glide("mix"),
            inputs=inputs,
            outputs=outputs,
            levels=io.memory.scratch(io.spec.max_frames),
            mixes=io.memory.scratch(io.spec.max_frames),
            convolver=made.record,
        )
        return ng.Processor(_kernel(made.depth), state)

    def _layout(self) -> str:
        return header(self._source).layout(file_label(self.path), self.layout)

    @property
    def _source(self) -> str | ImpulseResponse:
        made: Any = self.path  # what ``_checked_source`` returned
        return made  # type: ignore[no-any-return]


def checked_source(path: Any, rate: float | None, name: str = "path", node: str = "Cab") -> Any:
    """Return a path as text, or samples in memory as an ``ImpulseResponse``.

    ``name`` is the argument's and ``node`` the class's, for messages.
    """
    if isinstance(path, AudioFile):
        if rate is not None:
            raise ng.ParamError(f"rate is {rate!r}: goes with an array; an AudioFile has its own")
        return ImpulseResponse(path.samples, path.rate)
    if isinstance(path, list | tuple) or hasattr(path, "__array__"):
        if rate is None:
            found = describe_value(path)
            raise ng.ParamError(
                f"{name} is {found}: must be the path of a file, or be given with its sample rate"
                f" in Hz: {node}(array, {'48_000' if node == 'Cab' else 'rate=48_000'})"
            )
        return ImpulseResponse(path, rate)
    if rate is not None:
        raise ng.ParamError(f"rate is {describe_value(rate)}: goes with an array, {name} is none")
    return checked_file(path, name, FileError, ImpulseResponse)


def _routes(layout: str, inputs: int) -> list[Route]:
    if LAYOUTS[layout] == 1:
        return [Route(c, c, 0) for c in range(inputs)]
    if layout == "stereo":
        return [Route(0, 0, 0), Route(1, 0, 1)]
    if layout == "dual":
        return [Route(0, 0, 0), Route(1, 1, 1)]
    return [Route(0, 0, 0), Route(1, 0, 1), Route(0, 1, 2), Route(1, 1, 3)]
