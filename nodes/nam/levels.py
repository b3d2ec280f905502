"""Input and output gains of a model, from the levels in its file and of the audio interface.

A file may give two analogue levels: ``input_level_dbu``, of a sine that is full scale (0 dBFS peak)
at the model's input, and ``output_level_dbu``, the same at its output.  With the interface's level
Z, ``interface_dbu``, "calibrated" applies

    input    Z - input_level_dbu       the model gets the level that the captured device got
    output   output_level_dbu - Z      the interface puts out the level that the device put out

Between two calibrated models in series Z cancels: output level of the first minus input level of
the second (S. Atkinson, NeuralAmpModelerPlugin issue 529).  ``loudness`` is the RMS level in dB of
the trainer's clip through the model; "normalized" brings it to -18 dB.  Modes and formulas are
those of the NAM plugin.

A level missing from the file leaves that end raw, as in the plugin; building the graph then raises
a ``LevelsWarning``.  A gain beyond 60 dB is taken for a faulty level and treated likewise.
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
"""Default of the NAM plugin.  The right value of an interface is in its data sheet: the level in
dBu of full scale at the gain in use."""
LOUDNESS_DB = -18.0
MAX_INTERFACE_DBU = 60.0
MAX_GAIN_DB = 60.0


class LevelsWarning(RuntimeWarning):
    """A gain was requested, but the level it follows from is missing from the .nam file."""


@dataclass(frozen=True)
class Applied:
    """Gains of one model in dB, on top of its parameters, and why a requested gain is missing."""

    mode: str
    input_db: float = 0.0
    output_db: float = 0.0
    missing: tuple[str, ...] = ()
    """The reason for each requested gain that is not applied."""

    @property
    def gains(self) -> str:
        """Text of the mode and both gains."""
        return f"{self.mode}, input {self.input_db:+.1f} dB, output {self.output_db:+.1f} dB"

    def __str__(self) -> str:
        """Return the gains and the missing levels on one line."""
        return "; ".join([self.gains, *self.missing])


def check_interface(value: float) -> float:
    """Return ``value`` as a float in dBu; ``ParamError`` if it is out of range."""
    return check_number("interface_dbu", value, -MAX_INTERFACE_DBU, MAX_INTERFACE_DBU, "dBu")


def applied(
    model: Model, mode: str, interface_dbu: float = INTERFACE_DBU, calibrate_input: bool = False
) -> Applied:
    """Return the gains for a model; of a container the levels at the top of the file count.

    ``calibrate_input`` calibrates the input under "raw" and "normalized" too.
    """
    missing: list[str] = []

    def gain(end: str, key: str, level: float | None, sign: int, target: float) -> float:
        if level is None:
            missing.append(f"no {key} in the file: {end} raw")
            return 0.0
        found = sign * (target - level)
        if not math.isfinite(found) or abs(found) > MAX_GAIN_DB:
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
    """Return the amplitude factor of a gain in dB."""
    return float(10.0 ** (level_db / 20.0))


def warn_of_missing(found: Iterable[tuple[str, Applied]]) -> None:
    """Raise one ``LevelsWarning`` per file in ``found`` with a requested gain missing.

    ``found`` are pairs of a path and its gains.  The warning points at the line of the caller
    outside this package.
    """
    lines = (f"{path}: {'; '.join(a.missing)} (levels {a.mode})" for path, a in found if a.missing)
    for line in dict.fromkeys(lines):
        warnings.warn(line, LevelsWarning, stacklevel=_first_outside())


def _first_outside() -> int:
    """Return the ``stacklevel`` of the first frame outside this package."""
    package, level, frame = __name__.partition(".")[0], 1, sys._getframe(1)
    while frame.f_back is not None:
        name = str(frame.f_globals.get("__name__"))
        if name.partition(".")[0] != package:
            break
        frame, level = frame.f_back, level + 1
    return level
