"""Several threads render with the bits of one: racks, parameters that move, faults, statistics."""

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.testing import same_bits
from namgraph.runtime.adapters.offline_blocks import BlockRender
from namgraph.runtime.adapters.parallel import chunk as chunks, parallel_render as parallel
from namgraph.runtime.plan.stats import Stats

RATE = 48_000
FRAMES = 100_000
STEREO = np.random.default_rng(3).uniform(-0.4, 0.4, (2, FRAMES)).astype(np.float32)
NOISE = STEREO[:1]
RESPONSE = np.random.default_rng(4).normal(size=700) * np.exp(-np.arange(700) / 90)
RACKS = ("crunch", "ambient", "bass", "tight", "motion", "acoustic")


STATE = np.dtype([("history", np.int64)])


@ng.kernel
def _divide(state: int, ins: int, outs: int, frames: int) -> None:
    history = ng.floats(ng.record(state, STATE).history, 4)
    x, y = ng.channel(ins, 0, frames), ng.channel(outs, 0, frames)
    for i in range(frames):
        y[i] = x[i] / history[0]
        for k in range(3):
            history[k] = history[k + 1]
        history[3] = x[i]


@dataclass(frozen=True)
class Divides(ng.Node):
    """Divides by the frame 4 earlier: not finite whenever it begins with a history of zeros."""

    type_name: ClassVar[str] = "divides"  # not registered

    def receptive_field(self, spec: ng.Spec) -> int:
        """Return the frames it takes."""
        return 5

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the history."""
        return ng.Processor(_divide, io.memory.record(STATE, history=io.memory.state(4)))


class Forgetful(ng.DcBlock):
    """A recursive filter that claims to remember nothing."""

    def receptive_field(self, spec: ng.Spec) -> int:
        """Return what is wrong."""
        return 1


class Unknown(ng.Gain):
    """A node that declares no receptive field, as most of users do."""

    receptive_field = ng.Node.receptive_field  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many chunks in a short signal."""
    monkeypatch.setattr(parallel, "LEAST_CHUNK", 1 << 12)
    monkeypatch.setattr(parallel, "MOST_CHUNK", 1 << 13)


