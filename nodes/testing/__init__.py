"""The contract that every node keeps, as checks for any node, inside this package or outside it.

All of it by one call::

    from namgraph.nodes.testing import check_node

    check_node(Tremolo())

or check by check with pytest::

    @pytest.mark.parametrize("check", NODE_CHECKS)
    def test_contract(check):
        check(Tremolo())

Both take one or more examples of one class: give a second one where a parameter is not heard with
the settings of the first within 1024 frames at 48 kHz (a delay of half a second is not).  Each
example is played as given, and with all parameters at their lowest and at their highest.  A broken
promise is a ``ContractError`` (an ``AssertionError``): one line with the node, what must hold, and
what was found where.  ``NodeHarness`` plays one node for tests of what is particular to it.

Nothing here is loaded by ``import namgraph``; NumPy and Numba are all it needs.

    check        check_node, NODE_CHECKS
    output       block sizes, buffer ends, finite numbers, recovery, players
    state        reset, snapshot, swap, scratch memory
    description  docstrings, ranges, latency, parameters that are heard
    harness      one node in an engine
    report       ContractError; same_bits, for tests of one node
"""

from .check import NODE_CHECKS, SETTING_CHECKS, check_node, corners
from .harness import NodeHarness
from .report import ContractError, same_bits

__all__ = [
    "NODE_CHECKS",
    "SETTING_CHECKS",
    "ContractError",
    "NodeHarness",
    "check_node",
    "corners",
    "same_bits",
]
