"""A Linear model from its part of a .nam file: impulse responses, the newest tap first."""

from collections.abc import Callable

from ..model.networks import Linear
from .checked_json import Fields, Weights, fault
from .wavenet_array import MAX_CHANNELS

__all__ = ["read_linear"]

MAX_TAPS = 1 << 20
MAX_DIRECT = 1 << 14
"""Taps that are weighed one by one however much the file may wish it."""
DIRECT = 256
"""Taps up to which a file that does not care is computed directly."""
DIRECTLY = ("direct", "legacy", "old")
BY_SPECTRUM = ("fft", "partitioned_fft", "partitioned-fft")


def read_linear(config: Fields) -> Callable[[Weights], Linear]:
    """Check a Linear model's config; return what takes its weights.

    As many channels in as out share one response and one bias.  1 to N and N to 1 have a response
    for each of the N channels, one after another in the file, then a bias for each output.  Any
    other counts are refused, as by NeuralAmpModelerCore 0.6.0.
    """
    count = config.integer("receptive_field", 1, MAX_TAPS)
    biased = config.flag("bias")
    inputs = config.integer("in_channels", 1, MAX_CHANNELS, 1)
    outputs = config.integer("out_channels", 1, MAX_CHANNELS, 1)
    if inputs != outputs and min(inputs, outputs) > 1:
        allowed = f"1, or {inputs} as in_channels, or in_channels 1"
        raise fault(config.at("out_channels"), outputs, allowed)
    way = "auto"
    if config.names("implementation"):
        way = config.text("implementation").lower()
    if way not in ("auto", *DIRECTLY, *BY_SPECTRUM):
        allowed = ", ".join(("auto", *DIRECTLY, *BY_SPECTRUM))
        raise fault(config.at("implementation"), way, f"one of {allowed}")
    fast = way in BY_SPECTRUM or count > (DIRECT if way == "auto" else MAX_DIRECT)
    responses, biases = (1, 1) if inputs == outputs else (max(inputs, outputs), outputs)

    def build(w: Weights) -> Linear:
        taps = w.take(responses, count)
        bias = w.take(biases) if biased else None
        return Linear(taps, bias, inputs, outputs, fast)

    return build
