"""Picture of a rack's input and output: waveforms and spectra (matplotlib)."""

import os

import numpy as np

from ...runtime.io.audio_file import read_audio
from .figures import (
    DRY,
    LOWEST_HZ,
    WET,
    legend,
    need_matplotlib,
    new_figure,
    save,
    smooth,
    spectrum,
    suffix_of,
    tidy,
    to_hertz,
)

__all__ = ["draw_before_after"]


def draw_before_after(
    dry: str | os.PathLike[str], wet: str | os.PathLike[str], target: str | os.PathLike[str]
) -> None:
    """Draw waveforms and spectra of two audio files into one picture."""
    suffix_of(target)
    need_matplotlib()
    figure = new_figure(6.2)
    wave, bands = figure.subplots(2, 1, height_ratios=(2, 3))
    sounds = [(read_audio(path), label, colour) for path, label, colour in (
        (wet, "after", WET), (dry, "before", DRY))]  # fmt: skip
    for audio, label, colour in sounds:
        mono = audio.samples.mean(axis=0)
        seconds = np.arange(audio.frames) / audio.rate
        wave.plot(seconds, mono, color=colour, linewidth=0.4, label=label)
        frequencies, level = smooth(*spectrum(mono, audio.rate))
        bands.plot(frequencies, level, color=colour, linewidth=1.6, label=label)
    wave.set(xlabel="seconds", ylabel="sample", ylim=(-1, 1))
    wave.set_title("The guitar, and the rack", loc="left")
    wave.margins(x=0)
    bands.set(ylabel="dB", ylim=(-130, None))
    bands.set_title("Spectrum, in bands of a sixth of an octave", loc="left")
    to_hertz(bands, LOWEST_HZ)
    tidy(wave, bands)
    for axes in (wave, bands):
        legend(axes, reverse=True)
    save(figure, target)
