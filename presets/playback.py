"""Play audio through a rack on a sound card: one call, in a notebook or at a prompt."""

import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..graph import EngineError, GraphSource, ParamError
from ..graph.arguments import by_keyword, check_flag, check_number
from ..graph.opening.openers import with_cabinet
from ..runtime.adapters.live.devices import Device, DeviceSelector, find_devices, need_sounddevice
from ..runtime.adapters.offline import render
from ..runtime.io.audio_file import AudioFile, read_audio, resample
from .bundled import DEMO_DI, asset
from .rig import model_rates

__all__ = ["play"]

STEREO = 2


@by_keyword
def play(
    rack: GraphSource,
    audio: ArrayLike | AudioFile | str | os.PathLike[str] | None = None,
    sample_rate: float | None = None,
    *,
    ir: Any = None,
    device: DeviceSelector = None,
    tail: bool = True,
    resampled: bool = False,
) -> None:
    """Render audio through a rack, play the result on a sound card, and return when it has ended.

    ``rack`` is a graph, a preset or its path, a node, a model or the path of a .nam file, which is
    then followed by the cabinet ``ir``, the path of an impulse response.  ``audio`` is the path of
    a file, an ``AudioFile``, or float samples with their ``sample_rate`` in Hz; without it the
    guitar phrase that ships is played.  With ``resampled``, audio at another rate than the models'
    is resampled to theirs.  ``device`` is as of ``LiveStream``.  Needs the extra ``live``.  Ctrl-C
    ends it.  Samples beyond full scale are a ``RuntimeWarning``: the sound card clips them.
    """
    graph = with_cabinet(rack, ir)
    sound = _sound(audio, sample_rate)
    rate = next(iter(model_rates(graph).values()), float(sound.rate))
    samples = sound.samples
    if check_flag("resampled", resampled) and rate != sound.rate:
        samples = resample(samples, sound.rate, rate)
    else:
        rate = float(sound.rate)
    card = _output(device, sum(graph.outputs.values()))  # before the work begins
    heard = render(graph, samples, rate, tail=tail)
    peak = float(np.abs(heard).max(initial=0.0))
    if peak > 1.0:
        warnings.warn(
            f"the output has a peak of {20 * np.log10(peak):+.1f} dBFS: the sound card clips it; "
            "lower output_db of a model or level_db of a cabinet",
            RuntimeWarning,
            stacklevel=3,
        )
    _play(heard.reshape(-1, heard.shape[-1]), rate, card)


def _sound(audio: Any, sample_rate: float | None) -> AudioFile:
    """Return what is to be played as samples with their rate."""
    if audio is None:
        audio = asset(DEMO_DI)
    if isinstance(audio, str | os.PathLike):
        audio = read_audio(audio)
    if isinstance(audio, AudioFile):
        if sample_rate is not None and sample_rate != audio.rate:
            raise ParamError(
                f"sample_rate is {sample_rate!r}: the file has {audio.rate} Hz: leave it out"
            )
        return audio
    if sample_rate is None:
        raise ParamError("sample_rate is None: must be given with an array, in Hz")
    rate = check_number("sample_rate", sample_rate, 1.0, 1e6, "Hz")
    return AudioFile(np.asarray(audio), round(rate), "FLOAT")


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
