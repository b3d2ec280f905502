"""Parity of a model before it is timed: with a float64 reference, and between lengths of block."""

from collections.abc import Mapping

import numpy as np

from ....graph import EngineError, Graph
from ....nodes import Nam
from ....nodes.nam.model.model import Model
from ..measuring.kernels_used import check_kernels
from ..measuring.network_reference import reference_output
from ..measuring.playing import Playing, Signal, share_of_peak
from .model_cases import Case

__all__ = ["LIMIT", "check_parity", "model_playing", "prewarmed"]

LIMIT = 1e-4
"""Largest error, as a share of the peak: a wrong kernel is off by far more, rounding by less."""


def model_playing(
    model: Model, block: int, *, prewarm: bool = False, precision: str = "exact"
) -> Playing:
    """Return a model on the CPU, alone, in blocks of ``block`` frames."""
    graph = Graph.chain(amp=Nam(model, prewarm=prewarm, backend="cpu", precision=precision))
    return Playing(graph, model.sample_rate, block)


def prewarmed(model: Model, x: Signal) -> Signal:
    """Return the output after the silence that a model is prewarmed with."""
    return model_playing(model, 64, prewarm=True).play(x)


def check_parity(
    case: Case, played: Mapping[int, Playing], x: Signal
) -> tuple[float, tuple[str, ...]]:
    """Return the error as a share of the reference's peak, and the kernels used.

    Raises ``EngineError`` if the error is above ``LIMIT``, if a length of block gives other bits
    than the first, if the model plays on a device, or other kernels than its architecture's.
    """
    outputs = {block: one.play(x) for block, one in played.items()}
    first, made = next(iter(outputs.items()))
    wanted = reference_output(case.model.running, x)[0]
    error = share_of_peak(made, wanted)
    if not error <= LIMIT:
        raise EngineError(
            f"{case.name}: is off the float64 reference by {error:.1e} of the peak: must be "
            f"at most {LIMIT:g}; nothing was timed"
        )
    for block, other in outputs.items():
        if not np.array_equal(other.view(np.int32), made.view(np.int32)):
            raise EngineError(
                f"{case.name}: blocks of {block} have other bits than those of {first}"
            )
    names: set[str] = set()
    for one in played.values():
        if one.engine.stats().device is not None:
            raise EngineError(f"{case.name}: plays on a device: must play on the CPU")
        names |= {*check_kernels(one.engine.plan, case.kernels, case.name)}
    return error, tuple(sorted(names))
