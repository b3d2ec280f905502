"""What is packed: the source distribution with all tests, the wheel with none of them."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = (
    "__pycache__",
    ".*",
    "*.egg-info",
    "build",
    "dist",
    "venv",
    "*.part",
    "*.kernel",
    "*.nb?",
)
CODE = "import sys; from setuptools import build_meta as b; b.build_{}(sys.argv[1])"
LEAST = 77

needs_setuptools = pytest.mark.skipif(
    not any(
        int(d.version.split(".")[0]) >= LEAST for d in metadata.distributions(name="setuptools")
    ),
    reason=f"needs setuptools>={LEAST}, which the extra test has",
)


def files_of(folder: Path, *parts: str) -> set[str]:
    """The files of a folder by their paths below it."""
    found = (p for p in folder.joinpath(*parts).rglob("*") if p.is_file())
    names = {p.relative_to(folder).as_posix() for p in found}
    return {name for name in names if not name.startswith("namgraph.egg-info/")}


def built(kind: str, source: Path, to: Path) -> Path:
    """Build a distribution of a folder, as pip and build do."""
    command = [sys.executable, "-c", CODE.format(kind), str(to)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(to.glob("*.tar.gz" if kind == "sdist" else "*.whl"))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout without what work has left in it."""
    made = tmp_path_factory.mktemp("source") / "checkout"
    shutil.copytree(ROOT, made, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return made


@pytest.fixture(scope="module")
def unpacked(clean: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(built("sdist", clean, folder)) as packed:
        safe: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        packed.extractall(folder, **safe)  # Python before 3.11.4 has no filters
    return next(p for p in folder.iterdir() if p.is_dir())


@needs_setuptools
def test_the_source_distribution_holds_all_that_is_tested(clean: Path, unpacked: Path) -> None:
    wanted = files_of(clean) - {".gitignore", ".gitattributes"}
    made_by_setuptools = {"PKG-INFO", "setup.cfg"}
    found = files_of(unpacked)
    assert "tests/fuzz/run.py" in found
    assert found - made_by_setuptools == wanted


@needs_setuptools
def test_the_wheel_of_it_holds_the_package_and_no_tests(
    clean: Path, unpacked: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(built("wheel", unpacked, tmp_path)) as packed:
        found = {n for n in packed.namelist() if ".dist-info/" not in n}
    folders = ("graph", "runtime", "nodes", "presets", "cli")
    wanted = {f for name in folders for f in files_of(clean, name)} | {
        p.name for p in clean.glob("*.py")
    }
    wanted = {f"namgraph/{f}" for f in wanted if "/recipes/" not in f}
    pages = {f for f in wanted if f.endswith((".md", ".png", ".svg"))}
    assert found - pages == (wanted | {"namgraph/py.typed"}) - pages
    assert not [name for name in found if "tests/" in name]


def test_the_module_is_the_command(tmp_path: Path) -> None:
    for arguments, code in ((["--version"], 0), (["nothing"], 2)):
        spelled = [[sys.executable, "-m", module] for module in ("namgraph", "namgraph.cli.main")]
        done = [
            subprocess.run([*c, *arguments], capture_output=True, text=True, cwd=tmp_path)
            for c in spelled
        ]
        assert [d.returncode for d in done] == [code, code]
        assert done[0].stdout == done[1].stdout
        assert done[0].stderr == done[1].stderr
        assert done[0].stderr.startswith("namgraph: error: ") == bool(code)
