"""Memory access in kernels: loads and stores, records, channels, atomics, calls by address.

For compiled code only.  Nothing here allocates, and addresses are plain int64: array arguments
between jitted functions would cost reference counts.
"""

from typing import Any

from llvmlite import ir

from . import kinds
from .intrinsic import Intrinsic, intrinsic

__all__ = [
    "call_c",
    "call_c_no_args",
    "call_memory",
    "call_node",
    "channel",
    "channel_address",
    "compare_exchange",
    "copy_bytes",
    "element",
    "floats",
    "load",
    "load_acquire",
    "move_bytes",
    "numbers",
    "prefetch",
    "record",
    "store",
    "store_release",
    "word",
    "zero_bytes",
]

i8, i32, i64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
PTR = ir.PointerType()


def word(builder: Any, address: Any, index: Any) -> Any:
    """Return the pointer to int64 number ``index`` after an address."""
    return builder.gep(builder.inttoptr(address, PTR), [index], source_etype=i64)


def call_memory(builder: Any, name: str, target: Any, source: Any, count: Any) -> None:
    """Emit a call of ``memcpy``, ``memmove`` or ``memset`` (of the byte ``source``)."""
    overload = [PTR, *([PTR] if source.type == PTR else []), count.type]
    function = builder.module.declare_intrinsic(f"llvm.{name}", overload)
    builder.call(function, [target, source, count, ir.Constant(ir.IntType(1), 0)])


@intrinsic
def load(typing: Any, address: Any, index: Any) -> Any:
    """Return the int64 at ``address + 8 * index``."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(word(builder, *args), typ=i64)

    return kinds.int64(kinds.int64, kinds.int64), generate


channel_address = load
"""``channel_address(ins, c)``: return the address of channel ``c`` of ``ins`` or ``outs``."""


@intrinsic
def store(typing: Any, address: Any, index: Any, value: Any) -> Any:
    """Store an int64 at ``address + 8 * index``."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], word(builder, args[0], args[1]))
        return context.get_dummy_value()

    return kinds.void(kinds.int64, kinds.int64, kinds.int64), generate


@intrinsic
def load_acquire(typing: Any, address: Any) -> Any:
    """Load the int64 at ``address`` with acquire order; pairs with ``store_release``."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(builder.inttoptr(args[0], i64.as_pointer()), "acquire", 8)

    return kinds.int64(kinds.int64), generate


@intrinsic
def store_release(typing: Any, address: Any, value: Any) -> Any:
    """Store an int64 at ``address`` with release order: earlier writes are visible first."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[1], builder.inttoptr(args[0], i64.as_pointer()), "release", 8)
        return context.get_dummy_value()

    return kinds.void(kinds.int64, kinds.int64), generate


@intrinsic
def compare_exchange(typing: Any, address: Any, expected: Any, value: Any) -> Any:
    """Store ``value`` at ``address`` if it holds ``expected``, as one step; return whether it did.

    All that either thread wrote before is visible to the other after.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.inttoptr(args[0], i64.as_pointer())
        pair = builder.cmpxchg(place, args[1], args[2], "acq_rel", "acquire")
        return builder.extract_value(pair, 1)

    return kinds.boolean(kinds.int64, kinds.int64, kinds.int64), generate


@intrinsic
def call_node(typing: Any, function: Any, state: Any, ins: Any, outs: Any, frames: Any) -> Any:
    """Call the kernel at address ``function``."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [i64, i64, i64, i32])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), args[1:])
        return context.get_dummy_value()

    five = (kinds.int64, kinds.int64, kinds.int64, kinds.int64, kinds.int32)
    return kinds.void(*five), generate


@intrinsic
def call_c(typing: Any, function: Any, first: Any, second: Any, third: Any) -> Any:
    """Call a C function with three 64-bit integers; return its int."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(i32, [i64, i64, i64])
        answer = builder.call(builder.inttoptr(args[0], kind.as_pointer()), args[1:])
        return builder.sext(answer, i64)

    return kinds.int64(*[kinds.int64] * 4), generate


@intrinsic
def call_c_no_args(typing: Any, function: Any) -> Any:
    """Call a C function without arguments that returns a 64-bit integer."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(i64, [])
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [])

    return kinds.int64(kinds.int64), generate


@intrinsic
def prefetch(typing: Any, address: Any) -> Any:
    """Begin to load the cache line at ``address``, to be written soon; any address will do."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [PTR, i32, i32, i32])
        name = "llvm.prefetch.p0"
        function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        place = builder.inttoptr(args[0], PTR)
        builder.call(function, [place, *(ir.Constant(i32, n) for n in (1, 3, 1))])
        return context.get_dummy_value()

    return kinds.void(kinds.int64), generate


def _bytes(operation: str) -> Intrinsic:
    def define(typing: Any, target: Any, source: Any, count: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            target, source = (builder.inttoptr(a, PTR) for a in args[:2])
            call_memory(builder, operation, target, source, args[2])
            return context.get_dummy_value()

        return kinds.void(kinds.int64, kinds.int64, kinds.int64), generate

    return Intrinsic(operation, define)


copy_bytes = _bytes("memcpy")
"""``copy_bytes(target, source, count)`` for ranges that do not overlap."""
move_bytes = _bytes("memmove")
"""``move_bytes(target, source, count)`` for ranges that may overlap."""


@intrinsic
def zero_bytes(typing: Any, target: Any, count: Any) -> Any:
    """Set ``count`` bytes to zero."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        call_memory(builder, "memset", builder.inttoptr(args[0], PTR), ir.Constant(i8, 0), args[1])
        return context.get_dummy_value()

    return kinds.void(kinds.int64, kinds.int64), generate


def _first(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return args[0]


@intrinsic
def numbers(typing: Any, address: Any, count: Any, dtype: Any) -> Any:
    """Return a view of ``count`` numbers of a NumPy ``dtype`` at ``address``.

    (Numba refuses a function named ``view`` that is an attribute.)
    """
    from .compiler.structs import Numbers

    return Numbers(dtype.dtype)(kinds.int64, kinds.int64, dtype), _first


@intrinsic
def floats(typing: Any, address: Any, count: Any) -> Any:
    """Return a view of ``count`` float32 at ``address``."""
    from .compiler.structs import FLOATS

    return FLOATS(kinds.int64, kinds.int64), _first


@intrinsic
def channel(typing: Any, pointers: Any, index: Any, frames: Any) -> Any:
    """Return a view of one channel of ``ins`` or ``outs``: ``frames`` float32."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(word(builder, *args[:2]), typ=i64)

    from .compiler.structs import FLOATS

    return FLOATS(kinds.int64, kinds.int64, kinds.int64), generate


@intrinsic
def record(typing: Any, address: Any, dtype: Any) -> Any:
    """Return a view of the record of a structured ``dtype`` at ``address``."""
    from .compiler.structs import Struct

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return args[0]

    return Struct(dtype.dtype)(kinds.int64, dtype), generate


@intrinsic
def element(typing: Any, address: Any, index: Any, dtype: Any) -> Any:
    """Return a view of record number ``index`` of an array of records at ``address``."""
    from .compiler.structs import Struct

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        size = ir.Constant(i64, dtype.dtype.size)
        return builder.add(args[0], builder.mul(args[1], size))

    return Struct(dtype.dtype)(kinds.int64, kinds.int64, dtype), generate
