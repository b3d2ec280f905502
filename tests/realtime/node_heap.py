"""Runs in a process with the heap counter loaded: each node plays alone; prints counts as JSON.

Arguments: the counter's library; ``nodes`` for the examples of every type, or ``networks``.
"""

import ctypes
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from allocating import allocates  # type: ignore[import-not-found]

from namgraph import nodes
from namgraph.graph import Graph, Node, node_types
from namgraph.nodes import Nam
from namgraph.nodes.testing.harness import graph_of
from namgraph.runtime import Engine
from namgraph.tests.nodes.examples import examples
from namgraph.tests.nodes.nam import nets
from namgraph.tests.nodes.nam.parametric import files as knobs
from namgraph.tests.nodes.nam.shapes import random_wavenet

BLOCKS = 100


LSTMS = [(3, 1), (8, 2), (65, 1)]


def nodes_of_all_types() -> Iterator[tuple[str, Node]]:
    """Make the examples that the contract is tested on."""
    ours = [t for t, c in node_types().items() if c.__module__.startswith(nodes.__name__)]
    for kind in ours:
        for number, node in enumerate(examples(kind)):
            yield f"{kind} {number}", node


def networks(folder: Path) -> Iterator[tuple[str, Node]]:
    """Write and open models beyond the examples: sizes and shapes with kernels of their own."""
    models = {"a2": nets.a2(3), "a1": nets.a1("nano")}
    models["sizes"] = nets.container(nets.lstm(3, 1, seed=4), nets.a1("nano"))
    models |= {f"lstm {units}x{layers}": nets.lstm(units, layers) for units, layers in LSTMS}
    models["knobs"], models["lstm with knobs"] = knobs.hyper_wavenet(), knobs.concat_lstm()
    models["sizes with knobs"] = nets.container(knobs.film_a2(2), knobs.film_a2(3))
    models |= {f"random {seed}": random_wavenet(seed) for seed in range(3)}
    for name, model in models.items():
        yield name, Nam(nets.write(folder, model, f"{name}.nam"))


def played(counter: Any, graph: Graph, node: Node) -> int:
    """Return the heap calls while a node plays blocks of three lengths, and parameters change."""
    engine = Engine(graph, sample_rate=48_000, max_frames=64)
    engine.queue.has_audio_thread = True  # so that only the calls that are counted read the ring
    for at in range(0, 64 * BLOCKS, 640):
        for name, row in node.params().items():
            engine.set(f"node.{name}", row.high if at % 1_280 else row.low, at=at)
    x = np.random.default_rng(0).uniform(-0.3, 0.3, (sum(graph.inputs.values()), 64))
    x = x.astype(np.float32)
    y = np.zeros((sum(graph.outputs.values()), 64), np.float32)
    ins, outs = (np.array([row.ctypes.data for row in a] or [0], np.int64) for a in (x, y))
    return sum(
        counter(engine.address, engine.state, ins.ctypes.data, outs.ctypes.data, frames, BLOCKS)
        for frames in (64, 17, 1)
    )


def main(library: str, which: str) -> None:
    counter: Any = ctypes.CDLL(library).count_heap_calls
    counter.restype = ctypes.c_long
    counter.argtypes = [ctypes.c_void_p, *[ctypes.c_int64] * 3, ctypes.c_int32, ctypes.c_long]
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, node in nodes_of_all_types() if which == "nodes" else networks(Path(folder)):
            channels = next((port.channels for port in node.inputs if port.channels), 2)
            found[name] = played(counter, graph_of(node, channels), node)
    y = np.zeros(64, np.float32)
    outs = np.array([y.ctypes.data], np.int64)
    found["positive control"] = counter(allocates.address, 0, 0, outs.ctypes.data, 64, 1)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
