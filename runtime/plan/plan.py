"""A plan: a schedule with its memory, its prepared nodes, and the rows the player walks."""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numba import types

from ...graph import Graph, Schedule, Spec, schedule
from ..native.abi import native
from ..native.cpu import restore_floats, set_flush_to_zero
from ..native.host import host_lanes
from ..native.pointers import call_node, record
from .arena import Arena, Memory, check_total
from .dry_wet import mix_dry_wet
from .monitored_player import TRACED
from .placement import Executor, named, on_device
from .records import PARAM, PLAN, ROW
from .rows import (
    Row,
    allocate_buffers,
    find_reports,
    number_parameters,
    prepare_row,
    rows_fields,
    with_fade_in,
)

__all__ = ["Plan"]

LONG_S = 0.1
"""A tail at least this long makes a node one that remembers."""


@native(types.void(types.int64, types.int64, types.int64))
def _warm(row: int, frames: int, block: int) -> None:
    r = record(row, ROW)
    saved = set_flush_to_zero()
    while frames > 0:
        n = min(frames, block)
        call_node(r.kernel, r.state, r.ins, r.outs, np.int32(n))
        frames -= n
    restore_floats(saved)


class Plan:
    """Everything one block needs, allocated and computed.  Made on a control thread.

    ``open_executor`` returns what runs nodes on a device, or ``None`` where none does.  Nodes named
    in ``fade_in`` that remember for long get a row before them that fades their input in.  Before
    it is played, a plan must be prewarmed (``prewarm``).
    """

    def __init__(
        self,
        graph: Graph,
        spec: Spec,
        open_executor: Callable[[Memory, Schedule], Executor | None] = lambda own, plan: None,
        fade_in: Collection[str] = (),
    ) -> None:
        host_lanes()  # refuses a wrong NAMGRAPH_LANES
        self.spec = spec
        self.executor: Executor | None = None
        self.carried = frozenset[str]()
        """Nodes that take over, from the plan before, what was set."""
        try:
            self._allocate(graph, open_executor, fade_in)
        except BaseException:  # a traceback that is kept would keep the device's memory
            self.close_executor()
            raise

    def _allocate(
        self,
        graph: Graph,
        open_executor: Callable[[Memory, Schedule], Executor | None],
        fade_in: Collection[str],
    ) -> None:
        self.graph, spec = graph, self.spec
        self.schedule: Schedule = schedule(self.graph, spec)
        own = Memory()
        self.executor = open_executor(own, self.schedule)
        views = {} if self.executor is None else self.executor.views | self.executor.shared_views
        buffers = self._buffers = allocate_buffers(own, self.schedule, spec, views)
        self._prepared = self._prepare(own, fade_in)
        self.params, self.blends, param_rows, spans = number_parameters(self._prepared)
        table = own.table(PARAM, param_rows)
        rows = own.table(ROW, rows_fields(self._prepared, buffers, own))
        ins = [c for b in self.schedule.inputs.values() for c in buffers[b]]
        outs = [c for b in self.schedule.outputs.values() for c in buffers[b]]
        fields = {
            "rows": rows,
            "row_count": len(self._prepared),
            "params": table,
            "param_count": len(param_rows),
            "ins": own.pointers(ins),
            "in_count": len(ins),
            "outs": own.pointers(outs),
            "out_count": len(outs),
            "max_frames": spec.max_frames,
            "verdict": own.scratch(1, np.int64),
        }
        if self.executor is not None:
            with named(on_device(self.schedule)):
                self.executor.finish(rows, table, self._prepared)
            hold = spec.max_frames if spec.pipelined else 0
            fields |= {"lane": self.executor.record, "collect": self.executor.collect, "hold": hold}
        plan = own.table(PLAN, [fields])
        self.arena = Arena([own, *(p.memory for p in self._prepared)])
        self.address = plan.address
        self.rows: np.ndarray[Any, Any] = rows.content
        self._rows_address = rows.address
        self.param_table: np.ndarray[Any, Any] = table.content
        self.reports = find_reports(self._prepared)
        self.afters = tuple(p.after for p in self._prepared if p.after is not None)
        self._keep: list[Any] = []  # tables that the audio thread reads at a swap
        self.header = header = plan.content[0]
        header["state"] = self.arena.state_address
        header["initial"] = self.arena.initial_address
        header["state_bytes"] = self.arena.state_bytes
        begins, sizes = np.array(self.arena.ranges[1:], np.int64).reshape(-1, 2).T
        self.rows["memory"] = self.arena.state_address + begins
        self.rows["initial"] = self.arena.initial_address + begins
        self.rows["bytes"] = sizes
        self.rows["params"], self.rows["param_count"] = np.array(spans, np.int64).reshape(-1, 2).T

    def close_executor(self) -> None:
        """Free what the plan holds on a device: it will not be played."""
        if self.executor is not None:
            self.executor.close()
            self.executor = None

    def _prepare(self, own: Memory, fade_in: Collection[str]) -> list[Row]:
        rows = []
        sizes, total = dict[str, int](), own.nbytes
        for op in self.schedule.ops:
            row = prepare_row(self.graph, self.schedule, op)
            total += row.memory.nbytes
            if op.node:
                sizes[op.node] = row.memory.nbytes
            check_total(sizes, total)
            if self.executor is not None and self.executor.uses_device(op):
                with named([op.node] if op.node else on_device(self.schedule)):
                    rows += self.executor.rows(op, row)
            elif op.node in fade_in and op.reads and self.remembers(op.node):
                rows += with_fade_in(own, self.schedule, row)
            else:
                rows.append(row)
        return rows

    def values(self) -> dict[str, float]:
        """Return each parameter ``"node.param"`` as last applied (the target, where one glides)."""
        table = self.param_table["value"]
        return {name: float(table[index]) for name, index in self.params.items()}

    def remembers(self, node: str) -> bool:
        """Whether a node rings on for long."""
        return self.graph.nodes[node].tail(self.spec) >= LONG_S * self.spec.rate

    @property
    def names(self) -> list[str]:
        """What each row runs: a node's name, or the plain operation in angle brackets."""
        return [
            p.label or p.op.node or ("<onset>" if p.writes else f"<{p.op.kind}>")
            for p in self._prepared
        ]

    @property
    def is_node(self) -> list[bool]:
        """Which rows run a node of the graph: not a copy or a sum between nodes, say."""
        return [p.node is not None and not p.label for p in self._prepared]

    def buffer(self, number: int) -> np.ndarray[Any, Any]:
        """See one of the schedule's buffers: ``(channels, max_frames)`` float32."""
        view: np.ndarray[Any, Any] = self._buffers[number][0][0].content
        return view[:, : self.spec.max_frames]

    @property
    def latency(self) -> int:
        """Frames from the graph's inputs to its outputs."""
        return self.schedule.latency

    def prewarm(
        self, previous: "Plan | None" = None, same: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        """Run every node on silence until it has settled; keep that state as the one after reset.

        ``same`` maps rows to rows of ``previous``, whose settled state is copied instead.
        """
        channels = [c for buffer in self._buffers.values() for c in buffer]
        blocks = {id(c[0]): c[0] for c in channels}
        if self.executor is not None:
            self.executor.use_cpu_fallback(True)
        for k, prepared in enumerate(self._prepared):
            if prepared.node is None:
                continue
            row = self.rows[k]
            if not prepared.prewarm:
                pass
            elif k in same and previous is not None:
                source = previous.arena.bytes_at(
                    int(previous.rows[same[k]]["initial"]), row["bytes"]
                )
                self.arena.bytes_at(int(row["memory"]), row["bytes"])[:] = source
                for address, value in self.arena.fixes[k + 1]:
                    self.arena.bytes_at(address, 8).view(np.int64)[0] = value
            else:
                for block in blocks.values():
                    block.content[...] = 0.0
                _warm.ctypes(self.row_address(k), prepared.prewarm, self.spec.max_frames)
            content: Any = prepared.record.content
            for name in prepared.node.params():
                if f"{name}_now" in content.dtype.names:
                    content[f"{name}_now"] = np.nan  # not started: a glide begins at its target
        if self.executor is not None:
            self.executor.use_cpu_fallback(False)
            with named(on_device(self.schedule)):
                self.executor.warm()
        self.arena.initial[:] = self.arena.state

    def trace(self, number: int) -> np.ndarray[Any, Any]:
        """See the cycles of a row's last calls, in no order; empty where they are not kept."""
        place = int(self.rows[number]["trace"])
        return self.arena.bytes_at(place, 8 * TRACED if place else 0).view(np.int64)

    def row_address(self, number: int) -> int:
        """Return where a row of the plan lies."""
        return self._rows_address + ROW.itemsize * number

    def watched(self, guard: Mapping[str, int] | None) -> None:
        """Let nodes be mixed, and limit what each may take; see ``PLAN``.  ``None``: neither."""
        if guard is not None:
            self.header["blend"] = mix_dry_wet.address
            for name, value in guard.items():
                self.header[name] = value

    def keep(self, tables: list[Any]) -> None:
        """Hold arrays that the audio thread reads when the engine swaps to this plan."""
        self._keep = tables

    def begin_fade_ins(self, frames: int) -> None:
        """Let the inputs of new nodes that remember for long fade in; not again after a reset."""
        for prepared in self._prepared:
            if prepared.writes:
                prepared.record.content["left"] = prepared.record.content["whole"] = frames

    def begin_blends(self) -> None:
        """Have mixes glide from "the node alone": it has been heard without them so far."""
        for prepared in self._prepared:
            if prepared.blend is not None:
                prepared.blend.content["now"] = 1.0

    def touch(self) -> None:
        """Have every page in memory before the audio thread needs it."""
        self.arena.touch()
