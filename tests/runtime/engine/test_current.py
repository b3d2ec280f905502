"""``engine.graph`` has the parameters as last set, so a saved preset sounds the same."""

import pickle
import threading
from pathlib import Path

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import EngineError, Graph, UnknownNameError
from namgraph.nodes.time.delay import Delay
from namgraph.nodes.utility.gain import Gain
from namgraph.runtime import Engine, NullStream, render

from ..racks import Audio, chain, noise, one_pole

RATE = 48_000


def engine(graph: Graph, fade_s: float = 0.02) -> Engine:
    return Engine(graph, sample_rate=RATE, max_frames=64, fade_s=fade_s)


def gain_of(graph: Graph, name: str = "b") -> float:
    value: float = graph.nodes[name].gain_db  # type: ignore[attr-defined]
    return value


def heard(graph: Graph, tmp_path: Path) -> Audio:
    """Save a graph, load it, and play noise through what was loaded."""
    ng.save_preset(graph, tmp_path / "rack.json")
    found: Audio = render(ng.load_preset(tmp_path / "rack.json"), noise(4_800), RATE)
    return found


def test_a_saved_preset_sounds_as_the_engine_was_set(tmp_path: Path) -> None:
    e = engine(chain(("b", Gain()), ("c", Delay(time_ms=2.0))))
    e.set("b.gain_db", -7.5)
    e.set("c.feedback", 0.75)
    e.process(noise(640))
    wanted = render(chain(("b", Gain(gain_db=-7.5)), ("c", Delay(time_ms=2.0, feedback=0.75))),
                    noise(4_800), RATE)  # fmt: skip
    np.testing.assert_array_equal(heard(e.graph, tmp_path), wanted)


def test_a_stream_is_saved_as_it_was_set_while_it_plays(tmp_path: Path) -> None:
    with NullStream(chain(("b", Gain())), 64, realtime=True, seconds=30) as stream:
        for value in (-3.0, -6.0, -9.0):
            stream.set("b.gain_db", value)
            assert gain_of(stream.graph) == value
    assert gain_of(stream.graph) == -9.0
    np.testing.assert_array_equal(
        heard(stream.graph, tmp_path), render(chain(("b", Gain(gain_db=-9.0))), noise(4_800), RATE)
    )


def test_the_graph_given_and_those_taken_before_stay_as_they_were() -> None:
    graph = chain(("b", Gain()))
    e = engine(graph)
    before = e.graph
    e.set("b.gain_db", -6.0)
    assert (gain_of(graph), gain_of(before), gain_of(e.graph)) == (0.0, 0.0, -6.0)
    taken = e.graph
    taken.remove("b")
    assert "b" in e.graph.nodes


def test_a_smoothed_parameter_is_saved_as_its_target() -> None:
    e = engine(chain(("b", Gain())))
    e.process(np.ones(64, np.float32))
    e.set("b.gain_db", -40.0)
    y = e.process(np.ones(64, np.float32))
    assert y[-1] > 0.1, "still on its way"
    assert gain_of(e.graph) == -40.0


def test_a_change_for_a_later_frame_is_saved_once_that_is_played() -> None:
    e = engine(chain(("b", Gain())))
    e.set("b.gain_db", -6.0, at=100)
    assert gain_of(e.graph) == 0.0
    e.process(np.ones(99, np.float32))
    assert gain_of(e.graph) == 0.0
    e.set("b.gain_db", -1.0)
    assert gain_of(e.graph) == -1.0
    e.process(np.ones(2, np.float32))
    assert gain_of(e.graph) == -6.0


def test_reset_keeps_what_was_set_and_restore_brings_back_what_was() -> None:
    e = engine(chain(("b", Gain())))
    e.set("b.gain_db", -6.0)
    moment = e.save_state()
    e.set("b.gain_db", -12.0)
    e.reset()
    assert gain_of(e.graph) == -12.0
    e.restore_state(moment, params=True)
    assert gain_of(e.graph) == -6.0


def test_settings_recalled_are_saved() -> None:
    e = engine(chain(("b", Gain()), ("c", Gain())))
    e.set("b.gain_db", -6.0)
    stored = e.settings()
    e.set("b.gain_db", 0.0)
    e.set("c.gain_db", 3.0)
    e.apply(stored)
    assert (gain_of(e.graph), gain_of(e.graph, "c")) == (-6.0, 0.0)


@pytest.mark.parametrize("played", [0, 64, 100_000])
def test_swaps_that_wait_for_a_fade_are_saved_as_they_will_be(played: int) -> None:
    """``kept`` keeps its parameter through both swaps; ``b`` is new each time."""
    e = engine(chain(("kept", Gain()), ("b", Gain(gain_db=-1.0))), fade_s=1.0)
    e.process(np.ones(64, np.float32))
    e.set("kept.gain_db", -6.0)
    e.swap(chain(("kept", Gain()), ("b", Gain(gain_db=-2.0))))
    e.set("b.gain_db", -2.5)
    e.swap(chain(("kept", Gain()), ("b", Gain(gain_db=-3.0)), ("c", Gain())))
    e.set("c.gain_db", -4.0)
    e.set("kept.gain_db", -7.0)
    e.process(np.ones(played, np.float32))
    wanted = chain(("kept", Gain(gain_db=-7.0)), ("b", Gain(gain_db=-3.0)),
                   ("c", Gain(gain_db=-4.0)))  # fmt: skip
    assert e.graph == wanted
    e.process(np.ones(200_000, np.float32))
    assert e.graph == wanted


