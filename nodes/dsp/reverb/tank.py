"""What the models of ``Reverb`` share: the record of the node, absorption, one-poles.

A model is two kernels.  ``tick`` is called every 32 frames with the address of the node's record,
after parameters were stepped; ``play`` with the address of the record, of two rows of 32 float32
(left and right in; it may overwrite them), of two rows for the output, and the frames of the run.
"""

import math

import numpy as np

from ....runtime import authoring as ng

__all__ = ["GLIDES", "SPLIT_HZ", "STATE", "absorption", "loop_gain", "pass_gain"]

SPLIT_HZ = 6000.0
"""The frequency at which a decay takes ``high_s``."""
GLIDES = ("time_s", "high_s", "diffusion", "mod_depth", "low_cut_hz", "high_cut_hz", "early_db")
"""Parameters that are stepped at ticks."""
STATE = np.dtype(
    [
        *((name, np.float64) for name in GLIDES),
        *((f"{name}_now", np.float64) for name in GLIDES),
        *((f"{name}_step", np.float64) for name in GLIDES),
        *((name, np.float64) for name in ("size", "predelay_ms", "mod_rate_hz")),
        *((name, np.float64) for name in ("width", "width_now", "width_coefficient")),
        *((name, np.float64) for name in ("mix", "mix_now", "mix_coefficient")),
        ("rate", np.float64),
        ("frame", np.int64),  # since reset
        ("inputs", np.int64),
        ("lfo", np.int64),
        ("move", np.int64),  # a MOVE: size and LFO, for the lines of the model
        ("predelay", np.int64),  # a LINE for each side
        ("predelay_move", np.int64),  # a MOVE whose size is frames
        ("lines_tick", np.int64),  # addresses of functions
        ("read_line", np.int64),
        ("tick", np.int64),
        ("model_tick", np.int64),
        ("model_play", np.int64),
        ("model", np.int64),  # the model's record
        ("filters", np.int64),  # per side: low-pass, low-pass of the high-pass
        ("rows", np.int64),  # two rows in, two out
        ("curves", np.int64),
    ]
)


@ng.helper
def loop_gain(seconds: float, time_s: float) -> float:
    """Return by which factor a sound falls in ``seconds`` if it falls 60 dB in ``time_s``."""
    return math.pow(10.0, -3.0 * seconds / time_s)


@ng.helper
def pass_gain(gain, seconds, longest_s):  # type: ignore[no-untyped-def]
    """Return the gain of an all-pass of ``seconds``, or a lower one with which it rings shorter.

    It falls by 60 dB in ``longest_s`` at most, a share of ``time_s``: else it would be heard
    instead of the loop.
    """
    most = loop_gain(seconds, longest_s)
    return gain if gain < most else most


@ng.helper
def absorption(seconds, time_s, high_s, rate):  # type: ignore[no-untyped-def]
    """Return the pole b of y = (1 - b) x + b y', once in a loop of ``seconds``.

    With the loop's gain for ``time_s`` sound at ``SPLIT_HZ`` decays in ``high_s`` (J.-M. Jot, A.
    Chaigne, "Digital Delay Networks for Designing Artificial Reverberators", AES 1991).
    """
    pole = 0.0
    if high_s < time_s:
        square = math.pow(10.0, -6.0 * seconds * (1.0 / high_s - 1.0 / time_s))
        if square < 1.0 - 1e-9:
            turn = SPLIT_HZ / rate if 0.49 * rate > SPLIT_HZ else 0.49
            h = 1.0 - square * math.cos(2.0 * math.pi * turn)
            away = 1.0 - square
            pole = (h - math.sqrt(h * h - away * away)) / away
    return pole
