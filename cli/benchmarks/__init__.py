"""Measurements that ``namgraph bench --suite NAME`` runs: what parts cost, not whole racks.

Each suite is a module here with two functions.  ``steps(quick)`` checks that it can run, and
returns an iterator of ``(name, figures)``, each as soon as it is measured; ``spelled(name,
figures)`` makes it text.  A suite judges nothing; ``quick`` takes fewer and shorter rounds, to see
that it works.
"""

import importlib
import json
import os
from collections.abc import Callable
from typing import Any

from ...graph import FileError, ParamError
from ...runtime.io.atomic_write import whole_file, writing
from ..bench import machine, machine_line

__all__ = ["SUITES", "listed", "measure"]

SUITES = {
    "walk": "what the engine costs a node a block, and what changing a playing graph costs",
    "convolve": "what a cabinet costs by length of its response, and how evenly block by block",
    "gpu": "latency, instances and whole files of models on a CUDA device (needs one)",
}
"""What there is to measure, by name: one line each."""

Row = dict[str, Any]


def listed() -> str:
    """Return the names of the suites and what each measures, one line a suite."""
    return "\n".join(f"{name:<10}{what}" for name, what in SUITES.items())


def measure(
    name: str,
    *,
    quick: bool = False,
    output: str | os.PathLike[str] | None = None,
    said: Callable[[str], None] = lambda text: None,
) -> Row:
    """Run a suite and return its figures: ``suite``, ``machine``, and a list by name of figure.

    ``said`` is given lines of text for people, each as soon as it is known.  ``output`` is a JSON
    file of the same figures, written anew after every step: a run that breaks off leaves what it
    had measured.  ``ParamError`` for a name that is not in ``SUITES``, ``CudaError`` where there is
    no device for ``gpu``, ``FileError`` where ``output`` cannot be written.
    """
    if name not in SUITES:
        raise ParamError(f"suite is {name!r}: must be one of {', '.join(SUITES)}")
    suite: Any = importlib.import_module(f"{__name__}.{name}")
    steps = suite.steps(quick)
    found: Row = {"suite": name, "quick": quick, "machine": machine(), "figures": {}}
    _keep(found, output)  # before minutes are spent on what cannot be written
    said(machine_line(found["machine"]))
    for step, row in steps:
        found["figures"].setdefault(step, []).append(row)
        said(suite.spelled(step, row))
        _keep(found, output)
    return found


def _keep(found: Row, output: str | os.PathLike[str] | None) -> None:
    if output is None:
        return
    text = json.dumps(found, indent=1) + "\n"
    with whole_file(output, FileError) as part, writing(os.fspath(output), FileError):
        part.write_text(text, encoding="utf-8")
