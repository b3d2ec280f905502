"""The tables of a plan that native code reads: ``PLAN``, ``ROW``, ``PARAM``, lists of channels.

Control threads only.  They are allocated before the arena is laid out, and filled in afterwards,
when every block has its address.
"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from ....graph import Schedule
from ..arena import Arena, Block, Memory, offset
from ..monitored_player import TRACED
from ..records import PARAM, PLAN, ROW, ROW_BYTES
from ..rows import FadeInRow, NodeRow, ParameterTable, Row

__all__ = ["Tables"]

Channels = Sequence[tuple[Block, int]]
"""``(block, byte offset)`` of each channel."""


class Tables:
    """The tables of one plan; ``buffers`` has the channels of each buffer of the schedule."""

    def __init__(
        self,
        own: Memory,
        schedule: Schedule,
        rows: Sequence[Row],
        buffers: Mapping[int, Channels],
        parameters: ParameterTable,
    ) -> None:
        self._max_frames = schedule.spec.max_frames
        self._prepared, self._parameters = rows, parameters
        lists: list[Channels] = []
        for row in rows:
            lists.append(row.reads or [c for b in row.op.reads for c in buffers[b]])
            written = row.writes if isinstance(row, FadeInRow) else ()
            lists.append(written or [c for b in row.op.writes for c in buffers[b]])
        ends = schedule.inputs, schedule.outputs
        lists += [[c for b in side.values() for c in buffers[b]] for side in ends]
        self._lists = lists
        """Channels in and out of each row, then of the graph."""
        self._pointers = own.constant(np.zeros(sum(map(len, lists)), np.int64))
        self._timed = [isinstance(row, NodeRow) or row.label != "" for row in rows]
        self._traces = own.scratch((sum(self._timed), TRACED), np.int64)
        self._verdict = own.scratch(1, np.int64)
        self._transport = parameters.transport
        self.params = own.constant(np.zeros(len(parameters.places), PARAM))
        self.rows = own.constant(np.zeros(len(rows), ROW))
        self.header = own.constant(np.zeros(1, PLAN))

    def fill(self, arena: Arena) -> None:
        """Fill all tables in, once ``arena`` is laid out; those of an executor are not here."""
        counts = [len(channels) for channels in self._lists]
        ends = itertools.accumulate(counts, initial=0)
        begins = [self._pointers.address + 8 * end for end in ends][:-1]
        self._pointers.content[:] = [
            block.address + inside for channels in self._lists for block, inside in channels
        ]
        params, places = self.params.content, self._parameters.places
        params["address"] = [block.address + inside for block, inside in places]
        params["value"] = self._parameters.values
        mixed = [k + side for k in self._parameters.dry_wet.values() for side in (0, 1)]
        targets = (params["address"][mixed] - arena.state_address) // 8
        arena.state.view(np.float64)[targets] = params["value"][mixed]  # of the graph
        self._fill_rows(arena, begins, counts)
        header = self.header.content[0]
        header["rows"], header["row_count"] = self.rows.address, len(self._prepared)
        header["params"], header["param_count"] = self.params.address, len(params)
        header["ins"], header["outs"] = begins[-2:]
        header["in_count"], header["out_count"] = counts[-2:]
        header["max_frames"], header["verdict"] = self._max_frames, self._verdict.address
        header["state"], header["initial"] = arena.state_address, arena.initial_address
        header["state_bytes"] = arena.state_bytes
        header["transport"] = self._transport.address
        header["lane_count"] = 1

    def links(self) -> dict[int, list[tuple[int, Block, int]]]:
        """Return the addresses in the tables that refer to blocks, by the ``id`` of the table.

        Each is ``(byte offset, target block, byte offset there)``, as in ``Block.links``.
        """
        flat = [place for channels in self._lists for place in channels]
        ends = itertools.accumulate(map(len, self._lists), initial=0)
        begins = [8 * end for end in ends][:-1]
        rows: list[tuple[int, Block, int]] = []
        for k, row in enumerate(self._prepared):
            at = ROW_BYTES * k
            rows.append((at + offset(ROW, "state"), row.state or row.record, 0))
            rows.append((at + offset(ROW, "ins"), self._pointers, begins[2 * k]))
            rows.append((at + offset(ROW, "outs"), self._pointers, begins[2 * k + 1]))
            if row.dry_wet:
                rows.append((at + offset(ROW, "dry_wet"), row.dry_wet, 0))
        places = enumerate(self._parameters.places)
        tables = {"rows": self.rows, "params": self.params, "verdict": self._verdict}
        tables["transport"] = self._transport
        header = [(offset(PLAN, name), block, 0) for name, block in tables.items()]
        ins, outs = begins[-2:]
        header += [(offset(PLAN, "ins"), self._pointers, ins)]
        header += [(offset(PLAN, "outs"), self._pointers, outs)]
        return {
            id(self._pointers): [(8 * k, *place) for k, place in enumerate(flat)],
            id(self.rows): rows,
            id(self.params): [(PARAM.itemsize * k, *place) for k, place in places],
            id(self.header): header,
        }

    def _fill_rows(self, arena: Arena, begins: list[int], counts: list[int]) -> None:
        prepared, spans = self._prepared, self._parameters.spans
        memories = arena.ranges[1:]
        columns = [  # the first fields of ROW, in their order
            [row.kernel for row in prepared],
            [(row.state or row.record).address for row in prepared],
            begins[:-2:2],
            begins[1:-2:2],
            [
                count if isinstance(row, NodeRow) else 0
                for row, count in zip(prepared, counts[1:-2:2], strict=True)
            ],
            [arena.state_address + begin for begin, _ in memories],
            [arena.initial_address + begin for begin, _ in memories],
            [size for _, size in memories],
            [first for first, _ in spans],
            [count for _, count in spans],
            [row.dry_wet.address if row.dry_wet else 0 for row in prepared],
            self._trace_addresses(),
        ]
        words = self.rows.content.view(np.int64).reshape(len(prepared), ROW_BYTES // 8)
        words[:, : len(columns)] = np.array(columns, np.int64).T

    def _trace_addresses(self) -> list[int]:
        found, at = [], self._traces.address
        for timed in self._timed:
            found.append(at if timed else 0)
            at += 8 * TRACED * timed
        return found
