"""One signal through many models: a data set, or every amp in a folder."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..graph import Graph, ParamError, Spec
from ..graph.arguments import by_keyword, check_call, check_choice, check_number
from ..graph.paths import checked_paths
from ..nodes.nam import NamBank, load_nam
from ..nodes.nam.node import BACKENDS, Nam
from ..runtime.adapters.offline import render
from ..runtime.layout import as_channels
from ..runtime.stats import Stats

__all__ = ["render_models"]

MOST, AT_ONCE = 1024, 64
"""Models in a bank: on a GPU, and on the CPU, where they take turns and only memory grows."""

Audio = NDArray[np.float32]


@by_keyword
def render_models(
    paths: Iterable[str | os.PathLike[str]],
    audio: ArrayLike,
    sample_rate: float,
    *,
    slim: float = 1.0,
    backend: str = "auto",
    progress: Callable[[float], None] | None = None,
    report: Callable[[Stats], None] | None = None,
) -> Audio:
    """Play one mono signal through every model; return ``(models, frames)``, as long as the signal.

    Row n is what ``render`` makes of a ``Nam`` of ``paths[n]``, raw.  On a GPU, models of one shape
    play together, as many chunks of the signal side by side as it has room for.  ``backend`` is as
    of ``Nam``; with "cuda" a model that cannot play on a device is an error, with "auto" the CPU's.
    ``report`` is told of each bank of models: what had to be muted is counted there.
    """
    names, done = checked_paths(paths, "paths", ParamError), 0
    backend = check_choice("backend", backend, BACKENDS)
    sample_rate, slim = Spec(sample_rate, 1).rate, check_number("slim", slim, 0.0, 1.0)
    check_call("progress", progress)
    check_call("report", report)
    x = as_channels("audio", audio, 1)[0]
    made = np.empty((len(names), len(x)), np.float32)
    for members, where in _banks(names, slim, backend):
        graph = Graph()
        bank = graph.add("bank", NamBank([names[k] for k in members], slim=slim, backend=where))
        out = graph.output("out", channels=len(members))
        graph.input("in", channels=1) >> bank >> out
        made[members] = render(graph, x, sample_rate, tail=False, report=report)
        done += len(members)
        if progress is not None:
            progress(done / len(names))
    return made


def _banks(names: Sequence[str], slim: float, backend: str) -> Iterator[tuple[list[int], str]]:
    """Sort models into banks; say where each plays."""
    host, device = list[int](), dict[str, list[int]]()
    for k, name in enumerate(names):
        if backend == "cpu" or (backend == "auto" and Nam(name, slim=slim).no_device()):
            host.append(k)
        else:
            device.setdefault(_shape(name, slim), []).append(k)
    groups = [(members, "cuda", MOST) for members in device.values()] + [(host, "cpu", AT_ONCE)]
    for members, where, most in groups:
        yield from ((members[k : k + most], where) for k in range(0, len(members), most))


def _shape(name: str, slim: float) -> str:
    """Return what models that can share a launch have in common."""
    from ..nodes.nam.cuda import cuda_network, refusal

    network = load_nam(name).select(slim).running
    return name if refusal(network) else cuda_network(network).kernel.source
