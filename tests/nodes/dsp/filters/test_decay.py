"""How long sections ring: against the poles of the sections themselves."""

import numpy as np
import pytest

from namgraph.nodes.dsp.filters import svf
from namgraph.nodes.dsp.filters.decay import decay_frames, ring_share

from .sections import numbers

KINDS = [getattr(svf, name) for name in svf.__all__ if name.isupper() and name != "HIGHEST"]


def slowest(kind: int, turn: float, q: float, gain_db: float) -> float:
    """Frames in which the slowest pole of the bilinear section falls by 135 dB."""
    g, k, *_ = numbers(kind, turn, q, gain_db)
    if kind in (svf.LOW_PASS_1, svf.HIGH_PASS_1, svf.ALL_PASS_1):
        poles = np.array([(1 - g * g) / (1 + g * g)])
    else:
        s = np.roots([1, k * g, g * g])
        poles = (1 + s) / (1 - s)
    return float(np.log(10 ** (-135 / 20)) / np.log(np.abs(poles).max()))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != svf.OFF])
def test_the_decay_is_that_of_the_slowest_pole(kind: int) -> None:
    for turn in (0.0005, 0.005, 0.03):
        for q in (0.2, 0.7, 10.0):
            for gain_db in (-24.0, 24.0):
                found = decay_frames(kind, turn, q, gain_db) / ring_share(gain_db)
                if kind not in (svf.BELL, svf.LOW_SHELF, svf.HIGH_SHELF):
                    found *= ring_share(gain_db)
                assert found == pytest.approx(slowest(kind, turn, q, gain_db), rel=0.05)


def test_what_lets_the_signal_through_does_not_ring() -> None:
    assert decay_frames(svf.OFF, 0.01) == 0.0
    assert decay_frames(svf.BELL, 0.01, 20.0, 0.0) == 0.0
    assert decay_frames(svf.LOW_PASS, 0.01, 20.0, 0.0) > 0.0


def test_small_gains_ring_for_less_long() -> None:
    frames = [decay_frames(svf.BELL, 0.001, 1.0, gain_db) for gain_db in (1e-5, 1e-3, 0.1, 3.0)]
    assert frames == sorted(frames)
    assert frames[0] < 0.3 * frames[-1]
    assert ring_share(24.0) == 1.0
