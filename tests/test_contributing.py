"""What CONTRIBUTING says is there: its commands, the files that answer its questions, its hooks."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from .conftest import LEFT_TO_RUN

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_every_command_is_there_and_is_named() -> None:
    scripts = sorted(p.name for p in (ROOT / ".ci").iterdir())
    assert sorted(set(re.findall(r"`\.ci/(\w+)`", GUIDE))) == scripts
    for name in scripts:
        assert os.access(ROOT / ".ci" / name, os.X_OK), name
        subprocess.run(["bash", "-n", str(ROOT / ".ci" / name)], check=True)


@pytest.mark.skipif(
    not (ROOT / "runtime" / "engine").is_dir(), reason="the folders it names come with the move"
)
def test_every_question_is_answered_by_a_file() -> None:
    answers = re.findall(r"^\| .*\? \| `(\S+)` \|$", GUIDE, re.MULTILINE)
    assert len(answers) == 5
    assert [name for name in answers if not (ROOT / name).is_file()] == []


def test_what_fast_leaves_out_is_there() -> None:
    tests = ROOT / "tests"
    assert [name for name in LEFT_TO_RUN if not [*tests.glob(f"{name.rstrip('/')}*")]] == []


def test_no_tool_is_pinned_twice() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"repo: (\S+)", hooks) == ["local"]
    assert "rev:" not in hooks
    assert "==" not in hooks


def test_no_address_is_made_up() -> None:
    for path in (ROOT / ".github").rglob("*.*"):
        assert "://" not in path.read_text(encoding="utf-8"), path
