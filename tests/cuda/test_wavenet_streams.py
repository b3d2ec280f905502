"""WaveNet kernel: block sizes, chunks, replays, instances, factors, bad numbers."""

import functools
from typing import Any

import numpy as np
import pytest

from namgraph.nodes.nam.cuda.tiling import Tiling
from namgraph.nodes.nam.cuda.wavenet import kernel_of_layout
from namgraph.nodes.nam.cuda.wavenet_layout import lay_out
from namgraph.nodes.testing import same_bits

from ..nodes.nam.shapes import fill, layer_array
from .streaming import Streaming, network_of, streaming

FRAMES = 1300
RNG = np.random.default_rng(11)
SIGNALS = RNG.uniform(-0.7, 0.7, (3, FRAMES)).astype(np.float32)
SIGNAL = SIGNALS[0]
FACTORS = RNG.uniform(0.5, 2, (2, FRAMES)).astype(np.float32)


def model(seed: int = 1, taps: int = 4, activation: str = "Tanh") -> Any:
    """Two widths, dilations on both sides of a tile, two heads that look back."""
    last = {"out_channels": 1, "kernel_size": 4, "bias": True, "head_dilation": 5}
    first = last | {"out_channels": 3, "kernel_size": taps}
    rows = [
        layer_array(6, [1, 70, 2], head=first, activation=activation),
        layer_array(3, [64, 5], input_size=6, head=last, activation=activation),
    ]
    return fill({"layers": rows, "head_scale": 0.5}, seed=seed)


@functools.cache
def whole() -> Any:
    return streaming(model())(SIGNAL)


CUTS = [[1], [17], [63], [64], [65], [128], [200], [512], [3, 150, 64, 1, 127, 0, 29]]


@pytest.mark.parametrize("lengths", CUTS, ids=str)
@pytest.mark.parametrize("seed", [0, 3, 8])
def test_block_sizes_do_not_change_a_bit(lengths: list[int], seed: int) -> None:
    signal = SIGNAL[:300] if lengths == [1] else SIGNAL
    found = streaming(model(), seed=seed, defer=seed > 0).cut(signal, lengths)
    same_bits(found, whole()[:, : signal.size])


@pytest.mark.parametrize("tiling", [Tiling(128, 4, 2), Tiling(64, 8), Tiling(32, 1), Tiling(16, 2)])
def test_tilings_do_not_change_a_bit(tiling: Tiling) -> None:
    """Which one is the quickest is for a device to say."""
    playing = Streaming([kernel_of_layout(lay_out(network_of(model()), tiling))])
    same_bits(playing.cut(SIGNAL, [400, 30]), whole())


def test_the_signal_matters() -> None:
    """Each sample is heard, or the comparisons of bits would say little."""
    other = SIGNAL.copy()
    other[::100] += np.float32(0.01)
    found = streaming(model())(other)
    assert (found[:, ::100] != whole()[:, ::100]).all()


def test_no_frames_change_nothing() -> None:
    playing = streaming(model())
    first = playing(SIGNAL[:700])
    before = playing.state.copy()
    playing(SIGNAL[:0])
    same_bits(playing.state, before)
    same_bits(np.concatenate([first, playing(SIGNAL[700:])], axis=1), whole())


def test_the_lookback_is_exact() -> None:
    """What a fresh start needs is what an output depends on, and no frame less.

    But where an array's head looks back and another array follows: these two are not in a row.
    """
    straight = model(taps=1, activation="LeakyReLU")  # nothing fades out
    playing = streaming(straight)
    assert playing.warm == 2 * (73 + 69) + 15
    assert network_of(straight).receptive_field == playing.warm + 1
    pulse = np.zeros(playing.warm + 40, np.float32)
    silent = streaming(straight)(pulse)
    pulse[0] = 1000
    changed = streaming(straight)(pulse) != silent
    assert np.flatnonzero(changed[0])[-1] == playing.warm


CHUNKS = [(2, 700), (3, 500), (4, 330), (3, 400)]


@pytest.mark.parametrize(("count", "frames"), CHUNKS)
def test_chunks_give_the_same_bits(count: int, frames: int) -> None:
    """And the last one's state goes on, from another slot each time."""
    playing = streaming(model(), slots=4, seed=count)
    wanted = streaming(model())(np.concatenate([SIGNAL, SIGNAL, SIGNAL]))
    found = [playing(SIGNAL, chunks=count, chunk_frames=frames) for _ in range(3)]
    same_bits(np.concatenate(found, axis=1), wanted)
    same_bits(playing.heard[0], SIGNAL)


