"""Simulates a valve amplifier, the training target of the shipped models.

Signal path, all of it static curves and short linear filters, so that a small network can learn it:
input filter, asymmetric common-cathode stages with coupling capacitors between them, the
passive tone network of Fender, Marshall and Vox (Yeh and Smith 2006, "Discretization of the '59
Fender Bassman Tone Stack", DAFx-06), a push-pull output stage and its transformer. The settings
here are those of the crunch models; `circuits` has the clean and the high-gain amplifier.

The stage curve is a smooth clipper with different limits for the two half waves, the usual static
model of a triode whose grid conducts on one side and which cuts off on the other (Pakarinen and Yeh
2009, "A Review of Digital Techniques for Modeling Vacuum-Tube Guitar Amplifiers", Computer Music
Journal 33(2)). Sag and bias shift are left out. Everything runs at 8 times the sample rate.

Run as `python -m namgraph.presets.assets.recipes.circuits` to print what
each amplifier does to a sine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]
Spectrum = npt.NDArray[np.complex128]

RATE = 48_000
OVERSAMPLING = 8
_BLOCK = 10 * RATE  # bounds the memory; _LEAD in front of it lets every filter settle first
_LEAD = RATE // 2


@dataclass(frozen=True)
class ToneParts:
    """Component values of a tone network in ohms and farads, named as in Yeh 2006, fig. 1."""

    r1: float = 250e3
    r2: float = 1e6
    r3: float = 25e3
    r4: float = 56e3
    c1: float = 250e-12
    c2: float = 20e-9
    c3: float = 20e-9


@dataclass(frozen=True)
class Amplifier:
    """Settings of the amplifier: corner frequencies in Hz, linear gains, limits of each stage.

    Each stage has a gain and two limits.  Behind each but the last come a coupling capacitor and
    the low-pass of the next grid, and behind stage `tone_after`, counted from 0, the tone
    network as well.
    """

    input_high_pass: float = 40.0
    input_low_pass: float = 9000.0
    bright_hz: float = 700.0  # the bright capacitor lifts what lies above
    bright_gain: float = 1.8
    gains: tuple[float, ...] = (2.2, 2.0, 2.2)
    limits_up: tuple[float, ...] = (1.6, 1.3, 1.4)
    limits_down: tuple[float, ...] = (0.7, 0.6, 0.7)
    coupling_hz: tuple[float, ...] = (90.0, 70.0)
    miller_hz: tuple[float, ...] = (11000.0, 9000.0)
    tone_after: int = 1
    parts: ToneParts = ToneParts()
    treble: float = 0.6
    middle: float = 0.7
    bass: float = 0.3
    power_gain: float = 1.5
    power_bias: float = 0.08  # unequal output valves: a trace of even harmonics
    transformer_low_hz: float = 45.0
    transformer_high_hz: float = 7500.0
    output: float = 0.42


def tone_network(
    hz: Signal, treble: float, middle: float, bass: float, parts: ToneParts | None = None
) -> Spectrum:
    """Return the response of a tone network by solving its nodes (Yeh 2006, fig. 1).

    Without `parts` it has those of the '59 Bassman.

    Unknowns: top and bottom of the treble pot, the junction of the slope resistor with the two
    lower capacitors, the top and the slider of the middle pot. The source is ideal, the load open.
    """
    p = parts or ToneParts()
    s = np.asarray(2j * np.pi * np.maximum(hz, 1e-3), dtype=np.complex128)
    count = 5
    y = np.zeros((hz.size, count, count), dtype=np.complex128)
    drive = np.zeros((hz.size, count), dtype=np.complex128)
    top, low, slope, mid, slider = range(count)

    def connect(a: int, b: int | None, admittance: Spectrum | float) -> None:
        y[:, a, a] += admittance
        if b is not None:
            y[:, b, b] += admittance
            y[:, a, b] -= admittance
            y[:, b, a] -= admittance

    connect(top, low, 1.0 / p.r1)
    connect(top, None, s * p.c1)
    drive[:, top] += s * p.c1
    connect(slope, None, 1.0 / p.r4)
    drive[:, slope] += 1.0 / p.r4
    connect(slope, low, s * p.c2)
    connect(slope, slider, s * p.c3)
    connect(low, mid, 1.0 / max(bass * p.r2, 1.0))
    connect(mid, slider, 1.0 / max((1.0 - middle) * p.r3, 1.0))
    connect(slider, None, 1.0 / max(middle * p.r3, 1.0))
    v = np.linalg.solve(y, drive[:, :, None])[:, :, 0]
    return np.asarray(v[:, low] + treble * (v[:, top] - v[:, low]), dtype=np.complex128)


def clip(x: Signal, up: float, down: float) -> Signal:
    """Saturate smoothly at `up` and at `-down`; the slope at zero is one on both sides."""
    return np.where(x > 0.0, up * np.tanh(x / up), down * np.tanh(x / down))


class _Filters:
    """First-order analog sections evaluated on one FFT grid, so no warping of their corners."""

    def __init__(self, size: int, rate: float) -> None:
        self.size = size
        self.hz: Signal = np.arange(size // 2 + 1, dtype=np.float64) * (rate / size)

    def high(self, corner: float) -> Spectrum:
        return np.asarray(1j * self.hz / (1j * self.hz + corner), dtype=np.complex128)

    def low(self, corner: float) -> Spectrum:
        return np.asarray(corner / (1j * self.hz + corner), dtype=np.complex128)

    def tone(self, amp: Amplifier) -> Spectrum:
        # The network is smooth: solve it on a coarse grid and interpolate to the fine one.
        grid = np.concatenate([np.zeros(1), np.geomspace(0.5, float(self.hz[-1]), 2000)])
        h = tone_network(grid, amp.treble, amp.middle, amp.bass, amp.parts)
        fine = np.empty(self.hz.size, dtype=np.complex128)
        fine.real = np.interp(self.hz, grid, h.real)
        fine.imag = np.interp(self.hz, grid, h.imag)
        return fine

    def apply(self, x: Signal, response: Spectrum) -> Signal:
        return np.fft.irfft(np.fft.rfft(x) * response, self.size)


def _chain(x: Signal, amp: Amplifier, f: _Filters) -> Signal:
    """Run one oversampled block through the amplifier."""
    bright = 1.0 + (amp.bright_gain - 1.0) * f.high(amp.bright_hz)
    x = f.apply(x, f.high(amp.input_high_pass) * f.low(amp.input_low_pass) * bright)
    for n, gain in enumerate(amp.gains):
        x = clip(gain * x, amp.limits_up[n], amp.limits_down[n])
        if n + 1 < len(amp.gains):
            # Each stage inverts, so the next one clips the other half wave harder.
            between = f.high(amp.coupling_hz[n]) * f.low(amp.miller_hz[n])
            x = -f.apply(x, between * f.tone(amp) if n == amp.tone_after else between)
    x = amp.power_gain * f.apply(x, f.high(amp.input_high_pass))
    x = np.tanh(x + amp.power_bias) - np.tanh(amp.power_bias)
    transformer = f.high(amp.transformer_low_hz) * f.low(amp.transformer_high_hz)
    return -amp.output * f.apply(x, transformer)


def process(x: Signal, amp: Amplifier | None = None) -> Signal:
    """Return the amplifier's output for 48 kHz audio: same length, no added latency.

    The resampler is linear phase with its delay removed, so the only delay left is the phase of
    the amplifier's own filters. Blocks are circular FFT filters whose wrap-around falls into the
    half second of lead that is thrown away.
    """
    import soxr

    amp = amp or Amplifier()
    out = np.zeros(x.size)
    filters: _Filters | None = None
    padded = np.concatenate([np.zeros(_LEAD), x, np.zeros(-x.size % _BLOCK + _LEAD)])
    for start in range(0, x.size, _BLOCK):
        part = padded[start : start + _BLOCK + 2 * _LEAD]
        fast = soxr.resample(part, RATE, RATE * OVERSAMPLING, quality="VHQ")
        if filters is None:
            filters = _Filters(fast.size, RATE * OVERSAMPLING)
        wet = soxr.resample(_chain(fast, amp, filters), RATE * OVERSAMPLING, RATE, quality="VHQ")
        keep = min(_BLOCK, x.size - start)
        out[start : start + keep] = wet[_LEAD : _LEAD + keep]
    return out


def harmonics(hz: float, level: float, amp: Amplifier | None = None) -> list[float]:
    """Return harmonics 1 to 6 in dB (the first absolute, the others relative) for a sine."""
    x = level * np.sin(2.0 * np.pi * hz * np.arange(2 * RATE) / RATE)
    y = process(x, amp)[RATE:]
    bins = np.abs(np.fft.rfft(y))[:: round(hz)][1:7] / (RATE / 2)
    db = 20.0 * np.log10(np.maximum(bins, 1e-9))
    return [float(db[0])] + [float(v - db[0]) for v in db[1:]]
