"""Tone stack: the NAM plugin's bits, and circuits against a solution of their nodal equations."""

import itertools
import math
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from namgraph.graph import ParamError
from namgraph.nodes import ToneStack
from namgraph.nodes.dsp.filters.tone_stacks import CIRCUITS, Circuit
from namgraph.nodes.testing import NodeHarness
from namgraph.nodes.testing.signals import check_clicks, check_tail

from ...reference import PLUGIN, needs_plugin

Knobs = tuple[float, float, float]
Floats = NDArray[np.float64]
RATE = 48_000.0
KNOBS: list[Knobs] = [(5, 5, 5), (7, 3, 8), (0, 10, 0), (10, 0, 10)]


def stack(knobs: Knobs, **options: Any) -> ToneStack:
    bass, middle, treble = knobs
    return ToneStack(bass=bass, middle=middle, treble=treble, **options)


def sections(knobs: Knobs, rate: float = RATE) -> list[tuple[float, ...]]:
    """Return b0, b1, b2, a1, a2 of the plugin's bass, middle and treble (RBJ's cookbook)."""
    made: list[tuple[float, ...]] = []
    for band, knob, step, hertz in zip("bmt", knobs, (4, 3, 2), (150, 425, 1800), strict=True):
        gain = step * (knob - 5)
        q = 0.707 if band != "m" else 1.5 if gain < 0 else 0.7
        a, w = 10 ** (gain / 40), 2 * math.pi * hertz / rate
        alpha, c = math.sin(w) / (2 * q), math.cos(w)
        k = 2 * math.sqrt(a) * alpha
        if band == "b":
            b0, b2 = a * ((a + 1) - (a - 1) * c + k), a * ((a + 1) - (a - 1) * c - k)
            b1, a1 = 2 * a * ((a - 1) - (a + 1) * c), -2 * ((a - 1) + (a + 1) * c)
            a0, a2 = (a + 1) + (a - 1) * c + k, (a + 1) + (a - 1) * c - k
        elif band == "m":
            b0, b1, b2 = 1 + alpha * a, -2 * c, 1 - alpha * a
            a0, a1, a2 = 1 + alpha / a, -2 * c, 1 - alpha / a
        else:
            b0, b2 = a * ((a + 1) + (a - 1) * c + k), a * ((a + 1) + (a - 1) * c - k)
            b1, a1 = -2 * a * ((a - 1) + (a + 1) * c), 2 * ((a - 1) - (a + 1) * c)
            a0, a2 = (a + 1) - (a - 1) * c + k, (a + 1) - (a - 1) * c - k
        made.append((b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0))
    return made


def plugin(x: NDArray[np.float32], knobs: Knobs) -> Floats:
    """Return what the plugin puts out: three biquads in direct form I, in float64."""
    y = x.astype(np.float64)
    for b0, b1, b2, a1, a2 in sections(knobs):
        x1 = x2 = y1 = y2 = 0.0
        for n, sample in enumerate(y.tolist()):
            now = b0 * sample + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = sample, x1, now, y1
            y[n] = now
    return y


def nodal(c: Circuit, knobs: Knobs, hertz: Floats) -> NDArray[np.complex128]:
    """Solve the circuit's nodal equations.

    Nodes: 0 top of treble, 1 after the slope resistor, 2 treble to bass, 3 bass to middle, 4
    output, 5 wiper of middle.
    """
    bass, middle, treble = knobs
    m = (middle if math.isnan(c.middle) else c.middle) / 10
    t, low = treble / 10, math.exp(3.4 * (bass / 10 - 1))
    made = []
    for s in 2j * np.pi * hertz:
        admittance, current = np.zeros((6, 6), complex), np.zeros(6, complex)
        source = [(0, s * c.c1), (1, 1 / c.r4)]
        parts = [(1, 2, s * c.c2), (1, 5, s * c.c3)]
        pots = [(0, 4, (1 - t) * c.r1), (4, 2, t * c.r1), (2, 3, low * c.r2)]
        pots += [(3, 5, (1 - m) * c.r3), (5, -1, m * c.r3)]
        for i, y in source:
            admittance[i, i] += y
            current[i] += y
        for i, j, y in parts + [(i, j, 1 / max(r, 1e-3)) for i, j, r in pots]:
            admittance[i, i] += y
            if j >= 0:
                admittance[j, j] += y
                admittance[i, j] -= y
                admittance[j, i] -= y
        made.append(np.linalg.solve(admittance, current)[4])
    return np.array(made)


def same(found: Any, wanted: Any) -> None:
    """Check bits where Python and kernels have one mathematical library, else the sixth digit."""
    if sys.platform == "linux":
        np.testing.assert_array_equal(found, wanted)
    else:
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6 * float(abs(wanted).max()))


def decibels(h: Any) -> Any:
    return 20 * np.log10(abs(h))


def played(node: ToneStack, x: NDArray[np.float32], **how: Any) -> NDArray[np.float32]:
    y: NDArray[np.float32] = NodeHarness(node, channels=1).play(x[None], **how)[0]
    return y


@pytest.mark.parametrize("knobs", [*KNOBS, (1.3, 6.7, 9.1), (8.05, 0.2, 3.33)])
def test_nam_is_the_plugins_arithmetic(knobs: Knobs) -> None:
    x = np.random.default_rng(2).normal(size=4000).astype(np.float32)
    same(played(stack(knobs), x), plugin(x, knobs).astype(np.float32))


