"""A plan's lane to the device: buffers, rows and launches, made when the plan is."""

import itertools
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
from .executor_kernels import FALLEN, HANGS, TRACED, call, collect, fetch, idle, run, stage
from .mix import mix_row
from .node_resources import ROOM, NodeResources, put
from .ops import operation
from .records import BLOCK, CALL, EXECUTOR, FETCH, SECTION, STAGE
from .stats import read_stats
from .transfers import needless

__all__ = ["CudaExecutor"]

HANG_S = 10.0
"""Seconds after which a device that does not answer counts as gone, and with much to do later."""
SLOWEST = 1e10
"""Multiply-adds a second of a device that is not gone: one LSTM has one multiprocessor, and if it
is large it reads all its weights anew for every frame."""
STRIKES = 3
LONG = 1 << 15
"""Frames: where blocks are at least as long, to copy them takes long as well."""
SHARE, MOST_SHARES = 1024, 64
"""Frames of a plain operation for each of its blocks, and how many blocks a channel has."""
_serials = itertools.count(1)


class CudaExecutor:
    """What a plan needs of a device; ``CudaError`` where there is none.

    Control threads only.  All it holds of the device is given back when it is gone.
    """

    def __init__(self, own: Memory, plan: Schedule) -> None:
        self.driver: Driver = driver()
        self._own, self._plan, self._spec = own, plan, plan.spec
        self._handles = Resources(self.driver, memory_pool())
        self.record = own.table(EXECUTOR, [{}])
        weakref.finalize(self, _release, self._handles, self.record)
        self._order = self._handles.pinned(BLOCK.itemsize)
        self._stride = channel_stride(self._spec.max_frames)
        self._device: dict[int, int] = {}
        self.views: dict[int, list[tuple[Block, int]]] = {}
        """Of each buffer on the device, where the host sees its channels."""
        self._share_buffers()
        long = not self._spec.pipelined and self._spec.max_frames >= LONG
        self._needless = needless(plan) if long else {}
        self.lent = {host: self.views[there] for host, there in self._needless.values()}
        """Of buffers of the host that lie on the device, alike."""
        self._calls: list[Row] = []
        self._nodes: list[tuple[NodeRow, NodeResources]] = []
        self._fetches: list[Row] = []
        self._runs: list[Row] = []
        self._pending: list[Launch] = []
        self._traces = [own.scratch(TRACED, np.int64) for _ in range(3)]
        self._closed = 0  # nodes that are in a section

    @property
    def collect(self) -> int:
        """The address of the kernel that waits for what is in flight."""
        return collect.address

    def takes(self, op: Op) -> bool:
        """Whether an operation reads or writes what is on the device."""
        return any(b in self.views for b in (*op.reads, *op.writes))

    def rows(self, op: Op, plain: Row) -> list[Row]:
        """Turn an operation into the rows that see to it; ``plain`` does it on the host."""
        first = not self._calls and not self._pending and self._spec.pipelined
        before = [Row(op, Memory(), collect.address, self.record, label="<wait>")] if first else []
        if op in self._needless:
            return [] if op.kind == "upload" else [*self._close(op), *self._mixed(op)]
        if op.kind == "upload":
            return [*before, self._upload(op, plain.memory)]
        if op.kind == "download":
            return [*self._close(op), self._download(op, plain.memory), *self._mixed(op)]
        return [*before, self._call(op, plain)]

    def _upload(self, op: Op, memory: Memory) -> Row:
        width = self._plan.buffers[op.reads[0]].channels
        made = memory.table(STAGE, [{"lane": self.record, "channels": width}])
        return Row(op, memory, stage.address, made)

    def _call(self, op: Op, plain: Row) -> Row:
        """Add an operation to what is launched next."""
        arm, share = idle.address, None
        if op.kind == "process":
            work = plain.device if isinstance(plain, NodeRow) else None
            if not isinstance(work, DeviceProcessor):
                raise EngineError(f"node {op.node}: has ports on a device and nothing to run there")
            ends = (*self._place(op.reads[0]), *self._place(op.writes[0]))
            share = NodeResources(self._handles, work, ends, self._spec.max_frames)
            arm = work.arm.address
            put(work.part, lane=self.record)
        self._pending.append(self._plain(op) if share is None else share.launch)
        fields = {"lane": self.record, "arm": arm, "stand_in": plain.kernel, "record": plain.record}
        row = replace(plain, kernel=call.address, state=plain.memory.table(CALL, [fields]))
        self._calls.append(row)
        if share is not None and isinstance(row, NodeRow):
            self._nodes.append((row, share))
        return row

    def _plain(self, op: Op) -> Launch:
        """Make the launch of a plain operation."""
        x, x_stride = self._place(op.reads[0]) if op.reads else (0, 0)
        y, y_stride = self._place(op.writes[0])
        width, kernel = (
            self._plan.buffers[op.writes[0]].channels,
            self._handles.load(operation(op.kind)),
        )
        strides = {"x_stride": x_stride, "y_stride": y_stride}
        args = OpArgs(block=self._order.device, x=x, y=y, channels=width, **strides)
        shares = max(1, min(MOST_SHARES, self._spec.max_frames // SHARE))
        return Launch(kernel, (width, shares), args)

    def _close(self, op: Op) -> list[Row]:
        """Make one section of all that waits to be launched, if anything does."""
        if not self._pending:
            return []
        nodes = [share.work.memory.node for _, share in self._nodes[self._closed :]]
        fields = {
            "lane": self.record,
            "graph": self._handles.capture(self._pending),
            "nodes": self._own.pointers(nodes),
            "count": len(nodes),
            "calls": len(self._calls),
        }
        self._closed, self._pending = len(self._nodes), []
        made = self._own.table(SECTION, [fields])
        self._runs.append(Row(op, Memory(), run.address, made, label="<device>"))
        return [self._runs[-1]]

    def _download(self, op: Op, memory: Memory) -> Row:
        channels = self.views[op.reads[0]]
        width, length = len(channels), self._spec.max_frames
        fields = {
            "lane": self.record,
            "channels": width,
            "views": memory.pointers(channels),
            "length": length,
            "ring": memory.state((width, length)) if self._spec.pipelined else 0,
        }
        self._fetches.append(Row(op, memory, fetch.address, memory.record(FETCH, **fields)))
        return self._fetches[-1]

    def _mixed(self, op: Op) -> list[Row]:
        nodes = {row.op: row for row, _ in self._nodes}
        row = mix_row(self._plan, self.views, nodes, op)
        return [] if row is None else [row]

    def finish(self, rows: Block, params: Block, prepared: list[Row]) -> None:
        """Join the lane to the rows of its plan, once all of these are known."""
        size = rows.content.dtype.itemsize
        at = {id(row): rows[size * k] for k, row in enumerate(prepared)}
        nodes = [p for row, s in self._nodes for p in (at[id(row)], (s.work.memory.node, 0))]
        for row in self._runs[-1:]:
            put(row.record, last=1)
        put(
            self.record,
            context=self.driver.context,
            stream=self._handles.stream,
            push=self.driver.address("cuCtxPushCurrent_v2"),
            pop=self.driver.address("cuCtxPopCurrent_v2"),
            popped=self._own.scratch(1, np.int64),
            launch=self.driver.address("cuGraphLaunch"),
            query=self.driver.address("cuStreamQuery"),
            hang=round(self._hang_s() * 1e9 / nanoseconds_per_cycle()),
            serial=next(_serials) << 32,
            order=int(self._order.host.ctypes.data),
            pipelined=int(self._spec.pipelined),
            rows=self._own.pointers([at[id(row)] for row in self._calls]),
            row_count=len(self._calls),
            nodes=self._own.pointers(nodes),
            node_count=len(self._nodes),
            fetches=self._own.pointers([row.record for row in self._fetches]),
            fetch_count=len(self._fetches),
            params=params,
            uploads=self._traces[0],
            executes=self._traces[1],
            downloads=self._traces[2],
        )
        for _, share in reversed(self._nodes):  # what one node leaves in its output, the next hears
            if share.work.recurrent:
                share.prewarm(self._launch, self._spec.max_frames)

    def use_cpu_fallback(self, on: bool) -> None:
        """Let the host do the device's work, or no longer: nodes are warmed so."""
        self.record.content["fallen"] = int(on)
        for _, share in self._nodes:
            share.work.memory.node.content["stood_in"] = 0

    def warm(self) -> None:
        """Run everything once over no frames at all, so that the first block finds it ready."""
        lane = self.record.content[0]
        lane["pipelined"] = 0
        for row in self._runs:
            run.ctypes(row.record.address, 0, 0, 0)
        lane["pipelined"], lane["blocks"], lane["upload"] = int(self._spec.pipelined), 0, 0
        lane["frames"] = 0
        if lane["fallen"]:
            code = int(lane["code"])
            why = self.driver.said(code) if code > 0 else FALLEN[int(lane["fallen"])]
            raise CudaError(f"the device cannot play: {why}")

    def close(self) -> None:
        """Give everything back at once, because the plan came to nothing."""
        _release(self._handles, self.record)

    def stats(self) -> DeviceStats:
        """Return what the device has done so far."""
        names = tuple(row.op.node for row, _ in self._nodes)
        return read_stats(self.driver, self.record, self._traces, names)

    def set_deadline(self, deadline_s: float | None) -> None:
        """Count blocks for which the device takes longer; after three in a row, fall."""
        lane, unit = self.record.content[0], nanoseconds_per_cycle()
        lane["patience"] = 0 if deadline_s is None else round(deadline_s * 1e9 / unit)
        lane["strikes_most"] = 0 if deadline_s is None else STRIKES

    def _hang_s(self) -> float:
        works = (share.work for _, share in self._nodes)
        weights: int = sum(work.instances * work.weights.shape[1] for work in works)
        return HANG_S + weights * self._spec.max_frames / SLOWEST

    def _launch(self, launch: Launch) -> None:
        self._handles.launch(launch)
        self._handles.synchronize()

    def _place(self, buffer: int) -> tuple[int, int]:
        return self._device[buffer], self._stride

    def _share_buffers(self) -> None:
        """Get memory for every value on the device; what crosses lies where both sides see it."""
        crossing = {b for op in self._plan.ops if op.kind == "upload" for b in op.writes}
        crossing |= {b for op in self._plan.ops if op.kind == "download" for b in op.reads}
        for number, (channels, space) in enumerate(self._plan.buffers):
            if space is not Space.DEVICE:
                continue
            if number in crossing:
                pinned = self._handles.pinned(4 * channels * self._stride + ROOM)
                block = _seen(pinned, channels, self._stride)
                self._device[number] = pinned.device
            else:
                block = self._own.scratch((channels, self._stride))
                self._device[number] = self._handles.allocate(4 * channels * self._stride + ROOM)
            self.views[number] = [block[4 * self._stride * c] for c in range(channels)]


def _release(handles: Resources, lane: Block) -> None:
    """Give back what a lane held; nothing, if its device may never be done with it."""
    if int(lane.content["fallen"][0]) != HANGS:
        handles.close()


def _seen(pinned: Pinned, channels: int, stride: int) -> Block:
    """Return pinned memory as a block that others can point to; it is not the arena's."""
    floats = pinned.host.view(np.float32)[: channels * stride].reshape(channels, stride)
    return Block("scratch", floats, address=int(pinned.host.ctypes.data))
