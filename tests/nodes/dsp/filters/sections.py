"""Sections designed from Python, and their response; for tests."""

import math
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from namgraph.nodes.dsp.filters.design import DESIGN, design
from namgraph.nodes.dsp.filters.svf import from_biquad
from namgraph.runtime import authoring as ng
from namgraph.runtime.native.abi import native
from namgraph.runtime.simd.loops.svf import LANES

__all__ = ["analogue", "decibels", "mapped", "numbers", "response"]

Complex = NDArray[Any]
Floats = NDArray[np.float64]


def numbers(
    kind: int, turn: float, q: float, gain_db: float = 0.0, matched: int = 0, sign: float = 1.0
) -> Floats:
    """Return g, k, m0, m1, m2 as ``design`` writes them."""
    aim, request = np.zeros(5 * LANES), np.zeros(1, DESIGN)
    values = (turn, q, gain_db, sign, kind, matched, aim.ctypes.data, 3, 1, 0)
    request[0] = values
    design.ctypes(request.ctypes.data, 0, 0, 0)
    return aim.reshape(5, LANES)[:, 3]


@native(types.void(types.int64, types.int64))
def _map(source: int, target: int) -> None:
    b, made = ng.numbers(source, 5, np.float64), ng.numbers(target, 5, np.float64)
    made[0], made[1], made[2], made[3], made[4] = from_biquad(b[0], b[1], b[2], b[3], b[4])


def mapped(b: Floats, a: Floats) -> Floats:
    """Return g, k, m0, m1, m2 of a biquad."""
    given, made = np.array([*b, *a[1:]]) / a[0], np.zeros(5)
    _map.ctypes(given.ctypes.data, made.ctypes.data)
    return made


def response(section: Floats, turns: Floats) -> Complex:
    """Return the frequency response of a section at frequencies / rate."""
    g, k, m0, m1, m2 = section
    s = 1j * np.tan(np.pi * turns) / g
    made: Complex = m0 + (m1 * s + m2) / (s * s + k * s + 1)
    return made


def analogue(kind: str, s: Complex, q: float, gain_db: float = 0.0) -> Complex:
    """Return the response of the analogue filter at s, where 1j is its frequency."""
    a: float = 10 ** (gain_db / 40)
    root = math.sqrt(a)
    below: Any = s * s + s / q + 1
    prototypes: dict[str, Any] = {
        "off": 1 + 0 * s,
        "low_pass": 1 / below,
        "high_pass": s * s / below,
        "band_pass": s / q / below,
        "notch": (s * s + 1) / below,
        "all_pass": (s * s - s / q + 1) / below,
        "bell": (s * s + s * a / q + 1) / (s * s + s / (a * q) + 1),
        "low_shelf": a * (s * s + root / q * s + a) / (a * s * s + root / q * s + 1),
        "high_shelf": a * (a * s * s + root / q * s + 1) / (s * s + root / q * s + a),
        "low_pass_1": 1 / (s + 1),
        "high_pass_1": s / (s + 1),
        "all_pass_1": (1 - s) / (1 + s),
    }
    made: Complex = prototypes[kind]
    return made


def decibels(values: Complex) -> Floats:
    """Return magnitudes in dB."""
    made: Floats = 20 * np.log10(np.maximum(np.abs(values), 1e-300))
    return made
