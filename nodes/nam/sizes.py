"""All sizes of a model side by side, and the way from one to another while it plays.

A change of size goes through two stages.  First the new size runs unheard next to the old one,
until it has forgotten all that it did not hear: for a network that looks back N frames these are N
frames, after which it is, bit for bit, where it would be had it always run.  An LSTM never forgets
for good; it begins as it was when it was primed, and 0.1 s must do.  Then a fade of 20 ms leads
over.  (To fade at once to a network that has heard silence only would be quicker, and wrong for as
long as it looks back; to replay what was heard would be exact, but all the work would fall into one
block.)  So nothing is computed for sizes that are not wanted, nothing is copied but an LSTM's few
numbers, a change costs the sum of two sizes for a while, and all of it happens at exact frames.
"""

from typing import Any

import numpy as np

from ...graph.prepare import Memory
from ...runtime.native.abi import Native, helper, kernel
from ...runtime.native.pointers import call_node, copy_bytes, element, floats, load, record, store
from ...runtime.plan.arena import Block
from .cpu.prepare import prepare_network
from .model.model import UNKNOWN_RATE, Model, Submodel, settling
from .model.networks import Linear, Lstm
from .model.wavenet import Network, Sequential, WaveNet

__all__ = ["FADE_S", "SIZES", "prepare_sizes"]

FADE_S = 0.02
LSTM_SETTLES_S = 0.1
PIECE = 512
"""Frames that are computed at once while two sizes run."""

SIZES = np.dtype(
    [
        ("slim", np.float64),
        *((n, np.int64) for n in ("started", "active", "next", "left", "unprimed")),
        *((n, np.int64) for n in ("sizes", "count", "fade", "listed", "inputs", "outputs")),
        *((n, np.int64) for n in ("ins", "outs", "aside", "kept", "kept_count")),
    ]
)
SIZE = np.dtype([("below", np.float64), *((n, np.int64) for n in ("kernel", "record", "settles"))])
KEPT = np.dtype([(n, np.int64) for n in ("size", "state", "primed", "bytes")])


@helper
def _run(sizes: int, number: int, outs: int, frames: int) -> None:
    """Run one size from the input that ``ins`` lists."""
    s = record(sizes, SIZES)
    size = element(s.sizes, number, SIZE)
    if s.listed != 0:
        call_node(size.kernel, size.record, s.ins, outs, np.int32(frames))
    else:
        call_node(size.kernel, size.record, load(s.ins, 0), load(outs, 0), np.int32(frames))


@helper
def _wanted(sizes: int) -> int:
    s = record(sizes, SIZES)
    number = 0
    while number < s.count - 1 and not s.slim < element(s.sizes, number, SIZE).below:
        number += 1
    return number


@helper
def _prime(sizes: int, frames: int) -> None:
    """Run all sizes; when they are primed, keep what those that never forget must begin with."""
    s = record(sizes, SIZES)
    for number in range(s.count):
        if number != s.active:
            _run(sizes, number, s.aside, frames)
    _run(sizes, s.active, s.outs, frames)
    s.unprimed -= frames
    if s.unprimed == 0:
        for number in range(s.kept_count):
            kept = element(s.kept, number, KEPT)
            copy_bytes(kept.primed, kept.state, kept.bytes)


@helper
def _decide(sizes: int) -> None:
    """Turn to the size that is wanted, unless the ear is between two already."""
    s = record(sizes, SIZES)
    wanted = _wanted(sizes)
    if s.started == 0:
        s.started, s.active, s.next = 1, wanted, wanted
    if wanted != s.next and (s.next == s.active or s.left > s.fade):
        s.next = wanted
        s.left = element(s.sizes, wanted, SIZE).settles + s.fade
        for number in range(s.kept_count if wanted != s.active else 0):
            kept = element(s.kept, number, KEPT)
            if kept.size == wanted:
                copy_bytes(kept.state, kept.primed, kept.bytes)