def test_a_change_due_after_a_waiting_swap_counts_when_it_is_heard() -> None:
    e = engine(chain(("b", Gain())), fade_s=0.01)
    e.process(np.ones(64, np.float32))
    e.set("b.gain_db", -1.0, at=10_000)
    e.swap(chain(("b", Gain()), ("c", Gain())))
    e.swap(chain(("b", Gain()), ("d", Gain())))
    e.set("b.gain_db", -6.0)
    assert gain_of(e.graph) == -6.0
    e.process(np.ones(9_936, np.float32))
    assert gain_of(e.graph) == -6.0
    e.process(np.ones(1, np.float32))
    assert gain_of(e.graph) == -1.0


def test_a_node_of_the_engines_own_graph_keeps_its_state_through_a_swap() -> None:
    """A graph taken from an engine, changed, and swapped in is the same rack, not a new one."""
    x = noise(6_400)
    alone = engine(chain(("a", one_pole(share=0.01)), ("b", Gain())))
    alone.set("a.share", 0.2)
    alone.set("b.gain_db", -6.0)
    wanted = alone.process(x)
    e = engine(chain(("a", one_pole(share=0.01)), ("b", Gain())))
    e.set("a.share", 0.2)
    e.set("b.gain_db", -6.0)
    first = e.process(x[:640])
    e.swap(e.graph)
    np.testing.assert_array_equal(np.concatenate([first, e.process(x[640:])]), wanted)
    assert gain_of(e.graph) == -6.0


def test_a_node_as_it_was_given_keeps_its_state_and_its_control() -> None:
    graph = chain(("a", one_pole()), ("b", Gain()))
    alone, e, x = engine(graph), engine(graph), noise(6_400)
    for one in (alone, e):
        one.set("b.gain_db", -6.0)
    wanted, first = alone.process(x), e.process(x[:640])
    e.swap(graph)
    np.testing.assert_array_equal(np.concatenate([first, e.process(x[640:])]), wanted)
    assert gain_of(e.graph) == -6.0


def test_another_value_is_another_node() -> None:
    e = engine(chain(("b", Gain())))
    e.set("b.gain_db", -6.0)
    e.process(np.ones(64, np.float32))
    e.swap(chain(("b", Gain(gain_db=-3.0))))
    assert gain_of(e.graph) == -3.0
    y = e.process(np.ones(9_600, np.float32))
    np.testing.assert_allclose(y[-1], 10 ** (-3 / 20), rtol=1e-6)


def test_many_threads_set_and_save_while_it_plays() -> None:
    with NullStream(chain(*[(f"g{k}", Gain()) for k in range(4)]), 64, seconds=60) as stream:
        wrong: list[str] = []

        def turn(name: str) -> None:
            for k in range(40):
                stream.set(f"{name}.gain_db", -float(k))
                found = gain_of(stream.graph, name)
                if found != -float(k):
                    wrong.append(f"{name}: {found} for {-k}")

        threads = [threading.Thread(target=turn, args=(f"g{k}",)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_a_graph_with_other_parameters_reads_no_file(tmp_path: Path) -> None:
    path = tmp_path / "amp.nam"
    path.write_bytes(Path(ng.asset("crunch-lstm.nam")).read_bytes())
    e = engine(chain(("amp", ng.Nam(str(path)))))
    e.set("amp.input_db", 3.0)
    path.unlink()
    assert e.graph.nodes["amp"] == ng.Nam(str(path), input_db=3.0)
    with pytest.raises(UnknownNameError, match=r"no parameter 'amp\.gain'"):
        e.graph.with_params({"amp.gain": 1.0})
    with pytest.raises(ng.ParamError, match=r"amp\.input_db is 99\.0"):
        e.graph.with_params({"amp.input_db": 99.0})


def test_an_audio_thread_that_reads_no_messages_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("namgraph.runtime.engine.control.TIMEOUT_S", 0.05)
    e = engine(chain(("b", Gain())))
    e.queue.has_audio_thread = True
    assert gain_of(e.graph) == 0.0, "nothing was set: there is nothing to wait for"
    e.set("b.gain_db", -6.0)
    with pytest.raises(EngineError, match="the audio thread has not read its messages"):
        _ = e.graph


def test_engines_and_streams_are_not_pickled() -> None:
    e = engine(chain(("b", Gain())))
    stream = NullStream(chain(("b", Gain())))
    for thing, says in (
        (e, "an engine cannot be pickled: pickle its graph"),
        (stream, "a stream cannot be pickled: pickle its graph"),
    ):
        with pytest.raises(TypeError, match=says):
            pickle.dumps(thing)
    assert pickle.loads(pickle.dumps(e.graph)) == e.graph
    stream.close()
