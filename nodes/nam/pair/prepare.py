"""Memory of a pair of captures: both sides, and their networks side by side where these allow it.

Control threads.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....graph.errors import PortError
from ....graph.prepare import Io, Processor
from ....runtime.plan.arena import Block, offset
from ..cpu.side_by_side.group import prepare_group
from ..knob_kernel import TICK
from ..model.knob import Knob
from ..prepare_model import Prepared
from .kernel import PAIR, PASSED, SIDE, play_pair

__all__ = ["prepare_pair"]

OWN = ("slim", "input_db", "output_db")
SMOOTHED = ("input_db", "output_db")
"""Parameters whose smoothed value is in the record, besides knobs."""


def prepare_pair(
    io: Io, sides: Sequence[Prepared], knobs_of: Sequence[Sequence[Knob]]
) -> Processor:
    """Allocate the record of two prepared sides; ``knobs_of`` has the knobs of each.

    Both get the prewarm of the longer one, and the shorter one begins when only its own is left:
    so each starts as it does alone.
    """
    memory, inputs = io.memory, io.inputs["in"]
    knobs = [[knob.name for knob in each] for each in knobs_of]
    if inputs > 2:
        raise PortError(f"a pair has {inputs} channels in: must have 1, for both sides, or 2")
    names = tuple(dict.fromkeys((*OWN, *knobs[0], *knobs[1])))
    smoothed = [name for name in names if name in SMOOTHED or name not in OWN]
    fixed: Any = PAIR.fields
    dtype = np.dtype(
        [
            *((name, kind) for name, (kind, *_) in fixed.items()),
            *((name, np.float64) for name in names),
            *((f"{name}_now", np.float64) for name in smoothed),
        ]
    )
    longest = max(side.processor.prewarm for side in sides)
    if knobs[0] or knobs[1]:
        longest = -(-longest // TICK) * TICK
    rows = [
        {
            "wait": longest - side.processor.prewarm,
            "kernel": side.processor.kernel.address,
            "state": side.processor.record,
        }
        for side in sides
    ]
    passed = [
        _passed(dtype, side.processor.record, name, name in smoothed)
        for side, own in zip(sides, knobs, strict=True)
        for name in (*OWN, *own)
    ]
    both = _networks_at_once(io, sides)
    block = memory.record(
        dtype,
        **{name: io.params[name] for name in names},
        sides=memory.records(SIDE, rows),
        both=0 if both is None else both[0].address,
        both_record=0 if both is None else both[1],
        inputs=inputs,
        ins=memory.scratch(2, np.int64),
        outs=memory.scratch(2, np.int64),
        scaled=memory.scratch(2, np.int64),
        passed=memory.table(PASSED, passed),
        passed_count=len(passed),
    )
    return Processor(play_pair, block, prewarm=longest)


def _passed(dtype: Any, side: Block, name: str, smoothed: bool) -> dict[str, Any]:
    """Return the row of a parameter that the pair's record passes on to a side's."""
    row: dict[str, Any] = {
        "value": offset(dtype, name),
        "target": side[offset(side.dtype, name)],
    }
    if smoothed:
        row["now"] = offset(dtype, f"{name}_now")
        row["target_now"] = side[offset(side.dtype, f"{name}_now")]
    return row


def _networks_at_once(io: Io, sides: Sequence[Prepared]) -> Any:
    """Return the kernel of both networks and its record, if there is one for their shape."""
    networks, records = [side.network for side in sides], [side.made for side in sides]
    return prepare_group(io.memory, networks, records)
