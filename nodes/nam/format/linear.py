"""Read a Linear model: impulse responses, first tap first."""

from collections.abc import Callable

from ..model.networks import Linear
from .checked_json import Fields, Weights, fault
from .wavenet_array import MAX_CHANNELS

__all__ = ["read_linear"]

MAX_TAPS = 1 << 20
MAX_DIRECT = 1 << 14
"""Most taps for direct convolution, even if the file requests it."""
AUTO_DIRECT = 40
"""Most taps for direct convolution with implementation "auto": beyond it the convolver is faster.

Measured on Zen 4, one channel in blocks of 64: direct convolution of 40, 48, 64 and 256 taps takes
3.0, 3.3, 3.7 and 9.3 ns a sample, the convolver 3.1, 3.1, 3.1 and 4.0.
"""
DIRECT = ("direct", "legacy", "old")
FFT = ("fft", "partitioned_fft", "partitioned-fft")


def read_linear(config: Fields) -> Callable[[Weights], Linear]:
    """Check the config of a Linear model; return the function that builds it from weights.

    N to N channels share one response and one bias.  1 to N and N to 1 have N responses, in channel
    order, then one bias per output.  Other channel counts are refused, as in NAM Core 0.6.0.
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
    if way not in ("auto", *DIRECT, *FFT):
        allowed = ", ".join(("auto", *DIRECT, *FFT))
        raise fault(config.at("implementation"), way, f"one of {allowed}")
    fast = way in FFT or count > (AUTO_DIRECT if way == "auto" else MAX_DIRECT)
    responses, biases = (1, 1) if inputs == outputs else (max(inputs, outputs), outputs)

    def build(w: Weights) -> Linear:
        taps = w.take(responses, count)
        bias = w.take(biases) if biased else None
        return Linear(taps, bias, inputs, outputs, fast)

    return build