@helper
def _change(sizes: int, frames: int) -> None:
    """Run two sizes; once the new one has settled, fade."""
    s = record(sizes, SIZES)
    _run(sizes, s.next, s.aside, frames)
    _run(sizes, s.active, s.outs, frames)
    if s.left <= s.fade:
        step = np.float32(1.0) / np.float32(s.fade)
        for c in range(s.outputs):
            y, new = floats(load(s.outs, c), frames), floats(load(s.aside, c), frames)
            for i in range(frames):
                y[i] = new[i] + np.float32(s.left - 1 - i) * step * (y[i] - new[i])
    s.left -= frames
    if s.left == 0:
        s.active = s.next


@kernel
def _sizes(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, SIZES)
    done = 0
    while done < frames:
        count = min(PIECE, frames - done)
        for c in range(s.inputs):
            store(s.ins, c, (load(ins, c) if s.listed != 0 else ins) + 4 * done)
        for c in range(s.outputs):
            store(s.outs, c, (load(outs, c) if s.listed != 0 else outs) + 4 * done)
        if s.unprimed > 0:
            count = min(count, s.unprimed)
            _prime(state, count)
        else:
            _decide(state)
            if s.next == s.active:
                count = frames - done
                _run(state, s.active, s.outs, count)
            else:
                count = min(count, s.left - s.fade if s.left > s.fade else s.left)
                _change(state, count)
        done += count


def prepare_sizes(memory: Memory, model: Model, slim: float) -> tuple[Native, Any, int]:
    """Lay all sizes of a model out; return the kernel, its record, and the frames to prime it.

    The kernel takes addresses as ``prepare_network`` says.  The record is ``SIZES`` where there is
    more than one size: its ``slim`` says which to play.
    """
    sizes, rate = model.sizes, model.sample_rate or UNKNOWN_RATE
    prime = max(size.model.prewarm for size in sizes)
    if len(sizes) == 1:
        return *prepare_network(memory, sizes[0].model.running), prime
    rows, kept = [], list[dict[str, Any]]()
    for number, size in enumerate(sizes):
        network, before = size.model.running, len(_blocks(memory))
        made, at = prepare_network(memory, network)
        rows.append(_row(size, made, at, rate))
        if not _forgets(network):
            states = [b for b in _blocks(memory)[before:] if b.region == "state"]
            kept += [_kept(memory, number, block) for block in states]
    inputs, outputs = model.channels
    aside = memory.scratch((outputs, PIECE))
    at = memory.record(
        SIZES,
        slim=slim,
        unprimed=prime,
        sizes=memory.table(SIZE, rows),
        count=len(rows),
        fade=max(1, round(FADE_S * rate)),
        listed=int((inputs, outputs) != (1, 1)),
        inputs=inputs,
        outputs=outputs,
        ins=memory.scratch(inputs, np.int64),
        outs=memory.scratch(outputs, np.int64),
        aside=memory.pointers([aside[4 * PIECE * c] for c in range(outputs)]),
        kept=memory.table(KEPT, kept),
        kept_count=len(kept),
    )
    return _sizes, at, prime


def _row(size: Submodel, made: Native, at: Any, rate: float) -> dict[str, Any]:
    settles = settling(size.model.running, round(LSTM_SETTLES_S * rate))
    return {"below": size.max_value, "kernel": made.address, "record": at, "settles": settles}


def _blocks(memory: Any) -> list[Block]:
    """Return what has been asked for so far."""
    blocks: list[Block] = memory.blocks
    return blocks


def _kept(memory: Memory, number: int, block: Block) -> dict[str, Any]:
    """Ask for a second copy of a state, with the same addresses in it."""
    copy = Block("state", block.content.copy(), list(block.links))
    _blocks(memory).append(copy)
    return {"size": number, "state": block, "primed": copy, "bytes": block.nbytes}


def _forgets(network: Network) -> bool:
    """Say whether a network's state holds nothing but the frames it looks back on."""
    if isinstance(network, Sequential):
        return all(map(_forgets, network.parts))
    if isinstance(network, WaveNet):
        return network.condition is None or _forgets(network.condition)
    return not isinstance(network, Lstm) and not (isinstance(network, Linear) and network.fast)
