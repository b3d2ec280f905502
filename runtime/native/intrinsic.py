"""``@intrinsic``: a function for kernels to call whose LLVM code is emitted in place.

As ``numba.extending.intrinsic``, but Numba is imported only when a kernel that calls one has to be
compiled: a process that finds its kernels in the disk cache starts without Numba.
"""

import inspect
from collections.abc import Callable
from functools import cached_property
from typing import Any

__all__ = ["Intrinsic", "intrinsic"]


class Intrinsic:
    """A function that only kernels can call.

    ``define(typing, *kinds)`` is called while a kernel is compiled: it returns the signature, and a
    function ``generate(context, builder, signature, args)`` that emits the code.
    """

    def __init__(self, name: str, define: Callable[..., Any], count: int | None = None) -> None:
        self.__name__ = name
        self.__doc__ = define.__doc__
        self.__module__ = define.__module__
        self.define = define
        self.count = count
        """How many arguments, if ``define`` takes any number: then the name alone identifies it."""

    @cached_property
    def _numba_type_(self) -> Any:
        """Numba's type of this function; Numba reads it where a kernel names the function."""
        from numba.core import types
        from numba.core.typing.templates import make_intrinsic_template

        from .compiler.numba_signature import numba_signature

        def define(*kinds: Any) -> Any:
            signature, generate = self.define(*kinds)
            return numba_signature(signature), generate

        known = inspect.signature(self.define)
        if self.count is not None:
            names = ["typing", *(f"a{n}" for n in range(self.count))]
            kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
            known = inspect.Signature([inspect.Parameter(name, kind) for name in names])
        define.__signature__ = known  # type: ignore[attr-defined]
        return types.Function(make_intrinsic_template(self, define, self.__name__))

    def __call__(self, *args: Any) -> Any:
        """Raise ``NotImplementedError``: only kernels can call it."""
        raise NotImplementedError(f"{self.__name__} can be called in kernels only")

    def __deepcopy__(self, memo: Any) -> "Intrinsic":
        return self

    def __repr__(self) -> str:
        return f"<intrinsic {self.__name__}>"


def intrinsic(define: Callable[..., Any]) -> Intrinsic:
    """Make an intrinsic from the function that defines it (see ``Intrinsic``)."""
    return Intrinsic(define.__name__, define)
