"""Make emitted code callable from Numba kernels: an intrinsic that calls an LLVM function."""

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from ..native.host import lanes_at_import
from ..native.intrinsic import Intrinsic
from ..native.kinds import KINDS
from .lanes import Lanes, i64

__all__ = ["embed", "new_function"]

NAMES = {"": "void", "i": "int64", "d": "float64"}
LLVM = {"": ir.VoidType(), "i": i64, "d": ir.DoubleType()}

_WIDE = ('"prefer-vector-width"="512"', '"min-legal-vector-width"="512"')
_embedded: dict[str, Intrinsic] = {}


def embed(
    name: str,
    takes: int | str,
    emit: Callable[..., Any],
    width: int | None = None,
    *,
    gives: str = "",
    inline: bool = False,
) -> Callable[..., Any]:
    """Return a function for kernels to call, made by ``emit(lanes, *args)``.

    ``takes`` has a letter for each argument, ``i`` for int64 and ``d`` for float64, or is the
    number of int64 arguments; ``gives`` is the letter of the result, if there is one.  ``emit`` is
    called once for each LLVM module that uses the function, with a ``Lanes`` of ``width`` lanes
    (default: the host's) inside a new function.  ``name`` must contain every parameter in the
    closure of ``emit``: it identifies the function in the module and in the disk cache.  Use
    ``inline`` for code shorter than a call.
    """
    width = width or lanes_at_import()
    label = f"namgraph.{name}.w{width}"
    if label in _embedded:
        return _embedded[label]
    letters = "i" * takes if isinstance(takes, int) else takes

    def define(typing: Any, *kinds: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            function = builder.module.globals.get(label)
            if function is None:
                function = new_function(builder.module, label, letters, gives, width, inline)
                body = ir.IRBuilder(function.blocks[-1])
                made = emit(Lanes(body, width), *function.args)
                body.ret(made) if gives else body.ret_void()
            made = builder.call(function, args)
            return made if gives else context.get_dummy_value()

        given, *taken = (KINDS[NAMES[letter]] for letter in (gives, *letters))
        return given(*taken), generate

    made = Intrinsic(label, define, len(letters))
    _embedded[label] = made
    return made


def new_function(
    module: Any, label: str, takes: str, gives: str, width: int, inline: bool = False
) -> Any:
    """Return a new internal function with an entry block and an empty body."""
    function = ir.Function(module, ir.FunctionType(LLVM[gives], [LLVM[k] for k in takes]), label)
    function.linkage = "internal"
    function.attributes.add("nounwind")
    # Not inlined: a call is cheap, and the loops stay as emitted.
    function.attributes.add("alwaysinline" if inline else "noinline")
    if width == 16:
        # llvmlite lacks string attributes; without these two LLVM may split vectors.
        function.attributes._known = function.attributes._known | frozenset(_WIDE)
        for text in _WIDE:
            function.attributes.add(text)
    entry, body = function.append_basic_block("entry"), function.append_basic_block("body")
    ir.IRBuilder(entry).branch(body)
    return function
