"""A plan as the first part of a translation unit: constants, arrays, the table of steps."""

from .tiling import ArrayPlan, Plan, Step, pitch

__all__ = ["header"]

STEP = ("taps", "dilation", "quads", "past", "weights", "size", "kind", "second", "gate")
"""Of the table of steps, to which come ``reach``, the ``rows`` of the past in a window, and where a
tile's own columns begin there."""


def header(plan: Plan) -> str:
    """Return what a kernel is compiled with: the same text for networks of the same shape."""
    tiling = plan.tiling
    numbers = {
        "TILE": tiling.frames,
        "WARPS": tiling.warps,
        "COPIERS": tiling.copiers,
        "STAGES": tiling.stages,
        "BLOCKS": plan.blocks,
        "TENSORS": plan.tensors,
        "STEPS": len(plan.steps),
        "ARRAYS": len(plan.arrays),
        "WARM": plan.warm,
        "STATE": plan.state,
        "CURSORS": plan.cursors,
        "RESIDENT": plan.resident,
        "NO_BIAS": 0,
        "WINDOW": plan.window,
        "STAGED": plan.staged,
        "EXCHANGE": plan.exchange,
        "SHARED": plan.shared,
        "WIDTHS": sum(1 << quads for quads in {step.quads for step in plan.steps}),
    }
    lines = [f"constexpr int {name} = {value};" for name, value in numbers.items()]
    lines += ["template <int N> struct Array;"]
    lines += [_array(n, array) for n, array in enumerate(plan.arrays)]
    lines += [_most_rows(plan)]
    lines += [f"struct alignas(16) Step {{ int {', '.join(STEP)}, reach, rows, own; }};"]
    rows = [_step(step, tiling.frames) for step in plan.steps]
    lines += ["__constant__ Step steps[STEPS] = {", *rows, "};"]
    return "\n".join([*lines, ""])


def _array(number: int, array: ArrayPlan) -> str:
    names = [*ArrayPlan.__dataclass_fields__]
    values = ", ".join(f"{name.upper()} = {getattr(array, name)}" for name in names)
    return f"template <> struct Array<{number}> {{ static constexpr int {values}; }};"


def _most_rows(plan: Plan) -> str:
    """Return a function: columns of the past that a step of so many quads has in its window."""
    most: dict[int, int] = {}
    for step in plan.steps:
        rows = step.rows(plan.tiling.frames)
        most[step.quads] = max(most.get(step.quads, 0), rows)
    known = "".join(f"quads == {quads} ? {rows} : " for quads, rows in sorted(most.items()))
    return f"__host__ __device__ constexpr int most_rows(int quads) {{ return {known}0; }}"


def _step(step: Step, frames: int) -> str:
    rows = step.rows(frames)
    own = rows * pitch(4 * step.quads)
    fields = [*(getattr(step, name) for name in STEP), step.reach(frames), rows, own]
    return "    {" + ", ".join(map(str, fields)) + "},"
