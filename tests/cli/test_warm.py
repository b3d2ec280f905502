"""``namgraph warm``: processes share the work, and what one could not do is done anyway."""

import subprocess
from pathlib import Path
from typing import Any, ClassVar

import pytest

from namgraph.cli import warm as module
from namgraph.cli.main import main
from namgraph.cli.warm import compile_share, warm


class Helper:
    """Stands for a process."""

    made: ClassVar[list["Helper"]] = []

    def __init__(self, command: list[str], **options: Any) -> None:
        self.command, self.options, self.calls = command, options, list[str]()
        Helper.made.append(self)

    def wait(self) -> int:
        self.calls.append("wait")
        return 1  # it failed

    def kill(self) -> None:
        self.calls.append("kill")


@pytest.fixture(autouse=True)
def helpers(monkeypatch: pytest.MonkeyPatch) -> list[Helper]:
    monkeypatch.setattr(subprocess, "Popen", Helper)
    monkeypatch.setattr(Helper, "made", [])
    return Helper.made


@pytest.fixture
def shares(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Note the shares that this process compiles, instead of compiling them."""
    seen: list[tuple[int, int]] = []

    def note(share: int, shares: int, precision: str, progress: Any = None) -> int:
        seen.append((share, shares))
        assert precision == "exact"
        progress(1.0)
        return 25

    monkeypatch.setattr(module, "compile_share", note)
    return seen


def test_every_share_but_the_first_is_for_a_helper(
    helpers: list[Helper], shares: list[tuple[int, int]]
) -> None:
    progress: list[float] = []
    done = warm(progress.append, processes=3)
    assert shares == [(0, 3), (0, 1)]
    assert [h.command[2].partition("; ")[2] for h in helpers] == [
        "compile_share(1, 3, 'exact')",
        "compile_share(2, 3, 'exact')",
    ]
    assert all(h.calls[0] == "wait" for h in helpers)
    assert done.racks == 25
    assert progress == [0.8, 1.0]


def test_one_process_is_enough(helpers: list[Helper], shares: list[tuple[int, int]]) -> None:
    warm(processes=1)
    assert helpers == []
    assert shares == [(0, 1)]


def test_an_interrupt_ends_the_helpers(
    helpers: list[Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "compile_share", interrupted)
    with pytest.raises(KeyboardInterrupt):
        warm(processes=2)
    assert [h.calls for h in helpers] == [["kill", "wait"]]


def test_without_processes_all_is_done_here(
    monkeypatch: pytest.MonkeyPatch, shares: list[tuple[int, int]]
) -> None:
    def refused(*args: Any, **options: Any) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(subprocess, "Popen", refused)
    warm(processes=2)
    assert shares == [(0, 1)]


def test_the_command_of_a_helper_is_python(helpers: list[Helper], shares: Any) -> None:
    warm(processes=2)
    compile(helpers[0].command[2], "command", "exec")
    assert Path(helpers[0].command[0]).exists()
    assert callable(compile_share)  # what it imports


def test_the_verb_prints_what_was_done(capsys: pytest.CaptureFixture[str], shares: Any) -> None:
    assert main(["warm"]) == 0
    assert "native functions ready, 25 racks built, " in capsys.readouterr().out
