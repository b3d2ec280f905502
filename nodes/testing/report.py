"""ContractError: one line with the node, the requirement, and the value found."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...graph import NamgraphError, Node

__all__ = ["ContractError", "require", "require_same", "same_bits"]


class ContractError(NamgraphError, AssertionError):
    """A node breaks the contract; the message has the node, the requirement and the value found."""


def require(kept: object, node: object, requirement: str, found: str) -> None:
    """Raise ``ContractError`` unless ``kept`` is true.

    ``requirement`` is the requirement, as a sentence; ``found`` the value found instead, and where.
    """
    if not kept:
        raise ContractError(f"{node!r}: {requirement}; found: {found}")


def require_same(
    node: Node,
    requirement: str,
    found: NDArray[np.float32],
    expected: NDArray[np.float32],
    ways: Sequence[str] = ("here", "there"),
) -> None:
    """Compare two signals ``(channels, frames)`` bit by bit; report the first frame that differs.

    Bits are compared, so 0 is not -0.  ``ways`` describes how ``found`` and ``expected`` were made.
    """
    differs = found.view(np.int32) != expected.view(np.int32)
    if not differs.any():
        return
    frame = int(np.argmax(differs.any(axis=0)))
    row = int(np.argmax(differs[:, frame]))
    one, other = float(found[row, frame]), float(expected[row, frame])
    require(
        False,
        node,
        requirement,
        f"output channel {row}, frame {frame}: {one!r} {ways[0]}, {other!r} {ways[1]} "
        f"({int(differs.sum())} of {differs.size} samples differ)",
    )


def same_bits(found: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    """Assert that two float32 arrays are bit-identical (for tests of one node)."""
    np.testing.assert_array_equal(found.view(np.int32), expected.view(np.int32))
