"""Processor state for the audio thread: flush-to-zero, and the cycle counter."""

import platform
import time
from typing import Any

import numpy as np
from llvmlite import ir

from . import kinds
from .abi import native
from .intrinsic import intrinsic
from .parallel import processors
from .pointers import store

__all__ = [
    "cycles",
    "nanoseconds_per_cycle",
    "pause",
    "processors",
    "read_cycles",
    "restore_floats",
    "set_flush_to_zero",
]

i32, i64 = ir.IntType(32), ir.IntType(64)
PTR, VOID = ir.PointerType(), ir.VoidType()
X86 = platform.machine().lower() in ("x86_64", "amd64")
ARM = platform.machine().lower() in ("aarch64", "arm64")
MXCSR_FTZ_DAZ = 0x8040  # Intel SDM vol. 1, 10.2.3: flush to zero (15) and denormals are zero (6)
FPCR_FZ = 1 << 24  # Arm ARM, FPCR.FZ


def _declare(builder: Any, name: str, kind: Any) -> Any:
    module = builder.module
    return module.globals.get(name) or ir.Function(module, kind, name)


def _assembly(builder: Any, text: str, constraint: str, result: Any, *args: Any) -> Any:
    kind = ir.FunctionType(result, [a.type for a in args])
    return builder.call(ir.InlineAsm(kind, text, constraint, side_effect=True), args)


@intrinsic
def set_flush_to_zero(typing: Any) -> Any:
    """Make this thread flush denormals to zero; return the state for ``restore_floats``."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if X86:
            word = builder.alloca(i32)
            kind = ir.FunctionType(VOID, [PTR])
            builder.call(_declare(builder, "llvm.x86.sse.stmxcsr", kind), [word])
            old = builder.load(word, typ=i32)
            builder.store(builder.or_(old, ir.Constant(i32, MXCSR_FTZ_DAZ)), word)
            builder.call(_declare(builder, "llvm.x86.sse.ldmxcsr", kind), [word])
            return builder.zext(old, i64)
        if ARM:
            old = _assembly(builder, "mrs $0, fpcr", "=r", i64)
            new = builder.or_(old, ir.Constant(i64, FPCR_FZ))
            _assembly(builder, "msr fpcr, $0", "r", VOID, new)
            return old
        return ir.Constant(i64, 0)

    return kinds.int64(), generate


@intrinsic
def restore_floats(typing: Any, word: Any) -> Any:
    """Restore the state that ``set_flush_to_zero`` returned."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if X86:
            place = builder.alloca(i32)
            builder.store(builder.trunc(args[0], i32), place)
            kind = ir.FunctionType(VOID, [PTR])
            builder.call(_declare(builder, "llvm.x86.sse.ldmxcsr", kind), [place])
        elif ARM:
            _assembly(builder, "msr fpcr, $0", "r", VOID, args[0])
        return context.get_dummy_value()

    return kinds.void(kinds.int64), generate


@intrinsic
def cycles(typing: Any) -> Any:
    """Read the constant-rate cycle counter; ``nanoseconds_per_cycle`` gives its unit."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if ARM:  # llvm.readcyclecounter would read one that user mode may not
            return _assembly(builder, "mrs $0, cntvct_el0", "=r", i64)
        kind = ir.FunctionType(i64, [])
        return builder.call(_declare(builder, "llvm.readcyclecounter", kind), [])

    return kinds.int64(), generate


@intrinsic
def pause(typing: Any) -> Any:
    """Tell the processor that this thread polls a memory location."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if X86:
            builder.call(_declare(builder, "llvm.x86.sse2.pause", ir.FunctionType(VOID, [])), [])
        elif ARM:
            _assembly(builder, "yield", "", VOID)
        return context.get_dummy_value()

    return kinds.void(), generate


@native("void(int64)")
def read_cycles(target: int) -> None:
    """Store the cycle counter at an address."""
    store(target, 0, cycles())


_unit: float | None = None


def nanoseconds_per_cycle() -> float:
    """Return the unit of ``cycles`` in nanoseconds; the first call measures it for 20 ms."""
    global _unit
    if _unit is None:
        word = np.zeros(1, np.int64)
        read = read_cycles.ctypes
        read(word.ctypes.data)
        start, begun = int(word[0]), time.perf_counter_ns()
        while time.perf_counter_ns() - begun < 20_000_000:
            pass
        read(word.ctypes.data)
        passed = time.perf_counter_ns() - begun
        _unit = passed / max(1, int(word[0]) - start)
    return _unit
