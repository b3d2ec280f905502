"""Suite ``peers``: a cabinet's convolution beside what pip installs, in the same rounds.

One channel, called from Python for each block of 64 and of 512 frames, and once for a second of
audio (block 48000): this package's ``Cab``, ``pedalboard.Convolution``, and of SciPy ``lfilter``
with its state (a block) or ``oaconvolve`` (the second).  Before anything is timed, the output of
each is compared with ``numpy.convolve`` in float64; a constant gain is allowed, since both
pedalboard and ``Cab`` normalise responses.  ``ratio`` is the tightest window over that of this
package.  A call from Python counts on all sides; the kernel alone is compared in the suite
``convolve``, models beside PyTorch in ``models``.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ....graph import EngineError
from ..measuring.playing import convolved, share_of_peak
from ..measuring.windows import in_turn
from .convolvers import WHOLE, Player, players

__all__ = ["format_row", "steps"]

BLOCKS = (64, 512, WHOLE)
TAPS, QUICK_TAPS = (2048, 8192, 48_000), (512,)
LIMIT = 1e-4
ROUNDS = 60
CHECKED = 8 * 512
Row = dict[str, Any]


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield a row for each length of response, length of block and player."""
    rng = np.random.default_rng(0)
    sound = rng.normal(0.0, 0.1, WHOLE).astype(np.float32)
    for taps in QUICK_TAPS if quick else TAPS:
        decay = 10.0 ** (-3.0 * np.arange(taps) / taps)
        response = (rng.normal(0.0, 0.1, taps) * decay).astype(np.float32)
        for block in BLOCKS:
            yield from _rows(response, block, sound, quick)


def _rows(response: Any, block: int, sound: Any, quick: bool) -> Iterator[tuple[str, Row]]:
    found, missing = players(response, block)
    if block == BLOCKS[0]:
        for what, reason in missing.items():
            yield "skipped", {"what": what, "reason": reason}
    errors = {one.name: _error(one, response, sound) for one in found}
    timed = {one.name: one.windows(sound) for one in found}
    in_turn([*timed.values()], 2 if quick else ROUNDS)
    figures = {name: one.figures() for name, one in timed.items()}
    own = figures[found[0].name]["least_ns"]
    for name, row in figures.items():
        ratio = row["least_ns"] / own
        key = {"player": name, "taps": len(response), "block": block}
        yield "convolution", {**key, **row, "ratio": ratio, "error": errors[name]}


def _error(one: Player, response: Any, sound: Any) -> float:
    """Return the largest error as a share of the peak; ``EngineError`` above ``LIMIT``."""
    x = sound if one.block == WHOLE else sound[:CHECKED]
    made = one.play(x).astype(np.float64)
    wanted = convolved(x, response)
    wanted *= (made @ wanted) / (wanted @ wanted)
    error = share_of_peak(made, wanted)
    if not error <= LIMIT:
        raise EngineError(
            f"{one.name}, {len(response)} taps, blocks of {one.block}: is off by {error:.1e} of "
            f"the peak: must be at most {LIMIT:g}; nothing was timed"
        )
    return error


def format_row(name: str, row: Row) -> str:
    """Return a measurement as one line."""
    if name == "skipped":
        return f"{row['what']}: skipped: {row['reason']}"
    return (
        f"{row['player']:<34} {row['taps']:>6} taps, block {row['block']:>5}: "
        f"{row['least_ns']:8.2f} ns a sample (median {row['ns']:.2f}), {row['ratio']:.2f} times "
        f"ours; off by {row['error']:.1e}"
    )
