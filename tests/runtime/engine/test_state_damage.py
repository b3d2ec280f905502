"""Saved states that were damaged on their way: refused, never played."""

import pickle
import random

import numpy as np
import pytest

import namgraph as ng

GRAPH = ng.Graph.chain(ng.Gain(), ng.Delay(time_ms=1.0))


def state() -> ng.EngineState:
    engine = ng.Engine(GRAPH, sample_rate=48_000, max_frames=64)
    engine.process(np.ones(100, np.float32))
    return engine.save_state()


def test_a_pickle_with_another_byte_is_refused() -> None:
    # The write position of a delay, changed by one bit, is an address outside of its memory.
    content = pickle.dumps(state())
    chance = random.Random(1)
    refused = 0
    for _ in range(200):
        damaged = bytearray(content)
        damaged[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        try:
            found = pickle.loads(bytes(damaged))
        except ng.EngineError:
            refused += 1
        except Exception:  # no pickle any more
            continue
        else:
            assert not isinstance(found, ng.EngineState) or same(found)
    assert refused > 150, "nearly all bytes are those of the state"
    assert same(pickle.loads(content))
    with pytest.raises(ng.EngineError, match="is damaged"):
        pickle.loads(content.replace(b"delay", b"relay"))


def same(found: ng.EngineState) -> bool:
    wanted = state()
    return found.frame == wanted.frame and found.params == wanted.params


def test_a_state_made_by_hand_is_refused() -> None:
    kept = state()
    data = kept.data
    for wrong in (data[:-1], data[:0], data.astype(float), np.repeat(data, 2)[::2], data[None]):
        with pytest.raises(ng.EngineError, match="save_state"):
            ng.EngineState(kept.layout, wrong)
    with pytest.raises(ng.EngineError, match="save_state"):
        ng.EngineState(kept.layout, list(data))  # type: ignore[arg-type]
