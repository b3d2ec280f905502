"""Compile a kernel without Numba: translate it to LLVM IR, optimise, emit object code."""

import contextlib
import gc
import re
from collections.abc import Iterator
from hashlib import sha256
from types import FunctionType
from typing import Any

from llvmlite import binding as llvm, ir

from .. import machine_code
from ..host import host_lanes, target
from ..kinds import KINDS, void
from ..loader import ObjectCode
from .statements import emit_function
from .values import Constant, UnsupportedError, Value, cast, number

__all__ = ["garbage_collection_off", "get_ready", "translate"]


@contextlib.contextmanager
def garbage_collection_off() -> Iterator[None]:
    """Disable Python's garbage collector: it would scan the compiler's many objects repeatedly."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def translate(function: FunctionType, signature: str) -> ObjectCode:
    """Return the object code of a kernel.

    ``function`` has a name that is unique to its code.  Raises ``UnsupportedError``, or what the
    function's own emitters raise, where Numba is to compile it, or to tell what is wrong with it.
    """
    machine = machine_code.host_machine()
    entry = _entry(function, signature)
    with garbage_collection_off():
        text = str(_module(function, signature, entry))
    module = llvm.parse_assembly(text, llvm.create_context())
    module.triple, module.data_layout = target()[0], str(machine.target_data)
    module.verify()
    machine_code.optimize(module, machine)
    if machine_code.forbidden(module):
        raise UnsupportedError("a call that no kernel may make")
    return machine_code.object_code(module, machine, entry)


def get_ready() -> None:
    """Initialise LLVM and create the target machine, as the first kernel would."""
    machine_code.host_machine()


def _entry(function: FunctionType, signature: str) -> str:
    """Return the name of the C function."""
    variant = repr((signature, host_lanes(), target(), machine_code.effort())).encode()
    name = re.sub(r"\W", "_", function.__qualname__)
    return f"cfunc.{name}.{sha256(variant).hexdigest()[:16]}"


def _module(function: FunctionType, signature: str, entry: str) -> Any:
    gives, _, rest = signature.rstrip(")").partition("(")
    result, takes = KINDS[gives], [KINDS[name] for name in rest.split(", ") if name]
    module = ir.Module(entry)
    made = ir.Function(module, ir.FunctionType(result.llvm, [k.llvm for k in takes]), entry)
    begin, body = made.append_basic_block("entry"), made.append_basic_block("body")
    ir.IRBuilder(begin).branch(body)
    builder = ir.IRBuilder(body)
    names = function.__code__.co_varnames
    if function.__code__.co_argcount != len(takes):
        raise UnsupportedError("another number of arguments")
    values = map(Value, takes, made.args)
    returned = emit_function(builder, function, dict(zip(names, values, strict=False)))
    if result != void:
        builder.ret(cast(builder, number(returned), result))
    elif isinstance(returned, Constant) and returned.value is None:
        builder.ret_void()
    else:
        raise UnsupportedError("a result of a function that has none")
    return module