def test_unused_chunks_do_nothing() -> None:
    playing = streaming(model(), slots=3)
    playing.state[1:] = 5
    same_bits(playing(SIGNAL), whole())
    assert (playing.state[1:] == 5).all()


@pytest.mark.parametrize("chunks", [1, 3])
def test_a_replay_continues_where_the_past_ended(chunks: int) -> None:
    playing = streaming(model(), slots=chunks)
    playing.state[:] = np.nan
    past = np.array(SIGNAL[600 - playing.warm : 600])
    found = playing(SIGNAL[600:], past=past, chunks=chunks, chunk_frames=320)
    same_bits(found, whole()[:, 600:])
    same_bits(playing(SIGNAL), streaming(model())(np.concatenate([SIGNAL, SIGNAL]))[:, FRAMES:])


def test_a_start_from_silence() -> None:
    """A past of zeros is what a file's own player starts from; no past at all, a cleared state."""
    playing = streaming(model())
    silence = np.zeros(playing.warm, np.float32)
    wanted = streaming(model())(np.concatenate([silence, SIGNAL]))[:, silence.size :]
    same_bits(playing(SIGNAL, past=silence), wanted)
    same_bits(playing(SIGNAL, past=np.zeros(0, np.float32)), whole())
    playing(SIGNAL[:0], past=silence)
    same_bits(playing(SIGNAL), wanted)


def test_instances_have_weights_states_and_signals_of_their_own() -> None:
    files = [model(seed) for seed in (1, 2, 3)]
    alone = [streaming(file)(signal)[0] for file, signal in zip(files, SIGNALS, strict=True)]
    playing = streaming(*files, slots=2)
    cut = [playing(SIGNALS[:, :700], chunks=2, chunk_frames=350), playing(SIGNALS[:, 700:])]
    same_bits(np.concatenate(cut, axis=1), np.array(alone))
    same_bits(playing.heard, SIGNALS[:, 700:])
    shared = streaming(*files)(SIGNAL)
    same_bits(shared[0], alone[0])
    assert (shared[1] != alone[1]).any()


def test_each_instance_has_a_past_of_its_own() -> None:
    files = [model(seed) for seed in (1, 2)]
    wanted = streaming(*files)(SIGNALS[:2])[:, 600:]
    playing = streaming(*files)
    playing.state[:] = np.nan
    same_bits(playing(SIGNALS[:2, 600:], past=SIGNALS[:2, 600 - playing.warm : 600]), wanted)


@pytest.mark.parametrize("chunks", [1, 3])
def test_factors(chunks: int) -> None:
    """One float32 product each, of the input before it is heard and of the output."""
    driven = SIGNAL * FACTORS[0]
    wanted = streaming(model())(driven) * FACTORS[1]
    cut: dict[str, Any] = {"chunks": chunks, "chunk_frames": 450}
    playing = streaming(model(), slots=3)
    same_bits(playing(SIGNAL, factors=(FACTORS[0], FACTORS[1]), **cut), wanted)
    same_bits(playing.heard[0], driven)
    alone = streaming(model(), slots=3)
    same_bits(alone(SIGNAL, factors=(FACTORS[0], None), **cut), streaming(model())(driven))
    alone = streaming(model(), slots=3)
    same_bits(alone(SIGNAL, factors=(None, FACTORS[1]), **cut), whole() * FACTORS[1])


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 3e38])
def test_a_bad_number_mutes_its_chunk_and_no_other(poison: float) -> None:
    files = [model(seed) for seed in (1, 2)]
    playing, clean = streaming(*files, slots=3), streaming(*files, slots=3)
    bad = SIGNALS[:2].copy()
    bad[1, 200] = poison
    cut: dict[str, Any] = {"chunks": 3, "chunk_frames": 450}
    found, wanted = playing(bad, **cut), clean(SIGNALS[:2], **cut)
    assert list(playing.bad) == [0, 1]
    assert not clean.bad.any()
    same_bits(found[0], wanted[0])
    assert not found[1, :450].any()
    # Frame 200 is in the lookback of the second chunk, and not of the third.
    assert not found[1, 450:900].any()
    same_bits(found[1, 900:], wanted[1, 900:])
    same_bits(playing(SIGNALS[:2]), clean(SIGNALS[:2]))


def test_a_factor_that_makes_an_output_infinite_mutes_it() -> None:
    playing = streaming(model())
    factor = np.ones(FRAMES, np.float32)
    factor[1299] = np.inf
    assert not playing(SIGNAL, factors=(None, factor)).any()
    assert playing.bad[0] == 1
    same_bits(playing(SIGNAL[:300], past=np.zeros(0, np.float32)), whole()[:, :300])
