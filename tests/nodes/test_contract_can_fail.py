"""Positive controls: each check of the node contract fails for a node that breaks it."""

import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from namgraph.graph import (
    Io,
    NativeFunction,
    Node,
    ParamError,
    Port,
    Processor,
    Spec,
    file,
)
from namgraph.nodes import Blend
from namgraph.nodes.testing import NODE_CHECKS, ContractError, NodeHarness, check_node
from namgraph.nodes.testing.description import (
    check_documented,
    check_has_output,
    check_latency,
    check_metadata,
    check_parameters_effective,
    check_ranges,
    effective_params,
    has_output,
)
from namgraph.nodes.testing.output import (
    POISONS,
    check_block_sizes,
    check_bounds,
    check_cuts,
    check_finite,
    check_players,
    check_recovery,
)
from namgraph.nodes.testing.state import (
    check_receptive_field,
    check_record,
    check_reset,
    check_scratch,
    check_snapshot,
    check_swap,
)

from . import bad

GOOD = bad.make(bad.good, __doc__="Scale by a number.")


def breaks(requirement: str, found: str = "") -> Any:
    """The error of a check: one line with the node, the requirement and what was found."""
    line = rf"^[^\n]*: [^\n]*{requirement}[^\n]*; found: [^\n]*{found}[^\n]*$"
    return pytest.raises(ContractError, match=line)


@pytest.mark.parametrize("check", NODE_CHECKS)
def test_a_good_node_passes(check: Callable[..., None]) -> None:
    check(GOOD)


def test_a_good_node_passes_all_in_one_call() -> None:
    check_node(GOOD)
    assert has_output(GOOD)
    assert effective_params(GOOD) == {"knob"}


@pytest.mark.parametrize(
    "code", [bad.counts_blocks, bad.glides_by_the_block, bad.counts_blocks_silently]
)
def test_one_call_fails_where_one_check_does(code: NativeFunction) -> None:
    node = bad.make(code, reports=("memory",), __doc__="Bad.")
    with breaks("depend on how the signal is cut"):
        check_node(node)
    with breaks("depend on how the signal is cut"):
        check_block_sizes(node)


def test_block_sizes() -> None:
    with breaks("cut into blocks", r"channel 0, frame 1: .* in blocks of \[3, 5\]"):
        check_cuts(NodeHarness(bad.make(bad.counts_blocks)), [3, 5])


def test_block_sizes_where_a_parameter_moves() -> None:
    harness = NodeHarness(bad.make(bad.glides_by_the_block))
    check_cuts(harness, [3, 5])
    with breaks("cut into blocks", r"changes .*\(4, 'knob', 1.0\)"):
        check_cuts(harness, [3, 5], [(4, "knob", 1.0)])


def test_block_sizes_by_readings() -> None:
    harness = NodeHarness(bad.make(bad.counts_blocks_silently, reports=("memory",)))
    with breaks("what it reports must not depend", "memory"):
        check_cuts(harness, [3, 5])


@pytest.mark.parametrize("check", [check_reset, check_scratch, check_snapshot, check_swap])
def test_memory_that_nobody_knows_of(check: Callable[[Node], None]) -> None:
    with breaks("", "channel 0, frame 0"):
        check(bad.make(bad.remembers_elsewhere))


@pytest.mark.parametrize("field", [1, 500])
def test_receptive_field(field: int) -> None:
    with breaks("receptive_field, nothing may depend", f"from frame {4095 + field} on"):
        check_receptive_field(bad.make(bad.rings, receptive_field=lambda self, spec: field))


def test_receptive_field_one_frame_too_short() -> None:
    late = Blend(delay_ms=1.0, position=1.0)
    check_receptive_field(late)
    frames = late.receptive_field(Spec(48_000, 64))
    assert frames == 49
    kind = type("Late", (Blend,), {"receptive_field": lambda self, spec: frames - 1})
    with breaks("receptive_field, nothing may depend", "frame 0"):
        check_receptive_field(kind(delay_ms=1.0, position=1.0))


def test_finite() -> None:
    with breaks("finite input must give finite output"):
        check_finite(bad.make(bad.divides))


@pytest.mark.parametrize(
    ("code", "requirement"),
    [
        (bad.reads_behind, "must not read inputs"),
        (bad.writes_behind, "must not write outputs"),
        (bad.leaves_out, "must write every frame"),
    ],
)
def test_bounds(code: NativeFunction, requirement: str) -> None:
    with breaks(requirement):
        check_bounds(bad.make(code))


@pytest.mark.parametrize("code", [bad.looks_at_the_clock, bad.depends_on_its_address])
def test_players(code: NativeFunction) -> None:
    with breaks("two copies of a node must give the same output"):
        check_players(bad.make(code))


