"""Time of every node of this package per frame and channel, beside its target.

Kernels are called by address with white noise (peak -12 dB) in blocks of 64 frames at 48 kHz, one
stereo signal, parameters settled.  Rounds alternate between the nodes, so that the machine's noise
falls on all of them; the figure is the median of all rounds, and the least is given beside it.
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import types

from ... import nodes
from ...graph import Kind, Node, Port, node_types
from ...nodes.testing import NodeHarness
from ...runtime.native.abi import native
from ...runtime.native.cpu import restore_floats, set_flush_to_zero
from ...runtime.native.pointers import call_node
from .node_targets import ALLOWED, FILES, TARGETS, Setting

__all__ = ["format_row", "steps"]

FRAMES, CHANNELS = 64, 2
BLOCKS = 32
"""Blocks of noise, played again and again."""
SHORT = 10
"""Times as many blocks of a control source: the call from Python, 1 µs, is no part of them."""
SETTLE = 1500
"""Blocks before the first measurement: two seconds."""
WORD = types.int64
Row = dict[str, Any]


@native(types.void(WORD, WORD, WORD, WORD, WORD, WORD))
def _blocks(kernel: int, state: int, ins: int, apart: int, outs: int, count: int) -> None:
    """Call a kernel ``count`` times; lists of inputs are ``apart`` bytes from each other."""
    floats = set_flush_to_zero()
    for block in range(count):
        call_node(kernel, state, ins + apart * (block % BLOCKS), outs, np.int32(FRAMES))
    restore_floats(floats)


class Case:
    """One node with one setting, in an engine of its own, and its times."""

    def __init__(self, type_name: str, setting: Setting) -> None:
        self.type_name, self.setting = type_name, setting
        given = FILES[type_name]() if type_name in FILES else {}
        node = node_types()[type_name](**given, **setting.arguments)
        self._harness = NodeHarness(node, channels=CHANNELS)
        inputs, row = len(self._harness.ins), self._harness.row
        shape = (BLOCKS, inputs, FRAMES)
        self._noise = np.random.default_rng(0).uniform(-0.25, 0.25, shape).astype(np.float32)
        places = self._noise.ctypes.data + 4 * FRAMES * np.arange(BLOCKS * inputs, dtype=np.int64)
        self._places = np.append(places, 0)  # without inputs the address of a list is needed too
        at = int(row["kernel"]), int(row["state"]), self._places.ctypes.data
        self._call = (*at, 8 * inputs, int(row["outs"]))
        self._channels = channels(node)
        self._times = SHORT if node.category == "control" else 1
        self._seconds: list[float] = []

    def play(self, blocks: int, count: bool = True) -> None:
        """Play ``blocks`` blocks, and note the time of a frame and channel."""
        blocks *= self._times
        begun = time.perf_counter()
        _blocks.ctypes(*self._call, blocks)
        if count:
            taken = time.perf_counter() - begun
            self._seconds.append(taken / (blocks * FRAMES * self._channels))

    def row(self) -> Row:
        """Return the figures over all rounds."""
        ns, target = float(np.median(self._seconds)) * 1e9, self.setting.target_ns
        return {
            "type": self.type_name,
            "setting": self.setting.arguments,
            "ns": ns,
            "least_ns": min(self._seconds) * 1e9,
            "target_ns": target,
            "over": target is not None and ns > ALLOWED * target,
        }


def channels(node: Node) -> int:
    """Return the channels of a node's widest audio port; 1 where it has none."""
    ports: list[Port] = [*node.inputs, *node.outputs]
    return max([p.channels or CHANNELS for p in ports if p.kind is Kind.AUDIO], default=1)


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield a row for each setting of each node type."""
    rounds, blocks, settle = (2, 4, 4) if quick else (41, 320, SETTLE)
    ours = {n: c for n, c in node_types().items() if c.__module__.startswith(f"{nodes.__name__}.")}
    cases: list[Case] = []
    for type_name, cls in sorted(ours.items()):
        if set(cls.required()) - (FILES[type_name]() if type_name in FILES else {}).keys():
            continue  # a file that is not among the shipped ones
        found = TARGETS.get(type_name, (Setting(None),))
        cases.extend(Case(type_name, setting) for setting in found)
    for case in cases:
        case.play(settle, count=False)
    for _ in range(rounds):
        for case in cases:
            case.play(blocks)
    yield from (("node", case.row()) for case in cases)


def format_row(name: str, row: Row) -> str:
    """Return a measurement as one line."""
    given = ", ".join(f"{k}={v}" for k, v in row["setting"].items())
    target = "-" if row["target_ns"] is None else f"{row['target_ns']:.1f}"
    line = f"{row['type']:<18} {given:<28} {row['ns']:7.2f} ns (least {row['least_ns']:.2f})"
    line = f"{line:<76} target {target:>5}"
    if not row["over"]:
        return line
    return f"{line}  MISSED: {row['ns'] / row['target_ns']:.1f} times"
