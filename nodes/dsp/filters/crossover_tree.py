"""The sections of a Linkwitz-Riley crossover, and which chain of them feeds which.

Split number s sends what is below its frequency to output s, and the rest to the next split.
Output s then passes an all-pass for each later split, so that all outputs have the same phase and
their sum is flat (P. D'Appolito, "Active Realization of Multiway All-Pass Crossover Systems", JAES
1987).
"""

from dataclasses import dataclass

from .chains import Chain
from .prototypes import prototype
from .svf import ALL_PASS, ALL_PASS_1, HIGH_PASS, LOW_PASS

__all__ = ["CrossoverSection", "crossover_tree"]


@dataclass(frozen=True)
class CrossoverSection:
    """A section: kind (``svf.py``), Q, the split whose frequency it has, sign of its output."""

    kind: int
    q: float
    split: int
    sign: float = 1.0


def crossover_tree(bands: int, slope: int) -> tuple[list[Chain], list[list[CrossoverSection]]]:
    """Return the chains of a crossover and the sections of each.

    The high-pass of 12 dB per octave is inverted: half a turn away from the low-pass, only their
    difference is flat.
    """
    order = slope // 6
    passes = [q for _, q in prototype("linkwitz_riley", order)]
    # Low plus high of a split amount to all-passes with the poles of the Butterworth filter.
    around = [q for _, q in prototype("butterworth", order // 2)]
    chains: list[Chain] = []
    sections: list[list[CrossoverSection]] = []
    source, last = -1, bands - 2
    for split in range(bands - 1):
        signs = [-1.0 if order == 2 else 1.0] + [1.0] * (len(passes) - 1)
        high = [
            CrossoverSection(HIGH_PASS, q, split, sign)
            for q, sign in zip(passes, signs, strict=True)
        ]
        low = [CrossoverSection(LOW_PASS, q, split) for q in passes]
        for later in range(split + 1, bands - 1):
            kind = [ALL_PASS if q > 0 else ALL_PASS_1 for q in around]
            low += [CrossoverSection(k, q or 1.0, later) for k, q in zip(kind, around, strict=True)]
        chains.append(Chain(len(high), source, bands - 1 if split == last else -1))
        chains.append(Chain(len(low), source, split))
        sections += [high, low]
        source = len(chains) - 2
    return chains, sections
