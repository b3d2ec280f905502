"""From the LLVM module of a kernel to its object code: the passes, and what it may call.

Loops are not unrolled: emitted ones are as far as they should be, and for others that made no
kernel faster.
"""

import re
from functools import cache
from typing import Any

from llvmlite import binding as llvm

from .host import setting, target
from .loader import ObjectCode

__all__ = ["allowed", "effort", "forbidden", "host_machine", "object_code", "optimize"]

# C functions without side effects.  The prefix "numba_" marks Numba's own copy of one.
_MATH = """
acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp10 exp2 expm1
fabs fdim fixed_fmod floor fma fmax fmin fmod fptoui frexp gamma hypot ldexp lgamma log log10 log1p
log2 logb lrint lround modf nearbyint nextafter pow remainder rint round roundeven scalbn sin sincos
sinh sqrt tan tanh tgamma trunc
"""
_PURE = {
    f"{prefix}{name}{f}" for name in _MATH.split() for f in ("", "f") for prefix in ("", "numba_")
}
_PURE |= {"numba_sdiv", "numba_srem", "numba_udiv", "numba_urem", "numba_cpow", "numba_cpowf"}
_PURE |= {"memcpy", "memmove", "memset", "memcmp", "bcmp"}
# Arithmetic that a processor lacks (128 bits, say), from the compiler's runtime; Intel's vector
# mathematics; LLVM's intrinsics, except those that stop the process.
_PURE_PATTERN = re.compile(
    r"__(add|sub|mul|mulo|div|mod|udiv|umod|ash|lsh|fix|fixuns|float|floatun|neg|cmp|ucmp|pow|extend|"
    r"trunc)[dsthx]\w*|__svml_\w+|llvm\.(?!trap|debugtrap|ubsantrap|eh\.|coro\.|longjmp)[\w.]+"
)


def effort() -> int:
    """Return Numba's level of optimisation, 0 to 3."""
    level = setting("OPT")
    return 3 if getattr(level, "is_opt_max", level == "max") else int(level or 3)


@cache
def _machine(triple: str, cpu: str, features: str, opt: int) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    kind = llvm.Target.from_triple(triple)
    reloc = "static" if kind.name.startswith("x86") else "default"
    given = {"cpu": cpu, "features": features, "opt": opt, "reloc": reloc}
    return kind.create_target_machine(codemodel="jitdefault", jit=True, **given)


def host_machine() -> Any:
    """Return the LLVM target machine of this host, as Numba sets it up."""
    return _machine(*target(), effort())


def optimize(module: Any, machine: Any) -> None:
    """Optimise the LLVM module of a kernel, in place, for an LLVM target machine."""
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization = True
    tuning.slp_vectorization = False
    tuning.loop_unrolling = False
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)


def allowed(symbol: str) -> bool:
    """Return whether a kernel may call a C function: one that only computes."""
    return symbol in _PURE or _PURE_PATTERN.fullmatch(symbol) is not None


def forbidden(module: Any) -> list[str]:
    """Return the names of what an optimised module calls or reads that may not be on its thread."""
    reached = [f.name for f in module.functions if f.is_declaration and not allowed(f.name)]
    return reached + [g.name for g in module.global_variables if g.is_declaration]


def object_code(module: Any, machine: Any, entry: str) -> ObjectCode:
    """Return the object code of an optimised module whose C function is ``entry``."""
    called = [f.name for f in module.functions if f.is_declaration]
    calls = tuple(name for name in called if not name.startswith("llvm."))
    return ObjectCode(entry, calls, machine.emit_object(module))
