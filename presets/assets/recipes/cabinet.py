"""Models a closed 4x12 guitar cabinet with a dynamic microphone and writes the response `cab.wav`.

No room or loudspeaker was measured. The response is the product of second-order sections with a
physical meaning: the box resonance of a driver in a closed box (Small 1972, "Closed-Box Loudspeaker
Systems", JAES 20(10)), the breakup modes of a 12-inch paper cone and its roll-off (Fletcher and
Rossing 1998, "The Physics of Musical Instruments", ch. 1 on damped modes), and a moving-coil
microphone near the cone (proximity rise and presence peak: Eargle 2004, "The Microphone Book").
Reflections from the baffle edge, the back wall of the box and the floor follow. The product is
turned into a minimum-phase response (Oppenheim and Schafer 1975, "Digital Signal Processing",
ch. 10), so the energy is at the start.

Run as `python -m namgraph.presets.assets.recipes.cabinet` inside any folder to get `cab.wav` there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]
Spectrum = npt.NDArray[np.complex128]

RATE = 48_000
TAPS = 2048
_SIZE = 1 << 16  # grid of the cepstrum: long enough that its aliasing is below 24 bits


@dataclass(frozen=True)
class Cabinet:
    """The figures of one cabinet and microphone; frequencies in Hz, levels in dB."""

    box_hz: float = 98.0
    box_q: float = 1.1
    # (frequency, gain, Q) of bells: box and cone colour, then the two main breakup modes
    bells: tuple[tuple[float, float, float], ...] = (
        (180.0, 1.5, 1.2),
        (420.0, -3.5, 0.8),
        (1150.0, 1.5, 1.5),
        (1700.0, -2.5, 2.2),
        (2450.0, 5.5, 1.8),
        (3500.0, 4.0, 2.4),
        (6800.0, -7.0, 3.0),
    )
    small_modes: int = 16  # narrow random cone modes between 900 Hz and 7 kHz
    small_mode_db: float = 1.6
    rolloff_hz: tuple[float, float] = (4900.0, 5600.0)
    rolloff_q: tuple[float, float] = (1.0, 0.75)
    mic_low_hz: float = 45.0
    proximity_hz: float = 170.0
    proximity_db: float = 3.5
    presence_hz: float = 4700.0
    presence_db: float = 3.0
    # (delay in ms, level in dB, low-pass corner in Hz): baffle edge, back wall, floor
    reflections: tuple[tuple[float, float, float], ...] = (
        (0.42, -15.0, 3500.0),
        (1.72, -17.0, 1500.0),
        (3.05, -20.0, 2500.0),
    )
    seed: int = 412


def _bell(s: Spectrum, hz: float, db: float, q: float) -> Spectrum:
    """Return a symmetric analog bell (Zoelzer 2011, "DAFX", ch. 2.3): +db and -db mirror."""
    root = 10.0 ** (db / 40.0)
    h: Spectrum = (s**2 + s * hz * root / q + hz**2) / (s**2 + s * hz / (root * q) + hz**2)
    return h


def magnitude(cab: Cabinet, hz: Signal) -> Signal:
    """Return the gain of cone, box and microphone at these frequencies, without reflections."""
    s = 1j * np.maximum(hz, 0.5)
    h = s**2 / (s**2 + s * cab.box_hz / cab.box_q + cab.box_hz**2)
    for bell_hz, db, q in cab.bells:
        h = h * _bell(s, bell_hz, db, q)
    rng = np.random.default_rng(cab.seed)
    places = np.geomspace(900.0, 7000.0, cab.small_modes)
    for k, place in enumerate(places):
        db = cab.small_mode_db * (1.0 if k % 2 else -1.0) * rng.uniform(0.4, 1.0)
        h = h * _bell(s, float(place * rng.uniform(0.95, 1.05)), db, rng.uniform(5.0, 9.0))
    for corner, q in zip(cab.rolloff_hz, cab.rolloff_q, strict=True):
        h = h * corner**2 / (s**2 + s * corner / q + corner**2)
    h = h * s / (s + cab.mic_low_hz)
    h = h * (s + cab.proximity_hz * 10.0 ** (cab.proximity_db / 20.0)) / (s + cab.proximity_hz)
    h = h * _bell(s, cab.presence_hz, cab.presence_db, 1.0)
    gain: Signal = np.abs(h)
    return gain


def minimum_phase(gain: Signal) -> Signal:
    """Return the minimum-phase response whose spectrum has this gain on the half grid."""
    size = 2 * (gain.size - 1)
    cepstrum = np.fft.irfft(np.log(np.maximum(gain, 1e-9)), size)
    cepstrum[1 : size // 2] *= 2.0
    cepstrum[size // 2 + 1 :] = 0.0
    return np.fft.irfft(np.exp(np.fft.rfft(cepstrum)), size)


def impulse_response(cab: Cabinet | None = None) -> Signal:
    """Return the 2048-tap response, peak 0.9, faded to zero over its last quarter."""
    cab = cab or Cabinet()
    hz = np.arange(_SIZE // 2 + 1, dtype=np.float64) * (RATE / _SIZE)
    spectrum = np.fft.rfft(minimum_phase(magnitude(cab, hz)))
    paths = np.ones_like(spectrum)
    for ms, db, corner in cab.reflections:
        delay = np.exp(-2j * np.pi * hz * ms / 1000.0)
        paths += 10.0 ** (db / 20.0) * delay / (1.0 + 1j * hz / corner)
    ir = np.fft.irfft(spectrum * paths, _SIZE)[:TAPS].copy()
    tail = TAPS // 4
    ir[-tail:] *= np.cos(np.linspace(0.0, math.pi / 2.0, tail)) ** 2
    return ir * (0.9 / float(np.max(np.abs(ir))))


def main() -> None:
    """Write `cab.wav` into the current folder and print its figures."""
    import soundfile

    ir = impulse_response()
    soundfile.write(Path("cab.wav"), ir, RATE, subtype="PCM_24")
    share = np.cumsum(ir**2) / np.sum(ir**2)
    t90 = 1000.0 * int(np.searchsorted(share, 0.9)) / RATE
    print(f"cab.wav: {ir.size} taps, peak {np.max(np.abs(ir)):.3f} at tap "
          f"{int(np.argmax(np.abs(ir)))}, 90 % of the energy within {t90:.2f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
