"""Numba's settings, read without Numba, are those that Numba compiles with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from namgraph.runtime.native.disk_cache import _effort
from namgraph.runtime.native.host import setting, target
before = target(), _effort(), setting("CACHE_DIR") or ""
assert ("numba" in sys.modules) == (len(sys.argv) > 1)
from numba.core import config
from numba.core.registry import cpu_target
assert (target(), _effort(), setting("CACHE_DIR") or "") == before
assert before[0][1:] == cpu_target.target_context.codegen().magic_tuple()[1:], before
print(*before[0][1:], before[1], before[2], sep=";")
"""


def found(folder: Path, *arguments: str, **settings: str) -> list[str]:
    others = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env={**others, **settings},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().split(";")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"NUMBA_OPT": "1", "NUMBA_CACHE_DIR": "here", "NUMBA_ENABLE_AVX": "0"},
        {"NUMBA_CPU_NAME": "generic"},
    ],
)
def test_settings_of_the_environment(settings: dict[str, str], tmp_path: Path) -> None:
    cpu, features, effort, cache = found(tmp_path, **settings)
    assert effort == settings.get("NUMBA_OPT", "3")
    assert cache == settings.get("NUMBA_CACHE_DIR", "")
    if "NUMBA_CPU_NAME" in settings:
        assert (cpu, features) == ("generic", "")
    if "NUMBA_ENABLE_AVX" in settings:
        assert "+avx" not in features


def test_settings_of_a_file(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    (tmp_path / ".numba_config.yaml").write_text("opt: '2'\n", encoding="utf-8")
    assert found(tmp_path, "numba")[2] == "2"
