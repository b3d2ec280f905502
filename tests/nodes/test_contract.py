"""The node contract, for every registered node."""

import functools
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings, strategies as st

import namgraph.nodes
from namgraph.graph import Node, node_types
from namgraph.nodes.testing import SETTING_CHECKS, SIGNAL_CHECKS, NodeHarness, corners
from namgraph.nodes.testing.description import (
    check_documented,
    check_has_output,
    check_latency,
    check_metadata,
    check_parameters_effective,
    check_ranges,
)
from namgraph.nodes.testing.harness import Changes, changed
from namgraph.nodes.testing.output import (
    POISONS,
    check_block_sizes,
    check_cuts,
    check_finite,
    check_recovery,
)
from namgraph.nodes.testing.state import check_reset

from .examples import examples

# Those that importing the package registers: other tests may have imported pedalboard's by now.
SHIPPED = {getattr(namgraph.nodes, name) for name in namgraph.nodes.__all__}
TYPES = [name for name, cls in node_types().items() if cls in SHIPPED]
BY_HYPOTHESIS = {check_block_sizes, check_finite}
BY_SAMPLE = {check_reset, check_recovery}
CHECKS = [check for check in SETTING_CHECKS if check not in BY_HYPOTHESIS | BY_SAMPLE]
every_type = pytest.mark.parametrize("type_name", TYPES)
every_corner = pytest.mark.parametrize("corner", ["given", "low", "high"])


@functools.cache
def at_corner(type_name: str, corner: str) -> list[Node]:
    return [corners(node)[corner] for node in examples(type_name)]


@functools.lru_cache(maxsize=16)
def shared(node: Node) -> NodeHarness:
    """Engines are dear: Hypothesis gets the same one again, started afresh."""
    return NodeHarness(node)


@every_type
@every_corner
@given(data=st.data())
def test_output_does_not_depend_on_block_sizes(
    type_name: str, corner: str, data: st.DataObject
) -> None:
    node = data.draw(st.sampled_from(at_corner(type_name, corner)), "node")
    cuts = data.draw(st.lists(st.integers(1, 150), min_size=1, max_size=12), "cuts")
    changes: list[tuple[int, str, float]] = []
    if node.params():
        names = st.sampled_from(sorted(node.params()))
        for _ in range(data.draw(st.integers(0, 4), "how many changes")):
            name = data.draw(names, "parameter")
            p = node.params()[name]
            at = data.draw(st.integers(0, sum(cuts)), "at")
            changes.append((at, name, data.draw(st.floats(p.low, p.high), "value")))
    moves: Changes = changes
    check_cuts(shared(node), cuts, moves)


@every_type
@every_corner
@pytest.mark.parametrize("poison", POISONS)
def test_reset_is_as_good_as_new(type_name: str, corner: str, poison: float) -> None:
    for node in at_corner(type_name, corner):
        check_reset(node, [poison])


@every_type
@settings(max_examples=max(settings().max_examples // 5, 10))  # eight settings in each check
@given(data=st.data())
def test_stays_finite_for_all_parameters(type_name: str, data: st.DataObject) -> None:
    node = data.draw(st.sampled_from(examples(type_name)), "node")
    values = {n: data.draw(st.floats(p.low, p.high), n) for n, p in node.params().items()}
    check_finite(changed(node, **values))


@every_type
@every_corner
@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__.removeprefix("check_"))
def test_keeps(check: Callable[[Node], None], type_name: str, corner: str) -> None:
    for node in at_corner(type_name, corner):
        check(node)


@every_type
@every_corner
@pytest.mark.parametrize("poison", POISONS)
def test_plays_on_after_a_bad_sample(type_name: str, corner: str, poison: float) -> None:
    for node in at_corner(type_name, corner):
        check_recovery(node, [poison])


@every_type
@pytest.mark.parametrize(
    "check",
    [
        check_documented,
        check_has_output,
        check_latency,
        check_metadata,
        check_parameters_effective,
        check_ranges,
        *SIGNAL_CHECKS,
    ],
    ids=lambda c: c.__name__.removeprefix("check_"),
)
def test_describes_itself(check: Callable[..., None], type_name: str) -> None:
    check(*examples(type_name))


@pytest.mark.slow  # a process of its own
def test_the_contract_costs_nothing_until_it_is_imported() -> None:
    code = (
        "import sys, namgraph\n"
        "namgraph.Graph, namgraph.Gain\n"
        "assert not [m for m in sys.modules if m.startswith('namgraph.nodes.testing')]\n"
        "import namgraph.nodes.testing\n"
        "assert not {'pytest', 'hypothesis', 'soundfile'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
