"""Drive, beyond the node contract: against the circuit's equations, solved by SciPy."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize
from scipy.integrate import solve_ivp

from namgraph.graph import ParamError
from namgraph.nodes import Drive
from namgraph.nodes.drive.diode import DIODES
from namgraph.nodes.drive.drive_circuit import pole
from namgraph.nodes.testing import NodeHarness
from namgraph.nodes.testing.harness import SPEC

from .test_clipper import alias_db

Wide = NDArray[np.float64]
RATE = 48_000
OHM, FARAD = 4.7e3, 51e-12


def play(node: Drive, x: NDArray[Any]) -> Wide:
    y = NodeHarness(node, channels=1).play(np.asarray(x, np.float32)[None], (4096,))
    return np.asarray(y[0], np.float64)


def behind_tone(y: NDArray[Any], tone: float, hz: NDArray[Any]) -> NDArray[Any]:
    """The tone control's response, by frequency."""
    s = 1j * hz
    return np.asarray(y * ((1 - tone) / (1 + s / 723) + tone) / (1 + s / 3200))


@pytest.mark.parametrize("quality", ["studio", "live"])
@pytest.mark.parametrize(("drive", "tone"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_a_small_signal_meets_the_linear_network(drive: float, tone: float, quality: str) -> None:
    node = Drive(drive=drive, tone=tone, quality=quality)
    x = np.zeros(1 << 15)
    x[0] = 1e-4
    h = np.fft.rfft(play(node, x)) * 1e4
    hz = np.fft.rfftfreq(len(x), 1 / RATE)
    s, d = 2j * np.pi * hz, DIODES["silicon"]
    ohm = 1 / (1 / (51e3 + 500e3 * drive) + 2 * d.saturation / d.thermal)
    cut = s / (s + 2 * np.pi * 720)
    expected = behind_tone(1 + cut / OHM * ohm / (1 + s * ohm * FARAD), tone, hz)
    error = 20 * np.log10(np.abs(h / expected))
    heard = (hz > 20) & (hz < 10_000)
    assert np.abs(error[heard]).max() < (0.1 if quality == "studio" else 0.7)


@pytest.mark.parametrize("quality", ["studio", "live"])
@pytest.mark.parametrize("clip", DIODES)
def test_a_constant_current_gives_the_static_law(clip: str, quality: str) -> None:
    """A ramp through the high-pass is a constant current."""
    d, drive = DIODES[clip], 0.5
    slopes = [-0.02, -0.004, -5e-5, 5e-5, 0.004, 0.02]  # V per ms
    for slope in slopes:
        node = Drive(drive=drive, tone=1.0, clip=clip, quality=quality, volts=10.0)
        n = 2000
        x = slope * np.arange(n) / 48
        y = play(node, x / 10) * 10
        late, tau = node.latency(SPEC) / 48, 1e3 / (2 * math.pi * 3200)
        current = slope * 1e3 / (2 * math.pi * 720) / OHM
        thermal = d.thermal if slope > 0 else d.thermal_back

        def leak(v: float, thermal: float = thermal, current: float = current) -> float:
            diodes = 2 * d.saturation * math.sinh(v / thermal)
            return v / (51e3 + 500e3 * drive) + diodes - current

        v = optimize.brentq(leak, -3, 3, xtol=1e-12)
        expected = slope * ((n - 1) / 48 - late - tau) + v
        # Float32 of ten volts; in "live" the gain of the filters at 0 Hz, 0.0015 dB below 1.
        allowed = 3e-5 if quality == "studio" else 3e-4
        assert y[-1] == pytest.approx(expected, abs=allowed), (clip, slope)


def radau(x: Callable[[Any], Any], drive: float, times: Wide) -> Wide:
    """The circuit in front of the tone control."""
    ohm, farad, d = 51e3 + 500e3 * drive, 1 / (2 * math.pi * 720 * OHM), DIODES["silicon"]

    def slope(t: float, s: Wide) -> list[float]:
        i = (x(t) - s[0]) / OHM
        diodes = 2 * d.saturation * math.sinh(s[1] / d.thermal)
        return [i / farad, (i - s[1] / ohm - diodes) / FARAD]

    def jacobian(t: float, s: Wide) -> list[list[float]]:
        diodes = 2 * d.saturation / d.thermal * math.cosh(s[1] / d.thermal)
        return [[-1 / OHM / farad, 0.0], [-1 / OHM / FARAD, (-1 / ohm - diodes) / FARAD]]

    made = solve_ivp(
        slope, (0, times[-1]), [0, 0], "Radau", times, rtol=1e-8, atol=1e-11, jac=jacobian
    )
    return np.asarray(x(times) + made.y[1])


@pytest.mark.parametrize(
    ("hz", "volts", "drive", "clip_db"),
    [(200, 0.1, 0.5, -70.0), (1000, 0.5, 1.0, -50.0), (4000, 0.5, 1.0, -45.0)],
)
def test_studio_follows_the_differential_equations(
    hz: int, volts: float, drive: float, clip_db: float
) -> None:
    # One period of the settled sine, as harmonics: those within the band are compared.
    count, fine = 4800, 1024
    x = volts * np.sin(2 * np.pi * hz * np.arange(count) / RATE)
    node = Drive(drive=drive, tone=1.0)
    y = play(node, x)[-960:]
    # Whole periods after 5 ms: the slowest pole is at 720 Hz, of which e**-22 is left then.
    times = np.concatenate([[0], 0.005 + np.arange(fine) / fine / hz])
    settled = radau(lambda t: volts * np.sin(2 * np.pi * hz * t), drive, times)[1:]
    turns = 960 * hz // RATE
    orders = np.arange(1, 18_000 // hz + 1)
    found = np.fft.rfft(y)[turns * orders] / 480
    late = np.exp(-2j * np.pi * hz * orders * (count - 960 - node.latency(SPEC)) / RATE)
    found = found * late
    # Behind the low-pass of the tone control as it is, not as it should be.
    g, z = pole(3200.0, 4 * RATE), np.exp(-2j * np.pi * hz * orders / (4 * RATE))
    low_pass = g * (1 + z) / (1 + (2 * g - 1) * z)
    expected = np.fft.rfft(settled)[orders] / (fine / 2) * low_pass
    error = np.abs(found - expected) ** 2
    assert 10 * np.log10(error.sum() / (np.abs(expected) ** 2).sum()) < clip_db


@pytest.mark.parametrize(
    ("quality", "volts", "below_db"),
    [
        ("live", 0.03, -65.0),
        ("live", 0.1, -53.0),
        ("live", 1.0, -53.0),
        ("studio", 0.03, -75.0),
        ("studio", 0.1, -55.0),
    ],
)
def test_aliases_of_a_tone_of_5_khz(quality: str, volts: float, below_db: float) -> None:
    turns, length = 6797, 1 << 16
    x = volts * np.sin(2 * np.pi * turns * np.arange(length + 4096) / length)
    assert alias_db(play(Drive(quality=quality), x).astype(np.float32), turns) < below_db


def test_silence_is_silence_after_the_tail() -> None:
    for node in (Drive(), Drive(quality="live", clip="germanium")):
        harness = NodeHarness(node)
        harness.play(harness.noise(2000))
        tail = node.tail(SPEC)
        y = harness.play(np.zeros((2, 9 * tail), np.float32))
        assert np.abs(y[:, -tail:]).max() < 1e-9


def test_asymmetric_diodes_make_even_harmonics() -> None:
    x = 0.3 * np.sin(2 * np.pi * 440 * np.arange(48_000 * 2) / RATE)
    even = {}
    for clip in ("silicon", "asymmetric"):
        spectrum = np.abs(np.fft.rfft(play(Drive(clip=clip), x)[-48_000:]))
        even[clip] = 20 * math.log10(spectrum[880] / spectrum[440])
    assert even["silicon"] < -110
    assert even["asymmetric"] > -40


@pytest.mark.parametrize(("quality", "frames"), [("studio", 55), ("live", 23)])
def test_latency(quality: str, frames: int) -> None:
    assert Drive(quality=quality).latency(SPEC) == frames


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"clip": "tube"}, "clip is 'tube': must be one of silicon, led"),
        ({"quality": "fast"}, "quality is 'fast': must be one of studio, live"),
        ({"volts": 0.0}, r"volts is 0.0: must be a number in \[0.01, 100\] V"),
        ({"volts": math.nan}, "volts is nan: must be"),
        ({"volts": "1"}, "volts is '1': must be"),
        ({"drive": 1.1}, "drive"),
    ],
)
def test_wrong_arguments_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        Drive(**wrong)
