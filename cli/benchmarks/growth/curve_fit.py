"""Fit a line and a power to times by size, and find where they jump."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["JUMP", "fit"]

JUMP = 1.25
"""A step that costs this many times what the fit says, and more than the spread, is a jump."""
DROP = 1.1
"""A larger size that costs less than the smaller one over this is a drop."""


def fit(sizes: Sequence[float], ns: Sequence[float], spread: Sequence[float]) -> dict[str, Any]:
    """Return both fits of ``ns`` by size, the better ``form``, jumps and drops.

    The line ``fixed_ns + slope_ns n`` has the least sum of squares of relative errors; the power
    ``n ** exponent`` that of logarithms.  ``worst_line`` and ``worst_power`` are the largest
    relative errors.  ``spread`` has of each time by what share it varies.
    """
    n, t = np.array(sizes, np.float64), np.array(ns, np.float64)
    columns = np.stack([1.0 / t, n / t], axis=1)
    fixed, slope = np.linalg.lstsq(columns, np.ones(len(n)), rcond=None)[0]
    exponent, height = np.polyfit(np.log(n), np.log(t), 1)
    fitted = {"line": fixed + slope * n, "power": np.exp(height) * n**exponent}
    worst = {form: float(np.abs(made / t - 1.0).max()) for form, made in fitted.items()}
    # A line that falls below zero between the points says nothing of a step.
    usable = [form for form, made in fitted.items() if (made > 0.0).all()]
    form = min(usable, key=worst.__getitem__)
    grown = (t[1:] / t[:-1]) / (fitted[form][1:] / fitted[form][:-1])
    noise = [1.0 + max(pair) for pair in itertools.pairwise(spread)]
    jumps = [k for k, times in enumerate(grown) if times > JUMP * noise[k]]
    drops = [k for k, times in enumerate(t[1:] / t[:-1]) if times * noise[k] < 1.0 / DROP]
    return {
        "exponent": float(exponent),
        "worst_power": worst["power"],
        "fixed_ns": float(fixed),
        "slope_ns": float(slope),
        "worst_line": worst["line"],
        "form": form,
        "jumps": [_step(sizes, k, grown[k]) for k in jumps],
        "drops": [_step(sizes, k, t[k + 1] / t[k]) for k in drops],
    }


def _step(sizes: Sequence[float], k: int, times: float) -> dict[str, Any]:
    return {"from": sizes[k], "to": sizes[k + 1], "times": float(times)}
