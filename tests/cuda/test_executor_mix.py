"""Dry/wet mix and bypass of nodes on a device equal those on the host."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng

from ..nodes.nam import nets
from .fake_driver import FakeDriver
from .gpu import X, amp, engine, in_blocks, near

BLOCKS: list[int | list[int]] = [64, [1, 128, 17]]


def mixed(path: str, blocks: int | list[int], **options: Any) -> Any:
    """Play a model that is mixed, bypassed and let in again on the way."""
    pipelined = options.pop("pipelined", False)
    made = engine(amp(path, **options), pipelined=pipelined)
    made.mix("amp", 0.3, at=500)
    made.bypass("amp", at=1000)
    made.bypass("amp", False, at=2000)
    made.mix("amp", 1.0, at=2500)
    return in_blocks(made, X, blocks)


@pytest.mark.parametrize("blocks", BLOCKS)
def test_it_is_mixed_as_on_the_cpu(fake: FakeDriver, model: str, blocks: int | list[int]) -> None:
    made, wanted = mixed(model, blocks, backend="cuda"), mixed(model, 64)
    assert near(made, wanted)
    plain = in_blocks(engine(amp(model, backend="cuda")), X, 64)
    np.testing.assert_array_equal(made[:500], plain[:500])
    assert not near(made[500:], plain[500:]), "the mix is heard"
    np.testing.assert_array_equal(made, mixed(model, 64, backend="cuda"))


def test_the_mix_of_the_graph_is_played(fake: FakeDriver, model: str) -> None:
    graph, by_hand = amp(model, backend="cuda"), engine(amp(model, backend="cuda"))
    graph.mix("amp", 0.3)
    by_hand.mix("amp", 0.3)
    heard = in_blocks(engine(graph), X, 64)
    np.testing.assert_array_equal(heard, in_blocks(by_hand, X, 64))
    assert not near(heard, in_blocks(engine(amp(model, backend="cuda")), X, 64))


@pytest.mark.parametrize("pipelined", [False, True])
def test_bypass_passes_the_input_to_the_bit(fake: FakeDriver, model: str, pipelined: bool) -> None:
    made = engine(amp(model, backend="cuda"), pipelined=pipelined)
    made.bypass("amp")
    sound = in_blocks(made, np.concatenate([X, np.zeros(128, np.float32)]), [64, 128])
    np.testing.assert_array_equal(sound[made.latency :][: len(X)], X)
    assert made.latency == 128 * pipelined


def test_pipelined_dry_and_wet_have_the_same_latency(fake: FakeDriver, model: str) -> None:
    late = mixed(model, [64, 128], backend="cuda", pipelined=True)
    assert late.shape == X.shape
    plain = engine(amp(model, backend="cuda"))
    for share, at in ((0.3, 500 - 128), (0.0, 1000 - 128), (0.3, 2000 - 128), (1.0, 2500 - 128)):
        plain.mix("amp", share, at=at)
    assert near(late[128:], in_blocks(plain, X, 64)[:-128])


def test_a_bank_is_mixed_channel_by_channel(fake: FakeDriver, tmp_path: Path) -> None:
    shapes = [nets.wavenet(nets.array(4, [1, 2]), seed=s) for s in (1, 2)]
    paths = [nets.write(tmp_path, shape, f"{k}.nam") for k, shape in enumerate(shapes)]
    graph = ng.Graph()
    bank = graph.add("bank", ng.NamBank(paths, backend="cuda"))
    graph.input("in", channels=1) >> bank >> graph.output("out", channels=2)
    made = engine(graph)
    wet = made.process(X[:128])
    made.reset()
    made.mix("bank", 0.5, at=0)
    half = made.process(X[:128])
    np.testing.assert_allclose(half[:, -1], 0.5 * (wet[:, -1] + X[127]), atol=1e-6)


@pytest.mark.filterwarnings("ignore:idle gets no input")  # on purpose
def test_a_mix_goes_with_its_node(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"), fade_s=0.0)
    made.mix("amp", 0.25)
    in_blocks(made, X[:640], 64)
    moment = made.save_state()
    first = in_blocks(made, X[640:1280], 64)
    made.restore_state(moment)
    np.testing.assert_array_equal(in_blocks(made, X[640:1280], 64), first)
    again = made.graph.copy()
    again.add("idle", ng.Gain())
    made.restore_state(moment)
    made.swap(again)
    np.testing.assert_array_equal(in_blocks(made, X[640:1280], 64), first)
    assert made.settings().mixes["amp"] == (0.25, False)


@pytest.mark.parametrize("pipelined", [False, True])
def test_a_device_that_fails_while_it_is_mixed(
    fake: FakeDriver, model: str, pipelined: bool
) -> None:
    wanted = mixed(model, 64, backend="cuda", pipelined=pipelined)
    fake.fail("cuStreamQuery", 719, after_calls=20)
    made = mixed(model, 64, backend="cuda", pipelined=pipelined)
    assert near(made, wanted)
    assert (made != wanted).any(), "it was the CPU's from there on"


@pytest.mark.filterwarnings("ignore:idle gets no input")  # on purpose
def test_knobs_stay_where_they_are_when_the_cpu_must_do(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="auto"), fade_s=0.0)
    made.set("amp.input_db", -40.0)
    made.bypass("amp")
    made.mix("amp", 0.5)
    in_blocks(made, X[:640], 64)
    again = amp(model, backend="auto")
    again.add("idle", ng.Gain())
    fake.fail("cuStreamCreate", 2)
    with pytest.warns(RuntimeWarning, match="amp: on the CPU"):
        made.swap(again)
    in_blocks(made, X[:64], 64)
    assert made.stats().device is None
    assert made.settings().mixes["amp"] == (0.5, True)
    assert made.get("amp.input_db") == -40.0
    made.swap(amp(model, backend="auto"))
    in_blocks(made, X[:64], 64)
    assert made.stats().device is not None
    assert made.settings().mixes["amp"] == (0.5, True)
    assert made.get("amp.input_db") == -40.0
    made.swap(amp(model, backend="cuda"))  # another rack, and its own knobs
    in_blocks(made, X[:64], 64)
    assert made.get("amp.input_db") == 0.0


def test_pipelined_a_bypass_that_comes_late_is_no_gap(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"), pipelined=True)
    flat = np.full(1280, 0.5, np.float32)
    in_blocks(made, flat, 64)
    made.bypass("amp")
    sound = in_blocks(made, np.concatenate([flat] * 4), 64)
    wet = in_blocks(engine(amp(model, backend="cuda")), flat, 64)[-1]
    assert sound.min() >= min(0.5, wet) - 1e-3
    assert np.abs(np.diff(sound)).max() < 0.01


@pytest.mark.filterwarnings("ignore:input in is connected to nothing")  # on purpose
@pytest.mark.parametrize("sources", [0, 2])
def test_what_is_summed_before_it_can_be_bypassed(
    fake: FakeDriver, model: str, sources: int
) -> None:
    graph = ng.Graph()
    x, made = graph.input("in", channels=1), graph.add("amp", ng.Nam(model, backend="cuda"))
    for k in range(sources):
        x >> graph.add(f"g{k}", ng.Gain()) >> made
    made >> graph.output("out", channels=1)
    played = engine(graph)
    if sources:
        played.bypass("amp")
        np.testing.assert_array_equal(played.process(X[:128]), 2 * X[:128])
    else:  # it hears the device's own silence
        with pytest.raises(ng.ParamError, match="cannot be mixed"):
            played.bypass("amp")


def test_between_neighbours_on_the_device_it_is_refused(fake: FakeDriver, model: str) -> None:
    graph = ng.Graph()
    first, second = (graph.add(n, ng.Nam(model, backend="cuda")) for n in ("first", "second"))
    graph.input("in", channels=1) >> first >> second >> graph.output("out", channels=1)
    made = engine(graph)
    for name in ("first", "second"):
        with pytest.raises(ng.ParamError, match="on a device, neighbours that are not"):
            made.bypass(name)


def test_two_readers_get_the_mix(fake: FakeDriver, model: str) -> None:
    graph = ng.Graph()
    guitar, both = graph.input("in", channels=1), graph.add("amp", ng.Nam(model, backend="cuda"))
    guitar >> both
    for name in ("left", "right"):
        both >> graph.add(name, ng.Gain()) >> graph.output(f"{name}_out", channels=1)
    made = engine(graph)
    made.bypass("amp")
    sound = made.process({"in": X[:128]})
    for channel in sound.values():
        np.testing.assert_array_equal(channel[0], X[:128])
