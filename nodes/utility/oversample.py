"""Oversample: another node at 2, 4 or 8 times the sample rate, between half-band filters."""

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from ...graph.arguments import format_value
from ...graph.check import check_declared
from ...runtime import authoring as ng
from ..dsp.oversampling.half_band import filter_frames, latency
from ..dsp.oversampling.oversampler import (
    OVERSAMPLER,
    RUN,
    allocate_oversamplers,
    downsample,
    upsample,
)

__all__ = ["Oversample"]

OWN = np.dtype(
    [
        *((name, np.int64) for name in ("inputs", "outputs", "times", "oversamplers")),
        *((name, np.int64) for name in ("upsample", "downsample", "kernel")),  # C functions
        *((name, np.int64) for name in ("inner", "ins", "outs", "shared", "count")),
    ]
)
FIRST = np.dtype([("own", np.int64)])
"""The beginning of the node's record; after it are the shared fields of the inner node's."""
SHARED = np.dtype([("inner", np.int64), ("outer", np.int64), ("bytes", np.int64)])
"""A field of both records: the two addresses.  It is copied in before a call, and out after it."""
SIZE, ROW = OVERSAMPLER.itemsize, SHARED.itemsize
ITSELF = {
    "nam": "it has an option for this: ng.Nam(path, oversample=4)",
    "nam_bank": "its models run at their own rate: use an ng.Nam(path, oversample=4) for each",
    "oversample": "give one node the product of both factors as times",
}
"""Nodes that are refused, and what to do instead."""


