"""Gate as the NAM plugin has it: equal bits before the rounding to float32.

Renders of the plugin's own library are compared where they are present (``tests/reference.py``), a
loop in Python always.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from namgraph.nodes import Gate
from namgraph.nodes.dsp.dynamics.gate_nam import NAM_GATE, NAM_LIMITS, nam_gain, nam_limits
from namgraph.nodes.testing import NodeHarness, same_bits

from ...reference import PLUGIN, needs_plugin
from .gate_oracle import RATE, Doubles, nam_gains, notes

THRESHOLDS = [-80, -50, -30]


def gains_of_kernel(x: Doubles, threshold: float) -> tuple[Doubles, NDArray[np.void]]:
    """The gains in float64, as the node multiplies with them, and the record after them."""
    limits, gate = np.zeros(1, NAM_LIMITS), np.zeros(1, NAM_GATE)
    limits["rate"], limits["threshold_db"] = RATE, threshold
    gate["reduction_db"], gate["limits"] = np.nan, limits.ctypes.data
    nam_limits.ctypes(limits.ctypes.data, 0, 0, 0)
    levels, gains, done = np.abs(x), np.empty(len(x)), 0
    for frames in [1, 7, 64] * len(x):
        frames = min(frames, len(x) - done)
        at = levels[done:].ctypes.data, gains[done:].ctypes.data
        nam_gain.ctypes(gate.ctypes.data, *at, frames)
        done += frames
        if done == len(x):
            break
    return gains, gate


def flushed(y: Doubles) -> NDArray[np.float32]:
    """As float32, without the denormal numbers that the engine flushes to zero."""
    single = y.astype(np.float32)
    return np.where(np.abs(single) < np.finfo(np.float32).tiny, np.float32(0.0), single)


@needs_plugin
@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_it_equals_the_plugin(threshold: int) -> None:
    x = np.fromfile(PLUGIN / "input.f32", np.float32)
    wanted = np.fromfile(PLUGIN / f"gate@{threshold}.f64")
    gains, gate = gains_of_kernel(x.astype(float), threshold)
    assert (gains * x == wanted).all()
    assert not gate["holding"].any()
    y = NodeHarness(Gate(mode="nam", threshold_db=threshold), channels=1).play(x[None], [64])
    assert (y[0] == flushed(wanted)).all()


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_it_equals_a_loop_in_python(threshold: int) -> None:
    x = notes(24_000)
    wanted, holding = nam_gains(x, threshold)
    assert holding == 0, "half the way to 0 never arrives at 0"
    assert wanted.min() < 1e-3 < 0.999 < wanted.max()
    gains, _ = gains_of_kernel(x, threshold)
    assert (gains == wanted).all()
    y = NodeHarness(Gate(mode="nam", threshold_db=threshold), channels=1).play(
        x.astype(np.float32)[None], [17, 64, 3]
    )
    assert (y[0] == flushed(wanted * x)).all()


def test_a_new_threshold_is_exact_at_its_frame() -> None:
    x = notes(24_000)
    moves = [(5001, -30.0), (9003, -60.0), (15_007, -80.0)]
    wanted, _ = nam_gains(x, -50.0, moves)
    harness = NodeHarness(Gate(mode="nam", threshold_db=-50.0), channels=1)
    changes = [(at, "threshold_db", value) for at, value in moves]
    y = harness.play(x.astype(np.float32)[None], [64], changes)
    assert (y[0] == flushed(wanted * x)).all()


def test_the_other_parameters_do_nothing() -> None:
    x = notes(8_000).astype(np.float32)[None]
    other = Gate(
        mode="nam", hysteresis_db=0.0, range_db=3.0, attack_ms=9.0, hold_ms=0.0, release_ms=5.0,
        ratio=2.0, key_low_hz=900.0, key_high_hz=600.0,
    )  # fmt: skip
    same_bits(
        NodeHarness(other, channels=1).play(x), NodeHarness(Gate(mode="nam"), channels=1).play(x)
    )


def test_the_key_decides_and_linked_channels_have_the_loudest_one() -> None:
    key = np.stack([notes(12_000), 0.1 * notes(12_000, 1)])
    wanted, _ = nam_gains(np.abs(key).max(axis=0), -40.0)
    harness = NodeHarness(Gate(mode="nam", threshold_db=-40.0, sidechain=True))
    x = harness.noise(12_000)[:2]
    y = harness.play(np.concatenate([x, key.astype(np.float32)]))
    assert (y == flushed(wanted * x.astype(float))).all()


def test_opening_takes_246_frames_and_closing_begins_after_221_ms() -> None:
    tone = np.where(np.arange(48_000) < 9600, 0.3 * np.sin(0.05 * np.arange(48_000)), 0.0)
    gains, _ = gains_of_kernel(tone, -80.0)
    db = 20 * np.log10(np.maximum(gains, 1e-30))
    assert np.argmax(db > -0.01) == pytest.approx(246, abs=3)
    closing = 9600 + np.argmax(db[9600:] < -0.01)
    assert (closing - 9600) / RATE == pytest.approx(0.221, abs=0.003)
    closed = 9600 + np.argmax(gains[9600:] == gains[-1])
    assert (closed - 9600) / RATE == pytest.approx(0.354, abs=0.005)
