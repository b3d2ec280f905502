"""Which releases of pedalboard this package has been tested with."""

import re

from ....graph import EngineError

__all__ = ["NEWEST", "OLDEST", "check_pedalboard"]

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
