"""Plays an electric guitar from formulas alone and writes the dry phrase `di.wav`.

Every string is a digital waveguide collapsed to one delay loop (Karplus and Strong 1983, "Digital
Synthesis of Plucked-String and Drum Timbres"; Jaffe and Smith 1983, "Extensions of the
Karplus-Strong Plucked-String Algorithm"; Computer Music Journal 7(2)). The loop loses energy as
`b1 + b3 * w**2` (Chaigne and Askenfelt 1994, JASA 95), is tuned by a Lagrange fractional delay
(Laakso et al. 1996, IEEE SP Magazine 13(1)), is struck at one place and heard at another (both are
combs, Jaffe and Smith 1983), and ends in the RLC resonance of a magnetic pickup.

Run as `python -m namgraph.presets.assets.recipes.guitar` inside any folder to get `di.wav` there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]

RATE = 48_000
SCALE_MM = 648.0  # length of an open string
PICKUP_MM = 95.0  # pickup to bridge: between a bridge and a neck pickup
STRINGS = (40, 45, 50, 55, 59, 64)  # standard tuning as MIDI notes, E2 A2 D3 G3 B3 E4
LOSS_HZ = 3000.0  # where the second decay time of a string is stated


@dataclass(frozen=True)
class Note:
    """One plucked string: start, pitch (MIDI, may be fractional), duration and articulation."""

    start: float
    pitch: float
    length: float
    velocity: float = 0.8
    mute: float = 0.0  # 0 rings freely, 1 is a tight palm mute
    pluck_mm: float = 95.0  # pick to bridge
    bend: float = 0.0  # semitones, reached by a third of the note
    vibrato: float = 0.0  # depth in cents, 5.5 Hz, fades in


@dataclass(frozen=True)
class Pickup:
    """Coil and cable as a second-order low-pass: the resonance frequency and its Q."""

    resonance_hz: float = 3600.0
    q: float = 1.7


def _loop_filter(period: float, t60: float, t60_high: float) -> tuple[int, Signal]:
    """Return the integer delay and the taps of a loop with these two decay times and this period.

    A chain of n zero-phase kernels (a, 1 - 2a, a) has the response 1 - n a w**2 + ..., which is the
    b3 w**2 loss of a real string; n grows with the loss, so palm mutes get longer filters.
    """
    gain = 10.0 ** (-3.0 * period / RATE / t60)
    w = 2.0 * math.pi * LOSS_HZ / RATE
    extra = 3.0 * math.log(10.0) * period / RATE * (1.0 / t60_high - 1.0 / t60)
    variance = max(2.0 * extra / w**2, 1e-4)
    count = max(1, min(math.ceil(2.0 * variance), 24, int(period / 4)))
    a = min(variance / (2.0 * count), 0.25)
    taps: Signal = np.ones(1)
    for _ in range(count):
        taps = np.convolve(taps, np.array([a, 1.0 - 2.0 * a, a]))
    whole = int(period - count - 1.0)
    frac = period - count - whole  # in [1, 2): the flattest region of a third-order Lagrange delay
    lagrange = np.ones(4)
    for k in range(4):
        for m in range(4):
            if m != k:
                lagrange[k] *= (frac - m) / (k - m)
    return whole, gain * np.convolve(taps, lagrange)


def _excitation(period: float, pluck: float, note: Note, rng: np.random.Generator) -> Signal:
    """Return the velocity wave of a pick: a rectangle with soft edges, and some scrape noise."""
    edge = max(4, int(RATE * (0.0009 - 0.0007 * note.velocity) * (1.0 + 0.6 * note.mute)))
    width = max(2, round(pluck * period))
    soft = np.hanning(edge + 2)
    pulse = np.convolve(np.ones(width), soft / soft.sum())
    scrape = rng.standard_normal(int(0.006 * RATE))
    scrape *= np.exp(-np.arange(scrape.size) / (0.0015 * RATE)) * 0.12
    out = np.zeros(max(pulse.size, scrape.size))
    out[: pulse.size] += pulse
    out[: scrape.size] += scrape
    return out * note.velocity * (1.0 + 0.8 * note.mute)


def _glide(y: Signal, note: Note) -> Signal:
    """Bend the pitch of a rendered string by resampling along a curve (Catmull-Rom)."""
    t = np.arange(y.size) / RATE
    ramp = np.clip(t / max(0.33 * note.length, 0.05), 0.0, 1.0)
    semitones = note.bend * ramp * ramp * (3.0 - 2.0 * ramp)
    late = np.clip((t - 0.15) / 0.3, 0.0, 1.0)
    semitones += note.vibrato / 100.0 * late * np.sin(2.0 * np.pi * 5.5 * t)
    where = np.cumsum(2.0 ** (semitones / 12.0)) - 1.0
    where = where[where < y.size - 3]
    i = np.maximum(where.astype(np.int64), 1)
    f = where - i
    a, b, c, d = y[i - 1], y[i], y[i + 1], y[i + 2]
    cubic = c - a + f * (2 * a - 5 * b + 4 * c - d + f * (3 * (b - c) + d - a))
    out: Signal = b + 0.5 * f * cubic
    return out


def pluck_string(note: Note, rng: np.random.Generator) -> Signal:
    """Return the sound of one note at the pickup, before the pickup's own filter."""
    string = max((s for s in STRINGS if s <= note.pitch + 0.5), default=STRINGS[0])
    freq = 440.0 * 2.0 ** ((note.pitch - 69.0 + rng.normal(0.0, 0.015)) / 12.0)
    period = RATE / freq
    speaking = SCALE_MM * 2.0 ** (-max(note.pitch - string, 0.0) / 12.0)
    pluck = min(max(note.pluck_mm / speaking, 0.04), 0.5)
    heard = min(max(PICKUP_MM / speaking, 0.05), 0.5)
    t60 = 7.0 * (110.0 / freq) ** 0.45
    t60 *= (0.16 / t60) ** note.mute  # geometric between ringing and muted
    t60_high = min(1.6 * (0.055 / 1.6) ** note.mute, 0.8 * t60)
    delay, taps = _loop_filter(period, t60, t60_high)

    stretch = 2.0 ** (max(note.bend, 0.0) / 12.0) * (1.0 + note.vibrato / 1500.0)
    size = int((note.length + 0.12) * stretch * RATE) + 8
    pad = delay + taps.size
    y = np.zeros(pad + size)
    kick = _excitation(period, pluck, note, rng)[:size]
    y[pad : pad + kick.size] = kick
    for t in range(pad, pad + size, delay):  # a whole period at a time: no sample needs a newer one
        n = min(delay, pad + size - t)
        y[t : t + n] += np.convolve(y[t - delay - taps.size + 1 : t - delay + n], taps, "valid")
    y = y[pad:]
    image = max(1, round(heard * period))
    y[image:] -= y[:-image].copy()
    if note.bend or note.vibrato:
        y = _glide(y, note)
    t_rel = np.arange(y.size) / RATE - note.length
    y *= np.exp(-np.clip(t_rel, 0.0, None) / 0.012)  # the finger stops the string
    return y


