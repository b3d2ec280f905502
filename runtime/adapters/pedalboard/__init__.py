"""Graphs as pedalboard plugins: ``GraphPlugin``, and ``Board``, which needs no plugin binary.

pedalboard is under the GPL and optional: ``GraphPlugin`` is a subclass of one of its classes, so
pedalboard is imported when ``GraphPlugin`` is first accessed.
"""

from typing import TYPE_CHECKING, Any

from ....graph import EngineError
from ....graph.extras import how_to_install
from .board import Board
from .effect import GraphEffect

if TYPE_CHECKING:
    from .plugin import GraphPlugin

__all__ = ["Board", "GraphEffect", "GraphPlugin"]


def __getattr__(name: str) -> Any:
    if name != "GraphPlugin":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from .plugin import GraphPlugin
    except ModuleNotFoundError as error:
        if error.name != "pedalboard":
            raise
        how = how_to_install("pedalboard")
        raise EngineError(f"GraphPlugin needs pedalboard: {how}") from None
    globals()[name] = GraphPlugin
    return GraphPlugin
