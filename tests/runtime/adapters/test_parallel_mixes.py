"""Nodes that are mixed and bypassed have the same bits with several threads as with one."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.testing import same_bits
from namgraph.runtime.adapters.parallel import parallel_render as parallel
from namgraph.runtime.plan.stats import Stats

RATE = 48_000
NOISE = np.random.default_rng(5).uniform(-0.4, 0.4, (1, 60_000)).astype(np.float32)
RESPONSE = np.random.default_rng(6).normal(size=300) * np.exp(-np.arange(300) / 50)
MIXES: dict[str, dict[str, tuple[float, bool]]] = {
    "a mix": {"clip": (0.4, False)},
    "a mix of a late node": {"high.clip": (0.3, False)},
    "a bypass": {"cab": (1.0, True)},
    "all": {
        "clip": (0.4, False),
        "high.clip": (1.0, True),
        "cab": (0.7, False),
        "dc": (0.2, True),
        "pan": (0.0, False),
    },
}


@dataclass(frozen=True)
class Late(ng.Gain):
    """Says that it is 90 frames late and remembers nothing: its dry signal does."""

    type_name: ClassVar[str] = "late"  # not registered

    def latency(self, spec: ng.Spec) -> int:
        """Return what is wrong, as far as the sound goes."""
        return 90


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many chunks in a short signal, and many stages."""
    monkeypatch.setattr(parallel, "LEAST_CHUNK", 1 << 12)
    monkeypatch.setattr(parallel, "MOST_CHUNK", 1 << 13)
    monkeypatch.setattr(parallel, "row_costs", lambda plan: [1.0] * len(plan.schedule.ops))


def rack(mixes: dict[str, tuple[float, bool]]) -> ng.Graph:
    """Nodes of both kinds of memory, one of them late, in a rack inside a rack."""
    inner = ng.Graph.chain(clip=ng.Oversample(ng.Clipper(drive_db=12.0), times=4))
    graph = ng.Graph()
    end = graph.input("in", channels=1) >> graph.add("clip", ng.Clipper(drive_db=6.0))
    end = end >> graph.add("high", inner) >> graph.add("cab", ng.Cab(RESPONSE, RATE))
    end = end >> graph.add("dc", ng.DcBlock()) >> graph.add("pan", ng.Pan(position=0.4))
    end >> graph.output("out", channels=2)
    for name, (share, bypassed) in mixes.items():
        graph.mix(name, share)
        graph.bypass(name, bypassed)
    return graph


def both(graph: ng.Graph, threads: int, **options: Any) -> tuple[Any, Any, Stats, Stats]:
    """The outputs and statistics of one thread, and of several."""
    told: list[Stats] = []
    one, many = (
        ng.render(graph, NOISE, RATE, threads=n, report=told.append, **options)
        for n in (1, threads)
    )
    return one, many, told[0], told[1]


@pytest.mark.parametrize("threads", [2, 7])
@pytest.mark.parametrize("case", MIXES)
def test_same_bits(case: str, threads: int) -> None:
    plain = ng.render(rack({}), NOISE, RATE, threads=threads)
    one, many, told, found = both(rack(MIXES[case]), threads)
    same_bits(many, one)
    assert not np.array_equal(many, plain)  # they are heard
    shown = [[(n.name, n.mix, n.bypassed) for n in s.nodes] for s in (told, found)]
    assert shown[0] == shown[1]
    assert {(n, m, b) for n, m, b in shown[1] if (m, b) != (1.0, False)} == {
        (name, *mixed) for name, mixed in MIXES[case].items()
    }


def test_snapshots_and_what_moves_beside_them() -> None:
    graph = rack(MIXES["all"])
    graph.store("B", "mixed")
    plain = rack({})
    plain.keep_snapshots(graph)
    plain.recall("B")
    plain.add("lfo", ng.Lfo(rate_hz=5.0))
    plain.connect("lfo", "cab.level_db", amount=0.2)
    lanes = {"clip.drive_db": [(0.0, 0.0), (1.0, 12.0)], "dc.mix": [(0.0, 1.0), (1.0, 0.3)]}
    one, many, _, _ = both(plain, 3, automation=lanes, changes=[(20_011, "pan.position", -1.0)])
    same_bits(many, one)


def test_the_dry_signal_of_a_late_node_is_part_of_what_it_remembers() -> None:
    graph = ng.Graph.chain(late=Late(), cab=ng.Cab(RESPONSE, RATE))
    graph.mix("late", 0.5)
    one, many, _, _ = both(graph, 3)
    same_bits(many, one)
    engine = ng.Engine(graph, sample_rate=RATE)
    made = parallel.parallel_render(engine, NOISE.shape[1], 512, 3)
    assert made is not None
    assert made.stages[0].field is not None
    assert made.stages[0].field > 90
