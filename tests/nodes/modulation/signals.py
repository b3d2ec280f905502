"""Signals and measurements for tests of modulation."""

import math

import numpy as np
from numpy.typing import NDArray

from namgraph.nodes.testing.harness import SPEC

RATE = SPEC.rate
Audio = NDArray[np.float32]
Curve = NDArray[np.float64]


def tone(seconds: float, hz: float = 1_000.0, channels: int = 1) -> Audio:
    """Return a sine of amplitude 1, (channels, frames)."""
    sine = np.sin(2 * np.pi * hz / RATE * np.arange(round(seconds * RATE)))
    made: Audio = np.tile(sine.astype(np.float32), (channels, 1))
    return made


def impulse(frames: int, channels: int = 1) -> Audio:
    """Return a 1 and zeros, (channels, frames)."""
    signal = np.zeros((channels, frames), np.float32)
    signal[:, 0] = 1.0
    return signal


def phase(y: Audio, hz: float) -> Curve:
    """Return the phase of a tone against a steady one of ``hz``, over a window of eight periods."""
    window = np.blackman(8 * round(RATE / hz) + 1)
    turned = y.astype(np.float64) * np.exp(-2j * np.pi * hz / RATE * np.arange(y.size))
    found: Curve = np.unwrap(np.angle(np.convolve(turned, window / window.sum(), "valid")))
    return found


def pitch_cents(y: Audio, hz: float = 1_000.0, skip: int = 4_800) -> Curve:
    """Return the pitch of a tone against ``hz``, frame by frame, from frame ``skip``."""
    turns = np.diff(phase(y, hz)[skip:]) / (2 * np.pi)
    found: Curve = 1200.0 * np.log2(1.0 + turns * RATE / hz)
    return found


def response(y: Audio, hz: Curve) -> NDArray[np.complex128]:
    """Return the frequency response at ``hz`` of an impulse response."""
    turns = np.exp(-2j * math.pi * np.outer(hz, np.arange(y.size)) / RATE)
    found: NDArray[np.complex128] = turns @ y.astype(np.float64)
    return found


def decibels(gain: NDArray[np.complex128]) -> Curve:
    """Return the magnitude in dB."""
    found: Curve = 20.0 * np.log10(np.abs(gain) + 1e-12)
    return found
