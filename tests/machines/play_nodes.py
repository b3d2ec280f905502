"""Play one or more nodes of every type on noise, in a process of its own, and keep the output."""

import sys
import warnings

import numpy as np

from namgraph.graph import node_types
from namgraph.nodes.testing import NodeHarness

from ..nodes.examples import examples

FRAMES = 2000


def main() -> None:
    found = {}
    warnings.simplefilter("ignore")  # what a node has to say of its files is tested elsewhere
    for name in node_types():
        for number, node in enumerate(examples(name)):
            harness = NodeHarness(node)
            found[f"{name} {number}"] = harness.play(harness.noise(FRAMES))
    np.savez(sys.argv[1], **found)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
