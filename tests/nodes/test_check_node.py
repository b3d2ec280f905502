"""``check_node`` and the examples refuse what is no node, and say what to do."""

import pytest

from namgraph.graph import NamgraphError, Node, file
from namgraph.graph.catalog.registry import classes
from namgraph.graph.node import node
from namgraph.nodes import Gain
from namgraph.nodes.testing import ContractError, check_node

from . import examples
from .test_contract_can_fail import GOOD


def test_what_is_no_node_is_refused() -> None:
    for wrong in ((), (Gain,), (Gain(), 1)):
        with pytest.raises(TypeError, match="one or more nodes"):
            check_node(*wrong)
    with pytest.raises(TypeError, match="Bad, Gain"):
        check_node(Gain(), GOOD)
    assert issubclass(ContractError, NamgraphError)


def test_a_class_without_the_decorator_is_refused() -> None:
    class Undeclared(Node):
        pass

    with pytest.raises(TypeError, match=r"decorate the class with @ng\.node"):
        check_node(Undeclared())


def test_a_node_nobody_can_make_says_where_to_add_an_example() -> None:
    @node("needs_a_file")
    class NeedsAFile(Node):
        """Reads a file."""

        path: str = file()

    try:
        with pytest.raises(pytest.fail.Exception, match=r"add an example .*examples\.py"):
            examples.examples("needs_a_file")
    finally:
        classes.pop("needs_a_file")
