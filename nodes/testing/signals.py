"""Checks of a node with plain signals: silence, a sine, equal channels, other sample rates.

Each takes example nodes of one class and raises ``ContractError``; ``check_node`` runs them all.
"""

from collections.abc import Iterator

import numpy as np

from ...graph import Graph, Kind, Node
from ...graph.errors import UnsupportedFeatureError
from ...runtime import Engine
from ..control.constant import Constant
from .harness import SPEC, Audio, NodeHarness
from .report import require, require_same

__all__ = [
    "check_channels",
    "check_clicks",
    "check_long_run",
    "check_modulation",
    "check_rates",
    "check_silence",
    "check_tail",
]

RATES = (44_100.0, 96_000.0, 192_000.0)
LONGEST_TAIL_S = 40.0
SILENCE = 1e-9
TAIL_DB = -100.0
FAR = 1 << 40
"""A frame number reached after 265 days at 48 kHz; a multiple of 32."""


def _hears(node: Node) -> bool:
    """Return whether a node has audio inputs and audio outputs."""
    sides = (node.inputs, node.outputs)
    return all(any(port.kind is Kind.AUDIO for port in ports) for ports in sides)


def check_silence(*examples: Node) -> None:
    """Check that silence in is silence out, unless the class says ``generates = True``."""
    for node in examples:
        if not _hears(node) or type(node).generates:
            continue
        harness = NodeHarness(node)
        found = float(abs(harness.play(np.zeros((len(harness.ins), 4800), np.float32))).max())
        require(
            found <= SILENCE,
            node,
            "silence in must be silence out (or set the class attribute generates = True)",
            f"a peak of {found:g}",
        )


def check_tail(*examples: Node) -> None:
    """Check that ``tail`` and ``latency`` frames after the input ends the output is over."""
    for node in examples:
        frames = node.tail(SPEC) + node.latency(SPEC)
        if not _hears(node) or type(node).generates or frames > LONGEST_TAIL_S * SPEC.rate:
            continue
        harness = NodeHarness(node)
        signal = harness.noise(4800)
        played = harness.play(np.pad(signal, ((0, 0), (0, frames + 4800))))
        peak, left = abs(played).max(), abs(played[:, signal.shape[1] + frames :]).max()
        level = 20.0 * np.log10(max(left, 1e-30) / max(peak, 1e-30))
        require(
            level < TAIL_DB or left <= SILENCE,
            node,
            f"tail(spec) frames after its input the output must be {-TAIL_DB:g} dB down",
            f"{level:.1f} dB after {node.tail(SPEC)} frames",
        )


def check_channels(*examples: Node) -> None:
    """Check that equal inputs give equal outputs, unless the class says ``stereo = True``."""
    for node in examples:
        follow = [p for p in (*node.inputs, *node.outputs) if p.channels is None]
        audio = [p for p in follow if p.kind is Kind.AUDIO]
        if type(node).stereo or len(audio) < 2 or audio[-1] not in node.outputs:
            continue
        harness = NodeHarness(node, channels=2)
        if len(harness.ins) % 2 or len(harness.outs) % 2:
            continue
        signal = np.repeat(harness.noise()[::2], 2, axis=0)
        played = harness.play(signal)
        requirement = "equal channels must stay equal (or set the class attribute stereo = True)"
        require_same(node, requirement, played[::2], played[1::2], ("left", "right"))


def check_rates(*examples: Node) -> None:
    """Check that a node plays at 44.1, 96 and 192 kHz, with finite output for all block sizes."""
    for node in examples:
        if node.own_rate() is not None:
            continue
        for rate in RATES:
            try:
                harness = NodeHarness(node, rate=rate)
            except UnsupportedFeatureError:  # it says itself that it needs another rate
                continue
            signal = harness.noise(800)
            first = harness.play(signal)
            requirement = f"at {rate:g} Hz the output must be finite"
            finite = np.isfinite(first).all() and not harness.engine.stats().faults
            require(finite, node, requirement, "NaN or infinity")
            harness.renew()
            requirement = f"at {rate:g} Hz the output must not depend on how the signal is cut"
            ways = "in blocks of 7", "in blocks of 64"
            require_same(node, requirement, harness.play(signal, [7]), first, ways)


