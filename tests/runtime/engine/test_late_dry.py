"""Bypassing a node with latency gives the delayed input from the first bypassed frame on."""

from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.testing import same_bits

FRAMES, AT = 24_576, 2048
X = np.random.default_rng(3).uniform(-0.5, 0.5, (1, FRAMES)).astype(np.float32)


def rack() -> ng.Graph:
    return ng.Graph.chain(late=ng.Oversample(ng.Gain(gain_db=-12.0), times=4))


def played(engine: ng.Engine) -> np.ndarray[Any, Any]:
    """Play half of the signal, bypass the node, and play the rest."""
    y = np.zeros_like(X)
    engine.play(list(X[:, :AT]), list(y[:, :AT]), AT, 64)
    engine.bypass("late")
    engine.play(list(X[:, AT:]), list(y[:, AT:]), FRAMES - AT, 64)
    return y


@pytest.mark.parametrize("how", ["unwatched", "timed", "guarded", "threads"])
def test_a_bypass_is_the_delayed_input_however_it_was_played_until_then(how: str) -> None:
    engine = ng.Engine(rack(), sample_rate=48_000, threads=2 if how == "threads" else 1)
    if how == "timed":
        engine.stats(timed=True)
    if how == "guarded":
        engine.guard(10.0)
    y, late = played(engine), engine.latency
    assert late > 16
    dry = np.concatenate([np.zeros((1, late), np.float32), X], axis=1)[:, :FRAMES]
    assert np.abs(y - dry)[:, :AT].max() > 0.1  # until then it is the node that plays
    same_bits(y[:, -1000:], dry[:, -1000:])
    whole = ng.Engine(rack(), sample_rate=48_000, threads=1)
    whole.stats(timed=True)
    same_bits(played(whole), y)


@pytest.mark.parametrize("watched", [False, True])
def test_after_a_swap_too(watched: bool) -> None:
    engine = ng.Engine(ng.Graph.chain(late=ng.Gain()), sample_rate=48_000, fade_s=0.0)
    if watched:
        engine.stats(timed=True)
    engine.swap(rack())
    y = played(engine)
    fresh = ng.Engine(rack(), sample_rate=48_000)
    fresh.guard(10.0)
    same_bits(y, played(fresh))
