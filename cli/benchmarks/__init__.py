"""Measurements of ``namgraph bench``: ``rack.py`` times a whole rack, suites time parts.

Each suite is a module or package with two functions.  ``steps(quick)`` checks that it can run, and
returns an iterator of ``(step, row)``, each as soon as it is measured; ``format_row(step, row)``
returns a line of text.  ``quick`` takes fewer and shorter rounds, to see that the suite works.  The
first fields of a row, before its first number with a fraction, say what was measured
(``reports/columns.py`` where that does not hold).
"""

import importlib
import os
from collections.abc import Callable, Sequence
from typing import Any

from ...graph import ParamError

__all__ = ["MODULES", "OF_MODEL", "SUITES", "format_suites", "measure", "suite_module"]

SUITES = {
    "models": "every architecture in blocks of 16 to 1024, beside PyTorch; and .nam files given",
    "peers": "a cabinet called from Python for each block, beside pedalboard.Convolution and SciPy",
    "growth": "cost against channels, taps, layers, units, nodes: fitted, jumps flagged",
    "walk": "engine overhead per node and block, and the time of changing a playing graph",
    "start": "import, and first sound of the demo rack, kernels compiled or not",
    "calls": "calls from Python: process, set, stats, steps, samples; beside pedalboard's Gain",
    "racks": "every shipped rack live at 64 frames: its share of the deadline, lost blocks",
    "nodes": "every node's time per frame and channel, beside its target",
    "automation": "a render that follows 57,600 points of automation, over one without",
    "threads": "live blocks and a minute rendered by several threads, over one: time, CPU time",
    "convolve": "a cabinet's kernel by length, beside others without Python's calls; an exchange",
    "oversampling": "aliases, images, response of a model (RIG, or those that ship), oversampled",
    "instances": "1, 2, 4 and so on amps in one graph: time of each, and how many in real time",
    "gpu": "latency, instances and whole files of models on a CUDA device (needs one)",
}
"""Name and one-line description of each suite; ``all`` runs them in this order."""

MODULES = {"models": "architectures"}
"""Module of a suite where it has another name."""

OF_MODEL = {"oversampling": 1, "models": None}
"""Suites whose ``steps`` takes paths of models too, and how many at most."""

Row = dict[str, Any]


def format_suites() -> str:
    """Return name and description of each suite, one a line."""
    return "\n".join(f"{name:<14}{what}" for name, what in SUITES.items())


def suite_module(name: str) -> Any:
    """Return the module of a suite; ``ParamError`` if there is none of this name."""
    if name not in SUITES:
        raise ParamError(f"suite is {name!r}: must be one of {', '.join(SUITES)}")
    return importlib.import_module(f"{__name__}.{MODULES.get(name, name)}")


def measure(
    name: str,
    *,
    quick: bool = False,
    output: str | os.PathLike[str] | None = None,
    models: Sequence[str] = (),
    report: Callable[[str], None] = lambda text: None,
) -> Row:
    """Run a suite and return its figures, in the layout of ``reports/document.py``.

    ``report`` is called with lines of text, each as soon as it is measured.  ``output`` is a JSON
    file of the same figures, rewritten after every row.  ``models`` are paths of .nam files, for a
    suite of ``OF_MODEL``.

    Raises ``ParamError`` for an unknown suite, ``CudaError`` for ``gpu`` without a device,
    ``FileError`` if ``output`` is not writable, or holds anything but figures.
    """
    suite = suite_module(name)
    from .machine import format_machine, machine
    from .reports.document import add_row, check_target, new_document, write_document

    if output is not None:
        check_target(output, models)
    steps = suite.steps(quick, *models)
    command = ["namgraph bench", *models, f"--suite {name}", *["--quick"] * quick]
    found = new_document(name, quick, " ".join(command), machine())
    if output is not None:
        write_document(found, output)  # fails before minutes are spent on the measurements
    report(format_machine(found["machine"]))
    for step, row in steps:
        add_row(found, step, row)
        report(suite.format_row(step, row))
        if output is not None:
            write_document(found, output)
    found["complete"] = True
    if output is not None:
        write_document(found, output)
    return found