def check_clicks(*examples: Node) -> None:
    """Check that no parameter clicks: it jumps from end to end, and back, under a 220 Hz sine.

    The second difference of the output at the jump is at most ``jump_ratio`` times (4, unless the
    class says otherwise) the larger of before and after.
    """
    for node in examples:
        if not _hears(node):
            continue
        harness = NodeHarness(node)
        for name, low, high in _jumps(node):
            for begin, end in ((low, high), (high, low)):
                ratio = _click(harness, name, begin, end)
                require(
                    ratio <= type(node).jump_ratio,
                    node,
                    "a jump of a parameter under a sine must not click: a second difference of at "
                    f"most {type(node).jump_ratio:g} times that without the jump",
                    f"{ratio:.1f} times, when {name} goes from {begin:g} to {end:g}",
                )


def _jumps(node: Node) -> Iterator[tuple[str, float, float]]:
    for name, row in node.params().items():
        yield name, row.low, row.high


def _click(harness: NodeHarness, name: str, begin: float, end: float) -> float:
    """Return the second difference at a jump over that before or after it, whichever is larger."""
    before, at, rest = 4800, 9600, 14_400
    harness.renew()
    harness.turn(name, begin)
    turns = 220.0 / SPEC.rate * np.arange(at + 2 * rest) + 0.15  # not at a zero when it jumps
    sine = 0.25 * np.sin(2 * np.pi * turns)
    signal = np.tile(sine.astype(np.float32), (len(harness.ins), 1))
    bend = abs(np.diff(harness.play(signal, changes=[(at, name, end)]), n=2, axis=1))
    quiet = max(bend[:, before : at - 8].max(), bend[:, -before:].max(), 1e-4)
    return float(bend[:, at - 8 : at + rest].max() / quiet)


def check_long_run(*examples: Node) -> None:
    """Check that a node whose record counts frames sounds the same after a year."""
    for node in examples:
        first, later = NodeHarness(node), NodeHarness(node)
        content = later.plan._prepared[later.number].record.content
        if "frame" not in (content.dtype.names or ()):
            continue
        content["frame"] += FAR
        ways = f"from frame {FAR}", "from the start"
        requirement = "the output must not depend on how long the node has played"
        require_same(node, requirement, later.play(first.noise()), first.play(first.noise()), ways)


def check_modulation(*examples: Node) -> None:
    """Check that with all parameters modulated the output is the same for all block sizes."""
    for node in examples:
        if not node.params():
            continue
        reference: Audio | None = None
        for block in (64, 1, 7, 31, 32, 33, 1000):
            played = _modulated(node, block)
            if reference is None:
                reference = played
            requirement = "modulated, the output must not depend on how the signal is cut"
            ways = f"in blocks of {block}", "in blocks of 64"
            require_same(node, requirement, played, reference, ways)


def _modulated(node: Node, block: int) -> Audio:
    """Play noise through a node whose parameters are all moved by a control signal that jumps."""
    graph = Graph()
    graph.add("node", node)
    graph.add("knob", Constant(value=-0.7))
    width = [1 if p.kind is Kind.CONTROL else p.channels or 2 for p in node.inputs]
    for port, channels in zip(node.inputs, width, strict=True):
        graph.connect(graph.input(f"in {port.name}", channels=channels), f"node.{port.name}")
    for name in node.params():
        graph.connect("knob", f"node.{name}", amount=0.5)
    for port in node.outputs:
        channels = 1 if port.kind is Kind.CONTROL else port.channels or 2
        graph.connect(f"node.{port.name}", graph.output(f"out {port.name}", channels=channels))
    frames = 512
    engine = Engine(graph, sample_rate=SPEC.rate, max_frames=min(block, SPEC.max_frames))
    noise = np.random.default_rng(1).uniform(-1, 1, (sum(width), frames)).astype(np.float32)
    played = np.zeros((sum(graph.outputs.values()), frames), np.float32)
    for at in range(0, frames, 97):
        engine.set("knob.value", (at % 5 - 2) / 2.0, at=at)
    engine.play(list(noise), list(played), frames, block)
    return played
