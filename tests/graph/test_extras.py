"""The ``pip install`` commands for optional packages."""

import importlib.metadata
import tomllib
from pathlib import Path

import pytest

from namgraph.graph.extras import how_to_install

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


@pytest.mark.parametrize("extra", ["cuda", "cuda13", "live", "pedalboard", "plot", "verify"])
def test_the_command_names_the_packages_of_the_extra(extra: str) -> None:
    command = how_to_install(extra)
    wanted = [line.split(">")[0] for line in EXTRAS[extra]]
    assert command.startswith('pip install "')
    assert [part.split("<")[0] for part in command.split('"')[1::2]] == wanted
    assert "namgraph" not in command


def test_versions_are_named_too() -> None:
    assert how_to_install("pedalboard") == 'pip install "pedalboard<0.10,>=0.9.22"'


def test_without_metadata_it_is_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", gone)
    assert how_to_install("plot") == 'pip install ".[plot]" in the folder of namgraph\'s source'
