"""What every node promises, as checks to run on any node."""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from namgraph.graph import Node, ParamError
from namgraph.runtime.player import run_plan_in_python, walk

from .alone import CANARY, Alone, Changes, around, changed, same

POISONS = (np.nan, np.inf, -np.inf, float(np.finfo(np.float32).max), 1e-45)


def corners(node: Node) -> dict[str, Node]:
    """The node as it is, and with all its parameters at either end."""
    rows = node.params().items()
    return {
        "given": node,
        "low": changed(node, **{n: p.low for n, p in rows}),
        "high": changed(node, **{n: p.high for n, p in rows}),
    }


def stir(alone: Alone, poison: float) -> None:
    """Leave traces everywhere: bad samples, and every parameter moved to both ends and back."""
    alone.call(np.full((len(alone.ins), 64), poison, np.float32))
    for name, p in alone.node.params().items():
        for value in (p.low, p.high):
            alone.turn(name, value)
            alone.play(alone.noise(100, seed=1), [37, 1])
        alone.turn(name, getattr(alone.node, name))
    alone.play(np.full((len(alone.ins), 64), poison, np.float32))


def check_blocks(alone: Alone, cuts: Sequence[int], changes: Changes = ()) -> None:
    """What is heard and shown depends on no cut, to the last bit, while parameters move."""
    signal = alone.noise(max(sum(cuts), 1))
    alone.renew()
    one_by_one = alone.play(signal, [1], changes)
    shown = alone.readings()
    alone.renew()
    same(alone.play(signal, cuts, changes), one_by_one)
    assert alone.readings() == shown


def check_reset(node: Node, poison: float = 1.0) -> None:
    """After ``reset`` a node is as good as new: no sample and no setting outlives it."""
    alone = Alone(node)
    fresh = alone.play(alone.noise())
    shown = alone.readings()
    stir(alone, poison)
    alone.engine.reset()
    same(alone.play(alone.noise()), fresh)
    assert alone.readings() == shown


def check_finite(node: Node) -> None:
    """Numbers in, numbers out, and none that had to be muted."""
    alone = Alone(node)
    assert np.isfinite(alone.play(alone.noise())).all()
    stats = alone.engine.stats()
    assert stats.faults == 0
    assert stats.bad_outputs == 0
    assert all(np.isfinite(r) for r in stats.readings.values())


def check_bounds(node: Node) -> None:
    """A kernel reads nothing behind ``frames``, writes all before it, and nothing behind it."""
    poisoned, clean = Alone(node), Alone(node)
    for block, frames in enumerate([1, 7, 63, 64, 2, 33] * 4):
        signal = clean.noise(frames, seed=block)
        found = poisoned.call(signal, beyond=np.nan)
        same(found, clean.call(signal))
        for y in poisoned.outs:
            assert (y[frames:] == CANARY).all(), f"wrote behind frame {frames}"
        assert not (found == CANARY).any(), "left frames unwritten"


def check_scratch(node: Node) -> None:
    """What must survive a block is asked for as state: scratch memory is anyone's."""
    spoiled, clean = Alone(node), Alone(node)
    memory = spoiled.plan._prepared[spoiled.number].memory
    blocks = [b.content for b in memory.blocks if b.region == "scratch"]
    for seed in range(16):
        for content in blocks:
            content.reshape(-1).view(np.uint8)[...] = 0xFF  # NaN as float, -1 as integer
        signal = clean.noise(50, seed)
        same(spoiled.call(signal), clean.call(signal))


def check_snapshot(node: Node) -> None:
    """``restore`` returns to the same future, parameters on their way included."""
    alone = Alone(node)
    signal = alone.noise()
    alone.play(signal)
    for name, p in node.params().items():
        alone.turn(name, p.high)
    alone.play(signal[:, :50])
    taken = alone.engine.snapshot()
    future, shown = alone.play(signal), alone.readings()
    stir(alone, np.nan)
    alone.engine.restore(taken)
    same(alone.play(signal, [19, 64]), future)
    assert alone.readings() == shown


