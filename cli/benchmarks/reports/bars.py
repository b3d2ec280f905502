"""Draw the figures of any suite as bars, one for each row."""

from typing import Any

from ...plot.figures import new_figure, tidy
from .columns import Columns, read_columns, value_of
from .compare import row_name
from .document import Document
from .words import figure_words, number, plain_ticks

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
        columns = read_columns(values)
        rows = [row for row in document["rows"] if row["step"] == step]
        bars = [(row_name(row, columns) or step, value_of(row, columns.value), row) for row in rows]
        bars = [bar for bar in bars if isinstance(bar[1], int | float) and bar[1] > 0]
        if bars:
            panels.append((step, columns, bars))
    heights = [len(bars) + 2.0 for _, _, bars in panels] or [2.0]
    figure = new_figure(0.6 + 0.22 * sum(heights), width=9.0)
    every = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (step, columns, bars) in zip(every, panels, strict=False):
        values = [value for _, value, _ in bars]
        places = range(len(bars))
        axes.barh(places, values, color=BAR, height=0.7)
        axes.set_yticks(places, [label[:LONGEST] for label, _, _ in bars], fontsize=7)
        axes.set_ylim(len(bars) - 0.4, -0.6)
        marks = _targets(axes, columns, bars)
        lowest, highest = min(values + marks), max(values + marks)
        if highest > WIDE_RANGE * lowest:
            axes.set_xscale("log")
            axes.set_xlim(0.5 * lowest, 2.5 * highest)
            plain_ticks(axes.xaxis, 0.5 * lowest, 2.5 * highest)
        else:
            axes.set_xlim(0.0, 1.12 * highest)
        for place, value, mark in zip(places, values, marks, strict=True):
            end = mark if value < mark < 1.3 * value else value  # the mark is not written over
            axes.text(end, place, f" {number(value)}", va="center", fontsize=6)
        marked = "; red: the target" * bool(axes.lines)
        words = figure_words(document["suite"], step, columns.value)
        axes.set_title(f"{words}{marked}", fontsize=9, loc="left")
        axes.set_axisbelow(True)
        axes.tick_params(axis="x", labelsize=7)
        tidy(axes)
        axes.grid(visible=False, axis="y")
    if not panels:
        every[0].text(0.5, 0.5, "no figures", ha="center")
        every[0].set_axis_off()
    return figure


def _targets(axes: Any, columns: Columns, bars: list[tuple[str, Any, Any]]) -> list[float]:
    """Draw a mark at the target of each row that has one, ``target_`` and the figure's name.

    Return the targets; of a row without one its figure.
    """
    name, marks = f"target_{columns.value}", []
    for place, (_, value, row) in enumerate(bars):
        target = row.get(name)
        has_one = isinstance(target, int | float) and target > 0
        if has_one:
            axes.plot([target] * 2, [place - 0.4, place + 0.4], color=TARGET, linewidth=2.0)
        marks.append(target if has_one else value)
    return marks
