"""Measurements of ``namgraph bench``: ``rack.py`` times a whole rack, suites time parts.

Each suite is a module with two functions.  ``steps(quick)`` checks that it can run, and returns an
iterator of ``(name, figures)``, each as soon as it is measured; ``format_row(name, figures)``
returns a line of text.  ``quick`` takes fewer and shorter rounds, to see that the suite works.
"""

import importlib
import json
import os
from collections.abc import Callable
from typing import Any

from ...graph import FileError, ParamError

__all__ = ["OF_MODEL", "SUITES", "format_suites", "measure"]

SUITES = {
    "walk": "engine overhead per node and block, and the time of changing a playing graph",
    "start": "import, and first sound of the demo rack, kernels compiled or not",
    "calls": "calls from Python: process, set, stats, steps, samples; beside pedalboard's Gain",
    "racks": "every shipped rack live at 64 frames: its share of the deadline, lost blocks",
    "nodes": "every node's time per frame and channel, beside its target",
    "automation": "a render that follows 57,600 points of automation, over one without",
    "threads": "live blocks and a minute rendered by several threads, over one: time, CPU time",
    "convolve": "a cabinet's time by length of its response, and its variation over blocks",
    "oversampling": "aliases, images, response of a model (RIG, or those that ship), oversampled",
    "gpu": "latency, instances and whole files of models on a CUDA device (needs one)",
}
"""Name and one-line description of each suite."""

OF_MODEL = ("oversampling",)
"""Suites whose ``steps`` takes the path of a model too."""

Row = dict[str, Any]


def format_suites() -> str:
    """Return name and description of each suite, one a line."""
    return "\n".join(f"{name:<14}{what}" for name, what in SUITES.items())


def measure(
    name: str,
    *,
    quick: bool = False,
    output: str | os.PathLike[str] | None = None,
    model: str | None = None,
    report: Callable[[str], None] = lambda text: None,
) -> Row:
    """Run a suite and return its figures: ``suite``, ``machine``, and ``figures``, lists by name.

    ``report`` is called with lines of text, each as soon as it is measured.  ``output`` is a JSON
    file of the same figures, rewritten after every step.  ``model`` is the path of a .nam file, for
    a suite of ``OF_MODEL``.

    Raises ``ParamError`` for an unknown suite, ``CudaError`` for ``gpu`` without a device,
    ``FileError`` if ``output`` is not writable.
    """
    if name not in SUITES:
        raise ParamError(f"suite is {name!r}: must be one of {', '.join(SUITES)}")
    from .machine import format_machine, machine

    suite: Any = importlib.import_module(f"{__name__}.{name}")
    steps = suite.steps(quick) if model is None else suite.steps(quick, model)
    found: Row = {"suite": name, "quick": quick, "machine": machine(), "figures": {}}
    _write(found, output)  # fails before minutes are spent on the measurements
    report(format_machine(found["machine"]))
    for step, row in steps:
        found["figures"].setdefault(step, []).append(row)
        report(suite.format_row(step, row))
        _write(found, output)
    return found


def _write(found: Row, output: str | os.PathLike[str] | None) -> None:
    if output is None:
        return
    from ...runtime.io.atomic_write import whole_file, writing

    text = json.dumps(found, indent=1) + "\n"
    with whole_file(output, FileError) as part, writing(os.fspath(output), FileError):
        part.write_text(text, encoding="utf-8")
