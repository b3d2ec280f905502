"""Damaged kernel caches end no process: some here, 1,000 with HYPOTHESIS_PROFILE=thorough."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from . import caches

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process for each cache")
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
COUNT = 20


def run(count: int, before: str = "") -> dict[str, str]:
    """Use damaged caches in a process of its own: it forks, which one with threads should not."""
    script = (
        "import json\nfrom namgraph.runtime.native import cache_files\n"
        f"from namgraph.tests.fuzz import caches\n{before}\n"
        f"print(json.dumps(caches.run(0, {count})))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No module named" in done.stderr:
        pytest.skip("the tests are not installed beside the package")
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_damaged_caches_are_used_as_if_nothing_were_there() -> None:
    assert run(COUNT) == {}


@pytest.mark.slow
@pytest.mark.skipif(not THOROUGH, reason="a thousand caches take minutes")
def test_a_thousand_damaged_caches() -> None:
    assert run(1000) == {}


def test_all_kinds_of_damage_are_done() -> None:
    done: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as made:
        for seed in range(200):
            folder = Path(made) / str(seed) / "inner"
            folder.mkdir(parents=True)
            for name in "abcd":
                (folder / f"{name}.kernel").write_bytes(name.encode() * 500)
            done.update(text.split()[0] for text in caches.damage(folder.parent, seed))
    assert {f"_{name}" for name in done} == {kind.__name__ for kind in caches.KINDS}


def test_a_reader_that_checks_nothing_is_found() -> None:
    """With the same digest for everything, what is damaged is linked and run."""
    bugs = run(COUNT, "cache_files.digest_of = lambda *parts: bytes(cache_files.DIGEST)")
    assert any("ended with -" in said for said in bugs.values()), "a signal"
