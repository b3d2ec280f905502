"""A bank whose small recurrent networks are played at once has the bits of a bank of each model."""

from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.benchmarks.models import gru
from namgraph.nodes.nam.bank import _grouped
from namgraph.nodes.nam.cpu.prepare import prepare_network
from namgraph.nodes.testing import same_bits
from namgraph.runtime.plan.arena import Memory

from .nets import a1, lstm

X = np.random.default_rng(4).normal(0.0, 0.2, (7, 500)).astype(np.float32)
LEVELS = {"metadata": {"loudness": -12.0}}
FILES: list[Any] = [
    lstm(3, 1, 1) | LEVELS, a1("nano", 1), lstm(3, 1, 2), gru(3, 1, 3),
    lstm(3, 1, 4) | LEVELS, gru(3, 1, 5), lstm(32, 1, 6) | LEVELS,
]  # fmt: skip


def play(node: ng.Node, x: Any, block: int) -> Any:
    graph = ng.Graph.chain(amp=node, channels=len(x))
    engine = ng.Engine(graph, sample_rate=48_000, max_frames=block, fade_s=0.0)
    y = np.zeros((graph.outputs["out"], x.shape[1]), np.float32)
    engine.play(list(x), list(y), x.shape[1], block)
    return y


@pytest.mark.filterwarnings("ignore::namgraph.LevelsWarning")
@pytest.mark.parametrize(("shared", "block"), [(True, 64), (False, 17)])
def test_each_model_has_the_bits_that_it_has_in_a_bank_of_its_own(shared: bool, block: int) -> None:
    models = [ng.load_capture(each) for each in FILES]
    how: Any = {"shared": shared, "levels": "normalized"}
    wanted = [
        play(ng.NamBank([model], **how), X[(row := 0 if shared else n) : row + 1], 64)[0]
        for n, model in enumerate(models)
    ]
    same_bits(play(ng.NamBank(models, **how), X[: 1 if shared else 7], block), np.stack(wanted))


def test_which_models_are_played_at_once() -> None:
    memory, models = Memory(), [ng.load_capture(each) for each in [*FILES, *[FILES[0]] * 3]]
    networks = [model.running for model in models]
    rows = [prepare_network(memory, network) for network in networks]
    found = [row["members"].content.tolist() for row in _grouped(memory, networks, rows)]
    assert found == [[0, 2, 4, 7], [1], [3, 5], [6], [8, 9]]
