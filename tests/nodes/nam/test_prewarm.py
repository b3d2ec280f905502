"""``prewarm=False``: a model starts from the initial state in its file and a history of zeros."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import ParamError
from namgraph.nodes.nam import Nam, NamBank, load_nam
from namgraph.nodes.testing import same_bits

from . import nets, oracle
from .playing import Playing, check_close, engine, play_blocks
from .shapes import fill

SIGNAL = np.random.default_rng(8).uniform(-0.5, 0.5, 700).astype(np.float32)
H0, C0 = 0.7, -0.4


def tiny() -> dict[str, Any]:
    """A file of one unit: input, forget, cell and output gate as ``[weight, recurrent weight]``."""
    gates = [[0.9, 0.4], [0.3, -0.6], [1.2, 0.5], [0.8, 0.7]]
    biases = [0.1, 0.2, -0.1, 0.3]
    weights = [*np.ravel(gates), *biases, H0, C0, 1.5, 0.25]
    config = {"input_size": 1, "hidden_size": 1, "num_layers": 1}
    return {
        "version": "0.5.4",
        "architecture": "LSTM",
        "config": config,
        "weights": [float(np.float32(w)) for w in weights],
        "sample_rate": 48_000,
    }


def by_hand(x: Any, silence: int) -> Any:
    """The output of ``tiny`` in float64, after so many frames of silence."""
    w = np.array(tiny()["weights"])
    h, c, made = w[12], w[13], []
    for value in [*np.zeros(silence), *x.astype(np.float64)]:
        i, f, g, o = w[:8].reshape(4, 2) @ [value, h] + w[8:12]
        i, f, o = (1.0 / (1.0 + np.exp(-gate)) for gate in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        made.append(w[14] * h + w[15])
    return np.array(made[silence:])


FILES: dict[str, Any] = {
    "lstm": tiny(),
    "lstm of layers": nets.lstm(3, 2),
    "looped lstm": nets.lstm(40, 2),
    "wavenet": nets.a1("nano"),
    "wavenet with a head": nets.wavenet(nets.array(3, [1, 2, 4], head_taps=4)),
    "convnet": fill(
        {"channels": 3, "dilations": [1, 2, 4], "batchnorm": True, "activation": "Tanh"}, "ConvNet"
    ),
    "linear": fill({"receptive_field": 20, "bias": True}, "Linear"),
    "long linear": fill({"receptive_field": 600, "bias": True}, "Linear"),
    "sequential": {
        "version": "0.7.0",
        "architecture": "Sequential",
        "weights": [],
        "config": {
            "models": [nets.lstm(3, 1), fill({"receptive_field": 9, "bias": True}, "Linear")]
        },
    },
}


def test_the_first_output_is_that_of_the_state_in_the_file() -> None:
    model = load_nam(tiny())
    for prewarm, silence in ((False, 0), (True, 24_000)):
        found = play_blocks(engine(Nam(model, prewarm=prewarm)), SIGNAL)
        check_close(found, by_hand(SIGNAL, silence), 1e-6, 0.1)
    first, settled = (by_hand(SIGNAL, silence)[0] for silence in (0, 24_000))
    assert abs(first - settled) > 0.05, "else the two could be mistaken for each other"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("block", [1, 64])
def test_every_architecture_starts_from_its_file_and_zeros(name: str, block: int) -> None:
    model = load_nam(FILES[name])
    made = engine(Nam(model, prewarm=False))
    found = play_blocks(made, SIGNAL, block)
    check_close(found, oracle.run(FILES[name], SIGNAL[None].astype(np.float64))[0], 2e-5, 1e-4)
    same_bits(found, Playing(model)(SIGNAL))
    made.reset()
    same_bits(play_blocks(made, SIGNAL, 64), found)


@pytest.mark.parametrize("name", ["lstm", "wavenet", "convnet", "sequential"])
def test_prewarmed_they_start_elsewhere(name: str) -> None:
    """Positive control: ``prewarm`` makes a difference for networks with biases or states."""
    raw, warm = (
        play_blocks(engine(Nam(load_nam(FILES[name]), prewarm=on)), SIGNAL) for on in (False, True)
    )
    assert np.abs(raw - warm).max() > 1e-4


@pytest.mark.parametrize("slim", [0.0, 1.0])
def test_every_size_of_a_container(slim: float) -> None:
    model = load_nam(nets.container(nets.lstm(3, 2), nets.a1("nano")))
    made = engine(Nam(model, prewarm=False, slim=slim))
    size = model.sizes[round(slim)].model
    wanted = Playing(size)(SIGNAL)
    same_bits(play_blocks(made, SIGNAL), wanted)
    made.reset()
    same_bits(play_blocks(made, SIGNAL, 33), wanted)


def test_another_size_starts_from_its_file_and_settles() -> None:
    """After its receptive field and the crossfade it has the bits of one that played all along."""
    model = load_nam(nets.container(nets.lstm(3, 2), nets.wavenet(nets.array(3, [1, 8]))))
    made = engine(Nam(model, prewarm=False, slim=0.0))
    play_blocks(made, SIGNAL[:64])
    made.set("amp.slim", 1.0)
    played = play_blocks(made, np.tile(SIGNAL, 4))
    wanted = Playing(model.sizes[1].model, primed=True)(np.tile(SIGNAL, 4))
    same_bits(played[-SIGNAL.size :], wanted[-SIGNAL.size :])


def test_a_slimmable_wavenet() -> None:
    file = nets.wavenet(nets.array(4, [1, 2, 4]))
    file["config"]["layers"][0]["slimmable"] = {"method": "slice_channels_uniform"}
    model = load_nam(file)
    for slim in (0.0, 0.5, 1.0):
        found = play_blocks(engine(Nam(model, prewarm=False, slim=slim)), SIGNAL)
        same_bits(found, Playing(model.select(slim))(SIGNAL))


def test_between_resamplers_the_model_starts_from_its_file() -> None:
    """On silence: the decay from the initial state, resampled by the formula of the delay alone."""
    slow = tiny()
    slow["weights"][8:12] = [-4.0, 8.0, 0.0, 2.0]  # a forget gate near 1: it decays for long
    model, frames = load_nam(slow), 6_000
    raw = oracle.run(slow, np.zeros((1, frames)))[0]
    node = Nam(model, prewarm=False, resample=True)
    made = engine(node, rate=96_000)
    found = play_blocks(made, np.zeros(2 * frames, np.float32))
    late = node.latency(ng.Spec(96_000, 128))
    at = np.arange(4_000, 2 * frames - late)  # past the ringing of the start
    wanted = np.interp(at / 2, np.arange(frames), raw)
    np.testing.assert_allclose(found[at + late], wanted, atol=2e-4)
    warm = play_blocks(engine(Nam(model, resample=True), rate=96_000), np.zeros(400, np.float32))
    assert np.abs(found[late + 200 : 400] - warm[late + 200 : 400]).max() > 0.1
    made.reset()
    same_bits(play_blocks(made, np.zeros(2 * frames, np.float32)), found)


@pytest.mark.parametrize("shared", [False, True])
def test_a_bank(shared: bool) -> None:
    models = [load_nam(FILES[name]) for name in ("lstm", "wavenet", "lstm of layers")]
    graph = ng.Graph()
    bank = graph.add("bank", NamBank(models, shared=shared, prewarm=False))
    ins = 1 if shared else 3
    graph.input("in", channels=ins) >> bank >> graph.output("out", channels=3)
    found = ng.render(graph, np.tile(SIGNAL, (ins, 1)), 48_000, tail=False)
    for row, model in zip(found, models, strict=True):
        same_bits(row, Playing(model)(SIGNAL))


def test_state_is_saved_and_restored() -> None:
    made = engine(Nam(load_nam(tiny()), prewarm=False))
    play_blocks(made, SIGNAL)
    kept = made.save_state()
    wanted = play_blocks(made, SIGNAL)
    made.reset()
    made.restore_state(kept)
    same_bits(play_blocks(made, SIGNAL), wanted)


def test_presets_store_it(tmp_path: Path) -> None:
    path = nets.write(tmp_path, tiny())
    graph = ng.Graph()
    end = graph.input("in", channels=1) >> graph.add("amp", Nam(path, prewarm=False))
    end >> graph.output("out", channels=1)
    ng.save_preset(graph, tmp_path / "rack.json")
    stored = ng.load_preset(tmp_path / "rack.json").nodes["amp"]
    assert isinstance(stored, Nam)
    assert stored.prewarm is False
    text = (tmp_path / "rack.json").read_text().replace('"prewarm": false,', "")
    (tmp_path / "rack.json").write_text(text)
    older = ng.load_preset(tmp_path / "rack.json").nodes["amp"]
    assert isinstance(older, Nam)
    assert older.prewarm is True


@pytest.mark.parametrize("value", [0, 1, None, "no", 0.0])
def test_it_is_true_or_false(value: Any) -> None:
    for make in (lambda: Nam("x.nam", prewarm=value), lambda: NamBank(["x.nam"], prewarm=value)):
        with pytest.raises(ParamError, match="prewarm is"):
            make()
