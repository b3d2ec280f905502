"""The simplest adapter: arrays in, arrays out, faster than real time."""

from collections.abc import Callable, Iterable, Mapping
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...graph import Graph, ParamError, Spec, tail as graph_tail
from ..engine import Engine
from ..layout import Ends
from ..stats import Stats

__all__ = ["render"]

Audio = NDArray[np.float32]
CHUNK_S = 1.0
"""Seconds of audio between two reports of progress."""
LONGEST_TAIL_S = 60.0


@overload
def render(
    graph: Graph,
    audio: ArrayLike,
    sample_rate: float,
    *,
    block: int = ...,
    tail: bool = ...,
    changes: Iterable[tuple[int, str, float]] = ...,
    progress: Callable[[float], None] | None = ...,
    report: Callable[[Stats], None] | None = ...,
) -> Audio: ...
@overload
def render(
    graph: Graph,
    audio: Mapping[str, ArrayLike],
    sample_rate: float,
    *,
    block: int = ...,
    tail: bool = ...,
    changes: Iterable[tuple[int, str, float]] = ...,
    progress: Callable[[float], None] | None = ...,
    report: Callable[[Stats], None] | None = ...,
) -> dict[str, Audio]: ...


def render(
    graph: Graph,
    audio: ArrayLike | Mapping[str, ArrayLike],
    sample_rate: float,
    *,
    block: int = 512,
    tail: bool = True,
    changes: Iterable[tuple[int, str, float]] = (),
    progress: Callable[[float], None] | None = None,
    report: Callable[[Stats], None] | None = None,
) -> Audio | dict[str, Audio]:
    """Run whole signals through a graph and return what comes out, tails included.

    ``audio`` is float ``(channels, frames)`` or ``(frames,)`` at ``sample_rate`` Hz (a mapping by
    input name where there are several).  The result starts where the input starts: the graph's
    latency is taken out.  It is longer than the input by the graph's tail, or as long as the
    input with ``tail=False``.  ``block`` cannot be heard.  ``changes`` are ``(frame, "node.param",
    value)``, applied at those frames exactly.  ``progress`` is told the share done, from 0 to 1;
    ``report`` is given the engine's statistics in the end: what had to be muted is counted there.
    """
    engine = Engine(graph, sample_rate=sample_rate, max_frames=Spec(sample_rate, block).max_frames)
    ends = Ends(graph, audio)
    extra = min(graph_tail(graph, engine.spec), round(LONGEST_TAIL_S * sample_rate)) if tail else 0
    wanted, latency = ends.frames + extra, engine.latency
    total = wanted + latency
    inputs = [np.concatenate([x, np.zeros(total - len(x), np.float32)]) for x in ends.inputs]
    outputs = list(np.zeros((sum(graph.outputs.values()), total), np.float32))
    todo = sorted(changes, key=lambda change: change[0])
    if any(at < 0 for at, _, _ in todo):
        raise ParamError(f"a change at frame {todo[0][0]}: must be 0 or more")
    chunk = max(block, round(CHUNK_S * sample_rate) // block * block)
    for start in range(0, total, chunk):
        frames = min(chunk, total - start)
        while todo and todo[0][0] < start + frames:
            at, name, value = todo.pop(0)
            engine.set(name, value, at=int(at))
        now = slice(start, start + frames)
        engine.play([x[now] for x in inputs], [y[now] for y in outputs], frames, block)
        if progress is not None:
            progress((start + frames) / total)
    if report is not None:
        report(engine.stats())
    result: Audio | dict[str, Audio] = ends.shaped([y[latency:] for y in outputs])
    return result
