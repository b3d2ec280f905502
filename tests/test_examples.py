"""Every example runs, and leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_example(path: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    assert not list(tmp_path.iterdir())


def test_the_rack_writes_where_it_is_told_to(tmp_path: Path) -> None:
    script = next(p for p in EXAMPLES if p.name == "rack.py")
    target = tmp_path / "out.wav"
    subprocess.run([sys.executable, str(script), str(target)], check=True, timeout=200)
    assert target.stat().st_size > 1_000_000


def test_examples_fit_on_a_screen() -> None:
    assert len(EXAMPLES) >= 3
    for path in EXAMPLES:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 80, path.name
