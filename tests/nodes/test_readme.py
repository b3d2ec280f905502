"""The node that nodes/README.md shows is a node: it runs, and it keeps the contract."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph.nodes
from namgraph.graph.node import _types
from namgraph.nodes.testing import NodeHarness, check_node
from namgraph.nodes.testing.harness import SPEC

README = Path(namgraph.nodes.__file__).with_name("README.md")


@pytest.fixture(scope="module")
def tremolo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    found = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert found, "the example is gone"
    path = tmp_path_factory.mktemp("readme") / "tremolo.py"
    path.write_text(found[1])
    spec = importlib.util.spec_from_file_location("readme_tremolo", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)
        try:
            spec.loader.exec_module(module)
            yield module.Tremolo
        finally:
            _types.pop("tremolo", None)


def test_beats_as_often_as_it_says(tremolo: Any) -> None:
    y = NodeHarness(tremolo(rate_hz=10.0, depth=0.5)).play(np.ones((2, 48_000), np.float32), [100])[
        0
    ]
    level = np.abs(np.fft.rfft(y))
    assert y.min() == pytest.approx(0.5, abs=1e-4)
    assert np.argmax(level[1:]) + 1 == 10 * 48_000 / SPEC.rate


def test_keeps_the_contract(tremolo: Any) -> None:
    check_node(tremolo())