def check_players(node: Node) -> None:
    """The plain Python player and the native one make the same bits."""
    plain, fast = Alone(node), Alone(node)
    for block, frames in enumerate([64, 1, 30] * 6):
        signal = fast.noise(frames, seed=block)
        for alone in (plain, fast):
            for x, given in zip(alone.ins, signal, strict=True):
                x[:frames] = given
        run_plan_in_python(plain.plan.rows, frames)
        walk.ctypes(fast.plan.address, 0, 0, frames)
        for y, z in zip(plain.outs, fast.outs, strict=True):
            same(y[:frames], z[:frames])


def check_swap(node: Node) -> None:
    """A node equal by value plays on as if nothing had happened when its graph is replaced."""
    twin = changed(node)
    assert twin == node
    assert hash(twin) == hash(node)
    kept, swapped = Alone(node), Alone(node)
    for alone in (kept, swapped):
        for name, p in node.params().items():
            alone.turn(name, (p.low + p.high) / 2)
        alone.play(alone.noise(300))
    swapped.engine.swap(around(twin))
    after = swapped.noise(seed=2)
    same(swapped.play(after, [5, 64]), kept.play(after))


def check_contains(node: Node, poison: float) -> None:
    """Samples that are no numbers, from whatever node before, do not get out and do not stay."""
    alone = Alone(node)
    fresh, faults, begun = alone.play(alone.noise()), 0, False
    alone.renew()
    for block in range(40):
        for x, given in zip(alone.ins, alone.noise(64, seed=block), strict=True):
            x[:64] = given
            if block == 3:
                x[20] = poison
        walk.ctypes(alone.plan.address, 0, 0, 64)
        assert all(np.isfinite(y[:64]).all() for y in alone.outs), f"block {block}"
        begun = begun or int(alone.row["faults"]) > faults
        faults = int(alone.row["faults"])
    if len(alone.ins):
        assert any(y[:64].any() for y in alone.outs) or not fresh.any(), "silent ever after"
    if begun:  # it was started afresh; and afresh it is again after a reset of ours
        alone.engine.reset()
        same(alone.play(alone.noise()), fresh)
    assert all(np.isfinite(r) for r in alone.readings().values())


def check_rejects(node: Node) -> None:
    """Each parameter refuses what is out of range or no number, and says its name."""
    for name, p in node.params().items():
        for bad in (p.low - 1, p.high + 1, float("nan"), float("inf"), "loud", None):
            with pytest.raises(ParamError, match=name):
                changed(node, **{name: bad})


def check_record(node: Node) -> None:
    """Every field ``..._now`` is the way of a parameter, or the plan would not start it there."""
    alone = Alone(node)
    fields = alone.plan._prepared[alone.number].record.content.dtype.names or ()
    ways = {f.removesuffix("_now") for f in fields if f.endswith("_now")}
    assert ways <= set(node.params()), f"{sorted(ways - set(node.params()))} are no parameters"


def check_documented(node_class: type[Any]) -> None:
    """The class says what it promises, in words of its own; so do its file and its ports."""
    doc = node_class.__doc__
    assert doc, f"{node_class.__name__} has no docstring"
    assert not doc.startswith(f"{node_class.__name__}("), "a dataclass wrote this docstring"
    assert doc.splitlines()[0].rstrip().endswith("."), "the first line is no sentence"
    assert sys.modules[node_class.__module__].__doc__


def heard(node: Node) -> bool:
    """Whether anything comes out, in all outputs, within the time these checks listen."""
    alone = Alone(node)
    return bool(alone.play(alone.noise()).any(axis=1).all())


def heard_params(node: Node) -> set[str]:
    """Which parameters can be heard within the time these checks listen."""
    alone = Alone(node)
    found = set()
    for name, p in node.params().items():
        ends = []
        for value in (p.low, p.high):
            alone.renew()
            alone.turn(name, value)
            ends.append(alone.play(alone.noise()))
        if (ends[0] != ends[1]).any():
            found.add(name)
    return found
