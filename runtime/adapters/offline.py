"""Render whole arrays through a graph, faster than real time."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from types import MappingProxyType
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...graph import (
    LONGEST_BLOCK,
    EngineError,
    Graph,
    GraphSource,
    ParamError,
    Space,
    Spec,
    tail as graph_tail,
    with_cabinet,
)
from ...graph.arguments import (
    as_whole,
    by_keyword,
    check_call,
    check_flag,
    check_whole,
    format_value,
    is_iterable,
)
from ..engine.audio_arrays import AudioBuffers
from ..engine.engine import Engine
from ..engine.parameters import find_param, find_params
from ..limits import MAX_AUDIO_SAMPLES, check_threads, format_bytes
from ..plan.stats import Stats
from .automation import automated
from .parallel.chunk import Change
from .parallel.parallel_render import parallel_render

__all__ = ["best_block", "render"]

Audio = NDArray[np.float32]
BLOCK = 512
DEVICE_FLOATS = 1 << 24
"""Samples of a port on a device, at most: graphs with many models get shorter blocks."""
NO_LANES: Mapping[str, Any] = MappingProxyType({})
SIDES: tuple[Literal["input", "output"], ...] = ("input", "output")
CHUNK_S = 1.0
"""Seconds of audio between two reports of progress."""
LONGEST_TAIL_S = 60.0
CHANGES_AT_A_TIME = 1024
"""Changes posted at a time: an engine holds 8,192, and moves all of them when it applies one."""


@overload
def render(
    graph: GraphSource,
    audio: ArrayLike,
    sample_rate: float,
    *,
    ir: Any = ...,
    block: int | None = ...,
    tail: bool = ...,
    changes: Iterable[tuple[int, str, float]] = ...,
    automation: Mapping[str, Any] = ...,
    progress: Callable[[float], None] | None = ...,
    report: Callable[[Stats], None] | None = ...,
    strict: bool | None = ...,
    threads: int | None = ...,
) -> Audio: ...
@overload
def render(
    graph: GraphSource,
    audio: Mapping[str, ArrayLike],
    sample_rate: float,
    *,
    ir: Any = ...,
    block: int | None = ...,
    tail: bool = ...,
    changes: Iterable[tuple[int, str, float]] = ...,
    automation: Mapping[str, Any] = ...,
    progress: Callable[[float], None] | None = ...,
    report: Callable[[Stats], None] | None = ...,
    strict: bool | None = ...,
    threads: int | None = ...,
) -> dict[str, Audio]: ...


@by_keyword
def render(
    graph: GraphSource,
    audio: ArrayLike | Mapping[str, ArrayLike],
    sample_rate: float,
    *,
    ir: Any = None,
    block: int | None = None,
    tail: bool = True,
    changes: Iterable[tuple[int, str, float]] = (),
    automation: Mapping[str, Any] = NO_LANES,
    progress: Callable[[float], None] | None = None,
    report: Callable[[Stats], None] | None = None,
    strict: bool | None = False,
    threads: int | None = None,
) -> Audio | dict[str, Audio]:
    """Return the output of a rack for whole signals, with the tail.

    ``graph`` is a graph, a preset's path or bundled name, a node, a model or the path of a .nam
    file; a model or node may be followed by ``ir``, a cabinet's impulse response.  ``audio`` is
    float ``(channels, frames)`` or ``(frames,)`` at ``sample_rate`` Hz (a mapping by input name
    where there are several).  The result starts where the input starts: the graph's latency is
    taken out.  It is longer than the input by the graph's tail, or as long as the input with
    ``tail=False``.  ``block`` changes no sample; the default is short, and long for a GPU, which
    cuts it into chunks.  ``changes`` are ``(frame, "node.param", value)``, applied at those frames
    exactly; all are checked before the first block, also those after the end.  ``automation`` maps
    ``"node.param"`` to points, an array or a control node: see ``automated``.  ``progress`` is
    called with the share done, from 0 to 1; ``report`` with the engine's statistics at the end:
    muted blocks are counted there.
    ``threads`` is how many play the graph: ``None`` is one for each processor where that is faster.
    It changes no bit: models and cabinets play several parts of the signal at a time, nodes that
    remember all of it (filters, LSTMs, reverbs) play one behind the other.
    Nodes that cannot be heard (``Graph.check``) are a ``GraphWarning``, with ``strict`` a
    ``GraphError``; ``strict=None`` skips that check.
    """
    graph = with_cabinet(graph, ir, "render(graph, audio, sample_rate)")
    if automation is not NO_LANES:
        graph = automated(graph, automation)
    tail = check_flag("tail", tail)
    check_call("progress", progress)
    check_call("report", report)
    if block is not None:
        block = check_whole("block", block, 1, LONGEST_BLOCK)
    threads = check_threads(threads)
    sample_rate = Spec(sample_rate, 1).rate
    buffers = AudioBuffers(graph, audio)
    if block is None:
        block = best_block(graph, buffers.frames)
    engine = Engine(graph, sample_rate=sample_rate, max_frames=block, strict=strict)
    extra = min(graph_tail(graph, engine.spec), round(LONGEST_TAIL_S * sample_rate)) if tail else 0
    frames, latency = buffers.frames + extra, engine.latency
    total, channels = frames + latency, sum(graph.outputs.values())
    if total * channels > MAX_AUDIO_SAMPLES:
        raise EngineError(
            f"the result would have {total} frames of {channels} channels: at most "
            f"{MAX_AUDIO_SAMPLES} samples are held ({format_bytes(4 * MAX_AUDIO_SAMPLES)})"
        )
    inputs = [np.concatenate([x, np.zeros(total - len(x), np.float32)]) for x in buffers.inputs]
    outputs = list(np.zeros((channels, total), np.float32))
    due = _check_changes(engine, changes)
    parallel = parallel_render(engine, total, block, threads, due)
    if parallel is None:
        parts = _in_one_thread(engine, inputs, outputs, total, block, due)
    else:
        parts = parallel.fill(inputs, outputs, total)
    with closing(parts):  # ends its threads, whatever happens
        for done in parts:
            if progress is not None:
                progress(done / total)
    if report is not None:
        report((engine if parallel is None else parallel).stats())
    result: Audio | dict[str, Audio] = buffers.shaped([y[latency:] for y in outputs])
    return result


def _in_one_thread(
    engine: Engine,
    inputs: list[Audio],
    outputs: list[Audio],
    total: int,
    block: int,
    changes: list[Change],
) -> Generator[int, None, None]:
    """Play ``total`` frames of the inputs into the outputs; yield how many are done."""
    todo, start = deque(changes), 0
    chunk = max(block, round(CHUNK_S * engine.spec.rate) // block * block)
    while start < total:
        stop = min(start + chunk, total)
        if len(todo) > CHANGES_AT_A_TIME and todo[CHANGES_AT_A_TIME][0] < stop:
            stop = max(todo[CHANGES_AT_A_TIME][0], start + 1)
        while todo and todo[0][0] < stop:
            at, name, value = todo.popleft()
            engine.set(name, value, at=at)
        now = slice(start, stop)
        engine.play([x[now] for x in inputs], [y[now] for y in outputs], stop - start, block)
        start = stop
        yield start


def best_block(graph: Graph, frames: int) -> int:
    """Return the block size that a graph renders fastest with.

    A GPU cuts a block into chunks for all its multiprocessors, and each chunk first computes the
    frames before it again: the longer the block, the fewer of these.  Few different sizes are
    used, so that one render can reuse the memory of another (``cuda/driver/memory_pool.py``).
    """
    ports = [p for n in graph.nodes for side in SIDES for p in graph.ports(n, side)]
    widths = [p.channels or 1 for p in ports if p.space is Space.DEVICE]
    if not widths:
        return BLOCK
    most = min(LONGEST_BLOCK, max(BLOCK, DEVICE_FLOATS // max(widths)))
    even = -(-frames // max(1, -(-frames // most)))
    step = max(BLOCK, 1 << max(0, even.bit_length() - 4))  # eight lengths to an octave
    return max(BLOCK, min(most, -(-even // step) * step))


def _check_changes(engine: Engine, changes: Iterable[tuple[int, str, float]]) -> list[Change]:
    """Return the changes sorted by frame; of several at one frame the last counts."""
    found: dict[tuple[int, str], float] = {}
    for at, name, value in _check_triples(changes):
        frame = as_whole(at)
        if frame is None or frame < 0:
            raise ParamError(
                f"a change at frame {format_value(at)}: must be a whole number, 0 or more"
            )
        for one in find_params(engine.plan, name):
            found[frame, one] = find_param(engine.plan, one, value)[1]
    due = sorted(found.items(), key=lambda change: change[0][0])
    return [(at, name, value) for (at, name), value in due]


def _check_triples(changes: Any) -> Iterator[tuple[Any, Any, Any]]:
    allowed = 'must be a list of (frame, "node.param", value)'
    if isinstance(changes, Mapping) or not is_iterable(changes):
        raise ParamError(f"changes is {format_value(changes)}: {allowed}")
    for change in changes:
        if not is_iterable(change):
            raise ParamError(f"changes has {format_value(change)}: {allowed}")
        parts = tuple(change)
        if len(parts) != 3:
            raise ParamError(f"changes has {format_value(change)}: {allowed}")
        yield parts
