"""Checks of a node's state: reset, save and restore, swap, scratch memory, receptive field.

Each takes one node with its parameter values and raises ``ContractError``; ``check_node`` runs them
all, with the parameters as given, at their lowest and at their highest.
"""

import pickle
from collections.abc import Sequence

import numpy as np

from ...graph import CUT_GRID, Node
from .harness import SPEC, NodeHarness, changed, graph_of
from .output import POISONS
from .report import ContractError, require, require_same

__all__ = [
    "check_receptive_field",
    "check_record",
    "check_reset",
    "check_scratch",
    "check_snapshot",
    "check_swap",
]


RUNS_FROM = (CUT_GRID, 3 * CUT_GRID)
"""Frames at which a run begins that must go on like one from the start."""
GOES_ON = 600
"""Frames that are compared."""


def _disturb(harness: NodeHarness, poison: float) -> None:
    """Change all state: play bad samples, and move every parameter to both ends and back."""
    harness.call(np.full((len(harness.ins), 64), poison, np.float32))
    for name, row in harness.node.params().items():
        for value in (row.low, row.high):
            harness.turn(name, value)
            harness.play(harness.noise(100, seed=1), [37, 1, 62])
        harness.turn(name, getattr(harness.node, name))
    harness.play(np.full((len(harness.ins), 64), poison, np.float32))


def _require_readings(harness: NodeHarness, shown: dict[str, float], requirement: str) -> None:
    found = harness.readings()
    require(found == shown, harness.node, requirement, f"readings {found}, {shown} when new")


def check_reset(node: Node, poisons: Sequence[float] = POISONS) -> None:
    """Check that after ``reset`` a node gives the same bits as a new one."""
    requirement = "after engine.reset() it must give the same output as a new node"
    harness = NodeHarness(node)
    fresh = harness.play(harness.noise())
    shown = harness.readings()
    for poison in poisons:
        _disturb(harness, poison)
        harness.engine.reset()
        ways = f"after samples of {poison}, moved parameters and a reset", "when new"
        require_same(node, requirement, harness.play(harness.noise()), fresh, ways)
        _require_readings(harness, shown, requirement)


def check_scratch(node: Node) -> None:
    """Check that the output does not depend on the content of scratch memory between blocks."""
    spoiled, clean = NodeHarness(node), NodeHarness(node)
    memory = spoiled.plan._prepared[spoiled.number].memory
    blocks = [b.content for b in memory.blocks if b.region == "scratch"]
    for seed in range(16):
        for content in blocks:
            content.reshape(-1).view(np.uint8)[...] = 0xFF  # NaN as float, -1 as integer
        signal = clean.noise(50, seed)
        require_same(
            node,
            "nothing may be kept in io.memory.scratch from one block to the next (allocate state)",
            spoiled.call(signal),
            clean.call(signal),
            (f"with scratch memory filled with NaN before block {seed}", "untouched"),
        )


def check_snapshot(node: Node) -> None:
    """Check that output continues after ``restore_state`` as it did after ``save_state``.

    Not of nodes that keep a recording (``io.memory.store``), which is in no saved state.
    """
    requirement = (
        "after restore_state(state, params=True) it must give the output that followed save_state()"
    )
    harness = NodeHarness(node)
    if harness.plan._prepared[harness.number].memory.stores:
        return
    signal = harness.noise()
    harness.play(signal)
    for name, row in node.params().items():
        harness.turn(name, row.high)
    harness.play(signal[:, :50])
    taken = harness.engine.save_state()
    expected, shown = harness.play(signal), harness.readings()
    _disturb(harness, np.nan)
    harness.engine.restore_state(taken, params=True)
    ways = "when restored", "when it followed"
    require_same(node, requirement, harness.play(signal, [19, 64]), expected, ways)
    _require_readings(harness, shown, requirement)
    twin = NodeHarness(node)
    _disturb(twin, np.nan)
    twin.engine.restore_state(pickle.loads(pickle.dumps(taken)), params=True)
    ways = "in another engine that restored it", "when it followed"
    require_same(node, requirement, twin.play(signal, [7, 64]), expected, ways)


def check_swap(node: Node) -> None:
    """Check that an equal node continues without a change when its graph is swapped."""
    copy = changed(node)
    requirement = "two nodes with the same values must be equal and have the same hash"
    try:
        equal = copy == node and hash(copy) == hash(node)
    except TypeError as error:  # a list among its fields
        raise ContractError(f"{node!r}: {requirement}; found: {error} (use a tuple)") from error
    require(equal, node, requirement, "they differ: leave __eq__ and __hash__ to @ng.node")
    kept, swapped = NodeHarness(node), NodeHarness(node)
    for harness in (kept, swapped):
        for name, row in node.params().items():
            harness.turn(name, (row.low + row.high) / 2)
        harness.play(harness.noise(300))
    swapped.engine.swap(graph_of(copy))
    after = swapped.noise(seed=2)
    require_same(
        node,
        "an equal node must continue when its graph is swapped",
        swapped.play(after, [5, 64]),
        kept.play(after),
        ("in the swapped graph", "in one that was not"),
    )


def check_record(node: Node) -> None:
    """Check that every field ``NAME_now`` belongs to a parameter, which initialises it."""
    harness = NodeHarness(node)
    fields = harness.plan._prepared[harness.number].record.content.dtype.names or ()
    glides = {f.removesuffix("_now") for f in fields if f.endswith("_now")}
    lost = sorted(glides - set(node.params()))
    require(
        not lost,
        node,
        "each field NAME_now of the record must belong to a parameter NAME",
        f"{', '.join(f'{name}_now' for name in lost)}; "
        f"parameters are {', '.join(node.params()) or 'none'}",
    )


def check_receptive_field(node: Node) -> None:
    """Check that a run of ``receptive_field`` frames goes on like one from the start, bit for bit.

    Not of nodes whose receptive field is ``None``.
    """
    field = node.receptive_field(SPEC)
    if field is None:
        return
    harness = NodeHarness(node)
    signal = harness.noise(RUNS_FROM[-1] + field + GOES_ON)
    whole = harness.play(signal, [SPEC.max_frames])
    for first in RUNS_FROM:
        harness.engine.reset()
        begin, end = first + field - 1, first + field + GOES_ON
        require_same(
            node,
            f"after {field} frames, its receptive_field, nothing may depend on those before",
            harness.play(signal[:, first:end], [61, SPEC.max_frames])[:, field - 1 :],
            whole[:, begin:end],
            (
                f"in a run from frame {first}, counted from frame {begin} on",
                "in one from the start",
            ),
        )
