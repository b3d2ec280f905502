"""Printed text has no control characters, wherever it comes from."""

import json
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

import namgraph as ng
from namgraph.cli.console import note, say
from namgraph.cli.live.display import Display, JsonDisplay
from namgraph.cli.main import main
from namgraph.graph.text import one_line, printable

ROT = (
    "\x00\x07\b\t\r\x1b[31m\x7f\x84\x9b2J\u061c\u200b\u200e\u202e\u2066\u2028\u2029\ufeff\U000e0041"
)
SHOWN = (
    r"\x00\x07\x08\t\r\x1b[31m\u007f\x84\x9b2J\u061c\u200b\u200e\u202e\u2066\u2028\u2029\ufeff"
    r"\U000e0041"
)
FINE = "B\u00e4ss \U0001f3b8 \u65e5\u672c \u05d0\u05d1 \u00a0\u3000 \U0001f469\u200d\U0001f3a4"


def steers(text: str) -> set[str]:
    """The characters of a text that a terminal may obey, but for line feeds."""
    kinds = ("Cc", "Cs", "Zl", "Zp")
    found = {c for c in text if unicodedata.category(c) in kinds or c in "\u202e\u2066\u200e"}
    return found - {"\n"}


def test_control_characters_are_escaped_and_letters_stay() -> None:
    assert printable(ROT) == SHOWN
    assert printable(FINE) == FINE
    assert printable("one\ntwo") == "one\ntwo"
    assert one_line("one\ntwo\x1b") == r"one\ntwo\x1b"
    assert printable("half \ud83d") == r"half \ud83d"
    assert steers(ROT), "the check sees them"


@given(st.text())
def test_printable_text_has_no_control_characters(text: str) -> None:
    assert not steers(printable(text))
    assert "\n" not in one_line(text)
    assert printable(printable(text)) == printable(text)


@given(st.text())
def test_json_stays_json(text: str) -> None:
    assert json.loads(printable(json.dumps({"a": text}))) == {"a": text}


def test_say_and_note_escape_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"first {ROT}\nsecond")
    note(f"first {ROT}\nsecond")
    out, err = capsys.readouterr()
    assert out == f"first {SHOWN}\nsecond\n"
    assert not steers(err)
    assert err.count("\n") == 1


def _model(folder: Path) -> Path:
    file = json.loads(Path(ng.asset("crunch-lstm.nam")).read_text())
    evil = {"name": f"evil {ROT}\n  sample rate        1", f"key{ROT}\nx": "v", "gear_make": FINE}
    file["metadata"] = file.get("metadata", {}) | evil
    path = folder / "evil.nam"
    path.write_text(json.dumps(file))
    return path


def test_info_escapes_metadata(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _model(tmp_path)
    assert main(["info", str(path)]) == 0
    out = capsys.readouterr().out
    assert not steers(out)
    assert rf"name               evil {SHOWN}\n  sample rate        1" in out
    assert sum(line.lstrip().startswith("sample rate") for line in out.splitlines()) == 1
    assert FINE in out
    assert main(["info", str(path), "--json"]) == 0
    held: Any = json.loads(capsys.readouterr().out)
    assert held["files"][0]["metadata"]["name"].startswith(f"evil {ROT}")


def test_info_escapes_file_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a\x1b[2Jb\n.nam"
    path.write_bytes(Path(ng.asset("crunch-lstm.nam")).read_bytes())
    assert main(["info", str(path)]) == 0
    assert r"a\x1b[2Jb\n.nam: model" in capsys.readouterr().out
    assert main(["info", str(path).replace("b\n", "c")]) == 2
    assert not steers(capsys.readouterr().err)


def test_live_and_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rack is called as its file is; a picture names files."""
    path = tmp_path / "a\x1b[2J<b>\u202e\n.nam"
    path.write_bytes(Path(ng.asset("crunch-lstm.nam")).read_bytes())
    assert main(["live", str(path), "--null", "--fast", "--seconds", "0.01"]) == 0
    assert r"a\x1b[2J<b>\u202e\n plays on a clock" in capsys.readouterr().out
    graph = ng.Graph()
    graph.add("amp", ng.Nam(str(path)))
    graph.add("bank", ng.NamBank([str(path)] * 2))
    for name in ("rack.svg", "rack.mmd", "rack.md"):
        ng.draw(graph, tmp_path / name)
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert not steers(text)
        assert "<b>" not in text.replace("<br>", "")
        assert "x1b" in text
        assert "2 files" in text


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes there")
def test_names_with_surrogates_can_be_drawn(tmp_path: Path) -> None:
    path = tmp_path / "a\udcff.nam"
    path.write_bytes(Path(ng.asset("crunch-lstm.nam")).read_bytes())
    graph = ng.Graph()
    graph.add("amp", ng.Nam(path))
    ng.draw(graph, tmp_path / "rack.svg")
    assert r"a\udcff.nam" in (tmp_path / "rack.svg").read_text(encoding="utf-8")


def test_events_stay_json() -> None:
    class Held(list[str]):
        def write(self, text: str) -> None:
            self.append(text)

        def flush(self) -> None: ...

    out: Any = Held()
    JsonDisplay(out).event("started", rig=ROT)
    assert not steers(out[0])
    assert json.loads(out[0]) == {"event": "started", "rig": ROT}
    assert issubclass(JsonDisplay, Display)


def test_an_ascii_locale_escapes_letters(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "namgraph.cli.main", "info", str(_model(tmp_path))],
        capture_output=True, check=True, env={"PYTHONIOENCODING": "ascii", "PATH": ""},
    )  # fmt: skip
    assert rb"B\xe4ss" in done.stdout
