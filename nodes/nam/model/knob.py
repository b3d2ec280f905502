"""Knobs of a capture, and the numbers that its network gets for their values."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Knob", "encode"]


@dataclass(frozen=True)
class Knob:
    """A knob of a capture: a parameter of its node.

    The network gets its value; of a ``signed`` one the place in the range, from -1 to 1; of a
    switch, which has ``choices``, a number for each choice: 1 for the one chosen, 0 for the others.
    """

    name: str
    low: float = 0.0
    high: float = 1.0
    default: float = 0.5
    label: str = ""
    """The name in the file, where it cannot be the name of a parameter as it is."""
    signed: bool = False
    choices: tuple[str, ...] = ()
    step: float = 0.0
    """Distance between two values, if not all from ``low`` to ``high`` are meant."""

    @property
    def width(self) -> int:
        """How many numbers the network gets for it."""
        return len(self.choices) or 1


def encode(knobs: Sequence[Knob], values: Sequence[float]) -> list[float]:
    """Return the numbers that a network gets for the values of its knobs."""
    made: list[float] = []
    for knob, given in zip(knobs, values, strict=True):
        value = float(given)
        if knob.step > 0.0:
            value = knob.low + knob.step * math.floor((value - knob.low) / knob.step + 0.5)
        if knob.choices:
            made += [1.0 if value == n else 0.0 for n in range(len(knob.choices))]
        elif knob.signed:
            made.append(-1.0 + 2.0 * ((value - knob.low) / (knob.high - knob.low)))
        else:
            made.append(value)
    return made
