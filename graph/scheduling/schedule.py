"""From a graph to a list of operations on numbered buffers.

Everything here is arithmetic on names and integers: no samples, no arrays, no device.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from ..connection import PortRef
from ..graph import Graph
from ..port import Port, Space
from ..prepare import Spec
from .channels import resolve_channels
from .latency import balance, crossing, longest_tail
from .liveness import Life, share
from .order import topological_order

__all__ = ["Buffer", "Op", "Schedule", "schedule", "tail", "values"]

OpKind = Literal["process", "clear", "copy", "add", "delay", "upload", "download"]


class Buffer(NamedTuple):
    """What a buffer can hold, besides ``spec.max_frames`` frames."""

    channels: int
    space: Space


@dataclass(frozen=True)
class Op:
    """One operation of a schedule; ``reads`` and ``writes`` are numbers of buffers.

    * ``process``: run ``node``, from one buffer per input port into one per output port
    * ``clear``, ``copy``: fill ``writes[0]`` with zeros, or from ``reads[0]``
    * ``add``: add ``reads[0]`` to what ``writes[0]`` already holds
    * ``delay``: as copy, ``frames`` late; each such operation has a memory of its own
    * ``upload``, ``download``: as copy, from host to device or back

    No operation writes what it reads.  A player need understand nothing else.
    """

    kind: OpKind
    reads: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()
    node: str = ""
    frames: int = 0

    def __str__(self) -> str:
        words = [self.kind, self.node, " ".join(f"b{b}" for b in self.reads)]
        words += ["->", " ".join(f"b{b}" for b in self.writes)] if self.writes else []
        words += [f"({self.frames} frames)"] if self.frames else []
        return " ".join(word for word in words if word)


@dataclass(frozen=True)
class Schedule:
    """Operations in an order that respects every connection, and the buffers they need.

    The buffers of the graph's ends are nobody else's: an adapter may fill the inputs before and
    take the outputs after a block, and fade or mute any output without touching another.
    """

    spec: Spec
    ops: tuple[Op, ...]
    buffers: tuple[Buffer, ...]
    inputs: Mapping[str, int]
    """The buffer of each input of the graph."""
    outputs: Mapping[str, int]
    latency: int
    """Frames by which every output of the graph lags the inputs."""
    lags: Mapping[str, int]
    """The same for each node, at its outputs."""

    def __str__(self) -> str:
        return "\n".join(str(op) for op in self.ops)


def schedule(graph: Graph, spec: Spec) -> Schedule:
    """Compile ``graph``: order it, balance its latencies, and let buffers be shared.

    Equal schedules come from equal graphs built in the same order.  Control thread only.
    """
    plain = values(graph, spec)
    pinned = (-1, len(plain.ops))  # the graph's own ends live before the first step and after
    first = [len(plain.ops)] * len(plain.buffers)
    last = [-1] * len(plain.buffers)
    for step, op in enumerate(plain.ops):
        for v in (*op.reads, *op.writes):
            first[v] = min(first[v], step)
            last[v] = step
    for v in (*plain.inputs.values(), *plain.outputs.values()):
        first[v], last[v] = pinned
    for v, value in enumerate(plain.buffers):
        if value.space is Space.DEVICE:  # works behind the host's back: no buffer is ever free
            first[v], last[v] = pinned
    buffer = share([Life(*life) for life in zip(first, last, plain.buffers, strict=True)])
    kinds = dict(zip(buffer, plain.buffers, strict=True))
    return replace(
        plain,
        ops=tuple(
            Op(
                op.kind,
                tuple(buffer[v] for v in op.reads),
                tuple(buffer[v] for v in op.writes),
                op.node,
                op.frames,
            )
            for op in plain.ops
        ),
        buffers=tuple(kinds[b] for b in range(len(kinds))),
        inputs={name: buffer[v] for name, v in plain.inputs.items()},
        outputs={name: buffer[v] for name, v in plain.outputs.items()},
    )


def values(graph: Graph, spec: Spec) -> Schedule:
    """Compile ``graph`` as ``schedule`` does, but with a buffer for each value.

    Wasteful and obviously right: the oracle that shared buffers are tested against.
    """
    return _Lowering(graph, spec).run()


def tail(graph: Graph, spec: Spec) -> int:
    """Return the frames for which the graph may ring on after its input has ended.

    Latency comes on top: an offline render asks for ``latency + tail`` frames more.
    """
    return longest_tail(graph, spec, _order(graph), graph.sources())


def _order(graph: Graph) -> list[str]:
    successors: dict[str, list[str]] = {
        name: [] for name in (*graph.inputs, *graph.nodes, *graph.outputs)
    }
    for source, target in graph.connections:
        successors[source.node].append(target.node)
    return topological_order(successors)


class _Lowering:
    """Turns a graph into operations on values.  A value is complete before it is read."""

    def __init__(self, graph: Graph, spec: Spec) -> None:
        self.graph, self.spec = graph, spec
        self.sources = graph.sources()
        self.order = _order(graph)
        self.channels = resolve_channels(graph, self.order, self.sources)
        self.lags = balance(graph, spec, self.order, self.sources)
        self.ops: list[Op] = []
        self.values: list[Buffer] = []
        self.value_of: dict[PortRef, int] = {}
        self.made: dict[tuple[OpKind, int | Buffer, int], int] = {}

    def run(self) -> Schedule:
        """Lower everything in order."""
        inputs: dict[str, int] = {}
        outputs: dict[str, int] = {}
        for name in self.order:
            reads = tuple(self.gather(name, port) for port in self.graph.ports(name, "input"))
            if name in self.graph.outputs:
                outputs[name] = self.own(reads[0], {*inputs.values(), *outputs.values()})
                continue
            writes = tuple(self.leave(name, port) for port in self.graph.ports(name, "output"))
            if name in self.graph.inputs:
                inputs[name] = writes[0]
            else:
                self.ops.append(Op("process", reads, writes, node=name))
        return Schedule(
            spec=self.spec,
            ops=tuple(self.ops),
            buffers=tuple(self.values),
            inputs={name: inputs[name] for name in self.graph.inputs},
            outputs={name: outputs[name] for name in self.graph.outputs},
            latency=self.lags.total,
            lags={name: self.lags.leaving[name] for name in self.graph.nodes},
        )

    def gather(self, name: str, port: Port) -> int:
        """Bring all that enters a port to one value: in the port's space, aligned, summed.

        What is on the host is summed there: one upload instead of several.
        """
        ref = PortRef(name, port.name)
        parts = [
            self.waited(source, port.space, self.lags.arriving[name])
            for source in self.sources[ref]
        ]
        hosted = parts and all(self.values[part].space is Space.HOST for part in parts)
        kind = Buffer(self.channels.inputs[ref], Space.HOST if hosted else port.space)
        if not parts:
            return self.once("clear", kind, kind)
        parts = [self.moved(part, kind.space) for part in parts]
        if len(parts) == 1:
            return self.moved(parts[0], port.space)
        total = self.new(kind)
        self.ops.append(Op("copy", (parts[0],), (total,)))
        self.ops.extend(Op("add", (part,), (total,)) for part in parts[1:])
        return self.moved(total, port.space)

    def leave(self, name: str, port: Port) -> int:
        """Make the value of an output port."""
        ref = PortRef(name, port.name)
        self.value_of[ref] = self.new(Buffer(self.channels.outputs[ref], port.space))
        return self.value_of[ref]

    def own(self, value: int, taken: set[int]) -> int:
        """Return ``value``, or a copy if it belongs to another end or is the common silence."""
        silence = self.made.get(("clear", self.values[value], 0))
        if value not in taken and value != silence:
            return value
        copied = self.new(self.values[value])
        self.ops.append(Op("copy", (value,), (copied,)))
        return copied

    def waited(self, source: PortRef, space: Space, arriving: int) -> int:
        """Return a source's value, meant for ``space``, so late that it arrives with the others.

        Signals wait on the host, where resets, snapshots and swaps find what they remember.
        """
        value = self.value_of[source]
        frames = arriving - self.lags.leaving[source.node]
        crosses = self.values[value].space is Space.DEVICE
        if crosses and (frames or space is Space.HOST):
            value = self.moved(value, Space.HOST)
            frames -= crossing(self.graph, self.spec, source)
        return self.late(value, frames)

    def moved(self, value: int, space: Space) -> int:
        """Return ``value`` in ``space``."""
        kind = self.values[value]
        if kind.space is space:
            return value
        way: OpKind = "upload" if space is Space.DEVICE else "download"
        return self.once(way, value, kind._replace(space=space))

    def late(self, value: int, frames: int) -> int:
        """Return ``value``, ``frames`` later."""
        return self.once("delay", value, self.values[value], frames) if frames else value

    def once(self, op: OpKind, source: int | Buffer, kind: Buffer, frames: int = 0) -> int:
        """Return the value such an operation gives: made when first needed, shared from then on."""
        key = (op, source, frames)
        if key not in self.made:
            self.made[key] = self.new(kind)
            reads = (source,) if isinstance(source, int) else ()
            self.ops.append(Op(op, reads, (self.made[key],), frames=frames))
        return self.made[key]

    def new(self, kind: Buffer) -> int:
        """Add a value and return its number."""
        self.values.append(kind)
        return len(self.values) - 1