@needs_plugin
@pytest.mark.parametrize("knobs", KNOBS)
def test_nam_equals_the_plugins_renders(knobs: Knobs) -> None:
    x = np.fromfile(PLUGIN / "input.f32", np.float32)
    wanted = np.fromfile(PLUGIN / "tone@{}-{}-{}.f64".format(*knobs), np.float64)
    same(plugin(x, knobs), wanted)
    same(played(stack(knobs), x), wanted.astype(np.float32))


def test_nam_at_5_changes_nothing_audible() -> None:
    x = np.random.default_rng(2).normal(size=2000).astype(np.float32)
    np.testing.assert_allclose(played(ToneStack(), x), x, rtol=0, atol=1e-6)


def test_back_at_rest_after_a_move_it_is_exact_again() -> None:
    """The filter settles on the same numbers as one that began there."""
    x = np.random.default_rng(3).normal(size=60_000).astype(np.float32)
    x[20_000:40_000] = 0  # meanwhile both forget
    changes = [(5_001, "bass", 9.0), (5_040, "treble", 1.5), (5_041, "middle", 0.0)]
    found = played(ToneStack(), x, changes=changes)
    settled = played(stack((9.0, 0.0, 1.5)), x)
    np.testing.assert_array_equal(found[40_000:], settled[40_000:])
    assert abs(found[5_064:6_000] - settled[5_064:6_000]).max() > 0.01


@pytest.mark.parametrize("model", CIRCUITS)
def test_a_circuit_has_the_response_of_its_nodal_equations(model: str) -> None:
    size = 1 << 14
    x = np.zeros((1, size), np.float32)
    x[0, 0] = 1
    bins = np.unique(np.round(np.geomspace(20, 20_000, 40) * size / RATE).astype(int))
    harness, hertz = NodeHarness(ToneStack(model=model), channels=1), bins * RATE / size
    ends = (0.0, 3.0, 5.0, 10.0)
    for knobs in itertools.product(ends, ends, ends):
        harness.renew()
        for name, value in zip(("bass", "middle", "treble"), knobs, strict=True):
            harness.turn(name, value)
        found = decibels(np.fft.rfft(harness.play(x)[0].astype(np.float64))[bins])
        wanted = decibels(nodal(CIRCUITS[model], knobs, hertz))
        heard = wanted > -26
        assert abs(found - wanted)[heard].max() <= 0.3, knobs
        assert (found[~heard] < -25.7).all(), knobs


def test_the_dips_of_known_circuits() -> None:
    """With all pots in the middle (a bass knob at 7.96) the dips are where others found them
    (on a grid of 2.6 %)."""
    hertz = np.geomspace(100, 5000, 2000)
    bass = 10 * (1 + math.log(0.5) / 3.4)
    known = {"bassman": (716, -12.4), "jcm800": (680, -9.2), "twin": (584, -24.4)}
    for model, (at, level) in {**known, "ac30": (647, -22.4)}.items():
        curve = decibels(nodal(CIRCUITS[model], (bass, 5, 5), hertz))
        assert hertz[np.argmin(curve)] == pytest.approx(at, rel=0.02)
        assert curve.min() == pytest.approx(level, abs=0.06)


@pytest.mark.parametrize("model", CIRCUITS)
def test_makeup_returns_pink_noise_to_its_level(model: str) -> None:
    x = np.random.default_rng(1).normal(size=500).astype(np.float32)
    gain = np.sum(played(ToneStack(model=model, makeup=True), x).astype(float) ** 2)
    gain /= np.sum(played(ToneStack(model=model), x).astype(float) ** 2)
    power = np.mean(abs(nodal(CIRCUITS[model], (5, 5, 5), np.geomspace(80, 8000, 400))) ** 2)
    assert 10 * np.log10(gain) == pytest.approx(-10 * np.log10(power), abs=0.01)


def test_makeup_changes_nothing_of_nam() -> None:
    x = np.random.default_rng(1).normal(size=500).astype(np.float32)
    found = played(stack((9, 2, 7), makeup=True), x)
    np.testing.assert_array_equal(found, played(stack((9, 2, 7)), x))


def test_the_ac30_has_no_middle_control() -> None:
    x = np.random.default_rng(1).normal(size=500).astype(np.float32)
    found = played(stack((5, 0, 5), model="ac30"), x)
    np.testing.assert_array_equal(found, played(stack((5, 10, 5), model="ac30"), x))


@pytest.mark.parametrize("model", ["nam", *CIRCUITS])
def test_knobs_do_not_click_and_tails_are_honest(model: str) -> None:
    check_clicks(ToneStack(model=model))
    check_tail(stack((10, 10, 10), model=model), stack((0, 0, 0), model=model))


def test_a_circuit_stays_bounded_while_its_knobs_jump() -> None:
    """Its states store no more than flows in: white noise, and other knobs at every tick."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=30_000).astype(np.float32)
    names = ("bass", "middle", "treble")
    changes = [(32 * n, names[n % 3], float(10 * rng.integers(2))) for n in range(1, 900)]
    for model in CIRCUITS:
        assert abs(played(ToneStack(model=model), x, changes=changes)).max() <= 2 * abs(x).max()


def test_wrong_options() -> None:
    with pytest.raises(ParamError, match="model is 'fender'"):
        ToneStack(model="fender")
    with pytest.raises(ParamError, match="makeup is 'yes'"):
        ToneStack(makeup="yes")  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="bass"):
        ToneStack(bass=10.5)
