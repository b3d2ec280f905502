"""Sizes: slimmed models against the oracle, and changes of size while a node plays."""

import functools
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from namgraph.graph import Graph, NamFileError
from namgraph.nodes.nam import Nam
from namgraph.nodes.nam.format.load import load_nam
from namgraph.nodes.nam.model.model import Model
from namgraph.nodes.testing import same_bits
from namgraph.runtime import Engine

from . import nets, oracle, playing
from .oracle_wavenet import slimmed
from .playing import Playing, parse, play_blocks
from .shapes import fill, film, layer_array

SIGNAL = np.random.default_rng(8).uniform(-0.5, 0.5, 8000).astype(np.float32)
FADE = 960
LSTM_SETTLES = 4800


def widths(*allowed: int) -> Any:
    return {"method": "slice_channels_uniform", "kwargs": {"allowed_channels": list(allowed)}}


HEAD1X1 = {"active": True, "out_channels": 2, "groups": 1}
ROWS: dict[str, list[Any]] = {
    "plain": [layer_array(4, [1, 2], slimmable=widths(1, 2, 4))],
    "gated": [layer_array(4, [1, 2], gated=True, slimmable=widths(1, 3, 4))],
    "blended": [layer_array(4, [3], gating_mode="blended", bottleneck=2, slimmable=widths(2, 4))],
    "every width": [layer_array(3, [1], slimmable={"method": "slice_channels_uniform"})],
    "head1x1": [layer_array(4, [1, 2], head1x1=HEAD1X1, slimmable=widths(1, 4))],
    "films": [
        layer_array(
            4,
            [1, 2],
            slimmable=widths(2, 4),
            conv_pre_film=film(),
            activation_pre_film=film(False),
            activation_post_film=film(),
        )
    ],
    "no layer1x1": [
        layer_array(4, [1], layer1x1={"active": False, "groups": 1}, slimmable=widths(1, 4))
    ],
    "two arrays": [
        layer_array(4, [1, 2], head_size=3, slimmable=widths(1, 2, 4)),
        layer_array(3, [4], input_size=4, slimmable=widths(2, 3)),
    ],
}


@functools.cache
def model(name: str) -> tuple[Any, Model]:
    file = fill({"layers": ROWS[name], "head_scale": 1.0}, seed=6)
    return file, parse(file)


@pytest.mark.parametrize("slim", [0.0, 0.2, 0.34, 0.5, 0.7, 1.0])
@pytest.mark.parametrize("name", ROWS)
def test_slimmed_networks_match_the_oracle(name: str, slim: float) -> None:
    file, whole = model(name)
    wanted = oracle.play(slimmed(file, slim), SIGNAL[:500])
    found = Playing(whole.select(slim))(SIGNAL[:500])
    assert abs(found - wanted).max() <= 1e-5 * abs(wanted).max()


def test_the_oracle_tells_sizes_apart() -> None:
    for name in ROWS:
        file, whole = model(name)
        outs = [Playing(size.model)(SIGNAL[:200]) for size in whole.sizes]
        assert len(outs) > 1
        for a, b in pairwise(outs):
            assert abs(a - b).max() > 1e-3 * abs(b).max()
        same_bits(outs[-1], Playing(parse(file))(SIGNAL[:200]))


def test_sizes_begin_where_the_rule_has_them() -> None:
    for count in (2, 3, 7, 49, 64):
        row = layer_array(count, [1], slimmable=widths(*range(1, count + 1)))
        whole = parse(fill({"layers": [row], "head_scale": 1}))
        for slim in [k / count for k in range(count)] + [0.999, 1.0]:
            array = getattr(whole.select(slim).network, "arrays")[0]  # noqa: B009
            assert array.channels == 1 + min(int(slim * count), count - 1)


def test_groups_cannot_be_cut_and_sizes_are_bounded() -> None:
    row = layer_array(4, [1], groups_input=2, slimmable=widths(2, 4))
    with pytest.raises(NamFileError, match=r"layers\[0\].groups_input: must be 1 in a slimmable"):
        parse(fill({"layers": [row], "head_scale": 1}))
    row = layer_array(65, [1], slimmable={"method": "slice_channels_uniform"})
    with pytest.raises(NamFileError, match="has 65 sizes: at most 64"):
        parse(fill({"layers": [row], "head_scale": 1}))


# ---- while it plays ---------------------------------------------------------------------------


def engine(path: str, slim: float, **more: Any) -> Any:
    return playing.engine(Nam(path, slim=slim, **more), max_frames=512)


