"""A check that has never failed proves nothing: here each one does."""

from collections.abc import Callable

import numpy as np
import pytest

from namgraph.graph import Io, Node, Processor, file, node
from namgraph.graph.node import _types
from namgraph.runtime import Native

from . import bad, contract, examples
from .alone import Alone

fails = pytest.raises(AssertionError)


def test_a_good_node_passes() -> None:
    good = bad.make(bad.good)
    contract.check_blocks(Alone(good), [3, 5], [(4, "knob", 1.0)])
    for check in (
        contract.check_bounds,
        contract.check_finite,
        contract.check_players,
        contract.check_record,
        contract.check_rejects,
        contract.check_reset,
        contract.check_scratch,
        contract.check_snapshot,
        contract.check_swap,
    ):
        check(good)
    contract.check_contains(good, np.nan)
    assert contract.heard(good)
    assert contract.heard_params(good) == {"knob"}


def test_block_sizes() -> None:
    with fails:
        contract.check_blocks(Alone(bad.make(bad.counts_blocks)), [3, 5])


def test_block_sizes_where_a_parameter_moves() -> None:
    alone = Alone(bad.make(bad.glides_by_the_block))
    contract.check_blocks(alone, [3, 5])
    with fails:
        contract.check_blocks(alone, [3, 5], [(4, "knob", 1.0)])


def test_block_sizes_by_readings() -> None:
    alone = Alone(bad.make(bad.counts_blocks_silently, reports=("memory",)))
    with fails:
        contract.check_blocks(alone, [3, 5])


@pytest.mark.parametrize(
    "check",
    [
        contract.check_reset,
        contract.check_scratch,
        contract.check_snapshot,
        contract.check_swap,
    ],
)
def test_memory_that_nobody_knows_of(check: Callable[[Node], None]) -> None:
    with fails:
        check(bad.make(bad.remembers_elsewhere))


def test_finite() -> None:
    with fails:
        contract.check_finite(bad.make(bad.divides))


@pytest.mark.parametrize("code", [bad.reads_behind, bad.writes_behind, bad.leaves_out])
def test_bounds(code: Native) -> None:
    with fails:
        contract.check_bounds(bad.make(code))


@pytest.mark.parametrize("code", [bad.looks_at_the_clock, bad.depends_on_its_address])
def test_players(code: Native) -> None:
    with fails:
        contract.check_players(bad.make(code))


def test_equality() -> None:
    with fails:
        contract.check_swap(bad.make(bad.good, __eq__=object.__eq__, __hash__=object.__hash__))


@pytest.mark.parametrize("poison", contract.POISONS[:4])
def test_contains(poison: float) -> None:
    with pytest.raises(AssertionError, match="silent ever after"):
        contract.check_contains(bad.make(bad.sulks), poison)


def test_heard() -> None:
    assert not contract.heard(bad.make(bad.is_silent))
    assert not contract.heard_params(bad.make(bad.is_silent))


def test_rejects() -> None:
    with pytest.raises(pytest.fail.Exception):
        contract.check_rejects(bad.make(bad.good, __post_init__=lambda self: None))


def test_record() -> None:
    lost = np.dtype([("knob", np.float64), ("nob_now", np.float64), ("channels", np.int64)])

    def prepare(self: bad.Bad, io: Io) -> Processor:
        return Processor(bad.good, io.memory.record(lost, knob=self.knob, channels=2))

    with pytest.raises(AssertionError, match="nob"):
        contract.check_record(bad.make(bad.good, prepare=prepare))


def test_documented() -> None:
    contract.check_documented(bad.Bad)
    with fails:
        contract.check_documented(type(bad.make(bad.good)))


def test_a_node_nobody_can_make_says_where_to_add_an_example() -> None:
    @node("needs_a_file")
    class NeedsAFile(Node):
        """Reads a file."""

        path: str = file()

    try:
        with pytest.raises(pytest.fail.Exception, match=r"add an example .*examples\.py"):
            examples.examples("needs_a_file")
    finally:
        _types.pop("needs_a_file")
