"""The cab node: files, layouts, gain, rates, parameters."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from namgraph.graph import AudioFileError, ParamError, Spec
from namgraph.nodes import Cab
from namgraph.nodes.cabinet import impulse_response
from namgraph.nodes.dsp.convolver.prepare import Route
from namgraph.nodes.testing import NodeHarness

from .cab_harness import Convolver, error, noise, wanted

RATE = 48_000
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(data: Any, rate: int = RATE, name: str = "ir.wav", subtype: str = "DOUBLE") -> str:
        soundfile.write(tmp_path / name, np.asarray(data, np.float64), rate, subtype=subtype)
        return str(tmp_path / name)

    return file


def decay(taps: int, channels: int = 1, seed: int = 0) -> NDArray[np.float64]:
    fall = np.exp(-6 * np.arange(taps) / taps)[:, None]
    return 0.2 * np.random.default_rng(seed).standard_normal((taps, channels)) * fall


def taps_of(path: str, rule: str = "none", rate: float = RATE, layout: str = "auto") -> Any:
    return impulse_response.response(path, layout, rate, rule)


# ---- sound -------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_mono_file_follows_what_is_connected(write: Write, channels: int) -> None:
    cab = Cab(write(decay(700)), gain_rule="none")
    alone = NodeHarness(cab, channels)
    x = noise(3000, channels)
    found, h = alone.play(x, [64]), taps_of(str(cab.path))
    for c in range(channels):
        assert error(found[c], wanted(x[c], h[0])) < 1e-6
        np.testing.assert_array_equal(found[c], Convolver(h)(x[c])[0])  # 0 dB changes no bit


@pytest.mark.parametrize(
    ("layout", "channels", "inputs", "routes"),
    [
        ("auto", 2, 1, [(0, 0, 0), (1, 0, 1)]),
        ("stereo", 2, 1, [(0, 0, 0), (1, 0, 1)]),
        ("dual", 2, 2, [(0, 0, 0), (1, 1, 1)]),
        ("auto", 4, 2, [(0, 0, 0), (1, 0, 1), (0, 1, 2), (1, 1, 3)]),
        ("true_stereo", 4, 2, [(0, 0, 0), (1, 0, 1), (0, 1, 2), (1, 1, 3)]),
    ],
)
def test_layouts(
    write: Write, layout: str, channels: int, inputs: int, routes: list[tuple[int, int, int]]
) -> None:
    cab = Cab(write(decay(300, channels)), layout=layout, gain_rule="none")
    assert [p.channels for p in (*cab.inputs, *cab.outputs)] == [inputs, 2]
    x, h = noise(1500, inputs), taps_of(str(cab.path), layout=layout)
    guessed = layout == "auto" and channels == 4
    said = pytest.warns(RuntimeWarning, match="a guess") if guessed else contextlib.nullcontext()
    with said:
        harness = NodeHarness(cab)
    found = harness.play(x, [50])
    for output in (0, 1):
        parts = [wanted(x[i], h[r]) for o, i, r in routes if o == output]
        assert error(found[output], np.sum(parts, axis=0)) < 1e-6
    np.testing.assert_array_equal(found, Convolver(h, [Route(*r) for r in routes])(x))


def test_mono_takes_the_first_channel_of_any_file(write: Write) -> None:
    data = decay(200, 3)
    cab = Cab(write(data), layout="mono", gain_rule="none")
    assert [p.channels for p in (*cab.inputs, *cab.outputs)] == [None, None]
    np.testing.assert_array_equal(taps_of(str(cab.path), layout="mono"), data[:, :1].T)


def test_level_and_mix_glide_to_where_they_are_set(write: Write) -> None:
    cab = Cab(write(decay(300, 2)), gain_rule="none")
    x = noise(RATE)
    wet = NodeHarness(cab).play(x)
    alone = NodeHarness(cab)
    found = alone.play(x, [64], [(1000, "level_db", -6.0), (1000, "mix", 0.25)])
    np.testing.assert_array_equal(found[:, :1000], wet[:, :1000])
    factor = 10 ** (-6 / 20)
    settled = factor * (0.25 * wet + 0.75 * x)
    np.testing.assert_allclose(found[:, RATE // 2 :], settled[:, RATE // 2 :], atol=2e-6)
    middle = slice(1001, 1200)
    assert np.max(np.abs(found[:, middle] - settled[:, middle])) > 0.01  # on its way


def test_begins_at_its_parameters(write: Write) -> None:
    path = write(decay(100))
    x = noise(500)
    loud = NodeHarness(Cab(path, gain_rule="none"), 1).play(x)
    quiet = NodeHarness(Cab(path, gain_rule="none", level_db=-20.0), 1).play(x)
    np.testing.assert_allclose(quiet, 0.1 * loud, rtol=1e-6)
    dry = NodeHarness(Cab(path, gain_rule="none", mix=0.0), 1).play(x)
    np.testing.assert_array_equal(dry, x)


def test_no_latency_and_a_tail_as_long_as_the_response(write: Write) -> None:
    cab, spec = Cab(write(decay(777))), Spec(RATE, 64)
    assert cab.latency(spec) == 0
    assert cab.tail(spec) == 777
    x = np.zeros((1, 1000), np.float32)
    x[0, 0] = 1
    found = NodeHarness(cab, 1).play(x)[0]
    assert found[0] == np.float32(taps_of(str(cab.path), "nam")[0, 0])
    assert np.flatnonzero(np.abs(found) > 1e-7)[-1] <= 777


@pytest.mark.slow
def test_lanes_forced_from_outside_play_the_same_bits(write: Write, tmp_path: Path) -> None:
    path, x = write(decay(3100)), noise(4000)
    here = NodeHarness(Cab(path), 1).play(x)
    np.save(tmp_path / "x.npy", x)
    code = (
        "import sys, numpy as np, namgraph as ng\n"
        "from namgraph.nodes.testing import NodeHarness\n"
        "ir, x, y = sys.argv[1:]\n"
        "np.save(y, NodeHarness(ng.Cab(ir), 1).play(np.load(x)))\n"
    )
    for lanes in (4, 8, 16):
        files = [path, str(tmp_path / "x.npy"), str(tmp_path / f"y{lanes}.npy")]
        told = {**os.environ, "NAMGRAPH_LANES": str(lanes)}
        subprocess.run([sys.executable, "-c", code, *files], env=told, check=True)
        np.testing.assert_array_equal(np.load(files[2]), here)


# ---- gain --------------------------------------------------------------------------------------


def test_gain_rules(write: Write) -> None:
    path = write(decay(2000, 2) * [1.0, 0.3])
    raw = taps_of(path)
    np.testing.assert_allclose(taps_of(path, "nam"), raw * 10 ** (-18 / 20), rtol=1e-12)
    energy = taps_of(path, "energy")
    assert np.sum(energy[0] ** 2) == pytest.approx(1)
    peak = taps_of(path, "peak")
    assert np.max(np.abs(np.fft.rfft(peak[0], 1 << 18))) == pytest.approx(1, abs=0.01)
    for made in (energy, peak):  # the balance is kept
        np.testing.assert_allclose(made[1] / made[0], raw[1] / raw[0], rtol=1e-9)


@pytest.mark.parametrize("own", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_the_nam_rule_counts_the_rate_once(write: Write, own: int, rate: int) -> None:
    # The plugin resamples the waveform and multiplies by 10^(-18/20) 48000 / rate: as a system, a
    # file is then 48000 / (its own rate) times as loud, whatever the stream's rate.
    h = np.zeros(400)
    h[50:60] = np.hanning(10)
    gain = (
        np.sum(taps_of(write(h), "nam", rate, "auto"))
        if own == RATE
        else np.sum(taps_of(write(h, own), "nam", rate))
    )
    assert gain == pytest.approx(10 ** (-18 / 20) * np.sum(h) * 48_000 / own, rel=1e-3)


# ---- rates -------------------------------------------------------------------------------------


def magnitude(h: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    f = np.linspace(20, 18_000, 3000)
    turn = np.exp(-2j * np.pi * np.outer(f, np.arange(len(h))) / rate)
    return np.asarray(20 * np.log10(np.abs(turn @ h) + 1e-12))


SHAPES = {
    "first tap only": np.array([1.0]),
    "sharp start": np.exp(-np.arange(400) / 30),
    "two taps": np.array([1.0, 0.4]),
    "late": np.concatenate([np.zeros(90), np.exp(-np.arange(900) / 90)]),
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("own", "rate"), [(44_100, 48_000), (48_000, 44_100), (96_000, 48_000), (44_100, 96_000)]
)
def test_another_rate_keeps_the_magnitudes(write: Write, shape: str, own: int, rate: int) -> None:
    h = SHAPES[shape]
    made = taps_of(write(h, own), "none", rate)[0]
    assert np.max(np.abs(magnitude(made, rate) - magnitude(h, own))) < 0.1


def test_the_magnitudes_can_be_wrong(write: Write) -> None:
    # What is prevented: a resampler's lead-in cut off.
    import soxr

    cut = soxr.resample(np.r_[1.0, np.zeros(500)], 44_100, 48_000, quality="VHQ") * 441 / 480
    assert np.max(np.abs(magnitude(cut, 48_000) - magnitude(np.ones(1), 44_100))) > 0.3


def test_what_was_read_is_kept_until_the_file_changes(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, read = [], impulse_response._read

    def counted(*args: Any) -> Any:
        reads.append(args)
        return read(*args)

    monkeypatch.setattr(impulse_response, "_read", counted)
    path = write(decay(100))
    first = taps_of(path, "nam", 44_100)
    assert taps_of(path, "nam", 44_100) is first
    assert len(reads) == 1
    assert not first.flags.writeable
    write(decay(100, seed=1))
    os.utime(path, ns=(1, 1))
    assert not np.array_equal(taps_of(path, "nam", 44_100), first)
    assert len(reads) == 2


# ---- files that cannot be used -----------------------------------------------------------------

BAD: dict[str, tuple[Any, int, dict[str, str], str]] = {
    "empty": (np.zeros(0), RATE, {}, "is empty"),
    "nan": ([1.0, np.nan], RATE, {}, "NaN or infinity"),
    "infinite": ([1.0, np.inf], RATE, {}, "NaN or infinity"),
    "silent": (np.zeros(9), RATE, {}, "is silent"),
    "silent, energy": (np.zeros(9), RATE, {"gain_rule": "energy"}, "is silent"),
    "silent, peak": (np.zeros(9), RATE, {"gain_rule": "peak"}, "is silent"),
    "three channels": (decay(9, 3), RATE, {}, "has 3 channels.*1, 2 or 4"),
    "five channels": (decay(9, 5), RATE, {}, "has 5 channels.*1, 2 or 4"),
    "mono as stereo": (decay(9), RATE, {"layout": "stereo"}, "has 1 channels.*2 for"),
    "stereo as true": (decay(9, 2), RATE, {"layout": "true_stereo"}, "has 2 channels.*4 for"),
    "slow": (decay(9), 100, {}, "rate of 100 Hz"),
    "fast": (decay(9), 2_000_000, {}, "rate of 2000000 Hz"),
    "long": (np.ones(10 * 8000 + 1), 8000, {}, "10.0 s long.*10 s at most"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_one_clear_line(write: Write, case: str) -> None:
    data, rate, more, message = BAD[case]
    path = write(data, rate, subtype="FLOAT")
    with pytest.raises(AudioFileError, match=message) as caught:
        NodeHarness(Cab(path, **more))  # type: ignore[arg-type]
    assert path in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_none(tmp_path: Path, write: Write) -> None:
    text, cut = tmp_path / "text.wav", tmp_path / "cut.wav"
    text.write_text("RIFF is not enough")
    cut.write_bytes(Path(write(decay(500))).read_bytes()[:30])
    bad = [str(tmp_path / "missing.wav"), str(tmp_path), str(text), str(cut)]
    for path in bad:
        with pytest.raises(AudioFileError) as caught:
            NodeHarness(Cab(path))
        assert "\n" not in str(caught.value)


def test_silence_may_be_played_as_it_is(write: Write) -> None:
    assert not np.any(NodeHarness(Cab(write(np.zeros(50)), gain_rule="none"), 1).play(noise(300)))


def test_options_are_checked() -> None:
    with pytest.raises(ParamError, match="gain_rule"):
        Cab("x.wav", gain_rule="loud")
    with pytest.raises(ParamError, match="layout"):
        Cab("x.wav", layout="surround")
    with pytest.raises(ParamError, match="level_db"):
        Cab("x.wav", level_db=30.0)


def test_a_file_that_was_cut_off_is_not_taken_for_a_shorter_one(write: Write) -> None:
    path = Path(write(decay(700), subtype="PCM_24"))
    path.write_bytes(path.read_bytes()[:1000])
    said = r"ir\.wav: is cut off: its header says 700 frames, 318 are there"
    with pytest.raises(AudioFileError, match=said):
        _ = Cab(str(path)).outputs
    with pytest.raises(AudioFileError, match=said):
        taps_of(str(path))


def test_a_cab_may_be_described_before_its_file_is_there() -> None:
    assert Cab("not there yet.wav").path == "not there yet.wav"
    with pytest.raises(AudioFileError, match="cannot be read"):
        _ = Cab("not there yet.wav").inputs
