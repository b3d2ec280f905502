"""Records and numbers at an address, for compiled code: every access is one load or store.

Numba's own arrays would work at several times the compile time: each access carries an array header
and checks for a negative index.  Here a record is an address with the fields of its NumPy dtype,
and numbers are the address of the first.
"""

import difflib
import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.errors import TypingError
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global, signature
from numba.extending import (
    infer_getattr,
    lower_builtin,
    lower_getattr_generic,
    lower_setattr_generic,
    models,
    register_model,
)

__all__ = ["FLOATS", "Numbers", "Struct"]

i8, i64 = ir.IntType(8), ir.IntType(64)
PTR = ir.PointerType()


class Struct(types.Type):  # type: ignore[misc]
    """The Numba type of a record at an address."""

    def __init__(self, fields: types.Record) -> None:
        self.fields = fields
        super().__init__(name=f"Struct({fields})")


@register_model(Struct)
class _StructModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Struct) -> None:
        super().__init__(manager, kind, i64)


@infer_getattr
class _StructFields(AttributeTemplate):  # type: ignore[misc]
    key = Struct

    def generic_resolve(self, kind: Struct, name: str) -> Any:
        fields = kind.fields.fields
        if name not in fields:
            near = difflib.get_close_matches(name, fields, 1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise TypingError(
                f"the record has no field {name!r}{hint}: its dtype has {', '.join(fields)}"
            )
        return kind.fields.typeof(name)


def _place(builder: Any, kind: Struct, address: Any, name: str) -> Any:
    offset = ir.Constant(i64, kind.fields.offset(name))
    return builder.gep(builder.inttoptr(address, PTR), [offset], source_etype=i8)


@lower_getattr_generic(Struct)
def _get(context: Any, builder: Any, kind: Struct, value: Any, name: str) -> Any:
    kind_of_field = kind.fields.typeof(name)
    return builder.load(
        _place(builder, kind, value, name), typ=context.get_value_type(kind_of_field)
    )


@lower_setattr_generic(Struct)
def _set(context: Any, builder: Any, signature: Any, args: Any, name: str) -> None:
    kind, given = signature.args
    value = context.cast(builder, args[1], given, kind.fields.typeof(name))
    builder.store(value, _place(builder, kind, args[0], name))


class Numbers(types.Type):  # type: ignore[misc]
    """The type of consecutive numbers at an address; indices must not be negative.

    ``pointers.py`` has the functions that return such views.
    """

    def __init__(self, dtype: types.Type) -> None:
        self.dtype = dtype
        super().__init__(name=f"Numbers({dtype})")


FLOATS = Numbers(types.float32)


@register_model(Numbers)
class _NumbersModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Numbers) -> None:
        super().__init__(manager, kind, i64)


@infer_global(operator.getitem)
class _GetNumber(AbstractTemplate):  # type: ignore[misc]
    def generic(self, args: Any, kws: Any) -> Any:
        if len(args) == 2 and isinstance(args[0], Numbers) and isinstance(args[1], types.Integer):
            return signature(args[0].dtype, args[0], types.int64)
        return None


@infer_global(operator.setitem)
class _SetNumber(AbstractTemplate):  # type: ignore[misc]
    def generic(self, args: Any, kws: Any) -> Any:
        if len(args) == 3 and isinstance(args[0], Numbers) and isinstance(args[1], types.Integer):
            return signature(types.void, args[0], types.int64, args[0].dtype)
        return None


def _number(context: Any, builder: Any, kind: Numbers, address: Any, index: Any) -> Any:
    step = context.get_value_type(kind.dtype)
    return builder.gep(builder.inttoptr(address, PTR), [index], source_etype=step)


@lower_builtin(operator.getitem, Numbers, types.int64)
def _get_number(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    kind = signature.args[0]
    place = _number(context, builder, kind, *args)
    return builder.load(place, typ=context.get_value_type(kind.dtype))


@lower_builtin(operator.setitem, Numbers, types.int64, types.Any)
def _set_number(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    builder.store(args[2], _number(context, builder, signature.args[0], *args[:2]))
    return context.get_dummy_value()
