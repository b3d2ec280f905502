"""The tables of a plan that native code reads: rows, parameters, lists of channels, header."""

from itertools import pairwise

import numpy as np

import namgraph as ng
from namgraph.runtime.plan.plan import Plan
from namgraph.runtime.plan.records import COUNTER_FIELDS, PARAM, PLAN, ROW
from namgraph.runtime.plan.rows import NodeRow

SPEC = ng.Spec(48_000, 100)


def plan() -> Plan:
    """A graph with a sum, an unconnected input, stereo, and two gains."""
    graph = ng.Graph()
    source, out = graph.input("in", channels=1), graph.output("out", channels=2)
    graph.output("silent", channels=1)
    gain, pan = graph.add("gain", ng.Gain(gain_db=3.0)), graph.add("pan", ng.Pan())
    source >> gain >> pan >> out
    source >> pan
    pan >> graph.add("wide", ng.Gain(gain_db=-2.0)) >> out
    return Plan(graph, SPEC)


def list_at(plan: Plan, address: int, count: int) -> list[int]:
    found: list[int] = plan.arena.bytes_at(address, 8 * count).view(np.int64).tolist()
    return found


def channels(plan: Plan, buffer: int) -> list[int]:
    view = plan.buffer(buffer)
    return [int(channel.ctypes.data) for channel in view]


def test_rows_have_their_kernel_state_and_channels() -> None:
    made = plan()
    assert {op.kind for op in made.schedule.ops} == {"process", "copy", "add", "clear"}
    for row, prepared, (begin, size) in zip(
        made.rows, made._prepared, made.arena.ranges[1:], strict=True
    ):
        op = prepared.op
        ins = [c for b in op.reads for c in channels(made, b)]
        outs = [c for b in op.writes for c in channels(made, b)]
        assert row["kernel"] == prepared.kernel
        assert row["state"] == prepared.record.address
        assert list_at(made, int(row["ins"]), len(ins)) == ins
        assert list_at(made, int(row["outs"]), len(outs)) == outs
        is_node = isinstance(prepared, NodeRow)
        assert row["checked"] == (len(outs) if is_node else 0)
        assert bool(row["trace"]) == is_node
        assert row["memory"] == made.arena.state_address + begin
        assert row["initial"] == made.arena.initial_address + begin
        assert row["bytes"] == size
        assert row["dry_wet"] == (0 if prepared.dry_wet is None else prepared.dry_wet.address)
        assert not any(int(row[name]) for name in COUNTER_FIELDS)
    traces = [int(t) for t in made.rows["trace"] if t]
    assert len({b - a for a, b in pairwise(traces)}) == 1, "no two share a trace"


def test_parameters_have_the_address_of_their_field_and_their_value() -> None:
    made = plan()
    assert made.params.keys() == {"gain.gain_db", "wide.gain_db", "pan.position"}
    for name, index in made.params.items():
        node, _, field = name.partition(".")
        row = next(r for r in made._prepared if isinstance(r, NodeRow) and r.op.node == node)
        assert made.param_table["address"][index] == row.record.place(field)
        assert made.param_table["value"][index] == made.graph_values[name]
        assert made.graph_values[name] == getattr(row.node, field)
    spans = [(int(r["params"]), int(r["param_count"])) for r in made.rows]
    assert sum(count for _, count in spans) == len(made.param_table) - 1 == made.tempo_index
    assert made.param_table["address"][-1] == made.transport.place("tempo_bpm")
    assert made.param_table["value"][-1] == made.graph.tempo_bpm == 120.0
    assert made.param_address == made.param_table.ctypes.data


def test_the_header_refers_to_all_tables() -> None:
    made = plan()
    header = made.header
    assert header.dtype == PLAN
    assert (header["rows"], header["row_count"]) == (made.rows.ctypes.data, len(made.rows))
    assert header["params"] == made.param_table.ctypes.data
    assert header["param_count"] == len(made.param_table)
    assert made.rows.dtype == ROW
    assert made.param_table.dtype == PARAM
    ends = made.schedule.inputs.values(), made.schedule.outputs.values()
    for side, buffers in zip(("in", "out"), ends, strict=True):
        expected = [c for b in buffers for c in channels(made, b)]
        assert header[f"{side}_count"] == len(expected)
        assert list_at(made, int(header[f"{side}s"]), len(expected)) == expected
    assert header["max_frames"] == SPEC.max_frames
    assert header["transport"] == made.transport.address
    arena = made.arena
    assert [int(header[n]) for n in ("state", "initial", "state_bytes")] == [
        arena.state_address,
        arena.initial_address,
        arena.state_bytes,
    ]


def test_buffers_do_not_overlap_and_begin_at_cache_lines() -> None:
    made = plan()
    begins = [c for b in range(len(made.schedule.buffers)) for c in channels(made, b)]
    assert all(begin % 64 == 0 for begin in begins)
    assert all(b - a >= 4 * SPEC.max_frames for a, b in pairwise(sorted(begins)))
    for number, (count, _) in enumerate(made.schedule.buffers):
        assert made.buffer(number).shape == (count, SPEC.max_frames)


def test_a_graph_without_operations_has_empty_tables() -> None:
    made = Plan(ng.Graph(), SPEC)
    assert (len(made.rows), len(made.param_table)) == (0, 1)  # that of the tempo
    assert made.header["row_count"] == made.header["in_count"] == made.header["out_count"] == 0
