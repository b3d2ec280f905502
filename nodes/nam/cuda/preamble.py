"""Generates the C++ preamble of a WaveNet kernel: constants, arrays, the table of steps."""

from .tiling import ArrayLayout, Step, WavenetLayout, pitch

__all__ = ["preamble"]

STEP = ("taps", "dilation", "quads", "past", "weights", "size", "kind", "second", "gate")
"""Fields of the table of steps.  The table adds ``reach``, ``rows`` (columns of past in a window)
and ``own`` (offset of the tile's own columns there)."""


def preamble(layout: WavenetLayout) -> str:
    """Return the preamble: the same text for networks of the same shape."""
    tiling = layout.tiling
    numbers = {
        "TILE": tiling.frames,
        "WARPS": tiling.warps,
        "COPIERS": tiling.copiers,
        "STAGES": tiling.stages,
        "BLOCKS": layout.blocks,
        "TENSORS": layout.tensors,
        "STEPS": len(layout.steps),
        "ARRAYS": len(layout.arrays),
        "WARM": layout.warm,
        "STATE": layout.state,
        "CURSORS": layout.cursors,
        "RESIDENT": layout.resident,
        "NO_BIAS": 0,
        "WINDOW": layout.window,
        "STAGED": layout.staged,
        "EXCHANGE": layout.exchange,
        "SHARED": layout.shared,
        "WIDTHS": sum(1 << quads for quads in {step.quads for step in layout.steps}),
    }
    lines = [f"constexpr int {name} = {value};" for name, value in numbers.items()]
    lines += ["template <int N> struct Array;"]
    lines += [_array(n, array) for n, array in enumerate(layout.arrays)]
    lines += [_most_rows(layout)]
    lines += [f"struct alignas(16) Step {{ int {', '.join(STEP)}, reach, rows, own; }};"]
    rows = [_step(step, tiling.frames) for step in layout.steps]
    lines += ["__constant__ Step steps[STEPS] = {", *rows, "};"]
    return "\n".join([*lines, ""])


def _array(number: int, array: ArrayLayout) -> str:
    names = [*ArrayLayout.__dataclass_fields__]
    values = ", ".join(f"{name.upper()} = {getattr(array, name)}" for name in names)
    return f"template <> struct Array<{number}> {{ static constexpr int {values}; }};"


def _most_rows(layout: WavenetLayout) -> str:
    """Return a C++ function: most columns of past in a window, by the step's ``quads``."""
    most: dict[int, int] = {}
    for step in layout.steps:
        rows = step.rows(layout.tiling.frames)
        most[step.quads] = max(most.get(step.quads, 0), rows)
    known = "".join(f"quads == {quads} ? {rows} : " for quads, rows in sorted(most.items()))
    return f"__host__ __device__ constexpr int most_rows(int quads) {{ return {known}0; }}"


def _step(step: Step, frames: int) -> str:
    rows = step.rows(frames)
    own = rows * pitch(4 * step.quads)
    fields = [*(getattr(step, name) for name in STEP), step.reach(frames), rows, own]
    return "    {" + ", ".join(map(str, fields)) + "},"
