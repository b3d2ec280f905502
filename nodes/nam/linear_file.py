"""A Linear model from its part of a .nam file: the taps of one convolution, the newest first."""

from collections.abc import Callable

from .fields import Fields, Weights, fault
from .networks import Linear
from .wavenet_array_file import MAX_CHANNELS

__all__ = ["read_linear"]

MAX_TAPS = 1 << 20
MAX_DIRECT = 1 << 14
"""Taps that are weighed one by one however much the file may wish it."""
DIRECT = 256
"""Taps up to which a file that does not care is computed directly."""
DIRECTLY = ("direct", "legacy", "old")
BY_SPECTRUM = ("fft", "partitioned_fft", "partitioned-fft")


def read_linear(config: Fields) -> Callable[[Weights], Linear]:
    """Check a Linear model's config; return what takes its weights."""
    count = config.integer("receptive_field", 1, MAX_TAPS)
    biased = config.flag("bias")
    inputs = config.integer("in_channels", 1, MAX_CHANNELS, 1)
    outputs = config.integer("out_channels", 1, MAX_CHANNELS, 1)
    way = "auto"
    if config.names("implementation"):
        way = config.text("implementation").lower()
    if way not in ("auto", *DIRECTLY, *BY_SPECTRUM):
        allowed = ", ".join(("auto", *DIRECTLY, *BY_SPECTRUM))
        raise fault(config.at("implementation"), way, f"one of {allowed}")
    fast = way in BY_SPECTRUM or count > (DIRECT if way == "auto" else MAX_DIRECT)

    def build(w: Weights) -> Linear:
        taps = w.take(count)
        bias = float(w.take(1)[0]) if biased else None
        return Linear(taps, bias, inputs, outputs, fast)

    return build
