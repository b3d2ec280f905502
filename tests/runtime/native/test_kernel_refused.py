"""A kernel that allocates, calls Python or may raise is refused where it is compiled."""

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from numba import cfunc

import namgraph as ng
from namgraph.graph import Io, KernelError, Node, Processor
from namgraph.nodes.cabinet.cab import kernels as cab_kernels
from namgraph.nodes.nam.cpu.prepare import common_kernels
from namgraph.runtime import Native, kernel
from namgraph.runtime.native import abi
from namgraph.runtime.native.abi import NODE
from namgraph.runtime.native.machine_code import allowed

from . import refused
from .refused import ALLOWED, REFUSED, Kernel

SOURCE = Path(refused.__file__)
DECLARED = (*abi.natives(), *cab_kernels(), *common_kernels())


def marked(function: object) -> tuple[int, str] | None:
    """Return the line of the comment ``here:`` in a function, and the word behind it."""
    lines, first = inspect.getsourcelines(function)  # type: ignore[arg-type]
    for number, text in enumerate(lines, first):
        found = re.search(r"# here:\s*([\w.]*)", text)
        if found:
            return number, found[1]
    return None


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_refused_by_name_and_line(function: Kernel) -> None:
    with pytest.raises(KernelError) as caught:
        _ = kernel(function).address
    said = str(caught.value)
    assert said.startswith(f"kernel {function.__name__}: {SOURCE}:")
    assert "\n" not in said
    called = re.search(r"calls_a_(helper_that_\w+)", function.__name__)
    at = getattr(refused, called[1].replace("_that", "")).py_func if called else function
    if (mark := marked(at)) is not None:
        line, word = mark
        source = SOURCE.read_text().splitlines()[line - 1].partition("#")[0].strip()
        _, _, rest = said.partition(f"{SOURCE}:{line}: `{source}")
        assert rest, said
        assert word in rest.partition("` ")[2]


@pytest.mark.parametrize("function", ALLOWED, ids=lambda f: f.__name__)
def test_kernels_that_only_compute_are_accepted(function: Kernel) -> None:
    assert kernel(function).address != 0


def test_all_kernels_of_the_package_are_accepted() -> None:
    ours = "namgraph.runtime", "namgraph.nodes"
    shipped = [made for made in DECLARED if made.function.__module__.startswith(ours)]
    assert len(shipped) > 20
    assert all(made.address for made in shipped)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: kernel(refused.makes_an_array), r"kernel makes_an_array: .*:\d+: .* allocates"),
        (
            lambda: cfunc(NODE)(refused.makes_an_array),
            r".* made by numba.cfunc",
        ),
    ],
)
def test_the_error_names_the_node(made: Callable[[], Native], said: str) -> None:
    class Bad(Node):
        type_name = "bad"
        inputs, outputs = ng.Gain.inputs, ng.Gain.outputs

        def prepare(self, io: Io) -> Processor:
            return Processor(made(), io.memory.record(refused.STATE, step=1))

    graph = ng.Graph()
    graph.input("in", channels=1) >> graph.add("loud", Bad()) >> graph.output("out", channels=1)
    with pytest.raises(KernelError, match=rf"^node loud \(bad\): {said}"):
        ng.Engine(graph, sample_rate=48_000, max_frames=64)


def test_refused_on_every_use_of_the_address() -> None:
    made: Native = kernel(refused.makes_an_array)
    for _ in range(2):
        with pytest.raises(KernelError, match="allocates"):
            _ = made.address


ONE = """
import sys, numpy as np, namgraph as ng
@ng.kernel
def makes(state, ins, outs, frames):
    z = np.zeros(frames, np.float32)
    ng.channel(outs, 0, frames)[0] = z[0]
try:
    makes.address
except ng.KernelError as error:
    print(error)
"""


def test_a_refused_kernel_leaves_nothing_on_disk(tmp_path: Path) -> None:
    """It is refused with the same message in every process."""
    script, kept = tmp_path / "one.py", tmp_path / "cache"
    script.write_text(ONE)
    said = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, script],
            env={**os.environ, "NUMBA_CACHE_DIR": str(kept)},
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        said.append(done.stdout)
        assert not [p for p in kept.rglob("*") if "makes" in p.name]
    assert said[0] == said[1]
    assert f"{script}:5: `z = np.zeros(frames, np.float32)` allocates" in said[0]


@pytest.mark.parametrize(
    "symbol",
    ["sin", "sinf", "numba_gamma", "memcpy", "llvm.memcpy.p0.p0.i64", "__svml_sin8", "__udivti3"],
)
def test_pure_functions_are_allowed(symbol: str) -> None:
    assert allowed(symbol)


@pytest.mark.parametrize(
    "symbol",
    [
        "NRT_Allocate",
        "NRT_MemInfo_call_dtor",
        "NRT_incref",
        "PyErr_Occurred",
        "PyGILState_Ensure",
        "__cxa_throw",
        "abort",
        "free",
        "llvm.trap",
        "malloc",
        "numba_gil_ensure",
        "numba_unpickle",
        "printf",
        "pthread_mutex_lock",
        "sinister",
    ],
)
def test_other_functions_are_refused(symbol: str) -> None:
    assert not allowed(symbol)
