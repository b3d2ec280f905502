"""Note values as text, such as "1/4" or "1/8.", in beats; the rate of an LFO that follows them.

A beat is a quarter note.  ``parse_beats`` is for control threads, ``synced_rate`` for kernels.
"""

import re

from ....graph.arguments import format_value
from ....graph.errors import ParamError
from ....runtime.native.abi import helper

__all__ = ["parse_beats", "synced_rate"]

_NOTE = re.compile(r"([1-9][0-9]?)/(1|2|4|8|16|32|64)([.t]?)", re.ASCII)
_FACTORS = {"": 1.0, ".": 1.5, "t": 2.0 / 3.0}


def parse_beats(sync: object, name: str = "sync") -> float:
    """Return the length of a note value in beats (quarter notes); 0.0 for "", which is off.

    "1/4" is 1 beat, "1/8." (dotted) 0.75, "1/8t" (triplet) 1/3, "2/1" two whole notes, 8 beats.
    Numerators are 1 to 99, denominators 1, 2, 4, ..., 64.  Raises ``ParamError`` with ``name``.
    """
    if isinstance(sync, str) and sync == "":
        return 0.0
    found = _NOTE.fullmatch(sync) if isinstance(sync, str) else None
    if found is None:
        raise ParamError(
            f'{name} is {format_value(sync)}: must be "" (off) or a note value such as "1/4", '
            '"1/8." (dotted) or "1/8t" (triplet)'
        )
    return 4.0 * int(found[1]) / int(found[2]) * _FACTORS[found[3]]


@helper
def synced_rate(rate_hz: float, tempo_bpm: float, beats: float) -> float:
    """Return the rate in Hz of one cycle in ``beats`` at ``tempo_bpm``; ``rate_hz`` for 0 beats."""
    return tempo_bpm / (60.0 * beats) if beats > 0.0 else rate_hz
