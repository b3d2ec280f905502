"""Low-passes of higher order as sections in series: Butterworth, Linkwitz-Riley, Bessel."""

import math

__all__ = ["FAMILIES", "Section", "prototype"]

Section = tuple[float, float]
"""A low-pass section: its frequency in terms of the corner, and Q; Q 0 is a section of first order.

For the high-pass of the same family the frequency is divided by, not multiplied with.
"""

FAMILIES = ("butterworth", "linkwitz_riley", "bessel")

BESSEL: dict[int, list[Section]] = {
    1: [(1.0, 0.0)],
    2: [(1.2720196495140679, 0.5773502691896257)],
    3: [(1.3226757999104441, 0.0), (1.4476171331469865, 0.6910466258250713)],
    4: [(1.4301715599939884, 0.5219345816689802), (1.6033575162169704, 0.8055382818416656)],
    6: [
        (1.6039191287737997, 0.51031782474877),
        (1.6891682676204616, 0.6111945468780027),
        (1.9047076123027638, 1.0233139538267242),
    ],
    8: [
        (1.778465911774659, 0.50599106939747),
        (1.832092601198593, 0.559609164795791),
        (1.9531957590220754, 0.7108520744416981),
        (2.1887262305274513, 1.2256694254081704),
    ],
}
"""Roots of the reverse Bessel polynomials, scaled to -3 dB at 1 (scipy.signal.besselap, "mag")."""


def prototype(family: str, order: int) -> list[Section]:
    """Return the sections of a low-pass, in the order of rising Q.

    A Linkwitz-Riley filter of even order is a Butterworth filter of half the order, twice; two of
    its sections of first order are one of second order with Q 0.5 (S. Linkwitz, "Active Crossover
    Networks for Noncoincident Drivers", JAES 1976).
    """
    if family == "bessel":
        return BESSEL[order]
    if family == "linkwitz_riley":
        half = prototype("butterworth", order // 2)
        twice = [section for section in half if section[1] > 0 for _ in range(2)]
        return [(1.0, 0.5)] * (order // 2 % 2) + twice
    angles = [(2 * k + 1) * math.pi / (2 * order) for k in range(order // 2)]
    pairs = sorted((1.0, 0.5 / math.sin(angle)) for angle in angles)
    return [(1.0, 0.0)] * (order % 2) + pairs
