"""``CudaExecutor``: device buffers, launches and rows of one plan.  Control threads only."""

import itertools
import secrets
import weakref
from dataclasses import replace

import numpy as np

from ...graph import CudaError, EngineError, Op, Schedule, Space
from ..native.cpu import nanoseconds_per_cycle
from ..plan.arena import Block, Memory
from ..plan.prepare import channel_stride
from ..plan.rows import NodeRow, Row
from ..plan.stats import DeviceStats
from .arguments import OpArgs
from .device_processor import DeviceProcessor
from .driver.device import driver, memory_pool
from .driver.driver import Driver
from .driver.resources import Launch, Pinned, Resources
from .executor_kernels import (
    FALLBACK_REASONS,
    HUNG,
    TRACED,
    call,
    collect,
    download,
    no_op,
    run_section,
    upload,
)
from .node_resources import READ_AHEAD_BYTES, NodeResources, fill_record
from .ops import operation
from .records import BLOCK, CALL, DOWNLOAD, EXECUTOR, SECTION, UPLOAD
from .stats import read_stats
from .transfers import dry_wet_row, unneeded_transfers

__all__ = ["CudaExecutor"]

HANG_S = 10.0
"""Seconds after which a device that does not answer counts as hung; more for large models."""
MIN_MACS_PER_SECOND = 1e10
"""Multiply-adds a second of the slowest case: a large LSTM runs on one multiprocessor and reads
all its weights for every frame."""
MAX_LATE_BLOCKS = 3
LONG_BLOCK = 1 << 15
"""Frames: plans whose longest block has at least as many leave out unneeded transfers."""
FRAMES_PER_THREAD_BLOCK, MAX_THREAD_BLOCKS = 1024, 64
"""Of copy, add and clear: thread blocks of a channel."""
_serials = itertools.count(secrets.randbits(30))
"""Of executors, the upper half of the serials of their blocks: a state that was saved in another
process must not be taken for one of a block computed here."""


