"""Many signals through one LSTM model at once: the gains of ``Nam`` around ``lstm/voices.py``.

``voices`` belongs to control threads; the kernel runs on the thread that processes.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ...graph.prepare import VoicesProcessor
from ...runtime.native.abi import helper, kernel
from ...runtime.native.host import host_lanes
from ...runtime.native.pointers import call_node, floats, load, numbers, record
from ...runtime.plan.arena import Arena, Block, Memory, offset
from ...runtime.simd.smoothing import decibels, glide
from .cpu.lstm.prepare import state_places
from .cpu.lstm.voices import NETWORK, TILE, prepare_lstm_voices
from .kernel import STATE
from .model.networks import Lstm
from .model.wavenet import Network

__all__ = ["voices"]

VOICES = np.dtype([(name, np.int64) for name in (TILE, "node", "lanes", "kernel", "network")])
"""``node`` is the address of the node's ``STATE`` in its plan.  A tile begins with the smoothed
factors ``input_db_now`` of all lanes, then ``output_db_now``, float64."""
GAINS = ("input_db_now", "output_db_now")
ONE = int(np.float64(1.0).view(np.int64))
"""The bits of a factor of 1."""


@helper
def _scale(
    curve_at: int,
    level: float,
    coefficient: float,
    now: int,
    lanes: int,
    samples: int,
    frames: int,
) -> None:
    """Scale each voice by its own smoothed factor; a settled 0 dB changes no bit."""
    if level == 0.0:
        differ = 0
        for lane in range(lanes):
            differ |= load(now, lane) ^ ONE
        if differ == 0:
            return
    target = decibels(level)
    factors, x = numbers(now, lanes, np.float64), floats(samples, lanes * frames)
    for lane in range(lanes):
        factor = factors[lane]
        if factor == target:
            if level != 0.0 or factor != 1.0:
                settled = np.float32(target)
                for t in range(frames):
                    x[t * lanes + lane] *= settled
        else:
            factors[lane] = glide(curve_at, factor, target, coefficient, frames)
            curve = floats(curve_at, frames)
            for t in range(frames):
                x[t * lanes + lane] *= curve[t]


@kernel
def play_voices(state: int, ins: int, outs: int, frames: int) -> None:
    """Play one block of a tile: input gain, network, output gain."""
    v = record(state, VOICES)
    s: Any = record(v.node, STATE)
    lanes = v.lanes
    count, way = np.int64(frames), s.input_db_coefficient
    _scale(s.curve, s.input_db + s.input_level_db, way, v.tile, lanes, ins, count)
    record(v.network, NETWORK).tile = v.tile + 16 * lanes
    call_node(v.kernel, v.network, ins, outs, frames)
    level, way = s.output_db + s.output_level_db, s.output_db_coefficient
    _scale(s.curve, level, way, v.tile + 8 * lanes, lanes, outs, count)


def voices(network: Network, node: Block, made: Block) -> Callable[[], VoicesProcessor] | None:
    """Return ``Processor.voices`` of a node with one network; ``None`` unless it is a mono LSTM.

    ``node`` is the node's ``STATE``, ``made`` the record of the network.
    """
    if not isinstance(network, Lstm) or not network.layers:
        return None
    if not network.inputs == network.outputs == 1:
        return None
    return partial(_voices, network, node, made)


def _voices(network: Lstm, node: Block, made: Block) -> VoicesProcessor:
    """Return what plays many voices; the node's plan is laid out by now."""
    memory, lanes = Memory(), host_lanes()
    native, net = prepare_lstm_voices(memory, network, lanes)
    whole = memory.record(
        VOICES, node=node.address, lanes=lanes, kernel=native.address, network=net
    )
    arena = Arena([memory])
    return VoicesProcessor(
        play_voices,
        whole.address,
        lanes,
        doubles=[node.address + offset(STATE, name) for name in GAINS],
        floats=[block.address + inside for block, inside in state_places(network, made)],
        memory=arena,
    )
