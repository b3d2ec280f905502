"""Draw the figures of any suite as bars, one for each row."""

from typing import Any

from ...plot.figures import new_figure, tidy
from .columns import Columns, value_of
from .compare import row_name
from .document import Document

__all__ = ["draw_bars"]

BAR, TARGET = "#2b6cb0", "#d1495b"
WIDE_RANGE = 50.0
"""From this ratio of the longest bar to the shortest on, the axis is logarithmic."""
LONGEST = 60
"""Characters of a label."""


def draw_bars(document: Document) -> Any:
    """Return a figure with a panel of bars for each step, and targets where rows have one.

    Rows without a positive number are left out.
    """
    panels = []
    for step, values in document["columns"].items():
        columns = Columns(**{**values, "keys": tuple(values["keys"])})
        rows = [row for row in document["rows"] if row["step"] == step]
        bars = [(row_name(row, columns) or step, value_of(row, columns.value), row) for row in rows]
        bars = [bar for bar in bars if isinstance(bar[1], int | float) and bar[1] > 0]
        if bars:
            panels.append((step, columns, bars))
    heights = [len(bars) + 2.0 for _, _, bars in panels] or [2.0]
    figure = new_figure(0.4 + 0.22 * sum(heights), width=9.0)
    every = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (step, columns, bars) in zip(every, panels, strict=False):
        values = [value for _, value, _ in bars]
        places = range(len(bars))
        axes.barh(places, values, color=BAR, height=0.7)
        axes.set_yticks(places, [label[:LONGEST] for label, _, _ in bars], fontsize=7)
        axes.set_ylim(len(bars) - 0.4, -0.6)
        if max(values) > WIDE_RANGE * min(values):
            axes.set_xscale("log")
        _targets(axes, columns, bars)
        marked = "; red: the target" * bool(axes.lines)
        axes.set_title(f"{step}: {columns.value}{marked}", fontsize=9, loc="left")
        axes.tick_params(axis="x", labelsize=7)
        tidy(axes)
    if not panels:
        every[0].text(0.5, 0.5, "no figures", ha="center")
        every[0].set_axis_off()
    return figure


def _targets(axes: Any, columns: Columns, bars: list[tuple[str, Any, Any]]) -> None:
    """Draw a mark at the target of each row that has one, ``target_`` and the figure's name."""
    names = (f"target_{columns.value}", "target_s")
    for place, (_, _, row) in enumerate(bars):
        for name in names:
            if isinstance(row.get(name), int | float):
                axes.plot([row[name]] * 2, [place - 0.4, place + 0.4], color=TARGET, linewidth=2.0)
                break
