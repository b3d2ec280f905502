"""Play audio through a rack on a sound card: one call, in a notebook or at a prompt."""

import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...graph import (
    EngineError,
    GraphSource,
    ParamError,
    PortError,
    Spec,
    with_cabinet,
)
from ...graph.arguments import as_number, by_keyword, check_flag, format_value
from ...graph.errors import SampleRateError
from ...graph.silent import stack_level
from ...runtime.adapters.live.devices import Device, DeviceSelector, find_devices, need_sounddevice
from ...runtime.adapters.offline import render
from ...runtime.engine.audio_arrays import check_samples
from ...runtime.io.audio_file import AudioFile, read_audio, resample
from ..bundled import DEMO_DI, asset
from ..rig import model_rates

__all__ = ["given_sound", "play"]

STEREO = 2


@by_keyword
def play(
    graph: GraphSource,
    audio: ArrayLike | AudioFile | str | os.PathLike[str] | None = None,
    sample_rate: float | None = None,
    *,
    ir: Any = None,
    device: DeviceSelector = None,
    tail: bool = True,
    resampled: bool = False,
) -> None:
    """Render audio through a rack, play the result on a sound card, and return when it has ended.

    ``graph`` is a graph, a preset's path or bundled name, a node, a model or the path of a .nam
    file, which may be followed by ``ir``, a cabinet's impulse response, as in ``render``; with one
    input and one output.  ``audio`` is the path of a file, an ``AudioFile``, or float samples with
    their ``sample_rate`` in Hz; without it the guitar phrase that ships is played.  With
    ``resampled``, audio at another rate than the models' is resampled to theirs, else that is a
    ``SampleRateError``.  ``device`` is as of ``LiveStream``.  Needs the extra ``live``.  Ctrl-C
    stops it, with a ``KeyboardInterrupt``.  Samples beyond full scale are a ``RuntimeWarning``: the
    sound card clips them.
    """
    graph = with_cabinet(graph, ir, "play(graph, audio, sample_rate)")
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise PortError(
            f"the graph has inputs {list(graph.inputs)} and outputs {list(graph.outputs)}: play "
            "takes a graph with one of each; render and LiveStream take any"
        )
    samples, own_rate = given_sound(audio, sample_rate)
    rate = next(iter(model_rates(graph).values()), own_rate)
    if not check_flag("resampled", resampled) and rate != own_rate:
        raise SampleRateError(
            f"the audio's sample_rate is {own_rate:g} Hz, the model's is {rate:g} Hz: give audio "
            "at that rate, or resampled=True",
            found=rate,
            expected=own_rate,
        )
    card = _output(device, sum(graph.outputs.values()))  # before the work begins
    heard = render(graph, resample(samples, own_rate, rate), rate, tail=tail)
    peak = float(np.abs(heard).max(initial=0.0))
    if peak > 1.0:
        warnings.warn(
            f"the output has a peak of {20 * np.log10(peak):+.1f} dBFS: the sound card clips it; "
            "lower output_db of a model or level_db of a cabinet",
            RuntimeWarning,
            stacklevel=stack_level(),
        )
    if heard.size:
        _play(np.atleast_2d(heard), rate, card)


def given_sound(audio: Any, sample_rate: Any) -> tuple[NDArray[Any], float]:
    """Return what is to be played, ``(channels, frames)`` or ``(frames,)``, and its rate in Hz."""
    if audio is None:
        audio = asset(DEMO_DI)
    if isinstance(audio, str | os.PathLike):
        audio = read_audio(audio)
    if isinstance(audio, AudioFile):
        if sample_rate is not None and as_number(sample_rate) != audio.rate:
            raise ParamError(
                f"sample_rate is {format_value(sample_rate)}: the audio's own is {audio.rate} Hz: "
                "leave it out"
            )
        return audio.samples, float(audio.rate)
    samples = check_samples("audio", audio)
    if samples.ndim not in (1, 2):
        raise PortError(f"audio: shape is {samples.shape}: must be (channels, frames) or (frames,)")
    if sample_rate is None:
        raise ParamError("sample_rate is None: must be given with an array, in Hz")
    with np.errstate(over="ignore"):  # too large for float32: infinite, and silent when played
        return samples.astype(np.float32, copy=False), Spec(sample_rate, 1).rate


def _output(device: DeviceSelector, channels: int) -> Device:
    card = find_devices(device, 0, channels)[1]
    assert card is not None  # a graph's output has channels
    return card


def _play(heard: NDArray[np.float32], rate: float, card: Device) -> None:
    """Play ``(channels, frames)`` and wait; mono plays on both sides of a stereo card."""
    sd = need_sounddevice()
    if len(heard) == 1 and card.outputs >= STEREO:
        heard = np.repeat(heard, STEREO, axis=0)
    try:
        sd.play(np.ascontiguousarray(heard.T), rate, device=card.index, blocking=True)
    except sd.PortAudioError as error:
        text = str(error).splitlines()[0]
        raise EngineError(f"{card.name}: cannot play at {rate:g} Hz: {text}") from None
    finally:
        sd.stop()
