"""Checks of a node's output: block sizes, buffer ends, finite numbers, recovery, players.

Each takes one node with its parameter values and raises ``ContractError``; ``check_node`` runs them
all, with the parameters as given, at their lowest and at their highest.
"""

import random
from collections.abc import Iterator, Sequence

import numpy as np

from ...graph import Node
from ...runtime.plan.player import run_plan_in_python, walk
from .harness import CANARY, LENGTH, Changes, NodeHarness
from .report import require, require_same

__all__ = [
    "POISONS",
    "check_block_sizes",
    "check_bounds",
    "check_cuts",
    "check_finite",
    "check_players",
    "check_recovery",
]

POISONS = (np.nan, np.inf, -np.inf, float(np.finfo(np.float32).max), 1e-45)
"""Invalid and extreme input samples."""


def check_block_sizes(node: Node) -> None:
    """Check that output and readings are bit-identical for all block sizes."""
    harness = NodeHarness(node)
    for cuts, changes in _random_cuts(node):
        check_cuts(harness, cuts, changes)


def _random_cuts(node: Node) -> Iterator[tuple[list[int], Changes]]:
    """Yield random block sizes, some above ``max_frames``, with random parameter changes."""
    draw = random.Random(0)
    names = sorted(node.params())
    yield [64, 64], ()
    for _ in range(6):
        cuts = [draw.randint(1, 150) for _ in range(draw.randint(1, 8))]
        changes: list[tuple[int, str, float]] = []
        for name in draw.choices(names, k=draw.randint(1, 4)) if names else ():
            row = node.params()[name]
            changes.append((draw.randint(0, sum(cuts)), name, draw.uniform(row.low, row.high)))
        yield cuts, changes


def check_cuts(harness: NodeHarness, cuts: Sequence[int], changes: Changes = ()) -> None:
    """Compare a signal played in blocks of ``cuts`` with the same signal played frame by frame."""
    requirement = (
        "the output must not depend on how the signal is cut into blocks "
        "(do nothing once per block; keep state as wide as the arithmetic)"
    )
    signal = harness.noise(max(sum(cuts), 1))
    harness.renew()
    one_by_one = harness.play(signal, [1], changes)
    shown = harness.readings()
    harness.renew()
    ways = f"in blocks of {list(cuts)}", "frame by frame"
    if changes:
        ways = f"{ways[0]} with the changes (frame, name, value) {list(changes)}", ways[1]
    require_same(harness.node, requirement, harness.play(signal, cuts, changes), one_by_one, ways)
    found = harness.readings()
    require(
        found == shown,
        harness.node,
        "what it reports must not depend on how the signal is cut into blocks",
        f"{found} {ways[0]}, {shown} {ways[1]}",
    )


def check_bounds(node: Node) -> None:
    """Check that a kernel accesses nothing after ``frames``, and writes every frame before."""
    poisoned, clean = NodeHarness(node), NodeHarness(node)
    for block, frames in enumerate([1, 7, 63, 64, 2, 33] * 4):
        signal = clean.noise(frames, seed=block)
        found = poisoned.call(signal, beyond=np.nan)
        require_same(
            node,
            "a kernel must not read inputs at or after frames",
            found,
            clean.call(signal),
            (f"with NaN after the {frames} frames of block {block}", "with zeros there"),
        )
        for c, y in enumerate(poisoned.outs):
            require(
                (y[frames:] == CANARY).all(),
                node,
                "a kernel must not write outputs at or after frames",
                f"output channel {c} was written at frame "
                f"{frames + int(np.argmax(y[frames:] != CANARY))} in a block of {frames}",
            )
        missed = found == CANARY
        require(
            not missed.any(),
            node,
            "a kernel must write every frame of every output channel",
            f"{int(missed.sum())} of {missed.size} samples not written in a block of {frames}, "
            f"the first in output channel {int(np.argmax(missed.any(axis=1)))}",
        )


def check_finite(node: Node) -> None:
    """Check that finite input gives finite output and readings, for random parameter values."""
    harness = NodeHarness(node)
    draw = random.Random(0)
    values: dict[str, float] = {name: getattr(node, name) for name in node.params()}
    for seed in range(8):
        harness.play(harness.noise(LENGTH if seed == 0 else LENGTH // 4, seed))
        stats = harness.engine.stats()
        require(
            stats.faults == 0 and stats.bad_outputs == 0,
            node,
            "finite input must give finite output",
            f"NaN or infinity (the node was muted {stats.faults} times) with {values}",
        )
        bad = {name: r for name, r in stats.readings.items() if not np.isfinite(r)}
        require(not bad, node, "readings must be finite", f"{bad} with {values}")
        for name, row in node.params().items():
            values[name] = draw.uniform(row.low, row.high)
            harness.turn(name, values[name])


def check_recovery(node: Node, poisons: Sequence[float] = POISONS) -> None:
    """Check that a non-finite sample is muted, and that the node recovers from it completely.

    The engine mutes and resets a node whose output is not finite.  After that the node must not
    stay silent, keep anything from before the reset, or have readings of NaN.
    """
    harness = NodeHarness(node)
    fresh = harness.play(harness.noise())
    for poison in poisons:
        harness.renew()
        faults, begun = int(harness.row["faults"]), False
        for block in range(40):
            for x, given in zip(harness.ins, harness.noise(64, seed=block), strict=True):
                x[:64] = given
                if block == 3:
                    x[20] = poison
            walk.ctypes(harness.plan.address, 0, 0, 64)
            require(
                all(np.isfinite(y[:64]).all() for y in harness.outs),
                node,
                "a sample that is not finite must not reach the output",
                f"NaN or infinity in block {block}, after one {poison} in block 3",
            )
            begun = begun or int(harness.row["faults"]) > faults
        if len(harness.ins):
            require(
                any(y[:64].any() for y in harness.outs) or not fresh.any(),
                node,
                "it must have output again after a bad sample",
                f"silence 36 blocks after one {poison}",
            )
        if begun:  # the engine has reset it; here it is reset again
            harness.engine.reset()
            require_same(
                node,
                "after a bad sample and a reset it must give the same output as a new node",
                harness.play(harness.noise()),
                fresh,
                (f"after one {poison}", "when new"),
            )
        bad = {name: r for name, r in harness.readings().items() if not np.isfinite(r)}
        require(not bad, node, "readings must be finite", f"{bad} after one {poison}")


def check_players(node: Node) -> None:
    """Check that two copies give the same bits, one played natively and one from Python."""
    plain, fast = NodeHarness(node), NodeHarness(node)
    for block, frames in enumerate([64, 1, 30] * 6):
        signal = fast.noise(frames, seed=block)
        for harness in (plain, fast):
            for x, given in zip(harness.ins, signal, strict=True):
                x[:frames] = given
        run_plan_in_python(plain.plan.rows, frames)
        plain.plan.transport.content["frame"] += frames  # as the walk does
        walk.ctypes(fast.plan.address, 0, 0, frames)
        require_same(
            node,
            "two copies of a node must give the same output, at any time and any address",
            np.array([y[:frames] for y in plain.outs]),
            np.array([y[:frames] for y in fast.outs]),
            (f"in one copy (block {block})", "in the other"),
        )
