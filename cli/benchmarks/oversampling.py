"""What oversampling does to a model: aliases, images, its response, a guitar, and the cost.

``Nam(oversample=)`` runs copies of a network on interleaved frames, between half-band filters.  The
linear parts of the network then have responses that repeat themselves at multiples of the model's
own rate: harmonics above half of it leave it at the level that their aliases had (``images_db``).
Sines have whole periods and -6 dBFS, if no other level is given.

    alias_db       energy off the harmonics of a sine over that on them, 20 Hz to 20 kHz
    images_db      of copies alone, at the raised rate: energy above half the model's rate over that
                   below, for the sine; without oversampling there is none
    harmonics_db   energy of the change of a sine's harmonics to 20 kHz, from the model at its own
                   rate, over that of the harmonics: what images above do to those below
    quiet_db       ``alias_db`` of a sine at -60 dBFS: what filters and float32 leave
    response_db    largest difference from the model at its own rate, to 16 kHz: a sine at each of
                   24 frequencies, at -60 dBFS
    guitar_db      energy of the difference from the model at its own rate over the energy of that,
                   for a guitar, delayed by the latency; with the aliases that are gone
    times_as_long  time of a frame over that of the model at its own rate (least of some rounds)
"""

import math
import os
import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import ParamError, Spec
from ...nodes import Nam
from ...nodes.nam import load_capture
from ...nodes.nam.model.interleaved import interleaved_model
from ...nodes.nam.model.model import Model
from ...nodes.testing import NodeHarness
from ...presets.bundled import asset
from ...runtime.io.audio import read_audio

__all__ = ["format_row", "steps"]

TIMES = (1, 2, 4, 8)
LENGTH = 1 << 16
"""Frames that are analysed: a sine's harmonics and their aliases fall on different lines."""
TONES = (1245.0, 4978.0)
"""Hz, as nearly as whole periods allow."""
LOUD, QUIET = 0.5, 1e-3
"""Amplitudes: -6 and -60 dBFS."""
TOP_HZ, RESPONSE_HZ = 20_000.0, 16_000.0
POINTS = 24
GUITAR_S = 6.0
SHORT = 3200
"""Frames in one round of timing."""
SHIPPED = ("crunch-wavenet.nam", "crunch-lstm.nam")
Row = dict[str, Any]
Floats = NDArray[np.float64]


def steps(quick: bool, model: str | None = None) -> Iterator[tuple[str, Row]]:
    """Yield a row for each factor of the model at a path, or of both that ship."""
    paths = [asset(name) for name in SHIPPED] if model is None else [model]
    models = [_checked(load_capture(path)) for path in paths]
    return _rows(paths, models, quick)


def _checked(model: Model) -> Model:
    if model.channels != (1, 1):
        raise ParamError(f"{model.label}: has {model.channels} channels: must be mono")
    return model


def _rows(paths: list[Any], models: list[Model], quick: bool) -> Iterator[tuple[str, Row]]:
    for path, model in zip(paths, models, strict=True):
        first: Row = {}
        for times in TIMES[:2] if quick else TIMES:
            row = _measured(model, times, quick, first)
            name = os.path.basename(os.fspath(path))
            yield "model", {"file": name, "architecture": model.architecture, **row}


def _measured(model: Model, times: int, quick: bool, first: Row) -> Row:
    """Return the figures at one factor; ``first`` keeps what later ones are compared with."""
    node, rate = Nam(model, oversample=times), model.sample_rate
    length = LENGTH // 8 if quick else LENGTH
    late = node.latency(Spec(rate, 64))
    loud = [_sine(tone, rate, length) for tone in TONES]
    heard = [_played(node, LOUD * x, rate, length) for x, _ in loud]
    alias = [alias_db(y, turns, rate) for y, (_, turns) in zip(heard, loud, strict=True)]
    lines = [_lines(y, t, rate, late) for y, (_, t) in zip(heard, loud, strict=True)]
    quiet = alias_db(_played(node, QUIET * loud[0][0], rate, length), loud[0][1], rate)
    response = np.array([_gain_db(node, hz, rate) for hz in _frequencies(quick)])
    guitar = _guitar(rate, 0.5 if quick else GUITAR_S)
    y = _played(node, np.append(guitar, np.zeros(late)), rate, len(guitar))
    seconds = _seconds(node, guitar[:SHORT], rate, 2 if quick else 100)
    if times == 1:
        first.update(response=response, guitar=y, seconds=seconds, lines=lines)
    gone = y - first["guitar"]
    return {
        "times": times,
        "latency": late,
        "alias_db": _by_tone(alias),
        "harmonics_db": _by_tone(
            _ratio_db(_energy(now - own), _energy(own))
            for now, own in zip(lines, first["lines"], strict=True)
        ),
        "images_db": _images_db(model, times, length) if times > 1 else None,
        "quiet_db": quiet,
        "response_db": float(np.abs(response - first["response"]).max()),
        "guitar_db": _ratio_db(float(gone @ gone), float(y @ y)),
        "times_as_long": seconds / first["seconds"],
    }


