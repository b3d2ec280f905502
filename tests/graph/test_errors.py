"""Error messages: one line of limited length, whatever they quote."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.graph.errors import MAX_MESSAGE, shorten
from namgraph.graph.json_text import MAX_PARTS, parse_json


def test_a_message_keeps_its_beginning_and_its_end() -> None:
    assert shorten("x" * MAX_MESSAGE) == "x" * MAX_MESSAGE
    long = "rack.json: the key " + "y" * 100_000 + " is unknown: must be one of a, b"
    made = shorten(long)
    assert len(made) == MAX_MESSAGE
    assert made.startswith("rack.json: the key yyy")
    assert made.endswith("yyy is unknown: must be one of a, b")
    assert f"({len(long)} characters)" in made


@pytest.mark.parametrize("error", [ng.NamgraphError, ng.PresetError, ng.UnknownNameError])
def test_every_error_is_cut(error: type[ng.NamgraphError]) -> None:
    assert len(str(error("z" * 1_000_000))) == MAX_MESSAGE
    assert str(error("short")) == "short"
    assert error("a", 3).args == ("a", 3)


def test_a_list_of_a_file_s_names_is_no_longer_than_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rack = {"namgraph": 1, "inputs": {"in": 1}, "outputs": {"out": 1}, "connections": []}
    path = tmp_path / "rack.json"
    node = {"type": "cab", "path": "y" * 100_000}
    path.write_text(json.dumps({**rack, "nodes": {"c": node}}))
    for arguments in (["info", str(path)], ["info", "w" * 200_000], ["q" * 100_000]):
        assert main(arguments) == 2
        assert _is_one_line(capsys.readouterr().err)


def _is_one_line(err: str) -> bool:
    return err.count("\n") == 1 and len(err) <= MAX_MESSAGE + len("namgraph: \n")


def test_no_memory_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("Unable to allocate 512. GiB")

    monkeypatch.setattr("namgraph.cli.describe.describe", fail)
    assert main(["info", "x.wav"]) == 2
    said = "namgraph: error: not enough memory on this machine: Unable to allocate 512. GiB\n"
    assert capsys.readouterr().err == said


def test_json_of_many_lists_is_refused_before_it_is_parsed() -> None:
    few = "[" + "[]," * 100 + "[]]"
    assert len(parse_json(few, ng.PresetError)) == 101
    many = "[" + "[]," * MAX_PARTS + "[]]"
    said = f"^has {MAX_PARTS + 2} lists and objects: at most {MAX_PARTS}$"
    with pytest.raises(ng.PresetError, match=said):
        parse_json(many, ng.PresetError)


NAMES: list[Callable[[str], object]] = [
    lambda name: ng.read_audio(f"{name}.wav"),
    lambda name: ng.load_nam(f"{name}.nam"),
    lambda name: ng.load_preset(f"{name}.json"),
    lambda name: ng.write_audio(f"{name}.xyz", [0.0], 48_000),
    lambda name: ng.save_preset(ng.Graph(), name),
    lambda name: ng.asset(name),
    lambda name: ng.render(ng.Gain(), [0.0], 48_000, ir=f"{name}.wav"),
]


@pytest.mark.parametrize("use", NAMES)
def test_a_file_s_name_with_a_line_feed_is_told_on_one_line(
    use: Callable[[str], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for suffix in (".wav", ".nam", ".json"):
        (tmp_path / f"x\ny{suffix}").write_text("{}")
    for name in ("a\nb", "x\ny"):
        with pytest.raises(ng.FileError) as caught:
            use(name)
        assert "\n" not in str(caught.value)
        assert name.replace("\n", "\\n") in str(caught.value)
