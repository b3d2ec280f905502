"""``namgraph warm``: compile every kernel now, or load it from the disk cache."""

import argparse
import contextlib
import dataclasses
import importlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..graph import Graph, Kind, Node, Spec, node_types
from .arguments import PRECISIONS, Subparsers, add_verb
from .console import say
from .progress import Progress

__all__ = ["Warmed", "add_parser", "compile_share", "import_kernels", "run", "warm"]

MOST_PROCESSES = 8
OPTIONAL = {"__init__", "compiler", "cuda", "pedalboard", "pedalboard_effect", "testing"}
"""Modules and packages that ``import_kernels`` leaves out."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb."""
    parser = add_verb(
        subparsers,
        "warm",
        run,
        "compile every kernel now, into the disk cache",
        "namgraph warm",
        "namgraph warm --precision fast",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="exact",
        help="fast: those of models with --precision fast, too (exact)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Compile, and print counts and seconds."""
    with Progress("compiling") as progress:
        done = warm(progress, precision=arguments.precision)
    say(f"{done.functions} native functions ready, {done.racks} racks built, {done.seconds:.1f} s")


@dataclass(frozen=True)
class Warmed:
    """Counts of compiled functions and of built racks, and the seconds it took."""

    functions: int
    racks: int
    seconds: float


def warm(
    progress: Callable[[float], None] = lambda share: None,
    processes: int | None = None,
    precision: str = "exact",
) -> Warmed:
    """Compile every kernel, or load it from the disk cache.  May take minutes.

    With ``precision`` "fast" also those of common models with ``Nam(precision="fast")``.
    A process compiles one kernel at a time.  So ``processes`` of them (as many as there are cores,
    at most 8) compile a share each into the disk cache, and this one then goes through all:
    what another could not do is done here, and errors are raised here.
    """
    from ..runtime.native.abi import natives
    from ..runtime.native.cpu import processors

    begun = time.perf_counter()
    count = processes or min(processors(), MOST_PROCESSES)
    with _helpers(count, precision) as helpers:
        if helpers:
            compile_share(0, count, precision, lambda share: progress(0.8 * share))
        for helper in helpers:
            helper.wait()
    racks = compile_share(0, 1, precision, lambda share: progress(0.8 + 0.2 * share))
    return Warmed(len(natives()), racks, time.perf_counter() - begun)


def compile_share(
    share: int,
    shares: int,
    precision: str = "exact",
    progress: Callable[[float], None] = lambda share: None,
) -> int:
    """Compile share number ``share`` (from 0) of ``shares``; return the number of racks in it.

    Most kernels are declared when their module is imported, those of cabinets and of common model
    sizes by a function.  The others are declared when a plan is built: so plans are built for every
    bundled preset and model, and for one node of every type.
    """
    from .. import nodes
    from ..nodes.cabinet.cab import kernels as cab_kernels
    from ..nodes.nam.cpu.prepare import common_kernels
    from ..presets.bundled import asset, shipped_models, shipped_presets
    from ..presets.preset import load_preset
    from ..presets.rig import open_rig
    from ..runtime.native.abi import natives
    from ..runtime.plan.plan import Plan

    import_kernels()
    ours = {n: c for n, c in node_types().items() if c.__module__.startswith(nodes.__name__)}
    made: list[Callable[[], Graph]] = [
        *(lambda path=path: load_preset(path) for path in shipped_presets().values()),
        *(lambda path=path: open_rig(path, ir=asset("cab.wav")).graph for path in shipped_models()),
        *(lambda cls=cls: _graph_of_one(cls()) for cls in ours.values() if _has_defaults(cls)),
    ]
    made = made[share::shares]
    cab_kernels()
    common_kernels(precision=precision)
    functions = natives()[share::shares]
    for n, function in enumerate(functions):
        _ = function.address
        progress(0.5 * (n + 1) / len(functions))
    for n, graph in enumerate(made):
        Plan(graph(), Spec(48_000, 64))
        progress(0.5 + 0.5 * (n + 1) / len(made))
    for function in natives() if shares == 1 else ():
        _ = function.address  # also of those that the plans declared
    return len(made)


def import_kernels() -> None:
    """Import every module that declares a kernel, but for those that need an extra."""
    from .. import nodes, runtime

    for package in (runtime, nodes):
        folder = Path(package.__path__[0])
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            if OPTIONAL.isdisjoint(parts):
                importlib.import_module(".".join((package.__name__, *parts)))


@contextlib.contextmanager
def _helpers(count: int, precision: str) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Start processes for all shares but the first; stop those that still run at the end."""
    code = "from namgraph.cli.warm import compile_share; compile_share({}, {}, {!r})"
    quiet = subprocess.DEVNULL
    started: list[subprocess.Popen[bytes]] = []
    try:
        for share in range(1, count):
            command = [sys.executable, "-c", code.format(share, count, precision)]
            with contextlib.suppress(OSError):  # no process to be had: it is all done here
                made = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
                started.append(made)
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def _has_defaults(cls: type[Node]) -> bool:
    """Whether a node can be made without arguments."""
    if not dataclasses.is_dataclass(cls):
        return True
    fields = dataclasses.fields(cls)
    return all(f.default is not dataclasses.MISSING for f in fields)


def _graph_of_one(node: Node) -> Graph:
    """Return a graph of one node with its audio ports connected."""
    graph = Graph()
    graph.add("node", node)
    for port in (p for p in node.inputs if p.kind is Kind.AUDIO):
        end = graph.input(f"to_{port.name}", channels=port.channels or 1)
        graph.connect(end, f"node.{port.name}")
    for port in (p for p in node.outputs if p.kind is Kind.AUDIO):
        end = graph.output(f"from_{port.name}", channels=port.channels or 1)
        graph.connect(f"node.{port.name}", end)
    return graph