def _sine(hz: float, rate: float, length: int) -> tuple[Floats, int]:
    """Return two lengths of a sine of an odd number of periods in each, and that number."""
    turns = 2 * round((hz * length / rate - 1) / 2) + 1
    return np.sin(2 * np.pi * turns * np.arange(2 * length) / length), turns


def _played(node: Nam, x: Floats, rate: float, last: int) -> Floats:
    """Return the last frames of the output."""
    y = NodeHarness(node, channels=1, rate=rate).play(x[None].astype(np.float32), (64,))
    return y[0, -last:].astype(float)


def alias_db(y: Floats, turns: int, rate: float) -> float:
    """Return the energy off the harmonics over that on them, 20 Hz to 20 kHz, in dB."""
    power = np.abs(np.fft.rfft(y)) ** 2
    number = np.arange(len(power))
    hz = number * rate / len(y)
    band, harmonic = (hz >= 20.0) & (hz <= TOP_HZ), number % turns == 0
    return _ratio_db(power[band & ~harmonic].sum(), power[band & harmonic].sum())


def _lines(y: Floats, turns: int, rate: float, late: int) -> NDArray[np.complex128]:
    """Return the harmonics to 20 kHz as complex amplitudes, without the latency."""
    lines = np.fft.rfft(y)[turns::turns]
    number = turns * np.arange(1, len(lines) + 1)
    turned = lines * np.exp(2j * np.pi * number * late / len(y))
    return np.asarray(turned[number * rate / len(y) <= TOP_HZ])


def _energy(lines: NDArray[np.complex128]) -> float:
    return float((np.abs(lines) ** 2).sum())


def _by_tone(values: Iterable[float]) -> dict[str, float]:
    return {f"{tone:g}": value for tone, value in zip(TONES, values, strict=True)}


def _images_db(model: Model, times: int, length: int) -> float:
    """Return the energy above half the model's rate over that below, of copies alone."""
    node, rate = Nam(interleaved_model(model, times)), times * model.sample_rate
    x, _ = _sine(TONES[0], rate, times * length)
    y = _played(node, LOUD * x, rate, times * length)
    power = np.abs(np.fft.rfft(y)) ** 2
    hz = np.arange(len(power)) * rate / len(y)
    above = hz > model.sample_rate / 2
    return _ratio_db(power[above].sum(), power[~above & (hz >= 20.0)].sum())


def _ratio_db(part: float, whole: float) -> float:
    return 10.0 * math.log10(max(part, 1e-30) / max(whole, 1e-30))


def _frequencies(quick: bool) -> Floats:
    return np.geomspace(50.0, RESPONSE_HZ, 3 if quick else POINTS)


def _gain_db(node: Nam, hz: float, rate: float) -> float:
    """Return the level of the sine in the output over that in the input."""
    length = 1 << 13
    x, turns = _sine(hz, rate, length)
    line = np.fft.rfft(_played(node, QUIET * x, rate, length))[turns]
    return _ratio_db(abs(line) ** 2, (QUIET * length / 2) ** 2)


def _guitar(rate: float, seconds: float) -> Floats:
    """Return the beginning of the guitar that ships, as it is, whatever the rate."""
    samples = read_audio(asset("di.wav")).samples[0]
    return np.asarray(samples[: int(seconds * rate)], np.float64)


def _seconds(node: Nam, x: Floats, rate: float, rounds: int) -> float:
    """Return the least time of a frame."""
    harness, found = NodeHarness(node, channels=1, rate=rate), []
    signal = x[None].astype(np.float32)
    for _ in range(rounds):
        begun = time.perf_counter()
        harness.play(signal, (64,))
        found.append((time.perf_counter() - begun) / len(x))
    return min(found)


def format_row(name: str, row: Row) -> str:
    """Return a measurement as one line."""
    alias, change = (
        " / ".join(f"{value:.1f}" for value in row[name].values())
        for name in ("alias_db", "harmonics_db")
    )
    line = f"{row['file']} {row['times']}x: aliases {alias} dB"
    if row["images_db"] is not None:
        line += f"; harmonics change by {change} dB"
        line += f"; images {row['images_db']:.1f}, quiet {row['quiet_db']:.1f} dB; response within "
        line += f"{row['response_db']:.4f} dB; guitar differs by {row['guitar_db']:.1f} dB"
    else:
        line += f"; quiet {row['quiet_db']:.1f} dB"
    return f"{line}; latency {row['latency']}; {row['times_as_long']:.1f} times as long"
