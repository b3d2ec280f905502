"""Independent checkers of a schedule, which use only the graph and its meaning.

Two checkers, both for a schedule with shared buffers as much as for one without: ``check_meaning``
follows symbols through the buffers, ``check_sound`` runs the schedule on integers.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from namgraph.graph import Graph, PortRef, Schedule, Space

Signal = NDArray[np.int64]


def space(graph: Graph, ref: PortRef, side: str) -> Space:
    node = graph.nodes.get(ref.node)
    ports = getattr(node, side) if node is not None else ()
    return next((p.space for p in ports if p.name == ref.port), Space.HOST)


def arrivals(graph: Graph, block: int = 0) -> tuple[dict[str, int], dict[str, int]]:
    """Latency at the inputs and at the outputs of each node, asked backwards from each.

    What leaves a device is ``block`` later on the host; so is what must wait there for others.
    """
    names = (*graph.inputs, *graph.nodes, *graph.outputs)
    enter: dict[str, int] = {}
    own = {n: node.latency(None) for n, node in graph.nodes.items()}  # type: ignore[arg-type]

    def meet(name: str) -> int:
        if name not in enter:
            waits = []
            for source, target in graph.connections:
                if target.node == name:
                    late = meet(source.node) + own.get(source.node, 0)
                    there = [space(graph, source, "outputs"), space(graph, target, "inputs")]
                    cost = block if there[0] is Space.DEVICE else 0
                    waits.append((late, cost, there == [Space.DEVICE] * 2))
            before, lag = -1, 0
            while lag != before:
                before = lag
                lag = max(
                    [lag, *(t + (0 if stays and t >= before else c) for t, c, stays in waits)]
                )
            enter[name] = lag
        return enter[name]

    for name in names:
        meet(name)
    total = max((enter[n] for n in graph.outputs), default=0)
    enter.update(dict.fromkeys(graph.outputs, total))
    return enter, {n: enter[n] + own.get(n, 0) for n in names}


class Symbols:
    """Expressions as numbers: equal expressions get equal numbers, however large they are."""

    def __init__(self) -> None:
        self.known: dict[object, int] = {}
        self.lags: dict[int, tuple[int, int]] = {}

    def __call__(self, *expression: object) -> int:
        return self.known.setdefault(expression, len(self.known))

    def late(self, part: int, frames: int) -> int:
        """What is late twice is late by the sum."""
        if not frames:
            return part
        base, before = self.lags.get(part, (part, 0))
        made = self("late", base, before + frames)
        self.lags[made] = base, before + frames
        return made

    def total(self, parts: list[int]) -> int:
        if not parts:
            return self("silence")
        return parts[0] if len(parts) == 1 else self("sum", tuple(parts))


def meaning(
    graph: Graph, symbol: Symbols, block: int
) -> tuple[dict[str, tuple[int, ...]], dict[str, int]]:
    """Return what each node must read, port by port, and what each output must hold."""
    enter, leave = arrivals(graph, block)
    feeds: dict[PortRef, list[PortRef]] = {}
    for source, target in graph.connections:
        feeds.setdefault(target, []).append(source)
    reads: dict[str, tuple[int, ...]] = {}

    def port(name: str, port_name: str) -> int:
        parts = []
        for source in feeds.get(PortRef(name, port_name), []):
            if source.node in graph.inputs:
                part = symbol("input", source.node)
            else:
                part = symbol("made", source.node, source.port, node(source.node))
            parts.append(symbol.late(part, enter[name] - leave[source.node]))
        return symbol.total(parts)

    def node(name: str) -> tuple[int, ...]:
        if name not in reads:
            reads[name] = tuple(port(name, p.name) for p in graph.nodes[name].inputs)
        return reads[name]

    for name in graph.nodes:
        node(name)
    return reads, {name: port(name, "in") for name in graph.outputs}


def check_meaning(graph: Graph, schedule: Schedule) -> None:
    """Follow symbols through the buffers: every read must find exactly what it should."""
    symbol, block = Symbols(), crossing(schedule)
    reads, outputs = meaning(graph, symbol, block)
    parts: dict[int, list[int]] = {}  # what each buffer holds, as the terms of a sum
    ran = []

    def held(buffer: int) -> int:
        assert buffer in parts, f"b{buffer} is read before it is written"
        return symbol.total(parts[buffer])

    for name, buffer in schedule.inputs.items():
        assert schedule.buffers[buffer] == (graph.inputs[name], Space.HOST)
        parts[buffer] = [symbol("input", name)]
    for op in schedule.ops:
        assert not set(op.reads) & set(op.writes), f"{op} writes what it reads"
        assert len(set(op.writes)) == len(op.writes), f"{op} writes a buffer twice"
        kinds = [schedule.buffers[b] for b in (*op.reads, *op.writes)]
        found = tuple(held(b) for b in op.reads)
        if op.kind == "process":
            node = graph.nodes[op.node]
            ran.append(op.node)
            assert found == reads[op.node], f"{op} does not read what is connected to it"
            assert [k.space for k in kinds] == [p.space for p in (*node.inputs, *node.outputs)]
            for kind, port in zip(kinds, (*node.inputs, *node.outputs), strict=True):
                assert port.channels in (None, kind.channels)
            for buffer, port in zip(op.writes, node.outputs, strict=True):
                parts[buffer] = [symbol("made", op.node, port.name, found)]
            continue
        (target,) = op.writes
        if op.kind == "clear":
            parts[target] = []
            continue
        assert len({k.channels for k in kinds}) == 1
        moves = [Space.HOST, Space.DEVICE] if op.kind == "upload" else []
        moves = [Space.DEVICE, Space.HOST] if op.kind == "download" else moves
        assert [k.space for k in kinds] == (moves or [kinds[0].space] * 2)
        if op.kind == "add":
            held(target)
            parts[target] = [*parts[target], *found]
        else:
            late = op.frames if op.kind == "delay" else block if op.kind == "download" else 0
            parts[target] = [symbol.late(found[0], late)]
    assert sorted(ran) == sorted(graph.nodes), "every node runs once"
    for name, buffer in schedule.outputs.items():
        assert schedule.buffers[buffer] == (graph.outputs[name], Space.HOST)
        assert held(buffer) == outputs[name], f"{name} holds something else"
    ends = [*schedule.inputs.values(), *schedule.outputs.values()]
    assert len(set(ends)) == len(ends), "two ends share a buffer"
    assert list(schedule.inputs) == list(graph.inputs)
    assert list(schedule.outputs) == list(graph.outputs)


def crossing(schedule: Schedule) -> int:
    """Frames by which a download is late."""
    return schedule.spec.max_frames if schedule.spec.pipelined else 0


def shift(x: Signal, frames: int) -> Signal:
    y = np.zeros_like(x)
    y[:, frames:] = x[:, : max(x.shape[1] - frames, 0)]
    return y


def ways(graph: Graph, start: str) -> dict[str, int]:
    """Count the ways from one place to each other place.

    A node here sums all its inputs, so each of its outputs holds all that came in.
    """
    count = dict.fromkeys((*graph.inputs, *graph.nodes, *graph.outputs), 0)
    count[start] = 1
    waiting = dict.fromkeys(count, 0)
    after: dict[str, list[str]] = {name: [] for name in count}
    for source, target in graph.connections:
        waiting[target.node] += 1
        after[source.node].append(target.node)
    ready = [name for name, left in waiting.items() if left == 0]
    while ready:
        name = ready.pop()
        for follower in after[name]:
            count[follower] += count[name]
            waiting[follower] -= 1
            if waiting[follower] == 0:
                ready.append(follower)
    return count


def check_sound(graph: Graph, schedule: Schedule, frames: int = 8) -> None:
    """Null test: nodes are pure delays, so outputs are inputs, late by the latency, times ways."""
    enter, leave = arrivals(graph, crossing(schedule))
    assert schedule.latency == max((enter[n] for n in graph.outputs), default=0)
    assert schedule.lags == {n: leave[n] for n in graph.nodes}
    length = schedule.latency + frames
    rng = np.random.default_rng(0)
    starts = [*graph.inputs, *(n for n, node in graph.nodes.items() if not node.inputs)]
    signals = {n: rng.integers(-1000, 1000, (1, length)) for n in starts}
    outputs = play(graph, schedule, signals, length)
    for name, y in outputs.items():
        wanted = np.zeros((1, length), np.int64)
        for start, x in signals.items():
            wanted += ways(graph, start)[name] * shift(x, schedule.latency)
        assert np.array_equal(y, np.repeat(wanted, graph.outputs[name], axis=0)), name


def play(
    graph: Graph, schedule: Schedule, signals: Mapping[str, Signal], length: int
) -> dict[str, Signal]:
    """Run the schedule in plain Python, on one block as long as the signals."""
    poison = 123_456_789  # reads of unwritten memory change the output
    memory = [np.full((kind.channels, length), poison) for kind in schedule.buffers]
    for name, buffer in schedule.inputs.items():
        memory[buffer][:] = signals[name]
    for op in schedule.ops:
        if op.kind == "process":
            node = graph.nodes[op.node]
            for b in op.writes:
                memory[b][:] = poison  # a kernel may write before it has read everything
            heard = [memory[b] for b in op.reads] if node.inputs else [signals[op.node]]
            # Each output channel takes the channel of its own number, so that all are heard.
            for b in op.writes:
                for c, row in enumerate(memory[b]):
                    mixed = np.sum([x[c % len(x)] for x in heard], axis=0)[None]
                    row[:] = shift(mixed, node.latency(schedule.spec))[0]
        elif op.kind == "clear":
            memory[op.writes[0]][:] = 0
        elif op.kind == "add":
            memory[op.writes[0]] += memory[op.reads[0]]
        else:
            late = op.frames + (crossing(schedule) if op.kind == "download" else 0)
            memory[op.writes[0]][:] = shift(memory[op.reads[0]], late)
    return {name: memory[buffer] for name, buffer in schedule.outputs.items()}
