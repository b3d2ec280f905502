"""Import pedalboard, an optional dependency, and check its version."""

import importlib
import re
from functools import cache
from typing import Any

from ...graph import EngineError
from ...graph.extras import how_to_install

__all__ = ["NEWEST", "OLDEST", "check_pedalboard", "host"]

OLDEST = (0, 9, 22)
NEWEST = (0, 9)
"""Newest minor series tested: any patch of it is accepted."""


def check_pedalboard(version: str) -> None:
    """Raise ``EngineError`` for a version of pedalboard outside the tested range."""
    found = tuple(int(n) for n in re.findall(r"\d+", version)[:3])
    if found < OLDEST or found[:2] > NEWEST:
        least = ".".join(map(str, OLDEST))
        series = ".".join(map(str, NEWEST))
        raise EngineError(
            f"pedalboard is {version}: must be {least} or newer, of the {series} series"
        )


@cache
def host() -> Any:
    """Return the module pedalboard; ``EngineError`` says how to install it."""
    try:
        pedalboard: Any = importlib.import_module("pedalboard")
    except ModuleNotFoundError:
        raise EngineError(f"this needs pedalboard: {how_to_install('pedalboard')}") from None
    check_pedalboard(pedalboard.__version__)
    return pedalboard