def equal_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every row cost the same: with many threads, each that remembers gets its own stage."""
    monkeypatch.setattr(parallel, "row_costs", lambda plan: [1.0] * len(plan.schedule.ops))


def stages_of(graph: ng.Graph, threads: int, changes: Any = ()) -> Any:
    """What plays the graph, or ``None``: one thread."""
    engine = ng.Engine(graph, sample_rate=RATE)
    return parallel.parallel_render(engine, FRAMES, 512, threads, changes)


def both(graph: ng.Graph, x: Any, threads: int, **options: Any) -> tuple[Any, Any, Stats, Stats]:
    """The outputs and statistics of one thread, and of several."""
    told: list[Stats] = []
    one, many = (
        ng.render(graph, x, RATE, threads=n, report=told.append, **options) for n in (1, threads)
    )
    return one, many, told[0], told[1]


def same(many: Any, one: Any) -> None:
    """Assert that two results of ``render`` have the same bits."""
    assert isinstance(many, dict) == isinstance(one, dict)
    ends = (one, many) if isinstance(one, dict) else ({"": one}, {"": many})
    assert list(ends[1]) == list(ends[0])
    for name, wanted in ends[0].items():
        same_bits(ends[1][name], wanted)


def fitting(graph: ng.Graph) -> np.ndarray[Any, Any]:
    return STEREO[: next(iter(graph.inputs.values()))]


@functools.cache
def mixed_rack() -> ng.Graph:
    """Branches of different latency, sums, and memories of both kinds."""
    graph = ng.Graph()
    graph.tempo_bpm = 131.0
    guitar = graph.input("guitar", channels=1)
    clip = graph.add("clip", ng.Clipper(drive_db=9.0, curve="tanh"))
    cab = graph.add("cab", ng.Cab(RESPONSE, RATE))
    dark = graph.add("dark", ng.Filter(high_cut_hz=900.0))
    late = graph.add("late", ng.Delay(sync="1/8", mix=0.4))
    mix = graph.add("mix", ng.Mix(2, gain2_db=-3.0))
    meter = graph.add("meter", ng.Meter())
    pan = graph.add("pan", ng.Pan(position=0.2))
    wobble = graph.add("wobble", ng.Tremolo(sync="1/16"))
    out = graph.output("out", channels=2)
    guitar >> clip >> cab >> mix["in1"]
    guitar >> dark >> late >> mix["in2"]
    mix >> meter >> pan >> wobble >> out
    guitar >> graph.add("dry", ng.Pan(position=-0.5)) >> out
    graph.add("lfo", ng.Lfo(rate_hz=3.0))
    graph.connect("lfo", "cab.mix", amount=0.4)
    return graph


@pytest.mark.parametrize("name", RACKS)
@pytest.mark.parametrize(("threads", "block"), [(2, None), (3, 700)])
def test_bundled_racks(name: str, threads: int, block: int | None) -> None:
    graph = ng.load_preset(name)
    one, many, _, _ = both(graph, fitting(graph), threads, block=block, tail=False)
    same(many, one)
    assert stages_of(graph, threads) is not None


@pytest.mark.parametrize("threads", [2, 7, 40])
def test_every_row_a_stage(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    equal_costs(monkeypatch)
    changes = [(k * 977, "late.mix", 0.1 + k % 7 / 10) for k in range(90)]
    changes += [(31_111, "tempo_bpm", 90.0), (65_000, "pan.position", -0.9)]
    one, many, told, found = both(mixed_rack(), NOISE, threads, changes=changes)
    same(many, one)
    assert found.readings == told.readings
    assert found.transport == told.transport
    assert (found.frames, found.blocks) == (told.frames, told.blocks)
    assert [n.name for n in found.nodes] == [n.name for n in told.nodes]
    made = stages_of(mixed_rack(), 40, [(0, "pan.position", 0.0)])
    assert len(made.stages) > 6
    assert any(stage.field for stage in made.stages)
    assert {stage.field is None for stage in made.stages} == {True, False}


def test_automation(monkeypatch: pytest.MonkeyPatch) -> None:
    equal_costs(monkeypatch)
    lanes = {"clip.drive_db": [(0.0, 0.0), (1.0, 20.0), (1.7, 3.0)], "cab.level_db": [(0.5, -9.0)]}
    one, many, _, _ = both(mixed_rack(), NOISE, 5, automation=lanes)
    same(many, one)


def bursts(at: Sequence[int]) -> np.ndarray[Any, Any]:
    """Noise with samples so large that a response makes infinity of them."""
    x = NOISE.copy()
    x[0, list(at)] = 3e38
    return x


FAULTS = {
    "one": [40_000],
    "around the ends of chunks": [12_287, 12_288, 24_576, 24_575, 36_860, 50_000],
    "in every block for long": list(range(20_000, 60_000, 300)),
    "in the first block": [0, 5],
    "in the last block": [FRAMES - 1],
}


@pytest.mark.parametrize("where", FAULTS)
@pytest.mark.parametrize("threads", [2, 4])
def test_muted_nodes(where: str, threads: int) -> None:
    """A muted node is reset: what follows depends on the block in which that was."""
    graph = ng.Graph.chain(
        ng.Cab(RESPONSE * 30.0, RATE, gain_rule="none"), ng.Gain(gain_db=-30.0), ng.DcBlock()
    )
    one, many, told, found = both(graph, bursts(FAULTS[where]), threads, block=500)
    assert told.faults > 0
    assert found.faults == told.faults
    assert [n.faults for n in found.nodes] == [n.faults for n in told.nodes]
    same(many, one)


def test_a_fault_that_a_run_from_silence_alone_has(monkeypatch: pytest.MonkeyPatch) -> None:
    one, many, told, found = both(ng.Graph.chain(Divides()), NOISE, 3)
    assert told.faults == found.faults > 0
    same(many, one)


def test_samples_that_are_not_finite() -> None:
    x = NOISE.copy()
    x[0, [5, 30_000, 99_999]] = np.nan
    one, many, told, found = both(mixed_rack(), x, 3)
    same(many, one)
    assert found.bad_inputs == told.bad_inputs == 3


def test_sums_beyond_the_range_of_floats_are_muted_as_ever() -> None:
    """An infinite sum is not handed from stage to stage, where it would become 0."""
    graph = ng.Graph()
    guitar = graph.input("guitar", channels=1)
    low = graph.add("low", ng.Filter(high_cut_hz=20_000.0))
    for name in ("a", "b"):
        guitar >> graph.add(name, ng.Gain()) >> low
    low >> graph.output("out", channels=1)
    one, many, told, found = both(graph, bursts([20_000, 70_000]), 6)
    assert told.faults == found.faults == 2
    same(many, one)


def test_several_inputs_or_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    equal_costs(monkeypatch)
    graph = ng.load_preset("practice")
    x = {name: STEREO[:n] for name, n in graph.inputs.items()}
    one, many, _, _ = both(graph, x, 3, tail=False)
    same(many, one)
    split = ng.load_preset("two-amps")
    one, many, _, _ = both(split, {"guitar": fitting(split)}, 3, tail=False)
    same(many, one)


@pytest.mark.parametrize("block", [1, 97, 512, 20_000])
def test_pieces_of_any_length(block: int) -> None:
    graph = ng.load_preset("crunch")
    made = BlockRender(graph, RATE, FRAMES, block=block, threads=3)
    cuts = [0, 1, 7, 31, 4_800, 100_000]
    pieces = [NOISE[:, a:b] for a, b in zip(cuts, [*cuts[1:], None], strict=True)]
    whole = np.concatenate([y.copy() for y in made.blocks(pieces)], axis=1)
    same_bits(whole, ng.render(graph, NOISE, RATE, threads=1))


def test_a_wrong_receptive_field_is_heard() -> None:
    """The comparisons above can fail."""
    one, many, _, _ = both(ng.Graph.chain(Forgetful()), NOISE + 0.5, 2)
    assert not np.array_equal(one, many)


def test_who_is_played_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    lonely = ng.Graph.chain(ng.Filter())
    assert stages_of(lonely, 1) is None
    assert stages_of(lonely, 8) is None
    assert stages_of(ng.Graph.chain(Unknown()), 8) is None  # a node that declares nothing
    gain = ng.Graph.chain(ng.Gain())
    assert stages_of(gain, 2) is not None
    assert stages_of(gain, 2, [(5, "gain.gain_db", 1.0)]) is None  # it glides
    monkeypatch.setattr(parallel, "PLAN_BYTES", 1)
    assert stages_of(gain, 2) is None


def test_the_default_is_several_where_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "processors", lambda: 4)
    engine = ng.Engine(ng.Graph.chain(ng.Gain()), sample_rate=RATE)
    for seconds, threads in ((1e-3, 4), (1e-9, None)):
        monkeypatch.setattr(parallel, "row_costs", lambda plan, s=seconds: [s])
        made = parallel.parallel_render(engine, 1 << 20, 512, None)
        assert (made and made.threads) == threads
    monkeypatch.setattr(parallel, "row_costs", lambda plan: [1e-3])
    assert parallel.parallel_render(engine, 1000, 512, None) is None


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", True, 257])
def test_wrong_numbers_of_threads(threads: Any) -> None:
    with pytest.raises(ng.ParamError, match=r"threads.*in .1, 256"):
        ng.render("crunch", NOISE, RATE, threads=threads)


def workers() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("namgraph-render")]


def test_errors_and_interrupts_leave_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(share: float) -> None:
        assert workers()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as kept:  # its traceback holds the frames of the render
        ng.render("crunch", NOISE, RATE, threads=3, progress=interrupt)
    assert workers() == []
    del kept
    made = BlockRender(ng.load_preset("crunch"), RATE, FRAMES, threads=3).blocks([NOISE])
    next(made)
    assert workers()
    made.close()  # type: ignore[attr-defined]
    assert workers() == []
    monkeypatch.setattr(chunks, "CUT_GRID", "x")
    with pytest.raises(TypeError):
        ng.render("crunch", NOISE, RATE, threads=3)
    assert workers() == []
