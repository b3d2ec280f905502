"""Files are rendered in pieces: the same bits as whole, in memory that does not grow with them."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.presets.rendering.render import render_file
from namgraph.presets.rig import open_rig
from namgraph.runtime.adapters.offline_blocks import BlockRender, regrouped
from namgraph.runtime.adapters.parallel import parallel_render
from namgraph.runtime.io.audio_file import audio_blocks, read_audio, resample, resampled_blocks

RATE = 48_000
NOISE = np.random.default_rng(6).uniform(-0.3, 0.3, (2, 90 * RATE)).astype(np.float32)
BYTES = NOISE.nbytes


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of 90 seconds of stereo."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    soundfile.write(path, NOISE.T, RATE, subtype="FLOAT")
    return str(path)


def rack(folder: Path) -> str:
    graph = ng.Graph.chain(ng.Gain(gain_db=-3.0), ng.Delay(mix=0.2), channels=2)
    ng.save_preset(graph, folder / "rack.json")
    return str(folder / "rack.json")


def peak_bytes(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("loudness", "threads"), [(None, 1), (-20.0, 1), (None, 2)])
def test_memory_does_not_grow_with_the_file(
    long_file: str,
    tmp_path: Path,
    loudness: float | None,
    threads: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parallel_render, "AUDIO_BYTES", 1 << 22)
    rig, out = open_rig(rack(tmp_path)), tmp_path / "out.wav"
    render_file(rig, ng.asset("cab.wav"), out, channel="both", threads=threads)  # compiles
    used = peak_bytes(
        lambda: render_file(rig, long_file, out, loudness_lufs=loudness, threads=threads)
    )
    # Each thread has plans of its own, with their delay lines; input and output are twice BYTES.
    assert used < BYTES * (0.5 if threads == 1 else 1.5)
    whole = peak_bytes(lambda: read_audio(long_file))
    assert whole >= BYTES  # the measure sees samples that are held


@pytest.mark.parametrize("block", [None, 1000])
def test_pieces_have_the_bits_of_a_whole_render(tmp_path: Path, block: int | None) -> None:
    guitar = read_audio(ng.asset("di.wav")).samples
    graph = ng.load_preset("crunch")
    made = BlockRender(graph, RATE, guitar.shape[1], block=block)
    cuts = np.cumsum([0, 1, 7, 31, 4800, 100_000])
    pieces = [guitar[:, a:b] for a, b in zip(cuts, [*cuts[1:], None], strict=True)]
    whole = np.concatenate([y.copy() for y in made.blocks(pieces)], axis=1)
    np.testing.assert_array_equal(whole, ng.render(graph, guitar, RATE))


def test_a_resampled_file_is_that_of_arrays(tmp_path: Path) -> None:
    x = resample(read_audio(ng.asset("di.wav")).samples[:, :30_000], RATE, 44_100)
    soundfile.write(tmp_path / "in.wav", x.T, 44_100, subtype="FLOAT")
    rig = open_rig("plugin")
    render_file(rig, tmp_path / "in.wav", tmp_path / "out.wav", resampled=True, subtype="float")
    inner = resample(x, 44_100, RATE)
    wanted = resample(np.atleast_2d(ng.render(rig.graph, inner, RATE)), RATE, 44_100)
    found = read_audio(tmp_path / "out.wav").samples
    frames = min(found.shape[1], wanted.shape[1])
    assert abs(found.shape[1] - wanted.shape[1]) <= 1
    np.testing.assert_array_equal(found[:, :frames], wanted[:, :frames])


@pytest.mark.parametrize(("rate", "wanted"), [(44_100, 48_000), (96_000, 44_100), (48_000, 48_000)])
def test_pieces_resample_as_the_whole(rate: int, wanted: int) -> None:
    x = NOISE[:, :50_000]
    pieces = [x[:, a : a + 777] for a in range(0, x.shape[1], 777)]
    made = np.concatenate(list(resampled_blocks(pieces, 2, rate, wanted)), axis=1)
    np.testing.assert_array_equal(made, resample(x, rate, wanted))


def test_blocks_of_a_file_and_groups_of_pieces(long_file: str) -> None:
    groups = [g.copy() for g in regrouped(audio_blocks(long_file), 2, 12_345)]
    assert {g.shape[1] for g in groups[:-1]} == {12_345}
    np.testing.assert_array_equal(np.concatenate(groups, axis=1), NOISE)
    assert list(regrouped([], 2, 5)) == []