@ng.kernel
def _oversampled(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(ng.record(state, FIRST).own, OWN)
    for k in range(s.count):
        row = ng.record(s.shared + k * ROW, SHARED)
        ng.copy_bytes(row.inner, row.outer, row.bytes)
    done = 0
    while done < frames:
        n = frames - done
        n = n if n < RUN else RUN
        for c in range(s.inputs):
            source, high = ng.channel_address(ins, c) + 4 * done, ng.channel_address(s.ins, c)
            ng.call_node(s.upsample, s.oversamplers + c * SIZE, source, high, np.int32(n))
        ng.call_node(s.kernel, s.inner, s.ins, s.outs, np.int32(n * s.times))
        for c in range(s.outputs):
            high, target = ng.channel_address(s.outs, c), ng.channel_address(outs, c) + 4 * done
            ng.call_node(s.downsample, s.oversamplers + c * SIZE, high, target, np.int32(n))
        done += n
    for k in range(s.count):
        row = ng.record(s.shared + k * ROW, SHARED)
        ng.copy_bytes(row.outer, row.inner, row.bytes)


class _InnerMethod:
    """Descriptor of a method: the class's own returns a default, a node's is the inner node's."""

    def __init__(self, name: str, of_class: Any) -> None:
        self._name, self._of_class = name, of_class

    def __get__(self, owner: Any, cls: type) -> Callable[[], Any]:
        if owner is not None:
            found: Callable[[], Any] = getattr(owner.node, self._name)
            return found
        return lambda: type(self._of_class)(self._of_class)


@ng.node(
    "oversample",
    category="utility",
    example="ng.Tremolo(rate_hz=9.0), times=2",
)
class Oversample(ng.Node):
    """Run another node at 2, 4 or 8 times the sample rate, for fewer aliases.

    ``node`` is any node with audio ports; its parameters, readings and ports are those of this
    node: ``graph.add("over", ng.Oversample(MyClipper()))`` is set by ``"over.drive_db"``.  Values
    for them may be given: ``ng.Oversample(MyClipper(), times=2, drive_db=6.0)``.

    The latency is that of the filters, 47, 55 or 58 frames at 2, 4 or 8 ``times`` ("live": 21, 29,
    32), and of the inner node, rounded up to a whole frame.  The filters of ``quality`` "studio"
    are flat to 20 kHz of 48 kHz and 100 dB down at images, those of "live" to 18 kHz, and 80 dB.

    Refused are nodes with control ports, with ports on a device or of plugins of other hosts, and
    ``Nam``, which is oversampled by its own option.  ``Drive``, ``Clipper`` and ``Fuzz`` raise the
    rate themselves.
    """

    node: ng.Node
    times: int = ng.option(default=4, choices=(2, 4, 8))
    quality: str = ng.option(default="studio", choices=("studio", "live"))

    params: ClassVar[Any] = _InnerMethod("params", {})  # per instance; other nodes: per class
    files: ClassVar[Any] = _InnerMethod("files", ())
    parameters_of: ClassVar[str] = "the inner node"
    warms_up = True  # its filters, and a cabinet inside

    def __init__(
        self, node: ng.Node, *, times: int = 4, quality: str = "studio", **values: float
    ) -> None:
        if not isinstance(node, ng.Node):
            made = f"the class {node.__name__}" if isinstance(node, type) else format_value(node)
            raise ng.ParamError(f"node is {made}: must be a node, as in Oversample(Clipper())")
        check_declared(node)
        if reason := ITSELF.get(node.type_name, "") or getattr(node, "offline_only", ""):
            raise ng.ParamError(f"node is {node!r}, which cannot be oversampled: {reason}")
        known = node.params()
        for name in values:
            if name not in known:
                has = ", ".join(known) or "none"
                raise ng.ParamError(
                    f"{type(node).__name__} has no parameter {name!r}; it has {has}"
                )
        if values:
            node = node.with_params(values)
        for name, value in (("node", node), ("times", times), ("quality", quality)):
            object.__setattr__(self, name, value)
        for name in (*known, *node.files()):
            if hasattr(type(self), name) or name == "node":
                raise ng.ParamError(f"{node!r} cannot be oversampled: rename its field {name!r}")
            object.__setattr__(self, name, getattr(node, name))
        for name in ("stereo", "generates", "jump_ratio", "reports"):
            object.__setattr__(self, name, getattr(node, name))
        super().__post_init__()

    def with_params(self, values: Mapping[str, float]) -> "Oversample":
        """Return the node with other values of the inner node's parameters."""
        return Oversample(self.node, times=self.times, quality=self.quality, **values)

    def identity(self) -> str:
        """Return text that is equal for nodes that differ in the values of parameters only."""
        return f"{self.type_name} {self.times} {self.quality} {self.node.identity()}"

    def contents(self) -> tuple[str, ...]:
        """Return what identifies the content of the inner node's files."""
        return self.node.contents()

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """The ports of the inner node."""
        return self._checked(self.node.inputs)

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """The ports of the inner node."""
        return self._checked(self.node.outputs)

    def _checked(self, ports: tuple[ng.Port, ...]) -> tuple[ng.Port, ...]:
        for port in ports:
            found = "a control port" if port.kind is ng.Kind.CONTROL else ""
            if port.space is ng.Space.DEVICE:
                found = "a port on a device"
            if found:
                raise ng.ParamError(
                    f"{self.node!r} cannot be oversampled: {port.name} is {found}, and the filters "
                    "are for audio on the CPU: add the node itself to the graph"
                )
        return ports

    def _inner(self, spec: ng.Spec) -> ng.Spec:
        """Return the rate and the longest block of the inner node."""
        frames = min(RUN, spec.max_frames) * self.times
        try:
            return ng.Spec(spec.rate * self.times, frames)
        except ng.ParamError as error:
            raise ng.ParamError(
                f"a stream at {spec.rate:g} Hz cannot be oversampled {self.times} times: {error}; "
                "give a lower rate or fewer times"
            ) from None

    def latency(self, spec: ng.Spec) -> int:
        """Return the frames of the filters and of the inner node, rounded up."""
        inner = self.node.latency(self._inner(spec))
        return latency(self.times, self.quality, 0, inner)

    def own_rate(self) -> float | None:
        """Return the rate in Hz of the stream at which the inner node has its only rate."""
        rate = self.node.own_rate()
        return None if rate is None else rate / self.times

    def tail(self, spec: ng.Spec) -> int:
        """Return the tail of the inner node and the length of the filters."""
        inner = math.ceil(self.node.tail(self._inner(spec)) / self.times)
        return inner + 2 * latency(self.times, self.quality, 0)

    def receptive_field(self, spec: ng.Spec) -> int | None:
        """Return that of the inner node and the length of the filters."""
        inner = self.node.receptive_field(self._inner(spec))
        if inner is None:
            return None
        late = self.latency(spec)  # that of the inner node is rounded up to a whole frame
        return math.ceil(inner / self.times) + late + filter_frames(self.times, self.quality, 0)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Prepare the inner node at the raised rate, and allocate the filters of each channel."""
        memory, spec, node = io.memory, self._inner(io.spec), self.node
        own = ng.Io(spec, memory, io.inputs, io.outputs, io.params, io.smoothing_s)
        made = node.prepare(own)
        inputs, outputs = sum(io.inputs.values()), sum(io.outputs.values())
        room = RUN * self.times
        high = memory.scratch((max(1, inputs + outputs), room))
        lists = [high[4 * room * c] for c in range(inputs + outputs)]
        inner: Any = made.record.dtype
        names = [*io.params, *(f"{name}_now" for name in io.params)]
        names += node.reports if made.analysis is None else ()
        fields = [name for name in dict.fromkeys(names) if name in inner.fields]
        dtype = np.dtype([("own record", np.int64), *((n, inner.fields[n][0]) for n in fields)])
        values = {name: made.record.content[name][0] for name in fields}
        outer: Any = memory.record(dtype, **values)
        where: Any = dtype.fields
        shared = [
            {
                "inner": made.record[inner.fields[name][1]],
                "outer": outer[where[name][1]],
                "bytes": where[name][0].itemsize,
            }
            for name in fields
        ]
        record = memory.record(
            OWN,
            inputs=inputs,
            outputs=outputs,
            times=self.times,
            oversamplers=allocate_oversamplers(
                memory, max(inputs, outputs), self.times, self.quality, 0, node.latency(spec)
            ),
            upsample=upsample.address,
            downsample=downsample.address,
            kernel=made.kernel.address,
            inner=made.record,
            ins=memory.pointers(lists[:inputs]),
            outs=memory.pointers(lists[inputs:]),
            shared=memory.table(SHARED, shared) if shared else 0,
            count=len(shared),
        )
        outer.links.append((0, record, 0))  # not earlier: the two refer to each other
        late = self.latency(io.spec)
        prewarm = math.ceil(made.prewarm / self.times) + late if made.prewarm else 0
        return ng.Processor(
            _oversampled, outer, prewarm=prewarm, analysis=made.analysis, inner=made
        )
