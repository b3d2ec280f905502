"""How loud a model shall be: what its file says, what the interface is, and the gains that follow.

A model is digital at both ends and knows no volts.  Two numbers in the file say what it was made
with: ``input_level_dbu``, the analogue level of a sine that is full scale at its input, and
``output_level_dbu``, the same at its output.  With the interface's own level Z between them:

    input    Z - input_level_dbu           the model hears what the captured device would have heard
    output   output_level_dbu - Z          what leaves the interface is as loud as the device was

Between two models in series, each so calibrated, Z drops out: output level of the first minus
input level of the second (S. Atkinson, NeuralAmpModelerPlugin issue 529).  ``loudness`` is no
voltage: it is the RMS level of the trainer's clip through the model, and *normalized* brings it to
-18 dB.  These are the three words and the arithmetic of the NAM plugin.

What a file does not say cannot be made up for: that end is left raw, as in the plugin, but unlike
there it is *reported*, as a ``LevelsWarning`` when a graph is built.  So is a gain of more than
60 dB, which no two real levels are apart.
"""

import math
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from ...graph.arguments import check_number
from .model.model import Model

__all__ = [
    "INTERFACE_DBU",
    "MODES",
    "Applied",
    "LevelsWarning",
    "applied",
    "check_interface",
    "factor",
    "warn_of_missing",
]

MODES = ("raw", "normalized", "calibrated")
INTERFACE_DBU = 12.0
"""What the NAM plugin begins with, so that a model is as loud here as there.  Interfaces differ:
the right number stands in the data sheet, as the level of full scale at the gain in use."""
LOUDNESS_DB = -18.0
MOST_DBU = 60.0
MOST_DB = 60.0


class LevelsWarning(RuntimeWarning):
    """A model plays raw at an end whose level was asked for: its file does not say it."""


@dataclass(frozen=True)
class Applied:
    """The gains that follow for one model, on top of its parameters, and what was in their way."""

    mode: str
    input_db: float = 0.0
    output_db: float = 0.0
    missing: tuple[str, ...] = ()
    """For each gain that was asked for and is not applied, why."""

    @property
    def gains(self) -> str:
        """The mode and both gains."""
        return f"{self.mode}, input {self.input_db:+.1f} dB, output {self.output_db:+.1f} dB"

    def __str__(self) -> str:
        """Return all of it on one line."""
        return "; ".join([self.gains, *self.missing])


def check_interface(value: float) -> float:
    """Return an interface's level in dBu if it can be one."""
    return check_number("interface_dbu", value, -MOST_DBU, MOST_DBU, "dBu")


def applied(
    model: Model, mode: str, interface_dbu: float = INTERFACE_DBU, calibrate_input: bool = False
) -> Applied:
    """Return the gains for a model: a container's own levels count, whatever its size.

    ``calibrate_input`` calibrates the input in the modes that leave it alone.
    """
    missing: list[str] = []

    def gain(end: str, key: str, level: float | None, sign: int, target: float) -> float:
        if level is None:
            missing.append(f"no {key} in the file: {end} raw")
            return 0.0
        found = sign * (target - level)
        if not math.isfinite(found) or abs(found) > MOST_DB:
            missing.append(f"{key} {level:g} in the file would mean {found:+.0f} dB: {end} raw")
            return 0.0
        return found + 0.0  # no negative zero

    into = out = 0.0
    if mode == "calibrated" or calibrate_input:
        into = gain("input", "input_level_dbu", model.input_level_dbu, 1, interface_dbu)
    if mode == "normalized":
        out = gain("output", "loudness", model.loudness, 1, LOUDNESS_DB)
    elif mode == "calibrated":
        out = gain("output", "output_level_dbu", model.output_level_dbu, -1, interface_dbu)
    return Applied(mode, into, out, tuple(missing))


def factor(level_db: float) -> float:
    """Return what a signal is multiplied by for a gain in dB."""
    return float(10.0 ** (level_db / 20.0))


def warn_of_missing(found: Iterable[tuple[str, Applied]]) -> None:
    """Warn, once for each file, of gains that were asked for and that the file does not tell.

    ``found`` are files and what follows for them.  The warning is shown at the caller's line.
    """
    lines = (f"{path}: {'; '.join(a.missing)} (levels {a.mode})" for path, a in found if a.missing)
    for line in dict.fromkeys(lines):
        warnings.warn(line, LevelsWarning, stacklevel=_first_outside())


def _first_outside() -> int:
    """Return the ``stacklevel`` of the caller's caller that is no code of this package."""
    package, level, frame = __name__.partition(".")[0], 1, sys._getframe(1)
    while frame.f_back is not None:
        name = str(frame.f_globals.get("__name__"))
        if name.partition(".")[0] != package:
            break
        frame, level = frame.f_back, level + 1
    return level
