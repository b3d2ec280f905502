"""What is measured of impulse responses of rooms."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from namgraph.nodes import Reverb
from namgraph.nodes.testing import NodeHarness

RATE = 48_000
Signal = NDArray[np.float64]
PLAIN: dict[str, Any] = {
    "predelay_ms": 0.0, "low_cut_hz": 20.0, "high_cut_hz": 20_000.0, "early_db": -60.0,
    "mod_depth": 0.0, "mix": 1.0,
}  # fmt: skip
"""The reverberation alone, without filters and modulation."""


def responses(node: Reverb, seconds: float) -> Signal:
    """The answers to an impulse: (left or right in, left or right out, frames)."""
    harness, made = NodeHarness(node), []
    for side in range(2):
        x = np.zeros((2, round(RATE * seconds)), np.float32)
        x[side, 0] = 1.0
        harness.renew()
        made.append(harness.play(x))
    return np.array(made, np.float64)


def t30(answers: Signal, low: float, high: float) -> float:
    """60 dB over the slope of the Schroeder integral from -5 to -35 dB, of all answers' energy."""
    band = signal.butter(4, (low, high), "band", fs=RATE, output="sos")
    energy = (signal.sosfiltfilt(band, answers.reshape(-1, answers.shape[-1])) ** 2).sum(0)
    left = np.cumsum(energy[::-1])[::-1]
    level = 10 * np.log10(left / left[0] + 1e-30)
    at = np.flatnonzero((level < -5) & (level > -35))
    return float(-60 / np.polyfit(at / RATE, level[at], 1)[0])


def echo_density(answer: Signal, ms: float) -> float:
    """Share of frames in 20 ms outside one deviation, 1 for noise (Abel and Huang, AES 2006)."""
    part = answer[round((ms - 10) * 48) : round((ms + 10) * 48)]
    outside = np.mean(abs(part) > np.sqrt(np.mean(part**2)))
    return float(outside / math.erfc(1 / math.sqrt(2)))


def highest_mode_db(answer: Signal, begin_s: float) -> float:
    """How far the late spectrum, in bands of 7 Hz, rises over its median nearby: 200 Hz-8 kHz."""
    size = 65_536
    late = answer[round(begin_s * RATE) :][:size]
    power = np.abs(np.fft.rfft(late * np.hanning(2 * late.size)[late.size :], size)) ** 2
    smooth = np.convolve(power, np.ones(9) / 9, "same")
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    over = 10 * np.log10(smooth / signal.medfilt(smooth, 501))
    return float(over[(hertz > 200) & (hertz < 8_000)].max())


def dattorro(x: Signal, decay: float, damping: float) -> Signal:
    """The plate of JAES 45(9) in float64, without modulation: mono in, (2, frames) out."""
    scale = RATE / 29_761
    lengths = np.array([142, 107, 379, 277, 672, 4453, 1800, 3720, 908, 4217, 2656, 3163])
    n = np.floor(lengths * scale + 0.5).astype(int)
    line = np.zeros((12, x.size))
    soft = min(max(decay + 0.15, 0.25), 0.5)
    gains = [0.75, 0.75, 0.625, 0.625, -0.7, 0, soft, 0, -0.7, 0, soft, 0]
    low = 0.0
    damped = [0.0, 0.0]

    def past(k: int, t: int, frames: int) -> float:
        return float(line[k, t - frames]) if t >= frames else 0.0

    def all_pass(k: int, t: int, v: float) -> float:
        held = past(k, t, n[k])
        line[k, t] = v - gains[k] * held
        return held + gains[k] * float(line[k, t])

    for t in range(x.size):
        low = 0.9995 * x[t] + 0.0005 * low
        v = low
        for k in range(4):
            v = all_pass(k, t, v)
        for side, k in enumerate((4, 8)):
            back = decay * past(11 if side == 0 else 7, t, n[11] if side == 0 else n[7])
            line[k + 1, t] = all_pass(k, t, v + back)
            held = past(k + 1, t, n[k + 1])
            damped[side] = (1 - damping) * held + damping * damped[side]
            line[k + 3, t] = all_pass(k + 2, t, decay * damped[side])
    taps = [
        [(9, 266, 1), (9, 2974, 1), (10, 1913, -1), (11, 1996, 1), (5, 1990, -1), (6, 187, -1),
         (7, 1066, -1)],
        [(5, 353, 1), (5, 3627, 1), (6, 1228, -1), (7, 2673, 1), (9, 2111, -1), (10, 335, -1),
         (11, 121, -1)],
    ]  # fmt: skip
    y = np.zeros((2, x.size))
    for side, rows in enumerate(taps):
        for k, frames, sign in rows:
            late = int(frames * scale + 0.5)
            y[side, late:] += 0.6 * sign * line[k, : x.size - late]
    return y
