"""CabMics: a cabinet before two microphones."""

import math
import os
import warnings
from dataclasses import InitVar
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph.arguments import check_number
from ...runtime import authoring as ng
from ...runtime.io.audio_file import AudioFile
from ...runtime.simd.loops.svf import COEFFICIENTS, STATES
from ..dsp.convolver.partition import receptive_field
from ..dsp.convolver.prepare import Route, convolution, convolution_kernel
from ..dsp.filters.decay import decay_frames
from ..dsp.filters.svf import HIGH_PASS, LOW_PASS
from ..dsp.modulation.delay_line import READER, line_frames, read_cubic
from .cab import checked_source
from .impulse_response import GAIN_RULES
from .mic_kernel import (
    GRID,
    NAMES,
    OPEN_HZ,
    SHUT_HZ,
    SOUND_M_S,
    STATE,
    mics_filter,
    mics_filters,
    mics_kernel,
    mics_late,
    mics_tick,
)
from .mic_responses import ALIGN, Treatment, mic_responses, response_channels
from .response_array import MAX_SECONDS, ImpulseResponse

__all__ = ["CabMics"]

FARTHEST_CM = 300.0
MOVE_S = 0.05
"""Time constant in seconds of the distance; a shorter one would shift the pitch audibly."""

File = str | os.PathLike[str] | AudioFile | NDArray[Any] | ImpulseResponse


