"""Positive controls: each check with plain signals fails for a node that breaks it."""

from collections.abc import Callable

import numpy as np
import pytest

from namgraph.graph import Io, NativeFunction, Node, Processor
from namgraph.nodes import Delay
from namgraph.nodes.testing import SIGNAL_CHECKS
from namgraph.nodes.testing.signals import (
    check_channels,
    check_clicks,
    check_long_run,
    check_modulation,
    check_rates,
    check_silence,
    check_tail,
)

from . import bad
from .test_contract_can_fail import GOOD, breaks


@pytest.mark.parametrize(
    ("check", "code", "requirement", "found"),
    [
        (check_silence, bad.hums, "silence in must be silence out", "a peak of 1e-06"),
        (check_tail, bad.rings, "the output must be 100 dB down", "after 0 frames"),
        (check_channels, bad.differs_by_side, "equal channels must stay equal", "channel 0"),
        (check_rates, bad.divides, "at 44100 Hz the output must be finite", "NaN"),
        (check_rates, bad.counts_blocks, "at 44100 Hz the output must not depend", "blocks of 7"),
        (check_clicks, bad.jumps, "must not click", "times, when knob goes from 0 to 1"),
        (check_modulation, bad.reads_the_knob_at_the_end, "modulated, the output must not", ""),
    ],
)
def test_a_bad_node_fails(
    check: Callable[..., None], code: NativeFunction, requirement: str, found: str
) -> None:
    check(GOOD)
    with breaks(requirement, found):
        check(bad.make(code))


def test_a_counter_that_loses_precision_fails() -> None:
    def prepare(self: bad.Bad, io: Io) -> Processor:
        made = io.memory.record(bad.COUNTED, knob=self.knob, channels=io.outputs["out"])
        return Processor(bad.counts_in_float, made)

    with breaks("how long the node has played", "frame 1099511627776"):
        check_long_run(bad.make(bad.counts_in_float, prepare=prepare))


@pytest.mark.parametrize(
    ("check", "code", "attribute"),
    [
        (check_silence, bad.hums, {"generates": True}),
        (check_tail, bad.hums, {"generates": True}),
        (check_channels, bad.differs_by_side, {"stereo": True}),
        (check_clicks, bad.jumps, {"jump_ratio": 1e9}),
    ],
)
def test_a_class_may_say_that_it_differs(
    check: Callable[..., None], code: NativeFunction, attribute: dict[str, object]
) -> None:
    check(bad.make(code, **attribute))


def test_a_tail_that_is_said_passes() -> None:
    frames = round(np.log(1e5) / -np.log(0.999)) + 1
    check_tail(bad.make(bad.rings, tail=lambda self, spec: frames))
    check_tail(Delay(time_ms=1.0, feedback=0.9))


def test_all_checks_have_a_control_here() -> None:
    here = {check_silence, check_tail, check_channels, check_rates, check_clicks}
    assert set(SIGNAL_CHECKS) == here | {check_long_run, check_modulation}


def test_a_node_that_refuses_a_rate_is_left_alone() -> None:
    class OneRate(bad.Bad):
        """A node with a rate of its own."""

        kernel = bad.divides

        def own_rate(self) -> float:
            return 48_000.0

    node: Node = OneRate()
    check_rates(node)
