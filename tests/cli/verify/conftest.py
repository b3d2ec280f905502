"""A folder with a model, a guitar, and what a reference made of it."""

from pathlib import Path

import pytest

import namgraph as ng

from ...nodes.nam import nets
from .takes import DI, RATE, wav


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a model, a guitar, and what a reference made of it."""
    monkeypatch.chdir(tmp_path)
    nets.write(tmp_path, nets.wavenet(nets.array(2, [1, 5, 40])), "model.nam")
    graph = ng.Graph()
    end = graph.input("in", channels=1) >> graph.add("amp", ng.Nam("model.nam"))
    end >> graph.output("out", channels=1)
    wav("in.wav", DI)
    wav("ref.wav", ng.render(graph, DI, RATE, tail=False))
    return tmp_path
