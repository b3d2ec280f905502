"""``CabMics``: two microphones against SciPy's convolution, their distance, polarity, alignment."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal

import namgraph as ng
from namgraph.nodes.testing import NodeHarness, same_bits

RATE = 48_000
RNG = np.random.default_rng(22)
CAB = ng.asset("cab.wav")


def decaying(frames: int, seed: int, channels: int = 1) -> Any:
    noise = np.random.default_rng(seed).standard_normal((channels, frames))
    return noise * np.exp(-6.0 * np.arange(frames) / frames)


A, B = decaying(900, 1), decaying(1_500, 2)
WIDE = decaying(700, 3, channels=2)
X = RNG.uniform(-0.5, 0.5, (1, 4_800)).astype(np.float32)


def mics(a: Any = A, b: Any = None, **given: Any) -> ng.CabMics:
    return ng.CabMics(a, b, RATE, **{"gain_rule": "energy", **given})


def play(node: ng.CabMics, x: Any = X, cuts: tuple[int, ...] = (64,), **changes: Any) -> Any:
    harness = NodeHarness(node, channels=len(x))
    rows = [(2_400, name, value) for name, value in changes.items()]
    return np.asarray(harness.play(x, cuts=cuts, changes=rows), np.float64)


def unit(taps: Any) -> Any:
    return taps / math.sqrt(max(float(np.sum(row * row)) for row in taps))


def close(found: Any, wanted: Any, tolerance: float = 1e-6) -> None:
    assert np.max(np.abs(found - wanted)) <= tolerance * np.max(np.abs(wanted))


@pytest.mark.parametrize(("levels", "pans"), [((0.0, 0.0), (0.0, 0.0)), ((-7.0, 4.0), (-0.4, 1.0))])
@pytest.mark.parametrize("position", [0.0, 0.3, 1.0])
def test_it_is_the_convolution_with_the_summed_response(
    levels: tuple[float, float], pans: tuple[float, float], position: float
) -> None:
    a_db, b_db = levels
    node = mics(A, B, a_db=a_db, b_db=b_db, a_pan=pans[0], b_pan=pans[1], position=position)
    found = play(node)
    for side, sign in enumerate((-1, 1)):
        p, q = (math.sqrt(2) * math.sin(math.pi / 4 * (1 + sign * pan)) for pan in pans)
        summed = np.zeros(1_500)
        summed[:900] += (1 - position) * 10 ** (a_db / 20) * p * unit(A)[0]
        summed += position * 10 ** (b_db / 20) * q * unit(B)[0]
        wanted = scipy.signal.fftconvolve(X[0].astype(np.float64), summed)[: X.shape[1]]
        assert np.max(np.abs(found[side] - wanted)) <= 1e-6 * max(np.max(np.abs(wanted)), 1.0)


def test_stereo_files_and_inputs() -> None:
    x = RNG.uniform(-0.5, 0.5, (2, 2_000)).astype(np.float32)
    a, wide = unit(A)[0], unit(WIDE)

    def heard(signal: Any, taps: Any) -> Any:
        return scipy.signal.fftconvolve(signal.astype(np.float64), taps)[: x.shape[1]]

    for signal in (x, x[:1]):
        found = play(mics(A, WIDE), signal)
        for side in range(2):
            one = signal[min(side, len(signal) - 1)]
            close(found[side], 0.5 * (heard(one, a) + heard(one, wide[side])))
    mono = play(mics(A, WIDE, to_stereo=False, a_pan=1.0), x[:1])
    assert mono.shape == (1, 2_000)
    close(mono[0], 0.5 * (heard(x[0], a) + heard(x[0], wide.mean(axis=0))))
    three = np.repeat(x[:1], 3, axis=0)
    assert np.all(play(mics(A, to_stereo=False), three) == play(mics(A, to_stereo=False), x[:1]))
    with pytest.raises(ng.ParamError, match="cab_mics has 3 channels in: must have 1 or 2"):
        play(mics(A), three)


@pytest.mark.parametrize(("cm", "rate", "frames"), [(30.0, 48_000, 42), (300.0, 44_100, 386)])
def test_distance_is_a_delay_of_whole_frames_and_a_level(cm: float, rate: int, frames: int) -> None:
    node = ng.CabMics(np.ones(1), None, rate, gain_rule="none", position=1.0, b_distance_cm=cm)
    graph = ng.Graph.chain(node)
    y = ng.render(graph, np.eye(1, 900, dtype=np.float32), rate)[:, :900]
    assert graph.latency(rate) == 0
    assert np.flatnonzero(y[0]).tolist() == [frames]
    assert y[0, frames] == pytest.approx(0.1 / (0.1 + cm / 100), rel=1e-6)


@pytest.mark.parametrize("same", [True, False])
def test_inverted_microphones_cancel(same: bool) -> None:
    other = A if same else np.pad(A, ((0, 0), (0, 1)), constant_values=1e-12)  # two convolutions
    y, alone = (play(mics(A, other, b_invert=invert)) for invert in (True, False))
    assert np.max(np.abs(y)) <= 1e-6 * np.max(np.abs(alone))
    assert np.max(np.abs(play(mics(A, b_invert=True)))) == 0.0


def test_a_moving_microphone_arrives_exactly() -> None:
    """After a move the sound is that of a node that has always been there, whatever the cuts."""
    x = RNG.uniform(-0.5, 0.5, (1, 72_000)).astype(np.float32)
    moved = play(mics(A, B), x, b_distance_cm=30.0, position=0.8)
    there = play(mics(A, B, b_distance_cm=30.0, position=0.8), x)
    assert np.all(moved[:, -4_000:] == there[:, -4_000:])
    same_bits(moved, play(mics(A, B), x, (1, 7, 300, 33), b_distance_cm=30.0, position=0.8))
    back = NodeHarness(mics(A, B, b_distance_cm=0.5), channels=1)
    y = back.play(x, cuts=(64,), changes=[(100, "b_distance_cm", 0.0)])
    assert np.all(y[:, -4_000:] == play(mics(A, B), x)[:, -4_000:])


@pytest.mark.parametrize(("name", "hertz"), [("low_cut_hz", 120.0), ("high_cut_hz", 5_000.0)])
def test_cuts_are_butterworth_filters(name: str, hertz: float) -> None:
    given: Any = {name: hertz}
    node = ng.CabMics(np.ones(1), None, RATE, gain_rule="none", **given)
    y = play(node, np.eye(1, 48_000, dtype=np.float32))[0]
    kind = "highpass" if name == "low_cut_hz" else "lowpass"
    sections = scipy.signal.butter(2, hertz, kind, fs=RATE, output="sos")
    _, wanted = scipy.signal.sosfreqz(sections, np.arange(24_001), fs=RATE)
    assert np.max(np.abs(np.fft.rfft(y) - wanted)) < 1e-5
    off = play(ng.CabMics(np.ones(1), None, RATE, gain_rule="none"), **given)
    assert np.all(off[:, :2_400] == X[:, :2_400])
    assert not np.all(off[:, 2_400:] == X[:, 2_400:])


def shifted(taps: Any, frames: int, sign: float = 1.0) -> Any:
    return sign * np.pad(taps, ((0, 0), (frames, 0)))


@pytest.mark.parametrize("align", ["onset", "correlation"])
@pytest.mark.parametrize("late", [0, 37, 480])
def test_alignment_finds_what_was_put_in(align: str, late: int) -> None:
    peaked = np.array([[0.0, 1.0, 0.5, *([0.0] * 300)]]) + 0.05 * decaying(303, 4)
    wanted = play(mics(shifted(peaked, late), shifted(peaked, late)))
    for a, b in ((peaked, shifted(peaked, late)), (shifted(peaked, late), peaked)):
        close(play(mics(a, b, align=align)), wanted)
    trimmed = play(mics(shifted(peaked, late), shifted(peaked, late + 9), align=align, trim=True))
    whole = play(mics(peaked, peaked, trim=True))
    close(trimmed, whole)


def test_correlation_turns_an_inverted_microphone() -> None:
    flipped = play(mics(A, shifted(A, 20, -1.0), align="correlation"))
    close(flipped, play(mics(shifted(A, 20))))
    noise = RNG.standard_normal((1, 2_000))
    with pytest.warns(RuntimeWarning, match="align 'correlation': no clear delay .the peak is"):
        play(mics(noise, RNG.standard_normal((1, 2_000)), align="correlation"))


def test_cut_and_fade() -> None:
    y = play(ng.CabMics(np.ones(480), None, RATE, gain_rule="none", max_ms=2.0, fade_ms=1.0),
             np.eye(1, 300, dtype=np.float32))[0]  # fmt: skip
    assert np.max(np.abs(y[96:])) < 1e-6
    assert np.all(np.abs(y[:48] - 1.0) < 1e-6)
    close(y[48:96], 0.5 + 0.5 * np.cos(np.pi * (np.arange(48) + 0.5) / 48))


def test_paths_travel_in_presets(tmp_path: Path) -> None:
    for name, taps in (("a.wav", A), ("b.wav", B)):
        ng.write_audio(tmp_path / name, taps.astype(np.float32), RATE, subtype="float")
    graph = ng.Graph.chain(mics=ng.CabMics(tmp_path / "a.wav", tmp_path / "b.wav", b_invert=True))
    ng.save_preset(graph, tmp_path / "rack.json")
    rack = json.loads((tmp_path / "rack.json").read_text())
    stored = rack["nodes"]["mics"]
    assert [stored[key]["path"] for key in ("path_a", "path_b")] == ["a.wav", "b.wav"]
    loaded = ng.load_preset(tmp_path / "rack.json")
    assert loaded["mics"] == graph["mics"]
    del stored["path_b"]
    (tmp_path / "one.json").write_text(json.dumps(rack))
    both: Any = ng.load_preset(tmp_path / "one.json")["mics"]
    assert both.path_b == both.path_a
    (tmp_path / "b.wav").unlink()
    with pytest.raises(ng.PresetError, match=r"nodes\.mics\.path_b is .b\.wav.: there is no file"):
        ng.load_preset(tmp_path / "rack.json")
    with pytest.raises(ng.PresetError, match=r"mics\.path_a is <ImpulseResponse.* in memory"):
        ng.save_preset(ng.Graph.chain(mics=mics()), tmp_path / "array.json")


def test_what_it_refuses() -> None:
    for given, said in (
        ({"path_a": A}, r"path_a is an array .*: CabMics\(array, rate=48_000\)"),
        ({"path_a": CAB, "rate": RATE}, "rate is 48000: goes with an array, path_a is none"),
        ({"path_a": 3}, "path_a is 3: must be the path of a file"),
        ({"path_a": CAB, "path_b": b"RIFF"}, "path_b is bytes"),
        ({"path_a": CAB, "max_ms": 0.0}, r"max_ms is 0.0: must be a number in \[1, 10000\] ms"),
        ({"path_a": CAB, "fade_ms": math.nan}, "fade_ms is nan"),
        ({"path_a": CAB, "align": "auto"}, "align is 'auto': must be one of"),
        ({"path_a": CAB, "b_invert": 2}, "b_invert is 2"),
        ({"path_a": CAB, "b_distance_cm": 301.0}, "b_distance_cm is 301"),
    ):
        with pytest.raises((ng.ParamError, ng.FileError), match=said):
            ng.CabMics(**given)
    with pytest.raises(ng.AudioFileError, match="has 4 channels: the response of a microphone"):
        play(mics(np.ones((4, 9))))
    with pytest.raises(ng.AudioFileError, match=r"^gone\.wav: cannot be read: No such"):
        ng.Graph().add("cab", ng.CabMics(CAB, "gone.wav"))
