"""``Nam(precision="fast")``: its error, its bits however it is cut, and what it leaves exact."""

import json
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.nam.cpu.wavenet_short import short_layers
from namgraph.nodes.nam.model.networks import Activation
from namgraph.nodes.nam.precision import PRECISIONS, fast_network, model_for
from namgraph.nodes.testing import same_bits
from namgraph.presets.batch.job import read_job
from namgraph.presets.batch.run import run_job

from . import nets, oracle
from .captures.files import dense, keras, layer
from .features import CASES
from .parametric.files import concat_wavenet
from .playing import Playing, error, parse

X = np.random.default_rng(7).uniform(-0.7, 0.7, 2000).astype(np.float32)
NANO = nets.a1("nano", 2)
SMALL = nets.wavenet(nets.array(4, [1, 3, 9], head=2), nets.array(2, [1, 20], inputs=4), seed=1)
GATED: Any = next(made for name, made in CASES.items() if "gated" in name)
LEAKY = nets.wavenet(nets.array(3, [1, 2], activation={"type": "LeakyReLU"}))


def fields(part: Any) -> bool:
    return is_dataclass(part) and not isinstance(part, type)


def play(node: ng.Nam | ng.NamBank, x: Any = X, rate: float = 48_000) -> Any:
    return ng.render(node, np.atleast_2d(x), rate, tail=False)


def pair_of(content: Any, **options: Any) -> Any:
    """The outputs of "exact" and "fast"."""
    model = ng.load_capture(content)
    return [play(ng.Nam(model, precision=each, **options)) for each in ("exact", "fast")]


@pytest.mark.parametrize("name", nets.A1)
def test_the_error_against_float64(name: str) -> None:
    content = nets.a1(name, 1)
    model, wanted = parse(content), oracle.play(content, X)
    exact, fast = (error(Playing(model_for(model, p))(X), wanted) for p in ("exact", "fast"))
    assert exact <= 3e-6
    assert 5e-7 < fast <= 6e-5
    assert exact < fast, "else it would play exact"


@pytest.mark.parametrize("content", [nets.a1("standard"), NANO, nets.a1("lite"), GATED])
def test_cuts_and_widths_change_no_bit(content: Any) -> None:
    model, x = model_for(parse(content), "fast"), X[:700]
    signal = np.tile(x, (model.channels[0], 1)) if model.channels != (1, 1) else x
    wanted = Playing(model)(signal)
    for width in (4, 8, 16):
        same_bits(Playing(model, width)(signal, [1, 7, 64, 333]), wanted)
    for frames in (1, 4, 8):
        same_bits(Playing(model, frames=frames)(signal, frames), wanted)


def test_short_blocks_have_kernels_of_their_own() -> None:
    assert short_layers(16, "tanh22", 16, 8) not in (None, short_layers(16, "tanh", 16, 8))


def test_exact_and_the_precisions_of_a_device_have_the_same_bits() -> None:
    model = ng.load_nam(NANO)
    wanted = play(ng.Nam(model))
    for precision in PRECISIONS:
        same = np.array_equal(play(ng.Nam(model, precision=precision)), wanted)
        assert same == (precision != "fast")
    assert model_for(model, "exact") is model


@pytest.mark.parametrize(
    "content", [nets.lstm(8, 2), LEAKY, CASES["Linear fft"], keras(layer("gru", 1, 8), dense(8))]
)
def test_other_networks_are_left_exact(content: Any) -> None:
    model = ng.load_capture(content)
    assert fast_network(model.running) is model.running
    same_bits(*pair_of(content))


def test_every_tanh_and_sigmoid_is_replaced() -> None:
    """Also those in sizes of a container, and in networks within networks."""

    def names(part: Any) -> set[str]:
        if isinstance(part, Activation):
            return {part.name}
        inner = part if isinstance(part, tuple) else vars(part).values() if fields(part) else ()
        return set[str]().union(*(names(x) for x in inner if isinstance(x, tuple) or fields(x)))

    seen = set[str]()
    for content in [*CASES.values(), concat_wavenet()]:
        for size in parse(content).sizes:
            before, after = names(size.model.running), names(fast_network(size.model.running))
            assert not after & {"tanh", "sigmoid"}
            seen |= before & {"tanh", "sigmoid"}
    assert seen == {"tanh", "sigmoid"}


def test_sizes_oversampling_pairs_and_banks_play_it(tmp_path: Path) -> None:
    model = ng.load_nam(nets.container(SMALL, NANO))
    for slim in (0.0, 1.0):
        alone = ng.load_nam(NANO if slim else SMALL)
        made = play(ng.Nam(model, slim=slim, precision="fast"))
        same_bits(made, play(ng.Nam(alone, precision="fast")))
        assert not np.array_equal(made, play(ng.Nam(alone)))
    exact, fast = pair_of(SMALL, oversample=2)
    assert 1e-8 < error(fast, exact) < 1e-4
    paths = [nets.write(tmp_path, each, f"{n}.nam") for n, each in enumerate((SMALL, NANO))]
    wanted = [play(ng.Nam(path, precision="fast"))[0] for path in paths]
    same_bits(play(ng.Nam(*paths, precision="fast"), np.stack([X, X])), np.stack(wanted))
    same_bits(play(ng.NamBank(paths, precision="fast")), np.stack(wanted))


def test_knobs_and_steppers_play_it() -> None:
    exact, fast = pair_of(concat_wavenet(), knobs={"gain": 8.0})
    assert 1e-8 < error(fast, exact) < 1e-3
    node = ng.Nam(ng.load_nam(SMALL), precision="fast")
    stepper = ng.Stepper(node, 48_000, frames=100)
    found = [np.ravel(stepper.step(X[at : at + 100])).copy() for at in range(0, 500, 100)]
    same_bits(np.concatenate(found), play(node)[0, :500])


def test_presets_keep_it_and_jobs_render_again(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    node = ng.Nam(nets.write(tmp_path, SMALL, "amp.nam"), precision="fast")
    graph = ng.Graph.chain(amp=node)
    ng.save_preset(graph, "fast.json")
    assert json.loads(Path("fast.json").read_text())["nodes"]["amp"]["precision"] == "fast"
    loaded = ng.load_preset("fast.json")
    assert loaded.nodes["amp"] == node
    assert replace(node, precision="exact") != node
    ng.write("in.wav", X[None], 48_000)
    job: dict[str, Any] = {"namgraph_job": 1, "inputs": ["in.wav"], "models": ["amp.nam"]}
    for precision, kept in (("exact", 0), ("exact", 1), ("fast", 0)):
        whole = {**job, "output": "out", "settings": {"amp.precision": precision}}
        Path("job.json").write_text(json.dumps(whole))
        assert run_job(read_job("job.json")).kept == kept


def test_what_it_may_be() -> None:
    with pytest.raises(ng.ParamError, match=r"precision is 'quick': must be one of exact, fast, "):
        ng.Nam("amp.nam", precision="quick")
