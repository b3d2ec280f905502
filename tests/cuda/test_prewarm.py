"""``prewarm=False`` is for the CPU: a device refuses it by name, and "auto" plays on the CPU."""

from pathlib import Path

import numpy as np
import pytest

import namgraph as ng

from ..nodes.nam import nets
from .fake_driver import FakeDriver
from .gpu import RATE, X, amp, engine, in_blocks, on_cpu


@pytest.mark.parametrize("file", [nets.lstm(8, 2), nets.a1("nano")], ids=["lstm", "wavenet"])
def test_a_device_refuses_it_and_auto_takes_the_cpu(
    fake: FakeDriver, tmp_path: Path, file: dict[str, object]
) -> None:
    path = nets.write(tmp_path, file)
    said = r"cannot play with backend cuda: prewarm=False is for the CPU: must be auto or cpu"
    with pytest.raises(ng.CudaError, match=said):
        engine(amp(path, backend="cuda", prewarm=False))
    found = in_blocks(engine(amp(path, backend="auto", prewarm=False)), X, 64)
    np.testing.assert_array_equal(found, on_cpu(path, prewarm=False))
    assert not ng.Nam(path, backend="cuda").device_refusal(), "prewarmed, the device plays it"


def test_a_bank_refuses_it_too(fake: FakeDriver, tmp_path: Path) -> None:
    path = nets.write(tmp_path, nets.lstm(8, 2))
    graph = ng.Graph()
    bank = graph.add("bank", ng.NamBank([path], backend="cuda", prewarm=False))
    graph.input("in", channels=1) >> bank >> graph.output("out", channels=1)
    with pytest.raises(ng.CudaError, match="prewarm=False is for the CPU: must be auto or cpu"):
        ng.render(graph, X, RATE)
