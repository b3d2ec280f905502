"""Picture of a null test: the difference over time and frequency, beside the reference."""

import os
from collections.abc import Mapping

import numpy as np

from ...graph import FileError, ParamError
from ...runtime.io.atomic_write import whole_file, writing
from ...runtime.io.outputs import check_outputs
from ..plot import DRY, WET, need_matplotlib, smooth, spectrum, suffix_of
from .report import Report

__all__ = ["check_plot", "plot"]

FLOOR_DB = -200.0
POINTS = 2000
LOWEST_HZ = 40.0


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
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 6.2), layout="constrained")
    FigureCanvasAgg(figure)
    time, bands = figure.subplots(2, 1)
    for samples, label, colour in (
        (null.wanted, "reference", DRY),
        (null.difference, "difference", WET),
    ):
        scaled = (samples / np.float32(null.peak)).astype(np.float32)
        count = max(1, -(-scaled.size // POINTS))
        rows = np.pad(np.abs(scaled), (0, -scaled.size % count)).reshape(-1, count)
        level = 20.0 * np.log10(np.maximum(rows.max(axis=1), 10 ** (FLOOR_DB / 20)))
        seconds = np.arange(len(rows)) * count / report.rate
        time.plot(seconds, level, color=colour, linewidth=0.7, label=label)
        own = max(float(np.abs(scaled).max()), 10 ** (FLOOR_DB / 20))
        hertz, power = smooth(*spectrum(scaled / np.float32(own), report.rate))
        power = power + 20.0 * np.log10(
            own
        )  # computed at full scale, above the floor of the spectrum
        bands.semilogx(hertz, power, color=colour, linewidth=1.4, label=label)
    allowed = 20.0 * np.log10(null.tolerance)
    time.axhline(allowed, color="black", linewidth=0.6, linestyle="--", label="allowed")
    time.set(xlabel="seconds", ylabel="dB of the peak", ylim=(FLOOR_DB, 6))
    time.set_title(f"{os.path.basename(report.model)} against {os.path.basename(null.reference)}")
    time.margins(x=0)
    bands.set(xlabel="Hz", ylabel="dB", xlim=(LOWEST_HZ, report.rate / 2))
    for axes in (time, bands):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper right")
    kind = suffix_of(target)
    with whole_file(target, FileError) as part, writing(os.fspath(target), FileError):
        figure.savefig(part, dpi=130, format=kind)
