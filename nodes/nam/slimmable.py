"""Run all sizes of a slimmable model side by side, and change from one to another while it plays.

A change of size has two stages.  First the new size runs next to the old one and its output is
discarded, until its state no longer depends on its start: for a network with a receptive field of N
frames after N frames, bit for bit; an LSTM starts from its prewarmed state (without prewarm, from
the one in its file) and runs for 0.1 s.
Then a crossfade of 20 ms follows.  Both stages end at exact frames.  Sizes that are not selected
cost nothing, nothing is copied but an LSTM's state, and a change costs the sum of two sizes while
it lasts.  (A crossfade without the first stage would be wrong for the length of the receptive
field; replaying past input would put all of that work into one block.)

``prepare_sizes`` belongs to control threads; the kernels here run on the audio thread.
"""

import math
from typing import Any

import numpy as np

from ...graph.prepare import LONGEST_BLOCK, Memory
from ...runtime.native.abi import Native, helper, kernel
from ...runtime.native.pointers import call_node, copy_bytes, element, floats, load, record, store
from ...runtime.plan.arena import Block
from ..dsp.convolver.partition import receptive_field
from .cpu.live_weights import Moved
from .cpu.prepare import prepare_network
from .model.around import Around
from .model.captures import Gru
from .model.model import Model, Submodel, prewarm_frames
from .model.networks import Linear, Lstm
from .model.wavenet import Interleaved, Network, Sequential, WaveNet

__all__ = ["FADE_S", "SIZES", "exact_field", "prepare_sizes", "slim_range"]

FADE_S = 0.02
LSTM_SETTLING_S = 0.1
MAX_FRAMES = 512
"""Frames computed at once while two sizes run."""

SIZES = np.dtype(
    [
        ("slim", np.float64),
        *((n, np.int64) for n in ("started", "active", "next", "left", "prewarm_left")),
        *((n, np.int64) for n in ("sizes", "count", "fade", "multichannel", "inputs", "outputs")),
        *((n, np.int64) for n in ("ins", "outs", "discarded", "saved", "saved_count")),
    ]
)
SIZE = np.dtype([("below", np.float64), *((n, np.int64) for n in ("kernel", "record", "settles"))])
SAVED = np.dtype([(n, np.int64) for n in ("size", "state", "prewarmed", "bytes")])


@helper
def _run(sizes: int, number: int, outs: int, frames: int) -> None:
    """Run one size on the input channels in the list ``ins``."""
    s = record(sizes, SIZES)
    size = element(s.sizes, number, SIZE)
    if s.multichannel != 0:
        call_node(size.kernel, size.record, s.ins, outs, np.int32(frames))
    else:
        call_node(size.kernel, size.record, load(s.ins, 0), load(outs, 0), np.int32(frames))


@helper
def _selected(sizes: int) -> int:
    """Return the number of the size that ``slim`` selects."""
    s = record(sizes, SIZES)
    number = 0
    while number < s.count - 1 and not s.slim < element(s.sizes, number, SIZE).below:
        number += 1
    return number


@helper
def _prewarm(sizes: int, frames: int) -> None:
    """Run all sizes; at the end of prewarming, save the states that LSTMs start from."""
    s = record(sizes, SIZES)
    s.active = _selected(sizes)  # filters after it settle at the output of this one
    for number in range(s.count):
        if number != s.active:
            _run(sizes, number, s.discarded, frames)
    _run(sizes, s.active, s.outs, frames)
    s.prewarm_left -= frames
    if s.prewarm_left == 0:
        for number in range(s.saved_count):
            saved = element(s.saved, number, SAVED)
            copy_bytes(saved.prewarmed, saved.state, saved.bytes)


@helper
def _select(sizes: int) -> None:
    """Begin the change to the selected size, unless a crossfade is in progress."""
    s = record(sizes, SIZES)
    selected = _selected(sizes)
    if s.started == 0:
        s.started, s.active, s.next = 1, selected, selected
    if selected != s.next and (s.next == s.active or s.left > s.fade):
        s.next = selected
        s.left = element(s.sizes, selected, SIZE).settles + s.fade
        for number in range(s.saved_count if selected != s.active else 0):
            saved = element(s.saved, number, SAVED)
            if saved.size == selected:
                copy_bytes(saved.state, saved.prewarmed, saved.bytes)


@helper
def _change(sizes: int, frames: int) -> None:
    """Run two sizes; once the new one has settled, crossfade to it."""
    s = record(sizes, SIZES)
    _run(sizes, s.next, s.discarded, frames)
    _run(sizes, s.active, s.outs, frames)
    if s.left <= s.fade:
        step = np.float32(1.0) / np.float32(s.fade)
        for c in range(s.outputs):
            y, new = floats(load(s.outs, c), frames), floats(load(s.discarded, c), frames)
            for i in range(frames):
                y[i] = new[i] + np.float32(s.left - 1 - i) * step * (y[i] - new[i])
    s.left -= frames
    if s.left == 0:
        s.active = s.next


