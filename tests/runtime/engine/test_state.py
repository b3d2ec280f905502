"""Saved states: into given memory, in twins, after swaps, through pickles, without knobs."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import EngineError, Graph
from namgraph.nodes.time.delay import Delay
from namgraph.nodes.utility.gain import Gain

from ..racks import chain, noise, one_pole

RATE = 48_000
X = noise(700)


def rack() -> Graph:
    return chain(("a", one_pole()), ("echo", Delay(time_ms=3.0)), ("b", Gain()))


def engine(graph: Graph | None = None, **more: float) -> ng.Engine:
    options = {"sample_rate": RATE, "max_frames": 64, "fade_s": 0.0, **more}
    return ng.Engine(rack() if graph is None else graph, **options)  # type: ignore[arg-type]


def played(graph: Graph | None = None) -> tuple[ng.Engine, ng.EngineState, np.ndarray]:
    """An engine that has played, its state, and what follows it."""
    made = engine(graph)
    made.process(X[:300])
    state = made.save_state()
    return made, state, made.process(X[300:])


def test_into_given_memory() -> None:
    made, state, _ = played()
    frame, place = made.frame, state.data.ctypes.data
    assert made.save_state(into=state) is state
    assert (state.frame, state.data.ctypes.data) == (frame, place)
    following = made.process(X[:100])
    made.restore_state(state)
    np.testing.assert_array_equal(made.process(X[:100]), following)


def test_branches_are_kept_side_by_side() -> None:
    made = engine()
    branches = []
    for seed in range(5):
        made.reset()
        made.process(noise(200, seed=seed))
        branches.append(made.save_state())
    ends = []
    for branch in branches:
        made.restore_state(branch)
        ends.append(made.process(X[:50]))
    for branch, end in reversed(list(zip(branches, ends, strict=True))):
        made.restore_state(branch)
        np.testing.assert_array_equal(made.process(X[:50]), end)
    assert (ends[0] != ends[1]).any()


def test_a_copy_is_independent() -> None:
    made, state, following = played()
    kept = state.copy()
    made.save_state(into=state)
    made.restore_state(kept)
    np.testing.assert_array_equal(made.process(X[300:]), following)


def test_a_twin_takes_it() -> None:
    _, state, following = played()
    twin = engine()
    twin.process(noise(123, seed=4))
    twin.restore_state(state)
    assert twin.frame == 300
    np.testing.assert_array_equal(twin.process(X[300:]), following)


def test_nodes_added_in_another_order() -> None:
    def diamond(names: str) -> Graph:
        graph = Graph()
        ends = graph.input("in", channels=1), graph.output("out", channels=1)
        for name in names:
            graph.add(name, one_pole(share=0.1 if name == "a" else 0.02))
        for name in "ab":
            graph.connect(ends[0], name)
            graph.connect(name, ends[1])
        return graph

    _, state, following = played(diamond("ab"))
    twin = engine(diamond("ba"))
    twin.restore_state(state)
    np.testing.assert_allclose(twin.process(X[300:]), following, atol=1e-7)


def test_it_survives_a_swap_to_an_equal_graph() -> None:
    made, state, following = played()
    made.swap(rack())
    made.process(X[:10])
    made.restore_state(state)
    np.testing.assert_array_equal(made.process(X[300:]), following)


def test_a_fade_in_that_is_over_is_no_difference() -> None:
    graph = chain(("a", one_pole()), ("b", Gain()))
    made = engine(graph, fade_s=0.001)
    long = chain(("a", one_pole()), ("echo", Delay(time_ms=400.0)), ("b", Gain()))
    made.swap(long)  # the new delay fades in, in a row of its own
    made.process(noise(1000))
    state = made.save_state()
    following = made.process(X)
    twin = engine(long)
    twin.restore_state(state)
    np.testing.assert_array_equal(twin.process(X), following)
    made.restore_state(twin.save_state())  # and back: the fade-in is over
    made.restore_state(state)
    np.testing.assert_array_equal(made.process(X), following)


def test_it_is_pickled() -> None:
    made, state, following = played()
    copied = pickle.loads(pickle.dumps(state))
    assert (copied.frame, copied.params, copied.nbytes) == (300, state.params, state.nbytes)
    for target in (made, engine()):
        target.restore_state(copied)
        np.testing.assert_array_equal(target.process(X[300:]), following)


OTHER_PROCESS = """
import pickle, sys
import numpy as np
import namgraph as ng
kept, audio, out = sys.argv[1:]
engine = ng.Engine(ng.load_preset("crunch"), sample_rate=48_000, max_frames=64)
engine.restore_state(pickle.load(open(kept, "rb")), params=True)
np.save(out, engine.process(np.load(audio)))
"""


def test_another_process_continues(tmp_path: Path) -> None:
    made = ng.Engine(ng.load_preset("crunch"), sample_rate=RATE, max_frames=64)
    made.set("amp.input_db", 4.0)
    made.process(X[None])
    kept, audio, out = (tmp_path / name for name in ("state", "x.npy", "y.npy"))
    kept.write_bytes(pickle.dumps(made.save_state()))
    np.save(audio, X[None])
    arguments = [sys.executable, "-c", OTHER_PROCESS, *map(str, (kept, audio, out))]
    subprocess.run(arguments, check=True)
    np.testing.assert_array_equal(np.load(out), made.process(X[None]))


def test_knobs_stay_as_set_unless_asked() -> None:
    made, state, following = played()
    made.set("b.gain_db", -40.0)
    made.process(noise(4_800))
    made.restore_state(state)
    assert made.get("b.gain_db") == -40.0
    assert state.params["b.gain_db"] == 0.0
    glided = made.process(X[300:])
    np.testing.assert_allclose(glided[:3], following[:3], rtol=0.05)  # from where it was,
    assert np.abs(glided[-50:]).max() < 0.5 * np.abs(following[-50:]).max()  # to what is set
    made.restore_state(state, params=True)
    assert made.get("b.gain_db") == 0.0
    np.testing.assert_array_equal(made.process(X[300:]), following)


def other_rate() -> ng.Engine:
    return ng.Engine(rack(), sample_rate=44_100, max_frames=64)


def other_length() -> ng.Engine:
    return ng.Engine(rack(), sample_rate=RATE, max_frames=65)


REFUSALS: list[tuple[Callable[[], ng.Engine], str]] = [
    (lambda: engine(chain(("a", one_pole()), ("b", Gain()))), "it has echo, which is not here"),
    (lambda: engine(chain(("x", Gain()))), "it has nothing for x"),
    (
        lambda: engine(chain(("a", Gain()), ("echo", Delay(time_ms=3.0)), ("b", Gain()))),
        "it has another node for a",
    ),
    (
        other_rate,
        "at 48000 Hz with max_frames=64, this one runs at 44100 Hz with max_frames=64: must",
    ),
    (other_length, "this one runs at 48000 Hz with max_frames=65: must be the same"),
]


@pytest.mark.parametrize(("make", "says"), REFUSALS)
def test_a_state_of_another_graph_is_refused(make: Callable[[], ng.Engine], says: str) -> None:
    _, state, _ = played()
    target = make()
    before = target.process(X)
    target.reset()
    with pytest.raises(EngineError, match=says):
        target.restore_state(state)
    np.testing.assert_array_equal(target.process(X), before)  # nothing was changed


@pytest.mark.parametrize("wrong", [None, "state", b"", 5, np.zeros(3)])
def test_what_is_no_state(wrong: object) -> None:
    made = engine()
    with pytest.raises(EngineError, match="must be the result of save_state"):
        made.restore_state(wrong)  # type: ignore[arg-type]
    if wrong is not None:
        with pytest.raises(EngineError, match=r"^into is .*must be the result of save_state"):
            made.save_state(into=wrong)  # type: ignore[arg-type]


def test_memory_of_another_engine_is_not_written_to() -> None:
    _, state, _ = played()
    made = engine()
    content = state.data.copy()
    for foreign in (state, pickle.loads(pickle.dumps(state))):
        with pytest.raises(EngineError, match="into is a state of another engine"):
            made.save_state(into=foreign)
    made.swap(chain(("a", one_pole())))
    np.testing.assert_array_equal(state.data, content)


def test_its_repr_is_a_line() -> None:
    _, state, _ = played()
    assert repr(state).startswith("<EngineState at frame 300, ")
    assert "\n" not in repr(state)


def test_nothing_is_restored_behind_a_waiting_swap() -> None:
    made = engine(fade_s=1.0)
    made.process(X)
    made.swap(chain(("a", Gain())))
    made.process(X[:10])
    state = made.save_state()
    made.swap(rack())  # waits for the crossfade
    with pytest.raises(EngineError, match="while a swap waits"):
        made.save_state()
    with pytest.raises(EngineError, match=r"while a swap waits|another node"):
        made.restore_state(state)
