"""nodes/README.md: its node keeps the contract, its mistakes give the errors shown."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph.graph
import namgraph.nodes
from namgraph.graph import NamgraphError
from namgraph.graph.catalog.registry import classes
from namgraph.nodes.testing import NODE_CHECKS, NodeHarness, check_node
from namgraph.nodes.testing.harness import SPEC

README = Path(namgraph.nodes.__file__).with_name("README.md").read_text(encoding="utf-8")
NODE, SCRIPT, PYTEST = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def run(source: str, folder: Path) -> Any:
    """Run the source of a node as a module of its own; the type it registers is taken away."""
    path = folder / "readme_throb.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("readme_throb", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)
        try:
            spec.loader.exec_module(module)
        finally:
            classes.pop("throb", None)
    return module


@pytest.fixture(scope="module")
def throb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    module = run(NODE, tmp_path_factory.mktemp("readme"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "readme_throb", module)
        yield module.Throb


def test_swings_as_often_as_it_says(throb: Any) -> None:
    harness = NodeHarness(throb(rate_hz=10.0, depth=0.5))
    y = harness.play(np.ones((2, 48_000), np.float32), [100])[0]
    level = np.abs(np.fft.rfft(y))
    assert y.min() == pytest.approx(0.5, abs=1e-4)
    assert np.argmax(level[1:]) + 1 == 10 * 48_000 / SPEC.rate


def test_keeps_the_contract(throb: Any) -> None:
    check_node(throb())


def test_fits_on_a_screen() -> None:
    assert len(NODE.splitlines()) < 60


@pytest.mark.slow  # processes of their own
def test_the_steps_work_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "throb.py").write_text(NODE, encoding="utf-8")
    (tmp_path / "try_it.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "test_throb.py").write_text(PYTEST, encoding="utf-8")

    def python(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        return done.stdout

    shown = python("try_it.py").strip()
    assert f"\n    {shown}\n" in README
    passed = f"{len(NODE_CHECKS) + 1} passed"
    assert passed in python("-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_the_same_file_works_with_the_import_of_this_package(tmp_path: Path) -> None:
    inside = "from namgraph.runtime import authoring as ng"
    module = run(NODE.replace("import namgraph as ng", inside), tmp_path)
    assert NodeHarness(module.Throb()).play(np.ones((2, 100), np.float32)).any()


CURVE = '        ("curve", np.int64),'
CLASS = '    """Let the level swing ``rate_hz`` times a second, down to 1 - ``depth``."""\n'
PHASE = "    s.phase = phase\n"
GLIDE = NODE[NODE.index("    s.depth_now =") : NODE.index("    for i in")]
MISTAKES = {
    "no decorator": (
        ('@ng.node("throb")\n', ""),
        'Throb is not declared as a node: decorate the class with @ng.node("name")',
    ),
    "no annotation": (
        ("depth: float = ", "depth = "),
        "'depth' is a field but has no type annotation",
    ),
    "no kernel": (
        ("@ng.kernel\n", ""),
        "_throb is no kernel: write @ng.kernel above the function",
    ),
    "no field": (
        ('        ("depth", np.float64),\n', ""),
        "the record has no field 'depth': its dtype has rate_hz, depth_now, ",
    ),
    "field of another type": (
        (CURVE, CURVE.replace("64", "32")),
        "field 'curve' is given memory, so it must be an int64, not int32",
    ),
    "narrow field": (
        ('("coefficient", np.float64)', '("coefficient", np.float32)'),
        "field 'curve' is given memory, so it must lie at a multiple of 8 bytes, not at 52: ",
    ),
    "glide of nothing": (
        ("depth_now", "dept_now"),
        "each field NAME_now of the record must belong to a parameter NAME; found: dept_now; ",
    ),
    "no reading": (
        (CLASS, CLASS + '\n    reports = ("peak",)\n'),
        "its record has no float64 field 'peak', as each name in reports must; ",
    ),
    "no such category": (
        ('@ng.node("throb")', '@ng.node("throb", category="pedals")'),
        "category is 'pedals': must be one of amp, cabinet, drive, ",
    ),
    "block of 64": (
        ("s.curve, frames)\n\n", "s.curve, 64)\n\n"),
        "a kernel must not write outputs at or after frames; "
        "found: output channel 0 was written at frame 1 in a block of 1",
    ),
    "once a block": (
        (PHASE, "    s.phase = s.phase + step\n"),
        "the output must not depend on how the signal is cut into blocks "
        "(do nothing once per block; keep state as wide as the arithmetic); "
        "found: output channel 0, frame 64: ",
    ),
    "kept in scratch": (
        (GLIDE, "    kept = ng.floats(s.curve, 1)[0]\n" + GLIDE.replace("s.phase", "kept")),
        "nothing may be kept in io.memory.scratch from one block to the next (allocate state); ",
    ),
    "parameter never read": (
        ("s.depth, s.coefficient", "0.5, s.coefficient"),
        "each parameter must change the output within 1024 frames of noise, from end to end; "
        "found: no change by depth ",
    ),
    "no checks": (
        (CLASS, CLASS + "\n    def __post_init__(self):\n        pass\n"),
        "rate_hz=-0.9 must be refused by a ParamError that names rate_hz; found: accepted ",
    ),
    "no docstring": (
        (CLASS, ""),
        "the class must have a docstring of its own that begins with a sentence; "
        "found: no docstring",
    ),
    "name taken": (
        ("        return ng.Processor(_throb, made)\n",) * 2,
        "node type 'throb' is already ",
    ),
}
REFUSED = {
    "field misspelt": (
        ("s.phase, s.rate_hz", "s.phse, s.rate_hz"),
        "the record has no field 'phse' (did you mean 'phase'?): ",
    ),
    "np.zeros": (
        (PHASE, "    spare = np.zeros(frames)\n    spare[0] = phase\n    s.phase = spare[0]\n"),
        "allocates memory: ask for it in prepare (io.memory.state, .scratch), ",
    ),
    "raise": (
        (PHASE, '    if phase > 2.0:\n        raise ValueError("phase")\n' + PHASE),
        "can raise, which nothing on the audio thread would catch: test for the case first",
    ),
}


def error_of(source: str, folder: Path) -> str:
    with pytest.raises((NamgraphError, TypeError)) as found:
        check_node(run(source, folder).Throb())
    return str(found.value)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_common_mistake_gives_the_error_shown(mistake: str, tmp_path: Path) -> None:
    (old, new), text = MISTAKES[mistake]
    assert old in NODE
    assert text in README
    source = NODE.replace(old, new)
    if mistake == "name taken":
        source += NODE[NODE.index("@ng.node") :].replace("class Throb", "class Another")
    assert text in error_of(source, tmp_path)


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_refused_kernel_gives_the_error_shown(mistake: str, tmp_path: Path) -> None:
    (old, new), text = REFUSED[mistake]
    assert old in NODE
    assert text in README
    assert text in error_of(NODE.replace(old, new), tmp_path)


def test_every_mistake_shown_is_tried() -> None:
    table = README.split("## Common mistakes")[1].split("\n## ")[0]
    assert table.count("\n| ") - 1 == len(MISTAKES) + len(REFUSED)


def test_the_categories_are_those_of_the_code() -> None:
    table = README.partition("| category | holds |\n|---|---|\n")[2].partition("\n\n")[0]
    rows = [[cell.strip("` ") for cell in row.strip("|").split("|")] for row in table.splitlines()]
    assert dict(rows) == namgraph.graph.CATEGORIES
