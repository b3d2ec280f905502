"""Settings of a machine: read from a file, apart from presets; options of the command win."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

import namgraph as ng
from namgraph.cli.live.machine_settings import (
    MachineSettings,
    fill_in,
    read_settings,
    set_interface,
    settings_path,
)
from namgraph.cli.main import main

from .command import LSTM, refused

WHOLE = {
    "namgraph_settings": 1,
    "device": [3, "Scarlett"],
    "inputs": [1],
    "outputs": [1, 2],
    "block": 32,
    "rate": 48_000,
    "interface_dbu": 18.5,
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def write(data: Any, path: str = "machine.json") -> str:
    Path(path).write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def test_all_that_a_file_holds() -> None:
    found = read_settings(write(WHOLE))
    assert found == MachineSettings("3,Scarlett", "1", "1,2", 32, 48_000.0, 18.5)
    assert read_settings(write({"namgraph_settings": 1})) == MachineSettings()
    assert read_settings(None) == MachineSettings()  # the user has none


def test_the_file_of_the_user_is_read() -> None:
    path = settings_path()
    assert path == Path("config/namgraph/settings.json").resolve()
    path.parent.mkdir(parents=True)
    write(WHOLE, str(path))
    assert read_settings(None).block == 32


def test_options_go_before() -> None:
    given = argparse.Namespace(inputs=None, outputs="2", block=None, rate=None, device=None)
    given.null = False
    fill_in(given, read_settings(write(WHOLE)))
    assert (given.inputs, given.outputs, given.block, given.device) == ("1", "2", 32, "3,Scarlett")
    for level, wanted in ((None, 18.5), (3.0, 12.0)):
        graph = ng.Graph.chain(amp=ng.Nam(LSTM), cab=ng.Gain())
        set_interface(graph, read_settings("machine.json"), level)
        assert getattr(graph["amp"], "interface_dbu") == wanted  # noqa: B009


def test_live_uses_them(capsys: pytest.CaptureFixture[str]) -> None:
    write(WHOLE)
    play = ["live", "crunch", "--null", "--fast", "--seconds", "0.1", "--settings", "machine.json"]
    assert main(play) == 0
    assert "blocks of 32," in capsys.readouterr().out
    assert main([*play, "--block", "16"]) == 0
    assert "blocks of 16," in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "the file is a list of 0: must be a JSON object"),
        ("{", "is not JSON"),
        ({}, "namgraph_settings is None: must be 1"),
        ({**WHOLE, "namgraph_settings": 2}, "namgraph_settings is 2: must be 1"),
        ({**WHOLE, "level": 3}, "the file has the key 'level': known keys are namgraph_settings"),
        ({**WHOLE, "inputs": "1"}, "inputs is '1': must be a list of channels"),
        ({**WHOLE, "outputs": [0]}, "outputs is a list of 1: must be a list of channels"),
        ({**WHOLE, "device": True}, "device is True: must be a number, part of a name"),
        ({**WHOLE, "block": 6.5}, "block is 6.5: must be a whole number"),
        ({**WHOLE, "rate": "48k"}, "rate is '48k': must be a finite number"),
        ({**WHOLE, "interface_dbu": 1e9}, "interface_dbu is 1000000000.0: must be a number"),
    ],
)
def test_what_is_wrong_is_one_line(
    data: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(data)
    line = refused(capsys, "live", "crunch", "--null", "--settings", "machine.json")
    assert "machine.json: " in line
    assert said in line


def test_a_file_that_was_named_must_be_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert "none.json" in refused(capsys, "live", "crunch", "--null", "--settings", "none.json")
