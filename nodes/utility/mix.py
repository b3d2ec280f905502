"""Mix: sums signals, each at its own level."""

from typing import Any

import numpy as np

from ...graph.arguments import format_value
from ...runtime import authoring as ng

__all__ = ["Mix"]

MAX_INPUTS = 16
"""Parameters belong to the class, so each possible input has one."""

STATE = np.dtype(
    [(f"gain{k}_db", np.float64) for k in range(1, MAX_INPUTS + 1)]
    + [
        (f"gain{k}_db_now", np.float64) for k in range(1, MAX_INPUTS + 1)
    ]  # current amplitude factors
    + [(f"sign{k}", np.float64) for k in range(1, MAX_INPUTS + 1)]
    + [(f"gain{k}_db_coefficient", np.float64) for k in range(1, MAX_INPUTS + 1)]
    + [
        ("count", np.int64),
        ("channels", np.int64),
        ("curve", np.int64),
    ]
)
NOW, SIGN, COEFFICIENT = MAX_INPUTS, 2 * MAX_INPUTS, 3 * MAX_INPUTS
"""Offsets into the numbers that the record begins with: targets, current factors, signs,
coefficients of the smoothing."""


@ng.kernel
def _mix(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    table, factor = ng.numbers(state, 4 * MAX_INPUTS, np.float64), ng.floats(s.curve, frames)
    channels = s.channels
    for k in range(s.count):
        target = table[SIGN + k] * ng.decibels(table[k])
        coefficient = table[COEFFICIENT + k]
        table[NOW + k] = ng.glide(s.curve, table[NOW + k], target, coefficient, frames)
        for c in range(channels):
            x, y = ng.channel(ins, k * channels + c, frames), ng.channel(outs, c, frames)
            if k == 0:
                for i in range(frames):
                    y[i] = factor[i] * x[i]
            else:
                for i in range(frames):
                    y[i] += factor[i] * x[i]


def _level() -> Any:
    return ng.param(default=0.0, low=-80.0, high=24.0, unit="dB")


@ng.node("mix", category="utility", example="count=3, gain2_db=-6.0")
class Mix(ng.Node):
    """Add up ``count`` inputs "in1", "in2", ... in that order, each at its own level.

    At 0 dB the sum is exactly in1 + in2 + ...; -80 dB is a ten-thousandth, not silence.  All
    inputs have the same number of channels.  ``invert`` lists the inputs whose polarity is turned,
    counted from 1.  Levels of inputs beyond ``count`` can be set and do nothing.
    """

    count: int = ng.option(default=2, choices=range(1, MAX_INPUTS + 1), kw_only=False)
    invert: tuple[int, ...] = ng.option(default=())
    gain1_db: float = _level()
    gain2_db: float = _level()
    gain3_db: float = _level()
    gain4_db: float = _level()
    gain5_db: float = _level()
    gain6_db: float = _level()
    gain7_db: float = _level()
    gain8_db: float = _level()
    gain9_db: float = _level()
    gain10_db: float = _level()
    gain11_db: float = _level()
    gain12_db: float = _level()
    gain13_db: float = _level()
    gain14_db: float = _level()
    gain15_db: float = _level()
    gain16_db: float = _level()

    def __post_init__(self) -> None:
        """Check; make ``invert`` a sorted tuple, so that equal nodes compare equal."""
        super().__post_init__()
        object.__setattr__(self, "count", int(self.count))
        try:
            inverted = set(self.invert)
        except TypeError:
            inverted = {0}
        if not inverted <= set(range(1, self.count + 1)):
            given = format_value(self.invert)
            raise ng.ParamError(f"invert is {given}: must be a list of inputs, 1 to {self.count}")
        object.__setattr__(self, "invert", tuple(sorted(int(k) for k in inverted)))

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """One port per signal: "in1", "in2", ..."""
        return tuple(ng.Port(f"in{k}") for k in range(1, self.count + 1))

    def receptive_field(self, spec: ng.Spec) -> int:
        """Return 1: nothing but parameters that glide is remembered."""
        return 1

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate one gain curve, reused for each input."""
        signs = {f"sign{k}": -1.0 if k in self.invert else 1.0 for k in range(1, MAX_INPUTS + 1)}
        made = io.memory.record(
            STATE,
            **io.params,
            **signs,
            **{f"{name}_coefficient": io.glide(name) for name in io.params},
            count=self.count,
            channels=io.outputs["out"],
            curve=io.memory.scratch(io.spec.max_frames),
        )
        return ng.Processor(_mix, made)
