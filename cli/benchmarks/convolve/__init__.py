"""Time of a cabinet's convolution by length of the response; other convolvers; an exchange.

* ``response``, for every length and layout: nanoseconds per block of 64, in rounds that alternate
  between the lengths.  The work of a convolver repeats with a period of 64 blocks; for each block
  of the period the median over all rounds is taken, which removes random disturbance
  (``block_ns``: median, 99th percentile and maximum over the period).  ``ns_per_sample`` is the
  mean of these medians (the least: of minima) over 64; ``raw_block_ns`` is of all blocks of all
  rounds.
* ``peer``: the kernel alone beside other libraries, without Python (``peers.py``), in rounds that
  alternate; what a call from Python for each block costs is in the suite ``peers``.
* ``exchange``: the time of a block while one response is exchanged for another (``exchange.py``).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ....runtime.simd.peak import fma_peak
from .case import BLOCK, LENGTHS, MONO, PERIOD, STEREO, TRUE_STEREO, WIDE_LENGTHS, Case
from .exchange import time_exchange
from .peers import compare

__all__ = [
    "BLOCK",
    "LENGTHS",
    "MONO",
    "PEER_LENGTHS",
    "PERIOD",
    "WIDE_LENGTHS",
    "Case",
    "format_row",
    "steps",
]

PEER_LENGTHS = (2048, 8192, 48_000)
Row = dict[str, Any]


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield the processor's peak, a row for each response, peers, and exchanges."""
    rounds, periods = (2, 4) if quick else (15, 60)
    yield "peak", {"fma_per_s": fma_peak()}
    rng = np.random.default_rng(0)
    layouts = {"1->1": MONO, "1->2": STEREO, "2->2": TRUE_STEREO}
    cases = [
        Case(name, routes, taps, rng)
        for name, routes in layouts.items()
        for taps in (LENGTHS if routes is MONO else WIDE_LENGTHS)
    ]
    sound = rng.standard_normal((4, BLOCK)).astype(np.float32)
    places = np.array([row.ctypes.data for row in sound])
    for _ in range(rounds):
        for case in cases:
            case.play(places[:2], places[2:], periods * PERIOD)
    yield from (("response", case.row()) for case in cases)
    for taps in PEER_LENGTHS:
        rows, missing = compare(taps, quick)
        yield from (("peer", row) for row in rows)
        if taps == PEER_LENGTHS[0]:
            for what, reason in missing.items():
                yield "skipped", {"what": what, "reason": reason}
    for taps in PEER_LENGTHS:
        yield "exchange", time_exchange(taps, quick)


def format_row(name: str, row: Row) -> str:
    """Return a measurement as one line."""
    if name == "peak":
        return f"peak of one core: {row['fma_per_s'] / 1e9:.1f} G multiply-adds/s"
    if name == "peer":
        return (
            f"{row['player']:<34} {row['taps']:>6} taps, block {row['block']:>5}: "
            f"{row['least_ns']:8.2f} ns a sample (median {row['ns']:.2f}), {row['ratio']:.2f} "
            f"times ours; off by {row['error']:.1e}"
        )
    if name == "skipped":
        return f"{row['what']}: skipped: {row['reason']}"
    if name == "exchange":
        return (
            f"exchange of {row['taps']:>6} taps: a block of {BLOCK} takes {row['one_us']:.2f} us "
            f"with one response, {row['both_us']:.2f} us while both play (the first "
            f"{row['first_us']:.2f}), for {row['blocks']} blocks"
        )
    block, raw = row["block_ns"], row["raw_block_ns"]
    return (
        f"{row['channels']} {row['taps']:>7} taps: {row['ns_per_sample']:6.2f} ns a sample "
        f"(least {row['least_ns_per_sample']:.2f}); block of {BLOCK}: p50 {block['p50']:.0f}, "
        f"p99 {block['p99']:.0f}, max {block['max']:.0f} ns, p99/p50 "
        f"{block['p99'] / block['p50']:.2f} by position, raw {raw['p99'] / raw['p50']:.2f}"
    )
