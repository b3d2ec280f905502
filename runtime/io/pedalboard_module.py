"""Import pedalboard, the one optional library for encoders and plugins, of a tested release."""

import importlib
import re
from functools import cache
from typing import Any

from ...graph import EngineError
from ...graph.extras import how_to_install

__all__ = ["NEWEST", "OLDEST", "check_pedalboard", "host"]

OLDEST = (0, 9, 22)
NEWEST = (0, 9)
"""The series: later patches are taken, another minor release may change what the shim relies on."""


def check_pedalboard(version: str) -> None:
    """Refuse a release of pedalboard outside the range tested, by name."""
    found = tuple(int(n) for n in re.findall(r"\d+", version)[:3])
    if found < OLDEST or found[:2] > NEWEST:
        least = ".".join(map(str, OLDEST))
        series = ".".join(map(str, NEWEST))
        raise EngineError(
            f"pedalboard is {version}: must be {least} or newer, of the {series} series"
        )


@cache
def host() -> Any:
    """Return pedalboard, or say how to get it."""
    try:
        pedalboard: Any = importlib.import_module("pedalboard")
    except ModuleNotFoundError:
        raise EngineError(f"this needs pedalboard: {how_to_install('pedalboard')}") from None
    check_pedalboard(pedalboard.__version__)
    return pedalboard
