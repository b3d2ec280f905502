"""Two noise gates in plain Python and float64: what ``Gate`` is compared with."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import signal as dsp

from namgraph.nodes import Gate
from namgraph.nodes.testing.harness import SPEC

RATE = SPEC.rate
Doubles = NDArray[np.float64]


def nam_gains(
    x: Doubles, threshold: float, changes: Sequence[tuple[int, float]] = ()
) -> tuple[Doubles, int]:
    """Gains of the NAM plugin's gate, and in how many frames it was holding."""
    keep = 0.5 ** (1 / (0.01 * RATE))
    moves = dict(changes)
    power, holding, held, count = 1e-12, False, 0.0, 0
    most = -0.1 * (-120 - threshold) * (-120 - threshold)
    now, gains = most, np.empty(len(x))
    for i, sample in enumerate(x):
        threshold = moves.get(i, threshold)
        most = -0.1 * (-120 - threshold) * (-120 - threshold)
        opening, closing = -most / 0.005 / RATE, most / 0.05 / RATE
        power = min(max(keep * power + (1 - keep) * (sample * sample), 1e-12), 1000.0)
        db = 10 * math.log10(power)
        if holding:
            count += 1
            now, held = 0.0, held + 1 / RATE if db < threshold else 0.0
            holding = held < 0.01
        else:
            target = -0.1 * (db - threshold) * (db - threshold) if db < threshold else 0.0
            if target > now:
                now += min(max(0.5 * (target - now), 0.0), opening)
                if now >= 0:
                    now, holding, held = 0.0, True, 0.0
            elif target < now:
                now = max(now + min(max(0.5 * (target - now), closing), 0.0), most)
        gains[i] = 10 ** (now / 10)
    return gains, count


def own_gains(keys: Doubles, node: Gate) -> Doubles:
    """Gains of the own law for linked key channels ``(channels, frames)``; filters by SciPy."""
    level = np.zeros(keys.shape[1])
    for key in keys:
        if node.key_low_hz > 20:
            key = dsp.sosfilt(dsp.butter(2, node.key_low_hz, "high", fs=RATE, output="sos"), key)
        if node.key_high_hz < 20_000:
            key = dsp.sosfilt(dsp.butter(1, node.key_high_hz, "low", fs=RATE, output="sos"), key)
        level = np.maximum(level, np.abs(key))

    def step(seconds: float) -> float:
        return 1 - math.exp(-1 / (seconds * RATE))

    floor = 0.0 if node.range_db == 120 else 10 ** (-node.range_db / 20)
    rise, fall = step(0.2e-3), step(25e-3)
    attack, release = step(node.attack_ms / 1000), step(node.release_ms / 1000)
    hold = round(node.hold_ms * RATE / 1000)
    envelope, is_open, left, gains = 0.0, False, 0, np.empty(len(level))
    gain = floor = 1.0 if node.ratio == 1 else floor
    for i, x in enumerate(level):
        envelope += (rise if x > envelope else fall) * (x - envelope)
        over_db = 20 * math.log10(max(envelope, 1e-300)) - node.threshold_db
        if over_db >= (-node.hysteresis_db if is_open else 0.0):
            is_open, left = True, hold
        elif is_open:
            left -= 1
            is_open = left >= 0
        target = 1.0
        if not is_open:
            below_db = (node.ratio - 1) * over_db if node.ratio < 20 else -math.inf
            target = 10 ** (below_db / 20) if below_db > -node.range_db else floor
        gain += (attack if target > gain else release) * (target - gain)
        gains[i] = gain
    return gains


def notes(frames: int, seed: int = 0) -> Doubles:
    """Decaying notes of 0.2 s over hum and hiss, from -2 dB to -70 dB, as float32 has them."""
    t = np.arange(frames) / RATE
    since = t % 0.2
    rng = np.random.default_rng(seed)
    played = 0.8 * np.exp(-since * 35) * np.sin(2 * np.pi * 196 * since)
    hum = 3e-4 * np.sin(2 * np.pi * 50 * t) + 1e-4 * rng.standard_normal(frames)
    return (played + hum).astype(np.float32).astype(np.float64)
