"""Which two captures may be the sides of a pair, and the knobs that they have.  Control threads."""

from collections.abc import Sequence

from ....graph.errors import ParamError, SampleRateError, UnsupportedFeatureError
from ..model.knob import Knob
from ..resolved_model import RATE_TOLERANCE_HZ, ResolvedModel

__all__ = ["SIDES", "check_sides", "knobs_of_sides"]

SIDES = ("left", "right")


def check_sides(left: ResolvedModel, right: ResolvedModel) -> None:
    """Refuse models that are not mono, or of different rates: both sides play at one rate."""
    for name, side in zip(SIDES, (left, right), strict=True):
        inputs, outputs = side.file_model.channels
        if (inputs, outputs) != (1, 1):
            raise UnsupportedFeatureError(
                f"{side.path}: has {inputs} channels in and {outputs} out: must be mono on the"
                f" {name} of a pair"
            )
    if abs(left.sample_rate - right.sample_rate) > RATE_TOLERANCE_HZ:
        raise SampleRateError(
            f"{right.path}: the right model runs at {_rate(right)}, the left one, {left.path}, at"
            f" {_rate(left)}: both must run at one rate; two nodes, each Nam(..., resample=True),"
            " play models of different rates side by side",
            found=right.sample_rate,
            expected=left.sample_rate,
        )


def _rate(side: ResolvedModel) -> str:
    unsaid = side.file_model.sample_rate_is_assumed
    return f"{side.sample_rate:g} Hz" + " (the file does not say)" * unsaid


def knobs_of_sides(sides: Sequence[ResolvedModel]) -> tuple[Knob, ...]:
    """Return the knobs of all sides: one that two have moves both, and must have one range."""
    found = dict[str, tuple[Knob, ResolvedModel]]()
    for side in sides:
        for knob in side.file_model.knobs:
            other, owner = found.setdefault(knob.name, (knob, side))
            if _range(other) != _range(knob):
                raise ParamError(
                    f"{side.path}: its knob {knob.name!r} goes {_range(knob)}, that of"
                    f" {owner.path} {_range(other)}: must be equal in a pair, whose knobs move"
                    " both sides"
                )
    return tuple(knob for knob, _ in found.values())


def _range(knob: Knob) -> str:
    steps = f" in steps of {knob.step:g}" if knob.step else ""
    choices = f" ({', '.join(knob.choices)})" if knob.choices else ""
    return f"from {knob.low:g} to {knob.high:g}{steps}{choices}"
