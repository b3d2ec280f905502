"""A node class without ``@node`` is one clear error wherever a node of it is given."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng

SAYS = (
    r'the class {} is declared as no type of node{}: decorate the class with @ng\.node\("name"\)$'
)


class Plain(ng.Node):
    """Has no decorator."""


@dataclass(frozen=True)
class Data(ng.Node):
    """Has that of dataclasses only."""

    gain: float = ng.param(default=1.0, low=0.0, high=2.0)


class Louder(ng.Gain):
    """A type that is declared, made another without a name of its own."""


PATHS: dict[str, Callable[[Any], object]] = {
    "add": lambda node: ng.Graph().add("x", node),
    "insert": lambda node: ng.Graph.chain(a=ng.Gain()).insert("x", node, between=("in", "a")),
    "replace": lambda node: ng.Graph.chain(a=ng.Gain()).replace("a", node),
    "chain": ng.Graph.chain,
    "named": lambda node: ng.Graph.chain(x=node),
    "engine": lambda node: ng.Engine(node, sample_rate=48_000),
    "render": lambda node: ng.render(node, np.zeros(9, np.float32), 48_000),
    "svg": ng.svg,
    "mermaid": ng.mermaid,
    "oversample": ng.Oversample,
}


@pytest.mark.parametrize("way", PATHS)
@pytest.mark.parametrize("cls", [Plain, Data])
def test_it_is_refused_by_name(cls: Any, way: str) -> None:
    with pytest.raises(ng.GraphError, match=SAYS.format(cls.__name__, "")):
        PATHS[way](cls())
    PATHS[way](ng.Gain())  # the way itself is right


def test_a_preset_would_have_the_type_above_it(tmp_path: Path) -> None:
    graph = ng.Graph.chain(x=Louder())
    assert ng.render(graph, np.ones(9, np.float32), 48_000)[-1] == 1.0
    said = SAYS.format("Louder", ", but for 'gain', which it inherits from")
    for one in (graph, ng.Graph.chain(x=ng.Oversample(Louder()))):
        with pytest.raises(ng.GraphError, match=said):
            ng.save_preset(one, tmp_path / "x.json")
    assert not list(tmp_path.iterdir())
