"""A plan as the first part of a translation unit: constants, arrays, the table of steps."""

from .plan import ArrayPlan, Plan, Step

__all__ = ["header"]

STEP = ("taps", "dilation", "quads", "past", "weights", "size", "kind", "second", "gate", "out")


def header(plan: Plan) -> str:
    """Return what a kernel is compiled with: the same text for networks of the same shape."""
    tiling = plan.tiling
    numbers = {
        "TILE": tiling.frames,
        "WARPS": tiling.warps,
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
    lines += [f"struct Step {{ int {', '.join(STEP)}; }};"]
    lines += ["__constant__ Step steps[STEPS] = {", *(_step(step) for step in plan.steps), "};"]
    return "\n".join([*lines, ""])


def _array(number: int, array: ArrayPlan) -> str:
    names = [*ArrayPlan.__dataclass_fields__]
    values = ", ".join(f"{name.upper()} = {getattr(array, name)}" for name in names)
    return f"template <> struct Array<{number}> {{ static constexpr int {values}; }};"


def _step(step: Step) -> str:
    return "    {" + ", ".join(str(getattr(step, name)) for name in STEP) + "},"