def play(made: Any, signal: Any = SIGNAL, block: int = 64) -> Any:
    return play_blocks(made, signal, block)


@pytest.fixture(params=["container", "wavenet"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "wavenet":
        row = layer_array(4, [1, 100, 400], slimmable=widths(1, 2, 4))
        return nets.write(tmp_path, fill({"layers": [row], "head_scale": 1.0}, seed=2))
    small = nets.wavenet(nets.array(2, [1, 300]), seed=1)
    return nets.write(tmp_path, nets.container(small, nets.wavenet(nets.array(3, [1, 500]))))


def test_after_a_change_the_output_is_that_of_the_new_size(path: str) -> None:
    made = engine(path, 1.0)
    settled = load_nam(path).select(0.0).receptive_field
    assert settled is not None
    made.set("amp.slim", 0.0, at=1000)
    found = play(made)
    large, small = play(engine(path, 1.0)), play(engine(path, 0.0))
    begin = 1000 + settled
    same_bits(found[:begin], large[:begin])
    assert (found[begin : begin + FADE] != large[begin : begin + FADE]).any()
    same_bits(found[begin + FADE :], small[begin + FADE :])
    # In between it is a fade, and nothing else.
    share = (np.arange(FADE) + 1) / FADE
    wanted = (1 - share) * large[begin:][:FADE] + share * small[begin:][:FADE]
    np.testing.assert_allclose(found[begin:][:FADE], wanted, atol=1e-6 * abs(large).max())


@pytest.mark.parametrize("blocks", [1, 17, 64, 512])
def test_no_cut_changes_a_bit(path: str, blocks: int) -> None:
    outs = []
    for block in (50, blocks):
        made = engine(path, 1.0)
        for at, slim in ((100, 0.0), (350, 0.5), (1500, 0.0), (1550, 1.0), (4000, 0.3)):
            made.set("amp.slim", slim, at=at)
        outs.append(play(made, block=block))
    same_bits(outs[0], outs[1])


def test_a_sine_stays_smooth(path: str) -> None:
    """A change makes no step larger than those of the sizes alone."""
    sine = (0.5 * np.sin(2 * np.pi * 110 / 48_000 * np.arange(8000))).astype(np.float32)
    made = engine(path, 1.0)
    made.set("amp.slim", 0.0, at=2000)
    steps = abs(np.diff(play(made, sine), n=2))
    alone = [abs(np.diff(play(engine(path, slim), sine), n=2)) for slim in (1.0, 0.0)]
    # A fade of 960 frames bends a difference of the sizes by next to nothing.
    assert steps[500:].max() <= 1.05 * max(a[500:].max() for a in alone) + 1e-5


def test_slim_may_change_while_a_size_settles(path: str) -> None:
    made, plain = engine(path, 1.0), engine(path, 1.0)
    made.set("amp.slim", 0.0, at=1000)
    made.set("amp.slim", 1.0, at=1100)
    same_bits(play(made), play(plain))


def test_a_reset_begins_with_the_size_that_is_set(path: str) -> None:
    made = engine(path, 1.0)
    made.set("amp.slim", 0.0)
    play(made)
    made.reset()
    same_bits(play(made), play(engine(path, 0.0)))


def test_lstms_begin_primed(tmp_path: Path) -> None:
    sizes = [nets.lstm(3, 1, seed=4), nets.a1("nano")]
    path = nets.write(tmp_path, nets.container(*sizes))
    made, small = engine(path, 1.0), engine(path, 0.0)
    play(made)
    made.set("amp.slim", 0.0, at=made.frame)
    found = play(made)
    same_bits(found[LSTM_SETTLES + FADE :], play(small)[LSTM_SETTLES + FADE :])


def test_a_bad_sample_does_not_stay_in_an_inactive_size(path: str) -> None:
    made, plain = engine(path, 1.0), engine(path, 0.0)
    bad = SIGNAL.copy()
    bad[7999] = np.inf
    play(made, bad)
    made.set("amp.slim", 0.0)
    play(made)
    play(plain)
    same_bits(play(made), play(plain))


def test_a_resampled_model_changes_size_too(path: str) -> None:
    graph = Graph()
    graph.add("amp", Nam(path, slim=1.0, resample=True))
    graph.connect(graph.input("in", channels=1), "amp.in")
    graph.connect("amp.out", graph.output("out", channels=1))
    made = Engine(graph, sample_rate=96_000, max_frames=512, fade_s=0.0)
    first = play(made)
    made.set("amp.slim", 0.0)
    play(made)
    assert abs(play(made) - first).max() > 1e-3 * abs(first).max()
