"""The rational fit to tanh that gave the coefficients in ``runtime.simd.activations``.

``python tests/runtime/simd/rational.py`` prints them.  ``x P(x^2) / Q(x^2)`` is fitted on
``[0, limit]`` for the smallest greatest relative error: Sanathanan and Koerner's iteration makes
the quotient linear in the coefficients, Lawson's weights turn least squares into minimax.  With
``flat`` the error is that over ``tanh(x)`` to one more than this power: smaller near 0.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["fit"]


def fit(
    above: int, below: int, limit: float, turns: int = 150, flat: float = 0.0
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the greatest error, the coefficients of P and those of Q (``Q[0] = 1``)."""
    x = limit * np.sin(0.5 * np.pi * (np.arange(2000) + 0.5) / 2000)  # denser towards the limit
    wanted, near = np.tanh(x) / x, np.tanh(x) ** flat
    powers = (x / limit)[:, None] ** (2 * np.arange(max(above, below) + 1))
    top, bottom = powers[:, : above + 1], powers[:, : below + 1]
    weight, quotient = np.full(x.size, 1 / x.size), np.ones(x.size)
    best = (np.inf, np.zeros(0), np.zeros(0))
    for _ in range(turns):
        rows = np.sqrt(weight) / (quotient * wanted * near)
        matrix = np.hstack([top, -bottom[:, 1:] * wanted[:, None]]) * rows[:, None]
        scale = np.linalg.norm(matrix, axis=0)
        solved = np.linalg.lstsq(matrix / scale, wanted * rows, rcond=None)[0] / scale
        p, q = solved[: above + 1], np.concatenate([[1.0], solved[above + 1 :]])
        quotient = bottom @ q
        error = np.abs(top @ p / (quotient * wanted) - 1) / near
        if error.max() < best[0]:
            units = limit ** (2.0 * np.arange(powers.shape[1]))
            best = (float(error.max()), p / units[: above + 1], q / units[: below + 1])
        weight *= error / error.mean() + 1e-3
        weight /= weight.sum()
    return best


if __name__ == "__main__":
    tried = ((4, 4, 8.0, 150, 0), (3, 4, 7.84, 50, 0), (2, 2, 4.84, 400, 2))
    for above, below, limit, turns, flat in tried:
        error, p, q = fit(above, below, limit, turns, flat)
        print(f"{above}/{below} on [0, {limit}]: {error:.2e}", p.tolist(), q.tolist(), sep="\n")