def pickup_filter(x: Signal, pickup: Pickup) -> Signal:
    """Apply the RLC low-pass of the pickup and a 25 Hz high-pass that removes the loops' DC."""
    size = 1 << (x.size + RATE // 4).bit_length()
    s = 1j * np.fft.rfftfreq(size, 1.0 / RATE)
    f0 = pickup.resonance_hz
    h = f0**2 / (s**2 + s * f0 / pickup.q + f0**2) * s / (s + 25.0)
    return np.fft.irfft(np.fft.rfft(x, size) * h, size)[: x.size]


def render(
    notes: list[Note], seconds: float, rng: np.random.Generator, pickup: Pickup | None = None
) -> Signal:
    """Return all notes mixed and picked up, `seconds` long, with short fades at both ends."""
    out = np.zeros(int(seconds * RATE))
    for note in notes:
        at = int(note.start * RATE)
        if at < out.size:
            y = pluck_string(note, rng)[: out.size - at]
            out[at : at + y.size] += y
    out = pickup_filter(out, pickup or Pickup())
    fade = min(out.size // 2, RATE // 100)
    out[:48] *= np.linspace(0.0, 1.0, 48)
    out[-fade:] *= np.cos(np.linspace(0.0, np.pi / 2, fade)) ** 2
    return out


def strum(
    start: float,
    pitches: list[int],
    length: float,
    velocity: float = 0.8,
    *,
    gap: float = 0.011,
    up: bool = False,
    mute: float = 0.0,
) -> list[Note]:
    """Return the notes of one stroke over several strings, `gap` seconds apart."""
    order = pitches[::-1] if up else pitches
    return [
        Note(start + k * gap, p, length - k * gap, velocity * (1.0 - 0.03 * k), mute)
        for k, p in enumerate(order)
    ]


def phrase() -> Signal:
    """Return the 9.6 s demonstration phrase: chords, palm-muted riff, lead line, ringing chord."""
    beat = 0.5
    notes: list[Note] = []
    am, c, g, d = [45, 52, 57, 60, 64], [48, 52, 55, 60, 64], [43, 50, 55, 59, 62], [50, 57, 62, 66]
    for at, chord, length, up in (
        (0.0, am, 0.70, False), (0.75, am, 0.22, True), (1.0, c, 0.46, False),
        (1.5, g, 0.34, False), (1.875, d, 0.36, True),
    ):  # fmt: skip
        notes += strum(0.02 + at, chord, length, 0.62 if up else 0.75, up=up)
    riff = [(0, 45), (1, 45), (2, 48), (3, 45), (4, 45), (5, 50), (6, 45), (7, 43)]
    for step, root in riff:  # accents ring as power chords, the rest is palm muted
        at = 2.27 + step * beat / 2
        if root == 45:
            notes += [
                Note(at, 45, 0.22, 0.85, 0.85, 60.0),
                Note(at + 0.004, 52, 0.2, 0.7, 0.9, 60.0),
            ]
            notes.append(Note(at + beat / 4, 45, 0.115, 0.6, 0.95, 60.0))
        else:
            notes += strum(at, [root, root + 7, root + 12], 0.235, 0.9, gap=0.006)
    line = [
        (0.0, 69, 0.24, 0.0, 0.0), (0.25, 72, 0.24, 0.0, 0.0), (0.5, 74, 0.62, 2.0, 0.0),
        (1.125, 72, 0.12, 0.0, 0.0), (1.25, 69, 0.24, 0.0, 0.0), (1.5, 67, 0.24, 0.0, 0.0),
        (1.75, 64, 0.12, 0.0, 0.0), (1.875, 67, 0.12, 0.0, 0.0), (2.0, 69, 0.72, 0.0, 28.0),
    ]  # fmt: skip
    for at, pitch, length, bend, vibrato in line:
        notes.append(Note(4.32 + at, pitch, length, 0.85, 0.0, 110.0, bend, vibrato))
    notes += strum(7.1, [40, 47, 52, 56, 59, 64], 2.45, 0.85, gap=0.016)
    out = render(notes, 9.6, np.random.default_rng(1983))
    return out * (0.6 / float(np.max(np.abs(out))))


def main() -> None:
    """Write `di.wav` into the current folder and print its figures."""
    import soundfile

    x = phrase()
    soundfile.write(Path("di.wav"), x, RATE, subtype="PCM_24")
    rms = 20.0 * math.log10(float(np.sqrt(np.mean(x**2))))
    print(f"di.wav: {x.size / RATE:.2f} s, peak {np.max(np.abs(x)):.3f}, RMS {rms:.1f} dBFS, "
          f"DC {np.mean(x):.1e}")  # fmt: skip


if __name__ == "__main__":
    main()