class CudaExecutor:
    """What a plan needs of a device; raises ``CudaError`` where there is none.

    Its device resources are freed when it is garbage collected.
    """

    def __init__(self, own: Memory, schedule: Schedule) -> None:
        self.driver: Driver = driver()
        self._own, self._schedule, self._spec = own, schedule, schedule.spec
        self._resources = Resources(self.driver, memory_pool())
        self.record = own.table(EXECUTOR, [{}])
        weakref.finalize(self, _release, self._resources, self.record)
        self._header = self._resources.pinned(BLOCK.itemsize)
        self._stride = channel_stride(self._spec.max_frames)
        self._addresses: dict[int, int] = {}
        self.views: dict[int, list[tuple[Block, int]]] = {}
        """Host views of each device buffer, one a channel."""
        self._allocate_buffers()
        long = not self._spec.pipelined and self._spec.max_frames >= LONG_BLOCK
        self._unneeded = unneeded_transfers(schedule) if long else {}
        self.shared_views = {host: self.views[there] for host, there in self._unneeded.values()}
        """The same of host buffers that lie in a device buffer (no transfer between them)."""
        self._calls: list[Row] = []
        self._nodes: list[tuple[NodeRow, NodeResources]] = []
        self._downloads: list[Row] = []
        self._sections: list[Row] = []
        self._pending: list[Launch] = []
        self._traces = [own.scratch(TRACED, np.int64) for _ in range(3)]
        self._nodes_in_sections = 0

    @property
    def collect(self) -> int:
        """Address of the kernel that waits for the block in flight."""
        return collect.address

    def uses_device(self, op: Op) -> bool:
        """Return whether an operation reads or writes a buffer on the device."""
        return any(b in self.views for b in (*op.reads, *op.writes))

    def rows(self, op: Op, plain: Row) -> list[Row]:
        """Return the rows that run an operation on the device; ``plain`` runs it on the host."""
        first = not self._calls and not self._pending and self._spec.pipelined
        before = [Row(op, Memory(), collect.address, self.record, label="<wait>")] if first else []
        if op in self._unneeded:
            return [] if op.kind == "upload" else [*self._end_section(op), *self._dry_wet(op)]
        if op.kind == "upload":
            return [*before, self._upload(op, plain.memory)]
        if op.kind == "download":
            section = self._end_section(op)
            return [*section, self._download(op, plain.memory), *self._dry_wet(op)]
        return [*before, self._call(op, plain)]

    def _upload(self, op: Op, memory: Memory) -> Row:
        channels = self._schedule.buffers[op.reads[0]].channels
        made = memory.table(UPLOAD, [{"executor": self.record, "channels": channels}])
        return Row(op, memory, upload.address, made)

    def _call(self, op: Op, plain: Row) -> Row:
        """Add an operation to the section that is launched next; return its row."""
        before_launch, node = no_op.address, None
        if op.kind == "process":
            processor = plain.device if isinstance(plain, NodeRow) else None
            if not isinstance(processor, DeviceProcessor):
                raise EngineError(f"node {op.node}: has ports on a device and no device processor")
            ports = (*self._port(op.reads[0]), *self._port(op.writes[0]))
            node = NodeResources(self._resources, processor, ports, self._spec.max_frames)
            before_launch = processor.before_launch.address
            fill_record(processor.buffers, executor=self.record)
        self._pending.append(self._operation(op) if node is None else node.launch)
        fields = {
            "executor": self.record,
            "before_launch": before_launch,
            "cpu_fallback": plain.kernel,
            "record": plain.record,
        }
        row = replace(plain, kernel=call.address, state=plain.memory.table(CALL, [fields]))
        self._calls.append(row)
        if node is not None and isinstance(row, NodeRow):
            self._nodes.append((row, node))
        return row

    def _operation(self, op: Op) -> Launch:
        """Return the launch of a copy, add or clear."""
        x, x_stride = self._port(op.reads[0]) if op.reads else (0, 0)
        y, y_stride = self._port(op.writes[0])
        channels = self._schedule.buffers[op.writes[0]].channels
        kernel = self._resources.load(operation(op.kind))
        strides = {"x_stride": x_stride, "y_stride": y_stride}
        args = OpArgs(block=self._header.device, x=x, y=y, channels=channels, **strides)
        blocks = max(1, min(MAX_THREAD_BLOCKS, self._spec.max_frames // FRAMES_PER_THREAD_BLOCK))
        return Launch(kernel, (channels, blocks), args)

    def _end_section(self, op: Op) -> list[Row]:
        """Capture pending launches, if any, as one section; return its row."""
        if not self._pending:
            return []
        nodes = [n.processor.memory.node for _, n in self._nodes[self._nodes_in_sections :]]
        fields = {
            "executor": self.record,
            "graph": self._resources.capture(self._pending),
            "nodes": self._own.pointers(nodes),
            "count": len(nodes),
            "calls": len(self._calls),
        }
        self._nodes_in_sections, self._pending = len(self._nodes), []
        made = self._own.table(SECTION, [fields])
        self._sections.append(Row(op, Memory(), run_section.address, made, label="<device>"))
        return [self._sections[-1]]

    def _download(self, op: Op, memory: Memory) -> Row:
        channels = self.views[op.reads[0]]
        width, length = len(channels), self._spec.max_frames
        fields = {
            "executor": self.record,
            "channels": width,
            "views": memory.pointers(channels),
            "length": length,
            "ring": memory.state((width, length)) if self._spec.pipelined else 0,
        }
        row = Row(op, memory, download.address, memory.record(DOWNLOAD, **fields))
        self._downloads.append(row)
        return row

    def _dry_wet(self, op: Op) -> list[Row]:
        nodes = {row.op: row for row, _ in self._nodes}
        row = dry_wet_row(self._schedule, self.views, nodes, op)
        return [] if row is None else [row]

    def finish(self, rows: Block, params: Block, prepared: list[Row]) -> None:
        """Write the addresses of the plan's rows, once all are known; prewarm recurrent nodes."""
        size = rows.content.dtype.itemsize
        at = {id(row): rows[size * k] for k, row in enumerate(prepared)}
        nodes = [p for row, n in self._nodes for p in (at[id(row)], (n.processor.memory.node, 0))]
        for row in self._sections[-1:]:
            fill_record(row.record, last=1)
        fill_record(
            self.record,
            context=self.driver.context,
            stream=self._resources.stream,
            push=self.driver.address("cuCtxPushCurrent_v2"),
            pop=self.driver.address("cuCtxPopCurrent_v2"),
            popped=self._own.scratch(1, np.int64),
            launch=self.driver.address("cuGraphLaunch"),
            query=self.driver.address("cuStreamQuery"),
            hang_cycles=round(self._hang_s() * 1e9 / nanoseconds_per_cycle()),
            serial=next(_serials) << 32,
            header=int(self._header.host.ctypes.data),
            pipelined=int(self._spec.pipelined),
            rows=self._own.pointers([at[id(row)] for row in self._calls]),
            row_count=len(self._calls),
            nodes=self._own.pointers(nodes),
            node_count=len(self._nodes),
            downloads=self._own.pointers([row.record for row in self._downloads]),
            download_count=len(self._downloads),
            params=params,
            upload_trace=self._traces[0],
            execute_trace=self._traces[1],
            download_trace=self._traces[2],
        )
        for _, node in reversed(self._nodes):  # prewarming overwrites the next node's input
            if node.processor.recurrent:
                node.prewarm(self._launch, self._spec.max_frames)

    def use_cpu_fallback(self, on: bool) -> None:
        """Switch the host's kernels on (while nodes are prewarmed) or off."""
        self.record.content["fallback"] = int(on)
        for _, node in self._nodes:
            node.processor.memory.node.content["cpu_active"] = 0

    def warm(self) -> None:
        """Launch every section once over no frames; raises ``CudaError`` if the device fails."""
        record = self.record.content[0]
        record["pipelined"] = 0
        for row in self._sections:
            run_section.ctypes(row.record.address, 0, 0, 0)
        record["pipelined"] = int(self._spec.pipelined)
        record["blocks"] = record["upload_cycles"] = record["frames"] = 0
        if record["fallback"]:
            code = int(record["error_code"])
            reason = FALLBACK_REASONS[int(record["fallback"])]
            if code > 0:
                reason = self.driver.format_error(code)
            raise CudaError(f"the device cannot play: {reason}")

    def close(self) -> None:
        """Free everything on the device now: the plan could not be built."""
        _release(self._resources, self.record)

    def stats(self) -> DeviceStats:
        """Return counters and times."""
        names = tuple(row.op.node for row, _ in self._nodes)
        return read_stats(self.driver, self.record, self._traces, names)

    def set_deadline(self, deadline_s: float | None) -> None:
        """Set the seconds a block may take; ``None``: no limit.

        After three late blocks in a row the host takes over.
        """
        record, unit = self.record.content[0], nanoseconds_per_cycle()
        record["deadline_cycles"] = 0 if deadline_s is None else round(deadline_s * 1e9 / unit)
        record["max_late_blocks"] = 0 if deadline_s is None else MAX_LATE_BLOCKS

    def _hang_s(self) -> float:
        processors = (node.processor for _, node in self._nodes)
        weights: int = sum(p.instances * p.weights.shape[1] for p in processors)
        return HANG_S + weights * self._spec.max_frames / MIN_MACS_PER_SECOND

    def _launch(self, launch: Launch) -> None:
        self._resources.launch(launch)
        self._resources.synchronize()

    def _port(self, buffer: int) -> tuple[int, int]:
        """Return a buffer's device address and channel stride."""
        return self._addresses[buffer], self._stride

    def _allocate_buffers(self) -> None:
        """Allocate every device buffer: pinned if it is uploaded or downloaded."""
        ops = self._schedule.ops
        crossing = {b for op in ops if op.kind == "upload" for b in op.writes}
        crossing |= {b for op in ops if op.kind == "download" for b in op.reads}
        for number, (channels, space) in enumerate(self._schedule.buffers):
            if space is not Space.DEVICE:
                continue
            size = 4 * channels * self._stride + READ_AHEAD_BYTES
            if number in crossing:
                pinned = self._resources.pinned(size)
                block = _host_block(pinned, channels, self._stride)
                self._addresses[number] = pinned.device
            else:
                block = self._own.scratch((channels, self._stride))
                self._addresses[number] = self._resources.allocate(size)
            self.views[number] = [block[4 * self._stride * c] for c in range(channels)]


def _release(resources: Resources, record: Block) -> None:
    """Free an executor's resources, unless its device hangs and may still write to them."""
    if int(record.content["fallback"][0]) != HUNG:
        resources.close()


def _host_block(pinned: Pinned, channels: int, stride: int) -> Block:
    """Return pinned memory as a block that records can point to; it is not in the arena."""
    floats = pinned.host.view(np.float32)[: channels * stride].reshape(channels, stride)
    return Block("scratch", floats, address=int(pinned.host.ctypes.data))
