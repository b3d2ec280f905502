"""Picture of a null test: the difference over time and frequency, beside the reference."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...graph import ParamError
from ...runtime.io.outputs import check_outputs
from ..plot.figures import (
    DRY,
    FLOOR_DB,
    LOWEST_HZ,
    WET,
    db,
    draw_perfect,
    legend,
    need_matplotlib,
    new_figure,
    save,
    smooth,
    spectrum,
    suffix_of,
    tidy,
    to_hertz,
)
from .report import Report

__all__ = ["check_plot", "plot"]

POINTS = 2000


def check_plot(
    target: str | os.PathLike[str], against: object, reads: Mapping[str, str] | None = None
) -> None:
    """Raise ``ParamError`` or ``FileError`` if the picture cannot be drawn or replaces an input.

    ``reads`` maps the files that are read to a description for the message.
    """
    if against is None:
        raise ParamError("--plot draws the difference from a reference: give --against as well")
    suffix_of(target)
    need_matplotlib()
    check_outputs([target], reads or {})


def plot(report: Report, target: str | os.PathLike[str]) -> None:
    """Draw reference and difference in dB of the reference's peak."""
    null = report.null
    check_plot(target, null)
    assert null is not None  # checked above
    figure = new_figure(6.4)
    time, bands = figure.subplots(2, 1)
    perfect = not np.any(null.difference)
    for samples, label, colour in (
        (null.wanted, "reference", DRY),
        (null.difference, "difference: exactly 0" if perfect else "difference", WET),
    ):
        scaled = (samples / np.float32(null.peak)).astype(np.float32)
        count = max(1, -(-scaled.size // POINTS))
        rows = np.pad(np.abs(scaled), (0, -scaled.size % count)).reshape(-1, count)
        seconds = np.arange(len(rows)) * count / report.rate
        style: Any = {"color": colour, "label": label, "clip_on": False}
        wide = 2.5 if perfect and colour == WET else 0.0  # lies on the axis: must be seen
        time.plot(seconds, db(rows.max(axis=1)), linewidth=wide or 0.7, **style)
        own = max(float(np.abs(scaled).max()), 10 ** (FLOOR_DB / 20))
        hertz, power = smooth(*spectrum(scaled / np.float32(own), report.rate))
        # computed at full scale, above the floor of the spectrum
        power = np.full_like(power, FLOOR_DB) if wide else power + 20.0 * np.log10(own)
        bands.plot(hertz, power, linewidth=wide or 1.4, **style)
    allowed = 20.0 * np.log10(null.tolerance)
    time.axhline(allowed, color="black", linewidth=0.8, linestyle="--", label="allowed")
    time.set(xlabel="seconds", ylabel="dB of the peak", ylim=(FLOOR_DB, 6))
    time.set_title(
        f"{os.path.basename(report.model)} against {os.path.basename(null.reference)}", loc="left"
    )
    time.margins(x=0)
    bands.set(ylabel="dB")
    bands.set_title("Spectra", loc="left")
    to_hertz(bands, LOWEST_HZ, report.rate / 2)
    if perfect:
        bands.set_ylim(FLOOR_DB, None)
        for axes in (time, bands):
            draw_perfect(axes, f"perfect null: all {null.difference.size} samples are equal")
    tidy(time, bands)
    for axes in (time, bands):
        legend(axes)
    save(figure, target)
