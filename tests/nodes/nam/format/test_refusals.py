"""A refused file is not parsed again until it changes on disk."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.nodes.nam.format import load as reading

from ....cli.command import LSTM


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record the size of everything parsed."""
    sizes, parse = list[int](), reading.parse_capture

    def counted(content: bytes) -> Any:
        sizes.append(len(content))
        return parse(content)

    monkeypatch.setattr(reading, "parse_capture", counted)
    monkeypatch.setattr(reading, "_cache", {})
    return sizes


def heavy(path: Path) -> None:
    """Write a model with too many weights."""
    model = json.loads(Path(LSTM).read_text())
    path.write_text(json.dumps({**model, "weights": model["weights"] * 9}))


@pytest.mark.parametrize(
    "verb", ["render amp.nam in.wav out.wav", "verify amp.nam", "info amp.nam"]
)
def test_a_refused_model_is_parsed_once(
    there: Path, parsed: list[int], capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    heavy(there / "amp.nam")
    assert main(verb.split()) == 2
    assert "amp.nam: weights has" in capsys.readouterr().err
    assert len(parsed) == 1


def test_a_file_that_has_changed_is_read_again(there: Path, parsed: list[int]) -> None:
    path = there / "amp.nam"
    heavy(path)
    for _ in range(3):
        with pytest.raises(ng.NamFileError, match=r"^.*amp\.nam: weights has \d+ numbers"):
            ng.load_nam(path)
    assert len(parsed) == 1
    seen = path.stat()
    good = Path(LSTM).read_bytes()
    other = there / "other.nam"
    other.write_bytes(good + b" " * (seen.st_size - len(good)))
    os.utime(other, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    os.replace(other, path)  # the same time and size: another file all the same
    assert ng.load_nam(path).architecture == "LSTM"
    heavy(path)
    with pytest.raises(ng.NamFileError, match="weights has"):
        ng.load_nam(path)
    assert len(parsed) == 3


def test_the_error_names_the_path_given(there: Path, parsed: list[int]) -> None:
    heavy(there / "amp.nam")
    for name in ("amp.nam", "./amp.nam"):
        with pytest.raises(ng.NamFileError) as caught:
            ng.load_nam(name)
        assert str(caught.value).startswith(f"{name}: weights has")
    assert len(parsed) == 1


def test_refusals_share_the_limit_of_the_cache(
    there: Path, parsed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_CACHE_WEIGHTS", 2 * reading.MIN_CACHE_WEIGHTS)
    for k in range(5):
        (there / f"{k}.nam").write_text("{")
        with pytest.raises(ng.NamFileError, match="is not JSON"):
            ng.load_nam(there / f"{k}.nam")
    assert len(reading._cache) == 2
