"""Bundles: each file that goes into one is hashed once."""

import os
from pathlib import Path

import numpy as np
import pytest

import namgraph as ng
from namgraph.presets.files import references, search
from namgraph.presets.files.references import sha256_of
from namgraph.presets.files.relink import pack_preset

from .conftest import RATE


@pytest.mark.parametrize("way", ["pack", "save"])
def test_each_file_is_hashed_once(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = [tmp_path / f"{n}.wav" for n in "abc"]
    for n, copy in enumerate(copies):
        ng.write(copy, np.eye(1, 9 + n, dtype=np.float32), RATE)
    cabs = [ng.Cab(copies[n]) for n in (0, 1, 2, 0)]
    graph, hashed = ng.Graph.chain(*cabs, ng.Cab(ng.asset("cab.wav"))), list[str]()
    ng.save_preset(graph, tmp_path / "rack.json")

    def note(path: str) -> str:
        hashed.append(os.path.basename(path))
        return sha256_of(path)

    for module in (search, references):
        monkeypatch.setattr(module, "sha256_of", note)
    if way == "pack":
        pack_preset(tmp_path / "rack.json", tmp_path / "rack.zip")
    else:
        ng.save_preset(graph, tmp_path / "rack.zip")
    assert sorted(hashed) == ["a.wav", "b.wav", "c.wav"]
    made = ng.load_preset(tmp_path / "rack.zip")
    x = np.random.default_rng(1).standard_normal(200).astype(np.float32)
    np.testing.assert_array_equal(ng.render(made, x, RATE), ng.render(graph, x, RATE))
