"""Numba's settings, read without Numba, are those that Numba compiles with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

START = """
import os, sys
from namgraph.runtime.native.disk_cache import _effort
from namgraph.runtime.native.host import setting, target

def ours():
    return target(), _effort(), setting("CACHE_DIR") or ""

def numbas():
    from numba.core import codegen, config
    config.reload_config()
    return codegen.JITCPUCodegen("fresh").magic_tuple()
"""
OF_ENVIRONMENT = """
chosen = [{}, {"OPT": "1", "CACHE_DIR": "here", "ENABLE_AVX": "0"}, {"CPU_NAME": "generic"}]

def enter(settings):
    for name in [name for name in os.environ if name.startswith("NUMBA_")]:
        del os.environ[name]
    os.environ.update({f"NUMBA_{name}": value for name, value in settings.items()})

before = []
for settings in chosen:
    enter(settings)
    before.append(ours())
assert "numba" not in sys.modules
for settings, found in zip(chosen, before):
    enter(settings)
    assert found[0][1:] == numbas()[1:], (settings, found, numbas())
    assert ours() == found, "Numba's own values are taken once it is there"
    print(*found[0][1:], found[1], found[2], sep=";")
"""
OF_FILE = """
before = ours()
assert "numba" in sys.modules
assert before[0][1:] == numbas()[1:]
assert ours() == before
print(before[1])
"""


def found(script: str, folder: Path) -> list[list[str]]:
    others = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, "-c", START + script],
        env=others,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [line.split(";") for line in done.stdout.splitlines()]


def test_settings_of_the_environment(tmp_path: Path) -> None:
    plain, chosen, generic = found(OF_ENVIRONMENT, tmp_path)
    assert plain[2:] == ["3", ""]
    assert chosen[2:] == ["1", "here"]
    assert "+avx" not in chosen[1]
    assert generic == ["generic", "", "3", ""]


def test_settings_of_a_file(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    (tmp_path / ".numba_config.yaml").write_text("opt: '2'\n", encoding="utf-8")
    assert found(OF_FILE, tmp_path) == [["2"]]