def test_equality() -> None:
    with breaks("must be equal"):
        check_swap(bad.make(bad.good, __eq__=object.__eq__, __hash__=object.__hash__))
    with breaks("must be equal", "unhashable.*a tuple"):
        check_swap(bad.make(bad.good, __hash__=lambda self: hash([])))


@pytest.mark.parametrize("poison", POISONS[:4])
def test_recovery(poison: float) -> None:
    with breaks("output again after a bad sample"):
        check_recovery(bad.make(bad.sulks), [poison])


def test_heard() -> None:
    silent = bad.make(bad.is_silent)
    assert not has_output(silent)
    assert not effective_params(silent)
    with breaks("must come out"):
        check_has_output(silent)
    with breaks("must change the output", "knob"):
        check_parameters_effective(silent)
    check_has_output(silent, GOOD)
    check_parameters_effective(silent, GOOD)


def test_ranges() -> None:
    def refuse(error: Exception) -> Callable[[bad.Bad], None]:
        def check(self: bad.Bad) -> None:
            if self.knob != 0.5:
                raise error

        return check

    with breaks("knob=-1.0 must be refused", "accepted"):
        check_ranges(bad.make(bad.good, __post_init__=lambda self: None))
    with breaks("by a ParamError that names knob", "ValueError: knob"):
        check_ranges(bad.make(bad.good, __post_init__=refuse(ValueError("knob"))))
    with breaks("that names knob", "the error 'out of range'"):
        check_ranges(bad.make(bad.good, __post_init__=refuse(ParamError("out of range"))))


def test_record() -> None:
    lost = np.dtype([("knob", np.float64), ("nob_now", np.float64), ("channels", np.int64)])

    def prepare(self: bad.Bad, io: Io) -> Processor:
        return Processor(bad.good, io.memory.record(lost, knob=self.knob, channels=2))

    with breaks("must belong to a parameter", "nob_now; parameters are knob"):
        check_record(bad.make(bad.good, prepare=prepare))


@pytest.mark.parametrize("frames", [-1, 0.5, None, True])
@pytest.mark.parametrize("name", ["latency", "tail"])
def test_latency(name: str, frames: object) -> None:
    def wrong(self: bad.Bad, spec: Spec) -> object:
        return frames

    with breaks(rf"{name}\(spec\) must be a whole number"):
        check_latency(bad.make(bad.good, **{name: wrong}))


def test_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    check_documented(bad.make(bad.good, __doc__="Good."))
    for doc in (None, "", "Bad", "Bad(knob: float = 0.5)."):
        with breaks("docstring"):
            check_documented(bad.make(bad.good, __doc__=doc))
    silent = types.ModuleType("silent")
    monkeypatch.setitem(sys.modules, "silent", silent)
    node = bad.make(bad.good, __doc__="Good.", __module__="silent")
    check_documented(node)  # no file, as at a prompt
    silent.__file__ = "silent.py"
    with breaks("file must begin with a docstring", "none in silent.py"):
        check_documented(node)


@pytest.mark.parametrize(
    ("attribute", "value", "says"),
    [
        ("display_name", "", "display_name must be 1 to 40 printable"),
        ("display_name", "x" * 41, "display_name must be"),
        ("display_name", "two\tcolumns", "display_name must be"),
        ("category", "pedals", "category must be one of amp, "),
        ("version", 0, "version must be a whole number"),
        ("version", 1.5, "version must be a whole number"),
        ("version", True, "version must be a whole number"),
        ("description", "", "description must be one line"),
        ("description", "two\nlines", "description must be one line"),
        ("description", "x" * 201, "description must be one line"),
        ("example", "knob=2.0", "example must be arguments"),
        ("example", "knob=", "example must be arguments"),
        ("example", ").knob, (0", "example must make one node"),
        ("default_ports", classmethod(lambda cls: ()), "default_ports.. must return"),
        ("default_ports", classmethod(lambda cls: (("in",), ())), "default_ports.. must return"),
    ],
)
def test_metadata(attribute: str, value: object, says: str) -> None:
    check_metadata(bad.make(bad.good, __doc__="Good."))
    with breaks(says):
        check_metadata(bad.make(bad.good, __doc__="Good.", **{attribute: value}))


def test_default_ports_of_a_node_that_needs_a_file() -> None:
    class Needs(Node):
        """Take a file."""

        path: str = file()
        description = "Take a file."

    class Two(Needs):
        """Take a file, two outputs."""

        @property
        def outputs(self) -> tuple[Port, ...]:
            return Port("a"), Port("b")

    class Known(Two):
        """Take a file, two outputs, known before."""

        @classmethod
        def default_ports(cls) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
            return (Port("in"),), (Port("a"), Port("b"))

    for kind in (Needs, Known):
        made: Any = dataclass(frozen=True)(kind)
        check_metadata(made("a.wav"))
    wrong: Any = dataclass(frozen=True)(Two)
    with breaks("override default_ports", "'a', 'b'"):
        check_metadata(wrong("a.wav"))
