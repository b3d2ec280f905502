"""Looper: commands that wait for beats; what swaps, saved states and resets do to a recording."""

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.testing import same_bits

RATE, FADE = 48_000, 240
STOP, RECORD, PLAY, OVERDUB, UNDO, CLEAR = range(6)


def noise(frames: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (1, frames)).astype(np.float32)


def rack(gain_db: float = 0.0, *, moved: bool = False, **options: object) -> ng.Graph:
    graph = ng.Graph()
    graph.tempo_bpm = 120.0
    loop = graph.add("loop", ng.Looper(**{"max_s": 2.0, **options}))  # type: ignore[arg-type]
    gain = graph.add("gain", ng.Gain(gain_db=gain_db))
    graph.input("in", channels=1) >> loop >> gain >> graph.output("out", channels=1)
    if moved:
        graph.add("knob", ng.Constant(value=0.0))
        graph.connect("knob", "loop.level_db")
    return graph


def engine(graph: ng.Graph, fade_s: float = 0.0) -> ng.Engine:
    return ng.Engine(graph, sample_rate=RATE, max_frames=64, fade_s=fade_s)


def states(made: ng.Engine, frames: int, block: int) -> list[int]:
    """Play silence; return the state of the looper at the end of every block."""
    found = []
    for _ in range(frames // block):
        made.process(np.zeros((1, block), np.float32))
        found.append(int(made.get("loop.state")))
    return found


def first_with(found: list[int], state: int, block: int) -> int:
    """The frame at the end of the first block after which the state is this."""
    return block * (1 + found.index(state))


@pytest.mark.parametrize(("quantise", "beats"), [("off", 0), ("beat", 1), ("bar", 3)])
def test_commands_wait_for_the_next_beat_or_bar(quantise: str, beats: int) -> None:
    made = engine(rack(quantise=quantise, beats_per_bar=3))
    made.set("loop.transport", RECORD, at=10)
    made.set("loop.transport", PLAY, at=80_000)
    found = states(made, 150_000, 10)
    every = 24_000 * beats
    assert first_with(found, RECORD, 10) == (every + 10 if every else 20)
    ends = -(-80_000 // every) * every if every else 80_000
    assert first_with(found, PLAY, 10) == ends + 10


def test_beats_follow_the_tempo_also_where_it_changes_while_a_command_waits() -> None:
    x = noise(60_000)
    changes = [(100, "loop.transport", RECORD), (12_000, "tempo_bpm", 60.0)]
    changes += [(40_000, "loop.transport", PLAY), (50_000, "tempo_bpm", 137.0)]
    made = engine(rack(quantise="beat"))
    for at, name, value in changes:
        made.set(name, value, at=at)
    y = made.process(x)
    # Half a beat is played at 120 bpm; the other half takes 24,000 frames at 60 bpm.
    begin = 12_000 + 24_000
    assert made.get("loop.length") == (60_000 - begin) / RATE
    assert made.get("loop.state") == RECORD
    whole = np.concatenate([x, np.zeros((1, 60_000), np.float32)], axis=1)
    reference = ng.render(rack(quantise="beat"), whole, RATE, changes=changes)
    same_bits(reference[:, :60_000], y)
    for block in (1, 37):
        again = ng.render(rack(quantise="beat"), whole, RATE, block=block, changes=changes)
        same_bits(again, reference)
    silent = np.flatnonzero(reference[0, 60_000:]) + 60_000
    beats = 0.5 + 0.5 + (50_000 - 36_000) / 48_000  # at frame 50,000
    end = 50_000 + round((2.0 - beats) * 60 * RATE / 137)
    assert silent[0] in range(end, end + 3)
    assert reference[0, end + FADE] == x[0, begin + FADE]


def test_a_bar_is_counted_in_before_a_recording_begins() -> None:
    made = engine(rack(quantise="bar", count_in=4))
    made.set("loop.transport", RECORD, at=100)
    found = states(made, 250_000, 10)
    assert first_with(found, RECORD, 10) == 4 * 24_000 + 4 * 24_000 + 10
    made = engine(rack(count_in=2))
    made.set("loop.transport", OVERDUB, at=100)  # the first layer is a recording
    found = states(made, 80_000, 10)
    assert first_with(found, RECORD, 10) == 24_000 + 2 * 24_000 + 10
    made.set("loop.transport", PLAY)
    assert set(states(made, 1000, 10)) == {PLAY}  # the end is not counted in


def test_a_command_that_waits_can_be_taken_back() -> None:
    made = engine(rack(quantise="beat", count_in=4))
    made.set("loop.transport", RECORD, at=100)
    states(made, 30_000, 100)
    assert made.get("loop.waiting") == 1.0
    made.set("loop.transport", STOP)
    assert set(states(made, 300_000, 100)) == {STOP}
    assert made.get("loop.waiting") == 0.0


def recorded(graph: ng.Graph, fade_s: float = 0.0) -> ng.Engine:
    """An engine that plays a loop of 2,000 frames."""
    made = engine(graph, fade_s)
    made.set("loop.transport", RECORD, at=0)
    made.set("loop.transport", PLAY, at=2000)
    made.process(np.concatenate([noise(2000), np.zeros((1, 2000), np.float32)], axis=1))
    return made


@pytest.mark.parametrize("moved", [False, True])
def test_a_swap_plays_on_and_keeps_one_tape(moved: bool) -> None:
    silence = np.zeros((1, 2000), np.float32)
    made = recorded(rack(moved=moved))
    expected = made.process(silence)
    made.set("loop.level_db", -6.0)
    made.set("loop.level_db", 0.0)
    sizes = set()
    for gain_db in (-1.0, -2.0, -1.0, 0.0):
        made.swap(rack(gain_db, moved=moved))
        made.process(silence)
        made.queue.free_retired()
        row = next(r for r in made.plan._prepared if r.op.node == "loop")
        sizes.add((len(row.memory.stores), sum(s.nbytes for s in row.memory.stores)))
    assert len(sizes) == 1
    same_bits(made.process(silence), expected)


def test_an_overdub_goes_on_through_the_fade_of_a_swap_once() -> None:
    x = noise(2000, 5)
    found = []
    for swaps in (False, True):
        made = recorded(rack(), fade_s=0.01)
        made.set("loop.transport", OVERDUB, at=4000)
        made.process(x[:, :1000])
        if swaps:
            made.swap(rack().with_params({"gain.gain_db": 0.0}))
            made.swap(rack())
        made.set("loop.transport", PLAY, at=6000)
        made.process(x[:, 1000:])
        made.process(np.zeros((1, 2000), np.float32))
        found.append(made.process(np.zeros((1, 2000), np.float32)))
    same_bits(found[1], found[0])


def test_a_tail_of_the_old_rack_leaves_the_tape_alone() -> None:
    """The old rack plays its echoes out, with a looper of its own that was reset."""

    def with_echo() -> ng.Graph:
        graph = ng.Graph()
        loop = graph.add("loop", ng.Looper(max_s=2.0))
        echo = graph.add("echo", ng.Delay(time_ms=300.0, feedback=0.5))
        source = graph.input("in", channels=1)
        out = graph.output("out", channels=1)
        source >> loop >> out
        source >> echo >> out
        return graph

    silence = np.zeros((1, 4000), np.float32)
    made = recorded(with_echo(), fade_s=0.005)
    made.set("loop.transport", RECORD)
    made.process(noise(500, 8))
    made.swap(rack())
    made.process(noise(1500, 9))
    made.set("loop.transport", PLAY)
    made.process(silence)
    y = made.process(silence)
    expected = np.concatenate([noise(500, 8), noise(1500, 9)], axis=1)[0, FADE:]
    same_bits(y[0, FADE:2000], expected)


def test_a_saved_state_has_the_place_and_not_the_recording() -> None:
    silence = np.zeros((1, 2000), np.float32)
    made = recorded(rack())
    state = made.save_state()
    assert state.data.nbytes < 8192
    expected = made.process(silence)
    made.set("loop.transport", STOP)
    made.process(silence)
    made.restore_state(state, params=True)
    same_bits(made.process(silence), expected)
    made.set("loop.transport", CLEAR)
    made.process(silence)
    made.set("loop.transport", RECORD)
    made.process(noise(1999, 7))
    made.restore_state(state, params=True)
    y = made.process(silence)  # as long as the first loop, with what the tape has by now
    same_bits(y[0, FADE:1999], noise(1999, 7)[0, FADE:])


def test_a_reset_forgets_the_loop() -> None:
    made = recorded(rack())
    made.reset()
    assert not made.process(np.zeros((1, 4000), np.float32)).any()
    assert made.get("loop.length") == 0.0


def test_a_stepper_refuses_it() -> None:
    with pytest.raises(ng.EngineError, match="loop keeps a recording"):
        ng.Stepper(rack(), RATE)
