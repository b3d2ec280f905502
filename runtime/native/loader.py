"""Link the object code of kernels into this process, through LLVM's runtime linker.

Numba is not needed, unless a kernel calls one of the C functions that Numba adds to LLVM.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from llvmlite import binding as llvm

__all__ = ["ObjectCode", "link"]

_linked: dict[str, int] = {}
"""Address of each C function linked so far, by name."""


@dataclass(frozen=True)
class ObjectCode:
    """A compiled kernel: a relocatable object file (ELF, Mach-O or COFF) in memory."""

    entry: str
    """Name of the C function."""
    calls: tuple[str, ...]
    """Names of the C functions outside that it calls."""
    code: bytes


def link(made: ObjectCode) -> int:
    """Return the address of a kernel's C function, linking it if it is not yet; it stays for good.

    LLVM would end the process at a name that it cannot find, so all are looked up before.
    The caller holds the lock of ``abi.py``.
    """
    if made.entry not in _linked:
        if any(llvm.address_of_symbol(name) is None for name in made.calls):
            from numba.core.registry import cpu_target

            cpu_target.target_context.refresh()  # adds Numba's
        missing = [name for name in made.calls if llvm.address_of_symbol(name) is None]
        if missing:
            raise LookupError(f"no C function {missing[0]} in this process")
        engine = _engine()
        engine.add_object_file(llvm.ObjectFileRef.from_data(made.code))
        engine.finalize_object()
        _linked[made.entry] = engine.get_function_address(made.entry)
    return _linked[made.entry]


@cache
def _engine() -> Any:
    """Return the runtime linker."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(jit=True)
    # A context of its own: Numba may use the global one in another thread.
    return llvm.create_mcjit_compiler(llvm.parse_assembly("", llvm.create_context()), machine)
