"""The contract, kept by every node: a new node is tested here by being registered."""

import functools
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

import namgraph.nodes
from namgraph.graph import Node, node_types

from . import contract
from .alone import Alone, changed
from .contract import POISONS
from .examples import examples

TYPES = [t for t, c in node_types().items() if c.__module__.startswith(namgraph.nodes.__name__)]
every_type = pytest.mark.parametrize("type_name", TYPES)
every_corner = pytest.mark.parametrize("corner", ["given", "low", "high"])


def at_corner(type_name: str, corner: str) -> list[Node]:
    return [contract.corners(node)[corner] for node in examples(type_name)]


@functools.lru_cache(maxsize=16)
def shared(node: Node) -> Alone:
    """Engines are dear: Hypothesis gets the same one again, started afresh."""
    return Alone(node)


@every_type
@every_corner
@given(data=st.data())
def test_output_does_not_depend_on_block_sizes(
    type_name: str, corner: str, data: st.DataObject
) -> None:
    node = data.draw(st.sampled_from(at_corner(type_name, corner)), "node")
    cuts = data.draw(st.lists(st.integers(1, 150), min_size=1, max_size=12), "cuts")
    changes = []
    if node.params():
        names = st.sampled_from(sorted(node.params()))
        for _ in range(data.draw(st.integers(0, 4), "how many changes")):
            name = data.draw(names, "parameter")
            p = node.params()[name]
            at = data.draw(st.integers(0, sum(cuts)), "at")
            changes.append((at, name, data.draw(st.floats(p.low, p.high), "value")))
    contract.check_blocks(shared(node), cuts, changes)


@every_type
@every_corner
@pytest.mark.parametrize("poison", POISONS)
def test_reset_is_as_good_as_new(type_name: str, corner: str, poison: float) -> None:
    for node in at_corner(type_name, corner):
        contract.check_reset(node, poison)


@every_type
@given(data=st.data())
def test_stays_finite_for_all_parameters(type_name: str, data: st.DataObject) -> None:
    node = data.draw(st.sampled_from(examples(type_name)), "node")
    values = {n: data.draw(st.floats(p.low, p.high), n) for n, p in node.params().items()}
    contract.check_finite(changed(node, **values))


@every_type
@every_corner
@pytest.mark.parametrize(
    "check",
    [
        contract.check_bounds,
        contract.check_players,
        contract.check_record,
        contract.check_scratch,
        contract.check_snapshot,
        contract.check_swap,
    ],
    ids=lambda check: check.__name__.removeprefix("check_"),
)
def test_keeps(check: Callable[[Node], None], type_name: str, corner: str) -> None:
    for node in at_corner(type_name, corner):
        check(node)


@every_type
@every_corner
@pytest.mark.parametrize("poison", POISONS)
def test_contains_what_is_no_number(type_name: str, corner: str, poison: float) -> None:
    for node in at_corner(type_name, corner):
        contract.check_contains(node, poison)


@every_type
def test_is_heard_within_the_time_these_checks_listen(type_name: str) -> None:
    """Or all of the above would be comparing silence with silence."""
    assert any(contract.heard(node) for node in examples(type_name))


@every_type
def test_every_parameter_is_heard(type_name: str) -> None:
    """Or moving it would have proved nothing."""
    heard = set().union(*(contract.heard_params(node) for node in examples(type_name)))
    assert heard == set(node_types()[type_name].params())


@every_type
def test_rejects_parameters_out_of_range(type_name: str) -> None:
    for node in examples(type_name):
        contract.check_rejects(node)


@every_type
def test_is_documented(type_name: str) -> None:
    contract.check_documented(node_types()[type_name])
