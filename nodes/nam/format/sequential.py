"""Read a Sequential: complete models in series.

The form is that of NeuralAmpModelerCore (pull request 323) and of the trainer (699), August 2026:
each entry of ``config.models`` is a complete .nam with its own weights, and the weights of the
wrapper are empty.  The trainer's earlier form, configs without architectures and all weights in
one list, is ambiguous and refused, as in both.
"""

from collections.abc import Callable

from ....graph.errors import (
    FieldValueError,
    MissingFieldError,
    SampleRateError,
    WeightCountError,
)
from ..model.model import Model
from ..model.wavenet import Network, Sequential
from .checked_json import Fields, Weights

__all__ = ["read_sequential"]

MAX_PARTS = 32
KEYS = ("version", "architecture", "config", "weights")


def read_sequential(
    config: Fields, weights: Weights, rate: float | None, read: Callable[[Fields], Model]
) -> tuple[Sequential, float | None]:
    """Read the models of a Sequential; return them as one network, and its sample rate.

    ``rate`` is that of the wrapper.  A missing rate agrees with every other; if the wrapper has
    none, that of the first model with one counts.
    """
    rows = [Fields(value, path) for value, path in config.items("models", MAX_PARTS)]
    for row in rows:
        for key in KEYS:
            if not row.names(key):
                raise MissingFieldError(
                    f"{row.at(key)} is missing: each model of a Sequential must be a complete .nam"
                    " (the older form, configs alone and all weights in one list, is not played)",
                    field=row.at(key),
                )
    if len(weights):
        raise WeightCountError(
            f"{weights.path} has {len(weights)} numbers: must be empty in a Sequential, whose"
            " models have their own",
            expected=0,
            found=len(weights),
        )
    parts: list[Network] = []
    rate_source = "the Sequential"
    for row in rows:
        model = read(row)
        known = model.given_rate
        if rate is None:
            rate, rate_source = known, row.path
        elif known not in (None, rate):
            raise SampleRateError(
                f"{row.at('sample_rate')} is {known:g}: must be {rate:g}, as in {rate_source}",
                found=known,
                expected=rate,
            )
        part = model.running
        if parts and parts[-1].outputs != part.inputs:
            allowed = f"{parts[-1].outputs}, as the model before"
            message = f"{row.path} has {part.inputs} inputs: must have {allowed}"
            raise FieldValueError(message, field=row.path, allowed=allowed)
        parts.append(part)
    return Sequential(tuple(parts)), rate
