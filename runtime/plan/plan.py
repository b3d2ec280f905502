"""A plan: a schedule with its memory, its prepared nodes, and the rows that the player calls."""

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from ...graph import TEMPO, Graph, Schedule, Spec, schedule
from ..native.host import host_lanes
from .arena import Arena, Memory, check_total
from .kernels.dry_wet import mix_dry_wet
from .kernels.transport import allocate_transport
from .layout.tables import Tables
from .monitored_player import TRACED
from .placement import Executor, named, on_device
from .prepare import add_with_fade_in, allocate_buffers, prepare_row, reused_row
from .records import COUNTER_FIELDS, ROW
from .row_operations import run_row
from .rows import FadeInRow, NodeRow, Row, find_analyses, find_reports, number_parameters
from .state_layout import StateLayout, layout_of

__all__ = ["LONG_TAIL_S", "Plan"]

LONG_TAIL_S = 0.1
"""Nodes with at least this tail fade in, and spill over, when plans are swapped."""


class Plan:
    """Everything that the audio thread needs to play a graph, allocated and prepared.

    Made and changed on control threads only.  ``open_executor(memory, schedule)`` returns what runs
    nodes on a device, or ``None`` where no node does.  Nodes with a long tail of which
    ``fades_in(name)`` is true get a row before theirs that fades their inputs in.  Nodes that are
    the same in ``previous`` are copied from there, not prepared again.  ``make_schedule`` may be
    ``unshared_schedule``.  Call ``prewarm`` before it plays.
    """

    def __init__(
        self,
        graph: Graph,
        spec: Spec,
        open_executor: Callable[[Memory, Schedule], Executor | None] = lambda own, schedule: None,
        fades_in: Callable[[str], bool] = lambda name: False,
        previous: "Plan | None" = None,
        make_schedule: Callable[[Graph, Spec], Schedule] = schedule,
    ) -> None:
        host_lanes()  # refuses a wrong NAMGRAPH_LANES
        self.graph, self.spec = graph, spec
        self.schedule: Schedule = make_schedule(graph, spec)
        self.handed_over = frozenset[str]()
        """Nodes whose parameters, as set in the plan before, are handed over to this one."""
        self._swap_tables: list[Any] = []
        self.groups: list[Any] = []
        """The ``RowGroup`` of rows that are played together."""
        self.lanes: Any = None
        """The ``PlanLanes`` of an engine with worker threads."""
        self.executor: Executor | None = None
        try:
            self._allocate(open_executor, fades_in, previous)
        except BaseException:  # a stored traceback would keep the device's memory allocated
            self.close_executor()
            raise

    def __repr__(self) -> str:
        return f"<Plan of {self.schedule!r}>"

    def _allocate(
        self,
        open_executor: Callable[[Memory, Schedule], Executor | None],
        fades_in: Callable[[str], bool],
        previous: "Plan | None",
    ) -> None:
        own = Memory()
        self.executor = open_executor(own, self.schedule)
        given = {} if self.executor is None else self.executor.views | self.executor.shared_views
        self._buffers = allocate_buffers(own, self.schedule, self.spec, given)
        self.transport = allocate_transport(own, self.graph.tempo_bpm, self.spec.rate)
        self._prepared = self._prepare(own, fades_in, previous)
        parameters = number_parameters(self._prepared, self.transport, self.graph.mixes)
        self.tempo_index = len(parameters.places) - 1
        """Of the tempo the index of its ``PARAM``."""
        self.params, self.dry_wet_params = parameters.by_name, parameters.dry_wet
        self.param_rows = parameters.rows
        self._named = parameters.named
        self.graph_values = parameters.named(parameters.values)
        """Each parameter and mix as in the graph, named as by ``values``."""
        tables = Tables(own, self.schedule, self._prepared, self._buffers, parameters)
        self.table_links = tables.links
        """Returns the addresses in the plan's tables that refer to blocks."""
        if self.executor is not None:
            with named(on_device(self.schedule)):
                self.executor.finish(tables.rows, tables.params, self._prepared)
        self.arena = Arena([own, *(row.memory for row in self._prepared)])
        tables.fill(self.arena)
        self.address = tables.header.address
        self.header = tables.header.content[0]
        self.rows: np.ndarray[Any, Any] = tables.rows.content
        self._rows_address = tables.rows.address
        self.param_table: np.ndarray[Any, Any] = tables.params.content
        self.param_address = tables.params.address
        if self.executor is not None:
            self.header["executor"] = self.executor.record.address
            self.header["collect"] = self.executor.collect
            self.header["hold"] = self.spec.max_frames if self.spec.pipelined else 0
        self.reports = find_reports(self._prepared)
        self.analyses = find_analyses(self._prepared)
        nodes = [row for row in self._prepared if isinstance(row, NodeRow)]
        self.afters = tuple(row.after for row in nodes if row.after is not None)

    def readings(self) -> dict[str, float]:
        """Return all readings of nodes, by ``"node.name"``."""
        fields = {name: float(place[0]) for name, place in self.reports.items()}
        return {**fields, **{name: compute() for name, compute in self.analyses.items()}}

    def close_executor(self) -> None:
        """Free everything on the device, of a plan that will not be played."""
        if self.executor is not None:
            self.executor.close()
            self.executor = None

    def _prepare(
        self, own: Memory, fades_in: Callable[[str], bool], previous: "Plan | None"
    ) -> list[Row]:
        rows, earlier = list[Row](), dict[str, NodeRow]()
        if previous is not None and previous.spec == self.spec:
            earlier = {r.op.node: r for r in previous._prepared if isinstance(r, NodeRow)}
        sizes, total = dict[str, int](), own.nbytes
        moved = {m.target.node for m in self.graph.modulations}  # their wiring is part of the row
        for op in self.schedule.ops:
            old, made = earlier.get(op.node), None
            if old is not None and not old.bases and op.node not in moved:
                made = reused_row(self.graph, self.schedule, op, old, previous, self.transport)
            row = made or prepare_row(self.graph, self.schedule, op, self.transport)
            total += row.memory.nbytes
            if op.node:
                sizes[op.node] = row.memory.nbytes
            check_total(sizes, total)
            if self.executor is not None and self.executor.uses_device(op):
                with named([op.node] if op.node else on_device(self.schedule)):
                    rows += self.executor.rows(op, row)
            elif isinstance(row, NodeRow) and self._can_fade_in(row) and fades_in(op.node):
                add_with_fade_in(rows, own, self.schedule, row, self.executor is None)
            else:
                rows.append(row)
        return rows

    def _can_fade_in(self, row: NodeRow) -> bool:
        """Whether a row is not a copy, so may be new, and has inputs and a long tail."""
        return not row.copied and bool(row.op.reads) and self.has_long_tail(row.op.node)

    def values(self) -> dict[str, float]:
        """Return every parameter and mix as last applied (the target, if it glides).

        They are named as by ``Graph.with_params``: "node.param", "node.dry_wet", "node.bypass".
        """
        return self._named(self.param_table["value"].tolist())

    def has_long_tail(self, node: str) -> bool:
        """Return whether a node's tail lasts at least ``LONG_TAIL_S``."""
        return self.graph.nodes[node].tail(self.spec) >= LONG_TAIL_S * self.spec.rate

    @cached_property
    def state_layout(self) -> StateLayout:
        """Where the state of each row lies, and what it belongs to."""
        names = {index: name for name, index in self.params.items()}
        for name, index in self.dry_wet_params.items():
            names |= {index: f"{name} mix", index + 1: f"{name} on"}
        names[self.tempo_index] = TEMPO
        params = tuple(names[k] for k in range(len(names)))
        return layout_of(self._prepared, self.arena, self.schedule, params)

    @cached_property
    def counters(self) -> np.ndarray[Any, Any]:
        """A view of what each row counts: the fields ``COUNTER_FIELDS``."""
        return self.rows[COUNTER_FIELDS]

    @cached_property
    def names(self) -> list[str]:
        """Of each row, the node it runs, or else its operation in angle brackets."""
        return [
            row.label
            or row.op.node
            or f"<{'fade_in' if isinstance(row, FadeInRow) else row.op.kind}>"
            for row in self._prepared
        ]

    @cached_property
    def is_node(self) -> list[bool]:
        """Of each row, whether it runs a node of the graph."""
        return [isinstance(row, NodeRow) for row in self._prepared]

    def channels_of(self, row: Row) -> tuple[list[int], list[int]]:
        """Return the addresses of the channels that a row reads, and of those that it writes."""
        reads = row.reads or [c for b in row.op.reads for c in self._buffers[b]]
        own = row.writes if isinstance(row, FadeInRow) else ()
        writes = own or [c for b in row.op.writes for c in self._buffers[b]]
        found = [[block.address + inside for block, inside in side] for side in (reads, writes)]
        return found[0], found[1]

    def buffer(self, number: int) -> np.ndarray[Any, Any]:
        """Return a view of a buffer of the schedule: ``(channels, max_frames)`` float32."""
        channels = self._buffers[number]
        block, inside = channels[0]
        first = inside // block.content.strides[0]
        view: np.ndarray[Any, Any] = block.content
        return view[first : first + len(channels), : self.spec.max_frames]

    @property
    def latency(self) -> int:
        """Frames from the graph's inputs to its outputs."""
        return self.schedule.latency

    @property
    def delays_dry(self) -> bool:
        """Whether a node is late: ``monitored_walk`` keeps the dry signal that its mix needs."""
        mixes = (row.dry_wet for row in self._prepared)
        return any(mix is not None and mix.content["length"] > 0 for mix in mixes)

    def prewarm(
        self, previous: "Plan | None" = None, same: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        """Run nodes on silence for as long as each needs; a reset returns to the state they reach.

        ``same`` maps rows to rows of ``previous`` whose initial state is copied instead.  Raises
        ``CudaError`` if the device fails.
        """
        if self.executor is not None:
            self.executor.use_cpu_fallback(True)
        for k, row in enumerate(self._prepared):
            if not isinstance(row, NodeRow) or row.copied:  # a copy is prewarmed already
                continue
            if row.prewarm and k in same and previous is not None:
                self._copy_initial(previous, same[k], k)
            elif row.prewarm:
                self.clear_buffers()
                run_row.ctypes(self.row_address(k), row.prewarm, self.spec.max_frames)
            content: Any = row.record.content
            if row.bases and row.state is not None:
                row.state.content["frame"] = 0  # the grid begins after the prewarm
            for name in row.node.params():
                if f"{name}_now" in content.dtype.names:
                    content[f"{name}_now"] = np.nan  # not started: a glide begins at its target
        if self.executor is not None:
            self.executor.use_cpu_fallback(False)
            with named(on_device(self.schedule)):
                self.executor.warm()
        self.arena.initial[:] = self.arena.state

    def clear_buffers(self) -> None:
        """Fill all buffers with zeros."""
        channels = [c for buffer in self._buffers.values() for c in buffer]
        for block in {id(block): block for block, _ in channels}.values():
            block.content[...] = 0.0

    def _copy_initial(self, previous: "Plan", source: int, target: int) -> None:
        """Copy the initial state of a row of ``previous`` into the state of a row here."""
        size = self.rows[target]["bytes"]
        state = previous.arena.bytes_at(int(previous.rows[source]["initial"]), size)
        self.arena.bytes_at(int(self.rows[target]["memory"]), size)[:] = state
        for address, value in self.arena.relocations[target + 1].tolist():
            self.arena.bytes_at(address, 8).view(np.int64)[0] = value

    def trace(self, number: int) -> np.ndarray[Any, Any]:
        """Return the cycles of a row's last calls, in no order; empty if the row is not timed."""
        place = int(self.rows[number]["trace"])
        return self.arena.bytes_at(place, 8 * TRACED if place else 0).view(np.int64)

    def row_address(self, number: int) -> int:
        """Return the address of a ``ROW``."""
        return self._rows_address + ROW.itemsize * number

    def set_monitoring(self, guard: Mapping[str, int] | None) -> None:
        """Prepare for ``monitored_walk`` with these fields of ``PLAN``; ``None``: for ``walk``."""
        if guard is not None:
            self.header["mix_dry_wet"] = mix_dry_wet.address
            for name, value in guard.items():
                self.header[name] = value

    def keep(self, tables: list[Any]) -> None:
        """Keep alive the arrays that the audio thread reads when the engine swaps to this plan."""
        self._swap_tables = tables

    def begin_fade_ins(self, frames: int) -> None:
        """Start the fade-ins of new nodes; a reset does not start them again."""
        for row in self._prepared:
            if isinstance(row, FadeInRow):
                row.record.content["left"] = row.record.content["whole"] = frames

    def start_dry_wet(self) -> None:
        """Let dry/wet mixes glide from fully wet: so far the plan was played without them."""
        for row in self._prepared:
            if row.dry_wet is not None:
                row.dry_wet.content["now"] = 1.0

    def touch(self) -> None:
        """Write to every page, so that the audio thread meets no page fault."""
        self.arena.touch()
