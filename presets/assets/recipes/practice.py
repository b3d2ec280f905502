"""Makes varied random guitar playing, the training material for the shipped models.

The player is the waveguide guitar of `guitar`; a seed fixes every note. Sections of a few seconds
differ in kind, level, pickup and touch, so a model sees the whole neck and wide dynamics; a small
share of exponential sweeps (Farina 2000, AES Convention 108) and noise bursts fills the gaps.
"""

from __future__ import annotations

import math

import numpy as np

from .guitar import RATE, Note, Pickup, Signal, pickup_filter, render, strum

_CHORDS = (
    [0, 7, 12, 16, 19],
    [0, 7, 12, 15, 19],
    [0, 7, 10, 16, 19],
    [0, 7, 12, 14, 19],
    [0, 4, 7, 12],
    [0, 3, 7, 12, 15],
)
_PENTATONIC = (0, 3, 5, 7, 10)
_KINDS = ("line", "lead", "power", "chord", "riff", "hold", "silence", "sweep", "noise")
_ODDS = (0.2, 0.14, 0.17, 0.18, 0.15, 0.08, 0.02, 0.03, 0.03)


def _line(rng: np.random.Generator, seconds: float, lead: bool) -> list[Note]:
    """Return single notes: anywhere on the neck, or a pentatonic lead with bends and vibrato."""
    notes: list[Note] = []
    at, root = 0.02, int(rng.integers(57, 72))
    step = float(rng.choice([0.11, 0.16, 0.23, 0.33, 0.5]))
    while at < seconds - 0.1:
        length = step * float(rng.choice([1.0, 1.0, 2.0, 3.0]))
        if lead:
            pitch = root + 12 * int(rng.integers(0, 2)) + _PENTATONIC[int(rng.integers(0, 5))]
        else:
            pitch = int(rng.integers(40, 84))
        notes.append(
            Note(
                at,
                pitch,
                length * float(rng.uniform(0.6, 1.0)),
                float(rng.uniform(0.2, 1.0)),
                float(rng.uniform(0.5, 1.0)) if rng.random() < 0.15 else 0.0,
                float(rng.uniform(35.0, 160.0)),
                float(rng.choice([1.0, 2.0])) if lead and rng.random() < 0.25 else 0.0,
                float(rng.uniform(10.0, 40.0)) if lead and rng.random() < 0.3 else 0.0,
            )
        )
        at += length
    return notes


def _strokes(rng: np.random.Generator, seconds: float, kind: str) -> list[Note]:
    """Return strummed chords, power chords, a palm-muted riff or one long chord."""
    notes: list[Note] = []
    at, step = 0.02, float(rng.choice([0.125, 0.18, 0.25]))
    while at < seconds - 0.1:
        root = int(rng.integers(40, 58))
        velocity = float(rng.uniform(0.25, 1.0))
        if kind == "riff" and rng.random() < 0.75:
            root, length = 40 + int(rng.choice([0, 0, 0, 3, 5, 7])), step
            mute = float(rng.uniform(0.6, 1.0))
            pitches = [root] if rng.random() < 0.5 else [root, root + 7]
            notes += strum(at, pitches, length * 0.95, velocity, gap=0.004, mute=mute)
        elif kind in ("power", "riff"):
            length = step * float(rng.choice([1.0, 2.0, 4.0]))
            notes += strum(at, [root, root + 7, root + 12], length * 0.95, velocity, gap=0.006)
        else:
            length = seconds if kind == "hold" else step * float(rng.choice([2.0, 3.0, 6.0]))
            shape = _CHORDS[int(rng.integers(0, len(_CHORDS)))]
            gap = float(rng.uniform(0.004, 0.03))
            up = bool(rng.random() < 0.3)
            notes += strum(at, [root + k for k in shape], length * 0.97, velocity, gap=gap, up=up)
        at += length
    return notes


def _sweep(seconds: float) -> Signal:
    """Return an exponential sine sweep from 40 Hz to 9 kHz."""
    t = np.arange(int(seconds * RATE)) / RATE
    ratio = math.log(9000.0 / 40.0)
    out: Signal = np.sin(2.0 * np.pi * 40.0 * seconds / ratio * np.expm1(t / seconds * ratio))
    out *= np.clip(t / 0.02, 0.0, 1.0) * np.clip((seconds - t) / 0.02, 0.0, 1.0)
    return out


def practice(seed: int, seconds: float) -> Signal:
    """Return `seconds` of random playing fixed by `seed`; peaks differ per section, at most 1."""
    rng = np.random.default_rng(seed)
    parts: list[Signal] = []
    missing = int(seconds * RATE)
    while missing > 0:
        kind = str(rng.choice(_KINDS, p=_ODDS))
        span = float(rng.uniform(0.4, 1.0) if kind == "silence" else rng.uniform(2.0, 5.0))
        pickup = Pickup(float(rng.uniform(2600.0, 5200.0)), float(rng.uniform(0.8, 2.4)))
        if kind == "silence":
            part: Signal = np.zeros(int(span * RATE))
        elif kind == "sweep":
            part = _sweep(span)
        elif kind == "noise":
            part = pickup_filter(rng.standard_normal(int(span * RATE)), pickup)
            part *= np.repeat(rng.uniform(0.0, 1.0, 20) ** 2, -(-part.size // 20))[: part.size]
        elif kind in ("line", "lead"):
            part = render(_line(rng, span, kind == "lead"), span, rng, pickup)
        else:
            part = render(_strokes(rng, span, kind), span, rng, pickup)
        # Peaks between -26 dBFS and full scale, most of them in the upper half of that range.
        peak = 10.0 ** (-26.0 / 20.0 * float(rng.random()) ** 1.7)
        part *= peak / max(float(np.max(np.abs(part))), 1e-9)
        parts.append(part[:missing])
        missing -= parts[-1].size
    return np.concatenate(parts)
