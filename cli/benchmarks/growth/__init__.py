"""Suite ``growth``: how cost grows with channels, taps, layers, units and nodes, with fits.

Each sweep changes one size of a network or graph that plays in blocks of 64.  Windows of all its
points are played in turn; a point's time is its tightest window.  Then two curves are fitted by
least squares of relative errors (``curve_fit.py``): a line, and a power of the size.  Where a step
from one point to the next costs far more than the better of the two says (a jump), or the larger
size less than the smaller (a drop), it is flagged, with the kernels that only one of the two plays.
"""

from collections.abc import Iterator
from typing import Any

from ....presets.bundled import DEMO_DI, asset
from ....runtime.io.audio_file import read_audio
from ..measuring.kernels_used import kernels_used
from ..measuring.windows import in_turn
from .curve_fit import fit
from .sweeps import SWEEPS, playing

__all__ = ["format_row", "format_steps", "steps"]

ROUNDS = 120
WINDOW_S, QUICK_WINDOW_S = 1e-3, 5e-5
Row = dict[str, Any]


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield a row for each point of a sweep, then its fit."""
    guitar = read_audio(asset(DEMO_DI)).samples[0]
    for sweep in SWEEPS:
        sizes = sweep.sizes[:: len(sweep.sizes) // 2] if quick else sweep.sizes
        window = QUICK_WINDOW_S if quick else WINDOW_S
        played = [playing(sweep.make(size)) for size in sizes]
        timed = [one.windows(guitar, window) for one in played]
        in_turn(timed, 2 if quick else ROUNDS)
        figures = [one.figures() for one in timed]
        kernels = [list(kernels_used(one.engine.plan)) for one in played]
        for size, row, names in zip(sizes, figures, kernels, strict=True):
            yield "point", {"sweep": sweep.name, "size": size, **row, "kernels": names}
        found = fit(
            sizes, [row["least_ns"] for row in figures], [r["spread"] or 0.0 for r in figures]
        )
        for step in (*found["jumps"], *found["drops"]):
            sides = [kernels[sizes.index(step[side])] for side in ("from", "to")]
            only = [[n for n in a if n not in b] for a, b in (sides, sides[::-1])]
            if any(only):
                step["kernels"] = only
        yield "fit", {"sweep": sweep.name, **found}


def format_row(name: str, row: Row) -> str:
    """Return a measurement as one line."""
    if name == "point":
        return (
            f"{row['sweep']:<22} {row['size']:>6}: {row['least_ns']:9.2f} ns a sample "
            f"(median {row['ns']:.2f})"
        )
    line = f"{row['fixed_ns']:.3g} + {row['slope_ns']:.3g} n ns"
    power = f"n^{row['exponent']:.2f}"
    texts = {"line": f"{line} (worst {100 * row['worst_line']:.0f} % off)",
             "power": f"{power} (worst {100 * row['worst_power']:.0f} % off)"}  # fmt: skip
    better = row["form"]
    other = next(key for key in texts if key != better)
    line = f"{row['sweep']:<22}    fit: {texts[better]}; else {texts[other]}"
    return "".join([line, *(f"; {text}" for text in format_steps(row))])


def format_steps(row: Row) -> list[str]:
    """Return the jumps and drops of a fit in words, with the kernels that only one side has."""
    texts = []
    for kind, of in (("jumps", "times the fit"), ("drops", "times the smaller")):
        for step in row[kind]:
            text = f"{kind[:-1].upper()} {step['from']} to {step['to']}: {step['times']:.2f} {of}"
            if "kernels" in step:
                text += f" ({' -> '.join(' + '.join(names) for names in step['kernels'])})"
            texts.append(text)
    return texts
