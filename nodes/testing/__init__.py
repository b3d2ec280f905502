"""Tests of the node contract, for nodes inside and outside this package.  Control thread.

All checks in one call::

    from namgraph.nodes.testing import check_node

    check_node(Tremolo())

or one pytest test per check::

    @pytest.mark.parametrize("check", NODE_CHECKS)
    def test_contract(check):
        check(Tremolo())

Both take one or more example nodes of one class.  Give a second example if a parameter of the first
has no effect on the output within 1024 frames at 48 kHz (a delay of half a second has none).  Each
example is tested as given, and with all parameters at their lowest and at their highest.  A failed
check is a ``ContractError`` (an ``AssertionError``): one line with the node, the requirement and
the value found.  ``NodeHarness`` plays one node, for tests specific to it.

``import namgraph`` does not load this package; it needs only NumPy and Numba.

    check        check_node, NODE_CHECKS
    output       block sizes, buffer ends, finite numbers, recovery, players
    state        reset, snapshot, swap, scratch memory
    description  docstrings, ranges, latency, effect of each parameter
    signals      silence, tail, equal channels, sample rates, clicks, long runs, modulation
    harness      one node in an engine
    report       ContractError; same_bits, for tests of one node
"""

from .check import NODE_CHECKS, SETTING_CHECKS, SIGNAL_CHECKS, check_node, corners
from .harness import NodeHarness
from .report import ContractError, same_bits

__all__ = [
    "NODE_CHECKS",
    "SETTING_CHECKS",
    "SIGNAL_CHECKS",
    "ContractError",
    "NodeHarness",
    "check_node",
    "corners",
    "same_bits",
]