@ng.node(
    "cab_mics",
    display_name="Cabinet, two microphones",
    category="cabinet",
    example='"cab.wav", b_distance_cm=30.0, a_pan=-0.5, b_pan=0.5',
)
class CabMics(ng.Node):
    """Convolve with the impulse responses of two microphones, and mix them; no latency.

    ``path_a`` and ``path_b`` are what ``Cab`` takes, with one or two channels (two: left and
    right); arrays have the sample rate ``rate`` in Hz.  Without ``path_b`` both are the same
    response, and microphone b differs by its distance.

    ``position`` fades from a (0) to b (1) in a straight line: in the middle both are at half, so
    that two equal responses keep their level.  ``b_distance_cm`` moves b back: its sound is late by
    the distance at 343 m/s, in whole frames, and falls to 10 / (10 + distance).  ``b_invert`` turns
    its polarity.  ``a_pan`` and ``b_pan`` go by the sine-cosine law, with 0 dB in the middle.
    ``low_cut_hz`` and ``high_cut_hz`` are Butterworth filters of 12 dB per octave for both; at 20
    Hz and 20 kHz there is none.

    With ``to_stereo`` the output is stereo, from a mono or stereo input; without it there are as
    many channels as in the input: pans act on two, and with another number the two channels of a
    file count by their mean.

    Options change the responses when the node is prepared:

    * ``align`` delays the microphone that comes first, until both begin together: by "onset" (-40
      dB of the peak), or "correlation", which finds delays to 10 ms and also turns b's polarity to
      that of a; where it is not clear there is a ``RuntimeWarning``;
    * ``trim`` drops the silence (-40 dB) before the first of both;
    * ``max_ms`` cuts what is later, ``fade_ms`` fades out the end;
    * ``gain_rule`` is that of ``Cab``, for each.
    """

    stereo = True  # by pans, and responses with two channels
    warms_up = True

    path_a: File = ng.file(kw_only=False, content=ImpulseResponse)
    path_b: File | None = ng.file(kw_only=False, content=ImpulseResponse, default=None)
    rate: InitVar[float | None] = ng.option(default=None, kw_only=False)
    a_db: float = ng.param(default=0.0, low=-60.0, high=12.0, unit="dB")
    b_db: float = ng.param(default=0.0, low=-60.0, high=12.0, unit="dB")
    a_pan: float = ng.param(default=0.0, low=-1.0, high=1.0)
    b_pan: float = ng.param(default=0.0, low=-1.0, high=1.0)
    position: float = ng.param(default=0.5, low=0.0, high=1.0)
    b_distance_cm: float = ng.param(
        default=0.0, low=0.0, high=FARTHEST_CM, unit="cm", smoothing_s=MOVE_S
    )
    low_cut_hz: float = ng.param(
        default=OPEN_HZ, low=OPEN_HZ, high=1000.0, unit="Hz", taper="log", smoothing_s=0.02
    )
    high_cut_hz: float = ng.param(
        default=SHUT_HZ, low=1000.0, high=SHUT_HZ, unit="Hz", taper="log", smoothing_s=0.02
    )
    b_invert: bool = ng.option(default=False, choices=(False, True))
    to_stereo: bool = ng.option(default=True, choices=(False, True))
    align: str = ng.option(default="none", choices=ALIGN)
    trim: bool = ng.option(default=False, choices=(False, True))
    fade_ms: float = ng.option(default=0.0)
    max_ms: float = ng.option(default=1000.0 * MAX_SECONDS)
    gain_rule: str = ng.option(default="nam", choices=GAIN_RULES)

    def __post_init__(self, rate: float | None) -> None:
        """Check all fields without reading a file; copy and check samples in memory."""
        both = (self.path_a, self.path_a if self.path_b is None else self.path_b)
        arrays = [_is_array(path) for path in both]
        own = [rate if is_array or not any(arrays) else None for is_array in arrays]
        for name, path, its_rate in zip(("path_a", "path_b"), both, own, strict=True):
            object.__setattr__(self, name, checked_source(path, its_rate, name, "CabMics"))
        longest = 1000.0 * MAX_SECONDS
        for name, low in (("fade_ms", 0.0), ("max_ms", 1.0)):
            number = check_number(name, getattr(self, name), low, longest, "ms")
            object.__setattr__(self, name, number)
        super().__post_init__()

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """One port with any number of channels; reads the headers of both files."""
        for path in (self.path_a, self.path_b):
            source: Any = path  # what ``checked_source`` returned
            response_channels(source)
        return (ng.Port("in"),)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One port, stereo with ``to_stereo``."""
        return (ng.Port("out", 2 if self.to_stereo else None),)

    @classmethod
    def default_ports(cls) -> tuple[tuple[ng.Port, ...], tuple[ng.Port, ...]]:
        """Return the ports of a node with ``to_stereo``."""
        return (ng.Port("in"),), (ng.Port("out", 2),)

    def tail(self, spec: ng.Spec) -> int:
        """Return the length of the responses, b's delay and the decay of the filters, in frames."""
        ringing = 0.0
        for kind, hertz in ((HIGH_PASS, self.low_cut_hz), (LOW_PASS, self.high_cut_hz)):
            if hertz != (OPEN_HZ if kind == HIGH_PASS else SHUT_HZ):
                ringing += decay_frames(kind, hertz / spec.rate)
        late = round(0.01 * self.b_distance_cm / SOUND_M_S * spec.rate)
        length: int = self._responses(spec.rate, True)[0].shape[2]
        return length + late + math.ceil(ringing)

    def receptive_field(self, spec: ng.Spec) -> int | None:
        """Return that of the responses and of b's delay; ``None`` if a filter is on."""
        if self.low_cut_hz != OPEN_HZ or self.high_cut_hz != SHUT_HZ:
            return None
        return receptive_field(self.tail(spec)) + 2 * GRID  # b is read between frames

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Read and align the responses; allocate the convolver and b's delay line."""
        memory, rate = io.memory, io.spec.rate
        inputs, outputs = io.inputs["in"], io.outputs["out"]
        if self.to_stereo and inputs > 2:
            raise ng.ParamError(
                f"cab_mics has {inputs} channels in: must have 1 or 2 with to_stereo (to_stereo="
                "False keeps the channels apart)"
            )
        taps, doubt = self._responses(rate, outputs == 2)
        if doubt:
            warnings.warn(doubt, RuntimeWarning, stacklevel=2)
        channels = taps.shape[1]
        rows = max(inputs, channels)
        mics = 1 if np.array_equal(taps[0], taps[1]) else 2  # equal ones are played once
        routes = [
            Route(mic * rows + row, min(row, inputs - 1), mic * channels + min(row, channels - 1))
            for mic in range(mics)
            for row in range(rows)
        ]
        made = convolution(memory, taps[:mics].reshape(-1, taps.shape[2]), routes)
        heard = memory.scratch((mics * rows, GRID))
        size = line_frames(0.01 * FARTHEST_CM / SOUND_M_S * rate + GRID)
        state = memory.record(
            STATE,
            **io.params,
            **{f"{name}_step": io.glide(name, GRID) for name in NAMES},
            sign=-1.0 if self.b_invert else 1.0,
            rate=rate,
            inputs=inputs,
            outputs=outputs,
            rows=rows,
            panned=outputs == 2,
            mask=size - 1,
            aims=memory.state(12, np.float64),
            weights=memory.state(8, np.float64),
            coefficients=memory.state(COEFFICIENTS, np.float64),
            states=memory.state((inputs, STATES), np.float64),
            work=memory.scratch(GRID, np.float64),
            filtered=memory.scratch((inputs, GRID)),
            sources=memory.scratch(inputs, np.int64),
            heard=memory.pointers([heard[4 * GRID * (k % (mics * rows))] for k in range(2 * rows)]),
            late=memory.scratch(GRID),
            ring=memory.state((rows, size)),
            convolve=convolution_kernel(made.depth).address,
            convolver=made.record,
            reader=memory.record(READER, mask=size - 1),
            read=read_cubic.address,
            tick=mics_tick.address,
            set_filters=mics_filters.address,
            filter=mics_filter.address,
            late_run=mics_late.address,
        )
        return ng.Processor(mics_kernel, state)

    def _responses(self, rate: float, wide: bool) -> tuple[NDArray[np.float64], str]:
        a: Any = self.path_a  # what ``checked_source`` returned
        b: Any = self.path_b
        how = Treatment(self.gain_rule, self.align, self.trim, self.fade_ms, self.max_ms)
        return mic_responses(a, b, rate, wide, how)


def _is_array(path: Any) -> bool:
    return isinstance(path, list | tuple) or (
        hasattr(path, "__array__") and not isinstance(path, AudioFile)
    )