@kernel
def _sizes(state: int, ins: int, outs: int, frames: int) -> None:
    """Run a block in parts that end where prewarming, settling or a crossfade does."""
    s = record(state, SIZES)
    done = 0
    while done < frames:
        count = min(MAX_FRAMES, frames - done)
        for c in range(s.inputs):
            store(s.ins, c, (load(ins, c) if s.multichannel != 0 else ins) + 4 * done)
        for c in range(s.outputs):
            store(s.outs, c, (load(outs, c) if s.multichannel != 0 else outs) + 4 * done)
        if s.prewarm_left > 0:
            count = min(count, s.prewarm_left)
            _prewarm(state, count)
        else:
            _select(state)
            if s.next == s.active:
                count = frames - done
                _run(state, s.active, s.outs, count)
            else:
                count = min(count, s.left - s.fade if s.left > s.fade else s.left)
                _change(state, count)
        done += count


def prepare_sizes(
    memory: Memory,
    model: Model,
    slim: float,
    prewarmed: bool = True,
    step: int = 1,
    moved: list[Moved] | None = None,
    frames: int = LONGEST_BLOCK,
) -> tuple[Native, Any, int]:
    """Allocate all sizes of a model; return the kernel, its record, and the frames to prewarm it.

    Not ``prewarmed``, these are 0, and each size starts from the initial state in the file and a
    history of zeros.  The kernel takes channels as that of ``prepare_network`` does.  If there is
    more than one size the record is a ``SIZES``, whose ``slim`` selects the size to run.  Called
    with blocks of multiples of ``step`` frames alone, the kernel calls all networks so.  What
    knobs move is added to ``moved``.  Kernels are chosen for blocks of at most ``frames``.
    """
    sizes, rate = model.sizes, model.sample_rate
    longest = max(size.model.prewarm for size in sizes) if prewarmed else 0
    prewarm = _up(longest, step)
    if len(sizes) == 1:
        return *prepare_network(memory, sizes[0].model.running, None, moved, frames), prewarm
    rows, saved = [], list[dict[str, Any]]()
    for number, size in enumerate(sizes):
        network, before = size.model.running, len(_blocks(memory))
        native, at = prepare_network(memory, network, None, moved, frames)
        rows.append(_row(size, native, at, rate, step))
        if not _is_finite_memory(network):
            states = [b for b in _blocks(memory)[before:] if b.region == "state"]
            saved += [_saved_state(memory, number, block) for block in states]
    inputs, outputs = model.channels
    discarded = memory.scratch((outputs, MAX_FRAMES))
    at = memory.record(
        SIZES,
        slim=slim,
        prewarm_left=prewarm,
        sizes=memory.table(SIZE, rows),
        count=len(rows),
        fade=_up(max(1, round(FADE_S * rate)), step),
        multichannel=int((inputs, outputs) != (1, 1)),
        inputs=inputs,
        outputs=outputs,
        ins=memory.scratch(inputs, np.int64),
        outs=memory.scratch(outputs, np.int64),
        discarded=memory.pointers([discarded[4 * MAX_FRAMES * c] for c in range(outputs)]),
        saved=memory.table(SAVED, saved),
        saved_count=len(saved),
    )
    return _sizes, at, prewarm


def _up(frames: int, step: int) -> int:
    """Return the next multiple of ``step``."""
    return -(-frames // step) * step


def _row(size: Submodel, native: Native, at: Any, rate: float, step: int) -> dict[str, Any]:
    settles = _up(prewarm_frames(size.model.running, round(LSTM_SETTLING_S * rate)), step)
    return {"below": size.max_value, "kernel": native.address, "record": at, "settles": settles}


def _blocks(memory: Any) -> list[Block]:
    """Return the blocks allocated so far."""
    blocks: list[Block] = memory.blocks
    return blocks


def _saved_state(memory: Memory, number: int, block: Block) -> dict[str, Any]:
    """Allocate a second copy of a state, with the same addresses in it."""
    copy = Block("state", block.content.copy(), list(block.links))
    _blocks(memory).append(copy)
    return {"size": number, "state": block, "prewarmed": copy, "bytes": block.nbytes}


def _inner(network: Network) -> tuple[Network, ...]:
    """Return the networks that a network is made of; none of one that is a single network."""
    if isinstance(network, Sequential):
        return network.parts
    if isinstance(network, Interleaved):
        return (network.network,)
    if isinstance(network, WaveNet):
        return () if network.condition is None else (network.condition,)
    return (network.inner,) if isinstance(network, Around) else ()


def _is_finite_memory(network: Network) -> bool:
    """Whether the state of a network depends on no input before its receptive field."""
    if isinstance(network, Lstm | Gru) or (isinstance(network, Linear) and network.fast):
        return False
    return all(map(_is_finite_memory, _inner(network)))


def exact_field(network: Network) -> int | None:
    """Return how many input frames decide about the bits of an output frame; ``None``: all.

    That is the receptive field, and what the transforms of a ``Linear`` look back beyond it.
    """
    field = network.receptive_field
    return None if field is None else field + _transforms(network)


def _transforms(network: Network) -> int:
    if isinstance(network, Linear) and network.fast:
        taps = network.receptive_field
        return receptive_field(taps) - taps
    times = network.times if isinstance(network, Interleaved) else 1
    return times * sum(map(_transforms, _inner(network)))


def slim_range(model: Model, slim: float) -> tuple[float, float]:
    """Return the half-open range of slim values that select the same size as ``slim``."""
    low = -math.inf
    for size in model.sizes[:-1]:
        if slim < size.max_value:
            return low, size.max_value
        low = size.max_value
    return low, math.inf
