"""How emitted code gets into a Numba kernel: an intrinsic that calls a function of its module."""

import inspect
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.extending import _Intrinsic

from .host import host_lanes
from .lanes import Lanes, i64

__all__ = ["embed"]

_WIDE = ('"prefer-vector-width"="512"', '"min-legal-vector-width"="512"')
_embedded: dict[str, "_Embedded"] = {}


class _Embedded(_Intrinsic):  # type: ignore[misc]
    """An intrinsic that pickles as its name.

    Numba keys its cache on disk by the pickled closure of a kernel.  A plain intrinsic pickles as a
    random number, so that no second process would ever find what a first one compiled.
    """

    def _reduce_states(self) -> dict[str, str]:
        return {"name": self._name}

    @classmethod
    def _rebuild(cls, **states: str) -> "_Embedded":
        return _embedded[states["name"]]


def embed(
    name: str,
    count: int,
    emit: Callable[..., None],
    width: int | None = None,
    *,
    inline: bool = False,
) -> Callable[..., None]:
    """Return a function for kernels to call with ``count`` int64, made by ``emit(lanes, *args)``.

    ``emit`` is called once for each module that uses the function, with a ``Lanes`` of ``width``
    lanes (the host's if none is given) inside a fresh function.  ``name`` must carry every
    parameter that ``emit`` closes over: it is what the module and the cache on disk know it by.
    ``inline`` suits what is shorter than a call.
    """
    width = width or host_lanes()
    label = f"namgraph.{name}.w{width}"
    if label in _embedded:
        return _embedded[label]

    def typed(typing: Any, *kinds: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            function = builder.module.globals.get(label)
            if function is None:
                function = _function(builder.module, label, count, emit, width, inline)
            builder.call(function, args)
            return context.get_dummy_value()

        return types.void(*[types.int64] * count), generate

    names = ["typing", *(f"a{n}" for n in range(count))]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    typed.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(n, kind) for n in names]
    )
    made = _Embedded(label, typed)
    made._register()
    _embedded[label] = made
    return made


def _function(
    module: Any, label: str, count: int, emit: Callable[..., None], width: int, inline: bool
) -> Any:
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [i64] * count), label)
    function.linkage = "internal"
    function.attributes.add("nounwind")
    # Not inlined: one call is nothing, and its loops stay as they were written.
    function.attributes.add("alwaysinline" if inline else "noinline")
    if width == 16:
        # llvmlite knows no attributes in quotes, LLVM does: without these two it may split vectors.
        function.attributes._known = function.attributes._known | frozenset(_WIDE)
        for text in _WIDE:
            function.attributes.add(text)
    entry, body = function.append_basic_block("entry"), function.append_basic_block("body")
    builder = ir.IRBuilder(entry)
    builder.branch(body)
    builder.position_at_end(body)
    emit(Lanes(builder, width), *function.args)
    builder.ret_void()
    return function
