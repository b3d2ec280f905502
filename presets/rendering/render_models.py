"""Render one signal through many models, in banks."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...graph import Graph, ParamError, Spec
from ...graph.arguments import by_keyword, check_call, check_choice, check_flag, check_number
from ...graph.paths import checked_files, file_label
from ...nodes.nam import Model, NamBank, load_capture
from ...nodes.nam.levels import (
    INTERFACE_DBU,
    MODES,
    applied,
    check_interface,
    factor,
    warn_of_missing,
)
from ...nodes.nam.node import BACKENDS, Nam
from ...runtime.adapters.offline import render
from ...runtime.engine.audio_arrays import as_channels
from ...runtime.plan.stats import Stats

__all__ = ["render_models"]

CUDA_BANK, CPU_BANK = 1024, 64
"""Most models in a bank; on the CPU they run one after another, and only memory grows."""

Audio = NDArray[np.float32]


@by_keyword
def render_models(
    paths: Iterable[str | os.PathLike[str] | Model],
    audio: ArrayLike,
    sample_rate: float,
    *,
    slim: float = 1.0,
    backend: str = "auto",
    levels: str = "raw",
    interface_dbu: float = INTERFACE_DBU,
    calibrate_input: bool = False,
    progress: Callable[[float], None] | None = None,
    report: Callable[[Stats], None] | None = None,
) -> Audio:
    """Render one mono signal through every model; return ``(models, frames)``, without tails.

    ``paths`` are paths of .nam files, or models that ``load_nam`` returned.  Row n equals the
    output of ``render`` for a ``Nam`` of ``paths[n]``.  On a GPU, models of one
    shape run together, with as many chunks of the signal in parallel as fit.  ``backend``,
    ``levels``, ``interface_dbu`` and ``calibrate_input`` are as of ``Nam``; a model that cannot run
    on a GPU is a ``ParamError`` with "cuda", and runs on the CPU with "auto".  A file without a
    level that level matching needs is a ``LevelsWarning``.  ``progress`` is called with the share
    done, ``report`` with the statistics of each bank, muted blocks included.
    """
    names, done = checked_files(paths, "paths", ParamError, Model), 0
    backend = check_choice("backend", backend, BACKENDS)
    levels = check_choice("levels", levels, MODES)
    calibrate_input = check_flag("calibrate_input", calibrate_input)
    sample_rate, slim = Spec(sample_rate, 1).rate, check_number("slim", slim, 0.0, 1.0)
    check_call("progress", progress)
    check_call("report", report)
    how = (levels, check_interface(interface_dbu), calibrate_input)
    x = as_channels("audio", audio, 1)[0]
    gains = [applied(load_capture(name), *how) for name in names]
    warn_of_missing(zip(map(file_label, names), gains, strict=True))
    made = np.empty((len(names), len(x)), np.float32)
    for members, where in _banks(names, slim, backend, [gain.input_db for gain in gains]):
        graph = Graph()
        bank = graph.add("bank", NamBank([names[k] for k in members], slim=slim, backend=where))
        out = graph.output("out", channels=len(members))
        graph.input("in", channels=1) >> bank >> out
        source = _scaled(x, gains[members[0]].input_db)
        rows = render(graph, source, sample_rate, tail=False, report=report).reshape(
            len(members), len(x)
        )
        for k, row in zip(members, rows, strict=True):
            made[k] = _scaled(row, gains[k].output_db)
        done += len(members)
        if progress is not None:
            progress(done / len(names))
    return made


def _scaled(samples: Audio, level_db: float) -> Audio:
    """Return samples times a gain, bit-identical to a node's kernel."""
    return samples if level_db == 0.0 else samples * np.float32(factor(level_db))


def _banks(
    names: Sequence[str | Model], slim: float, backend: str, inputs_db: Sequence[float]
) -> Iterator[tuple[list[int], str]]:
    """Yield banks of models with the same input gain, as indices and the bank's backend."""
    host, device = dict[float, list[int]](), dict[tuple[Any, float], list[int]]()
    for k, (name, level) in enumerate(zip(names, inputs_db, strict=True)):
        if backend == "cpu" or (backend == "auto" and Nam(name, slim=slim).device_refusal()):
            host.setdefault(level, []).append(k)
        else:
            device.setdefault((_shape(name, slim), level), []).append(k)
    groups = [(members, "cuda", CUDA_BANK) for members in device.values()]
    groups += [(members, "cpu", CPU_BANK) for members in host.values()]
    for members, where, size in groups:
        yield from ((members[k : k + size], where) for k in range(0, len(members), size))


def _shape(name: str | Model, slim: float) -> Any:
    """Return a key that is equal for models that can share a kernel launch."""
    from ...nodes.nam.cuda import cuda_network, refusal

    network = load_capture(name).select(slim).running
    return name if refusal(network) else cuda_network(network).kernel.source
