"""Compiles a graph to a schedule: a list of operations on numbered buffers.  Control thread.

Works on names and integers: no samples, no arrays, no device.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ..connection import Connectable, PortRef
from ..port import Port, Space
from ..prepare import Spec
from .channels import check_mixes, resolve_channels
from .ends import find_ends
from .latency import compute_latencies, longest_tail, transfer_latency
from .liveness import Life, share

__all__ = ["Buffer", "Op", "Schedule", "latency", "schedule", "tail", "unshared_schedule"]

OpKind = Literal["process", "clear", "copy", "add", "delay", "upload", "download"]


class Buffer(NamedTuple):
    """Channel count and memory space of a buffer of ``spec.max_frames`` frames."""

    channels: int
    space: Space


class Op(NamedTuple):
    """One operation of a schedule; ``reads`` and ``writes`` are numbers of buffers.

    * ``process``: run ``node``, from one buffer per input port, and one per control signal that
      moves a parameter, into one per output port
    * ``clear``, ``copy``: fill ``writes[0]`` with zeros, or from ``reads[0]``
    * ``add``: add ``reads[0]`` to ``writes[0]``
    * ``delay``: copy, ``frames`` late; each such operation has its own delay line
    * ``upload``, ``download``: copy from host to device or back

    No operation writes a buffer that it reads.
    """

    kind: OpKind
    reads: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()
    node: str = ""
    frames: int = 0

    def __str__(self) -> str:
        parts = [self.kind, self.node, " ".join(f"b{b}" for b in self.reads)]
        parts += ["->", " ".join(f"b{b}" for b in self.writes)] if self.writes else []
        parts += [f"({self.frames} frames)"] if self.frames else []
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Schedule:
    """Operations in an order that respects every connection, and the buffers they need.

    The buffers of the graph's ends are not shared: an adapter may write the inputs before a block
    and read the outputs after it, and fade or mute one output without changing another.
    """

    spec: Spec
    ops: tuple[Op, ...]
    buffers: tuple[Buffer, ...]
    inputs: Mapping[str, int]
    """The buffer of each input of the graph."""
    outputs: Mapping[str, int]
    latency: int
    """Latency in frames from the inputs to every output of the graph."""
    lags: Mapping[str, int]
    """Latency in frames from the inputs of the graph to the outputs of each node."""

    def __repr__(self) -> str:
        return (
            f"<Schedule of {len(self.ops)} operations on {len(self.buffers)} buffers at "
            f"{self.spec.rate:g} Hz, latency {self.latency} frames>"
        )

    def __str__(self) -> str:
        return "\n".join(str(op) for op in self.ops)


def schedule(graph: Connectable, spec: Spec) -> Schedule:
    """Compile ``graph``: order the nodes, compensate latencies, share buffers.

    Equal graphs built in the same order give equal schedules.
    """
    plain = unshared_schedule(graph, spec)
    end = len(plain.ops)
    first, last = [end] * len(plain.buffers), [-1] * len(plain.buffers)
    for step, op in enumerate(plain.ops):
        for v in (*op.reads, *op.writes):
            if first[v] > step:
                first[v] = step
            last[v] = step
    pinned = {*plain.inputs.values(), *plain.outputs.values()}
    # A device runs asynchronously: no buffer there is ever known to be free.
    pinned |= {v for v, value in enumerate(plain.buffers) if value.space is Space.DEVICE}
    for v in pinned:  # alive from before the first step to after the last
        first[v], last[v] = -1, end
    buffer = share(list(map(Life, first, last, plain.buffers)))
    kinds = dict(zip(buffer, plain.buffers, strict=True))
    shared = buffer.__getitem__
    return Schedule(
        spec=spec,
        ops=tuple(
            [
                Op(kind, tuple(map(shared, reads)), tuple(map(shared, writes)), node, frames)
                for kind, reads, writes, node, frames in plain.ops
            ]
        ),
        buffers=tuple([kinds[b] for b in range(len(kinds))]),
        inputs={name: buffer[v] for name, v in plain.inputs.items()},
        outputs={name: buffer[v] for name, v in plain.outputs.items()},
        latency=plain.latency,
        lags=plain.lags,
    )


def unshared_schedule(graph: Connectable, spec: Spec) -> Schedule:
    """Compile ``graph`` as ``schedule`` does, but with one buffer per value.

    The reference that buffer sharing is tested against.
    """
    return _Lowering(graph, spec).run()


def latency(graph: Connectable, spec: Spec) -> int:
    """Return the latency in frames from the inputs to the outputs of a graph."""
    return compute_latencies(graph, spec, find_ends(graph)).total


def tail(graph: Connectable, spec: Spec) -> int:
    """Return the frames for which the output may continue after the input has ended.

    Without latency: an offline render is ``latency + tail`` frames longer than its input.
    """
    return longest_tail(graph, spec, find_ends(graph))


class _Lowering:
    """Lowers a graph to operations on values.  Each value is complete before it is read."""

    def __init__(self, graph: Connectable, spec: Spec) -> None:
        self.graph, self.spec = graph, spec
        self.ends = find_ends(graph)
        self.channels = resolve_channels(graph, self.ends)
        check_mixes(graph, self.channels)
        self.latencies = compute_latencies(graph, spec, self.ends)
        self.ops: list[Op] = []
        self.values: list[Buffer] = []
        self.value_of: dict[PortRef, int] = {}
        self.shared: dict[tuple[OpKind, int | Buffer, int], int] = {}

    def run(self) -> Schedule:
        """Lower everything in order."""
        inputs: dict[str, int] = {}
        outputs: dict[str, int] = {}
        ends_in, ends_out = self.graph.inputs, self.graph.outputs
        for name, entering in self.ends.entering.items():
            arriving = self.latencies.arriving[name]
            reads = [self.read_port(arriving, *end) for end in entering]
            if name in ends_out:
                outputs[name] = self.own_buffer(reads[0], {*inputs.values(), *outputs.values()})
                continue
            reads += [
                self.aligned(source, Space.HOST, arriving)
                for source in self.ends.moving.get(name, ())
            ]
            writes = [self.write_port(*end) for end in self.ends.leaving[name]]
            if name in ends_in:
                inputs[name] = writes[0]
            else:
                self.ops.append(Op("process", tuple(reads), tuple(writes), node=name))
        return Schedule(
            spec=self.spec,
            ops=tuple(self.ops),
            buffers=tuple(self.values),
            inputs={name: inputs[name] for name in self.graph.inputs},
            outputs={name: outputs[name] for name in self.graph.outputs},
            latency=self.latencies.total,
            lags={name: self.latencies.leaving[name] for name in self.graph.nodes},
        )

    def read_port(self, arriving: int, ref: PortRef, port: Port, sources: list[PortRef]) -> int:
        """Return the value of an input port: all its sources in its space, aligned and summed.

        Sources that are all on the host are summed there: one upload instead of several.
        """
        parts = [self.aligned(source, port.space, arriving) for source in sources]
        if len(parts) == 1:
            return self.in_space(parts[0], port.space)
        hosted = parts and all(self.values[part].space is Space.HOST for part in parts)
        kind = Buffer(self.channels.inputs[ref], Space.HOST if hosted else port.space)
        if not parts:
            return self.once("clear", kind, kind)
        parts = [self.in_space(part, kind.space) for part in parts]
        total = self.new(kind)
        self.ops.append(Op("copy", (parts[0],), (total,)))
        self.ops.extend(Op("add", (part,), (total,)) for part in parts[1:])
        return self.in_space(total, port.space)

    def write_port(self, ref: PortRef, port: Port) -> int:
        """Add the value of an output port."""
        value = self.value_of[ref] = self.new(Buffer(self.channels.outputs[ref], port.space))
        return value

    def own_buffer(self, value: int, taken: set[int]) -> int:
        """Return ``value``, or a copy if it is another end's or the shared silence."""
        silence = self.shared.get(("clear", self.values[value], 0))
        if value not in taken and value != silence:
            return value
        copied = self.new(self.values[value])
        self.ops.append(Op("copy", (value,), (copied,)))
        return copied

    def aligned(self, source: PortRef, space: Space, arriving: int) -> int:
        """Return a source's value, delayed to the latency ``arriving`` of its target.

        Delay lines are on the host, where resets, ``save_state`` and swaps handle them.
        """
        value = self.value_of[source]
        frames = arriving - self.latencies.leaving[source.node]
        on_device = self.values[value].space is Space.DEVICE
        if on_device and (frames or space is Space.HOST):
            value = self.in_space(value, Space.HOST)
            frames -= transfer_latency(self.graph, self.spec, source)
        return self.delayed(value, frames)

    def in_space(self, value: int, space: Space) -> int:
        """Return ``value`` in ``space``, uploaded or downloaded if needed."""
        kind = self.values[value]
        if kind.space is space:
            return value
        transfer: OpKind = "upload" if space is Space.DEVICE else "download"
        return self.once(transfer, value, kind._replace(space=space))

    def delayed(self, value: int, frames: int) -> int:
        """Return ``value``, delayed by ``frames``."""
        return self.once("delay", value, self.values[value], frames) if frames else value

    def once(self, op: OpKind, source: int | Buffer, kind: Buffer, frames: int = 0) -> int:
        """Return the value written by an operation, which is added once and then shared."""
        key = (op, source, frames)
        if key not in self.shared:
            self.shared[key] = self.new(kind)
            reads = (source,) if isinstance(source, int) else ()
            self.ops.append(Op(op, reads, (self.shared[key],), frames=frames))
        return self.shared[key]

    def new(self, kind: Buffer) -> int:
        """Add a value and return its number."""
        self.values.append(kind)
        return len(self.values) - 1
