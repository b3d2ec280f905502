"""Nam in an engine: gains, rates, sizes and errors."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from namgraph.graph import NamFileError, ParamError, Spec
from namgraph.nodes.nam import Nam
from namgraph.nodes.nam.format.load import load_nam
from namgraph.nodes.testing import same_bits

from . import nets
from .playing import Playing, engine, play_blocks

SIGNAL = np.random.default_rng(8).uniform(-0.5, 0.5, 1000).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return nets.write(tmp_path, nets.a1("nano"))


def play(made: Any, signal: Any = SIGNAL, block: int = 64) -> Any:
    return play_blocks(made, signal, block)


@pytest.mark.parametrize("model", [nets.a1("nano"), nets.lstm(3, 2)])
@pytest.mark.parametrize("block", [1, 64, 128])
def test_at_0_db_the_output_is_the_networks_bit_for_bit(
    tmp_path: Path, model: Any, block: int
) -> None:
    name = nets.write(tmp_path, model)
    wanted = Playing(load_nam(name), primed=True)(SIGNAL)
    same_bits(play(engine(Nam(name)), block=block), wanted)


def test_a_gain_that_has_come_back_to_0_db_changes_no_bit(path: str) -> None:
    made, plain = engine(Nam(path)), engine(Nam(path))
    for name in ("input_db", "output_db"):
        made.set(f"amp.{name}", 6.0)
    louder = play(made)
    assert (louder != play(plain)).any()
    for name in ("input_db", "output_db"):
        made.set(f"amp.{name}", 0.0)
    for _ in range(20):  # the glides arrive, and the network forgets
        play(made)
        play(plain)
    same_bits(play(made), play(plain))


def test_gains_scale_before_and_after(path: str) -> None:
    quiet = Playing(load_nam(path), primed=True)(np.float32(0.5) * SIGNAL)
    found = play(engine(Nam(path, input_db=20 * np.log10(0.5), output_db=20 * np.log10(4.0))))
    np.testing.assert_allclose(found, 4 * quiet, rtol=2e-6, atol=1e-7)


def test_gains_glide_in_time_and_not_in_blocks(path: str) -> None:
    outs = []
    for block in (1, 50, 128):
        made = engine(Nam(path))
        made.set("amp.output_db", -60.0)
        made.set("amp.input_db", 12.0)
        outs.append(play(made, block=block))
    same_bits(outs[1], outs[0])
    same_bits(outs[2], outs[0])


def test_slim_chooses_a_size(tmp_path: Path) -> None:
    sizes = [nets.lstm(3, 1), nets.a1("nano")]
    name = nets.write(tmp_path, nets.container(*sizes))
    for slim, model in ((0.0, sizes[0]), (0.5, sizes[1]), (1.0, sizes[1])):
        alone = load_nam(nets.write(tmp_path, model, "alone.nam"))
        same_bits(play(engine(Nam(name, slim=slim))), Playing(alone, primed=True)(SIGNAL))
    assert Nam(name, slim=0.2).tail(Spec(48_000, 64)) == 24_000
    assert Nam(name).tail(Spec(48_000, 64)) == 4093


@pytest.mark.parametrize("known", [None, 48_000, 44_100])
def test_another_rate_is_refused_with_both_numbers(tmp_path: Path, known: float | None) -> None:
    name = nets.write(tmp_path, nets.lstm(3, 1, rate=known))
    engine(Nam(name), rate=known or 48_000)
    with pytest.raises(NamFileError, match=rf"{known or 48_000} Hz.*the stream at 96000 Hz"):
        engine(Nam(name), rate=96_000)


def test_errors_name_the_file(tmp_path: Path) -> None:
    broken = tmp_path / "broken.nam"
    broken.write_text("{")
    with pytest.raises(NamFileError, match=r"broken\.nam: is not JSON"):
        engine(Nam(str(broken)))
    with pytest.raises(NamFileError, match=r"gone\.nam: cannot be read: No such file"):
        engine(Nam("gone.nam"))


@pytest.mark.parametrize("slim", [-0.1, 1.1, float("nan"), "half", None, True])
def test_slim_is_checked(slim: Any) -> None:
    with pytest.raises(ParamError, match="slim is"):
        Nam("any.nam", slim=slim)


@pytest.mark.parametrize("name", [None, 5, ["a"]])
def test_the_path_must_be_one(name: Any) -> None:
    with pytest.raises(NamFileError, match="path is"):
        Nam(name)


def test_nodes_are_values(path: str) -> None:
    node = Nam(Path(path), slim=1)
    assert node == Nam(path)
    assert hash(node) == hash(Nam(path))
    assert node != dataclasses.replace(node, slim=0.5)
    assert node.files() == ("path", "right")


def test_a_bad_sample_is_reported_and_does_not_stay(path: str) -> None:
    made, plain = engine(Nam(path)), engine(Nam(path))
    bad = SIGNAL.copy()
    bad[100] = np.nan
    play(made, bad)
    assert made.stats().faults + made.stats().bad_inputs > 0
    for _ in range(6):
        play(made)
        play(plain)
    assert np.isfinite(play(made)).all()
