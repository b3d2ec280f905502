"""Valid .nam files and captures, then something done to them: to their structure or bytes."""

import contextlib
import copy
import json
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

from ..nodes.nam.captures.namb import blocks, layouts
from . import models
from .captures import KINDS, capture
from .parametric import parametric

__all__ = ["ALL", "CAPTURES", "capture_mutant", "mutant"]

Path_ = tuple[Any, ...]
MOST_CHANGES = 4
ALL, NAMB, PARAMETRIC = "all", "namb", "parametric"
CAPTURES = (*KINDS, NAMB, PARAMETRIC)
WHOLE, DAMAGED = 0.15, 0.85
"""Shares: below the first a file is left as it is, from the second on its bytes are damaged."""
INTERESTING: list[Any] = [
    None, True, False, 0, 1, -1, 2, 3, 7, 255, 1 << 16, 1 << 31, -(1 << 31), 1 << 63, 10**30,
    0.5, -0.0, 1e-45, 1e38, 1e39, -1e300, 3.0, 3.7, "", "0", "Tanh", "WaveNet", "none", "gated",
    "\x00", "\ud800", "a" * 5000, [], {}, [[]], [0] * 300, {"type": "Tanh"}, {"active": True},
]  # fmt: skip
TEXTS = [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-", b"[[[[", b"]}", b'"', b"\\u", b"\xff"]


def capture_mutant(seed: int, kind: str = ALL) -> bytes:
    """Return file number ``seed`` of captures: of a kind in ``CAPTURES``, or of any."""
    rng = random.Random(seed)
    if kind == PARAMETRIC or (kind == ALL and rng.random() < 0.4):
        return _mutant(rng, parametric(rng), parametric, models.mended)
    if kind == NAMB or (kind == ALL and rng.random() < 1 / 3):
        return _namb_mutant(rng)
    return _mutant(rng, capture(rng, "" if kind == ALL else kind), capture)


NO_NAMB = (
    *(KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError),
    *(struct.error, StopIteration, RuntimeError),
)
"""What the writers raise for a model that their form cannot hold."""


def _namb_mutant(rng: random.Random) -> bytes:
    """Return a .namb of either form, something done to its bytes."""
    file = models.mended(rng, models.model(rng))
    while file["architecture"] not in ("WaveNet", "LSTM", "ConvNet", "Linear"):
        file = models.mended(rng, models.model(rng))
    layout = {"LSTM": 1, "WaveNet": 2}.get(file["architecture"], 0)
    order = rng.choice([0, layout])
    ways: list[Callable[[], bytes]] = [
        *[lambda: blocks(file)] * 2,
        lambda: layouts(file, 2, order),
        lambda: layouts(file, 1),
    ]
    content = b""
    for write in rng.sample(ways, len(ways)):
        with contextlib.suppress(*NO_NAMB):
            content = content or write()
    if not content or rng.random() < WHOLE:
        return content
    made = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, MOST_CHANGES])):
        at = rng.randrange(rng.choice([32, 160, 400, len(made)])) % len(made)
        made[at] = rng.choice([0, 1, 2, 127, 255, rng.randrange(256)])
    if rng.random() < 0.2:
        made = made[: rng.randrange(len(made))]
    if len(made) > 32 and rng.random() < 0.9:  # a checksum that fits, so that more is read
        struct.pack_into("<I", made, 24, zlib.crc32(made[28:], zlib.crc32(made[:24])))
        if made[4] == 1 and not any(made[8:12]):  # of version 1 of the second form
            begin = int.from_bytes(made[12:16], "little")
            struct.pack_into("<I", made, 24, zlib.crc32(made[begin:]))
    return bytes(made)


def mutant(seed: int) -> bytes:
    """Return file number ``seed``: the same for the same number, wherever it is made."""
    rng = random.Random(seed)
    file = models.mended(rng, models.model(rng, rate=rng.choice([None, 44_100, 48_000])))
    return _mutant(rng, file, lambda rng: models.model(rng)["config"], models.mended)


def _mutant(
    rng: random.Random,
    file: Any,
    another: Callable[[random.Random], Any],
    mended: Callable[[random.Random, Any], Any] = lambda rng, file: file,
) -> bytes:
    """Return a file with something done to it; ``another`` makes what parts are taken from."""
    kind = rng.random()
    if kind < WHOLE:
        return json.dumps(file).encode()  # as it is: most of these must play
    if kind < DAMAGED:
        for _ in range(rng.choice([1, 1, 1, 2, MOST_CHANGES])):
            file = _changed(rng, file, another)
        if rng.random() < 0.8:
            file = mended(rng, file)
    content = json.dumps(file, ensure_ascii=rng.random() < 0.9).encode("utf-8", "surrogatepass")
    return content if kind < DAMAGED else _damaged(rng, content)


def _paths(value: Any, here: Path_ = ()) -> list[Path_]:
    """Return every place in a file, weights by their first few only."""
    found = [here] if here else []
    if isinstance(value, dict):
        for key, below in value.items():
            found += _paths(below, (*here, key))
    elif isinstance(value, list):
        for number, below in enumerate(value[:3]):
            found += _paths(below, (*here, number))
    return found


def _at(file: Any, path: Path_) -> Any:
    for key in path:
        file = file[key]
    return file


def _changed(rng: random.Random, file: Any, another: Callable[[random.Random], Any]) -> Any:
    paths = _paths(file)
    if not paths:
        return rng.choice(INTERESTING)
    file = copy.deepcopy(file)
    path = max(rng.sample(paths, min(len(paths), 2)), key=len)  # the frame is soon tried out
    place, last = _at(file, path[:-1]), path[-1]
    old = place[last]
    way = rng.randrange(7)
    if way == 0:
        del place[last]
    elif way == 1:
        place[last] = copy.deepcopy(rng.choice(INTERESTING))
    elif way == 2 and type(old) in (int, float):
        place[last] = rng.choice([old + 1, old - 1, -old, old * 2, old * 1000, old / 3])
    elif way == 3:
        place[last] = copy.deepcopy(_at(file, rng.choice(paths)))
    elif way == 4:
        place[last] = [copy.deepcopy(old)] * rng.randint(0, 4)
    elif way == 5 and isinstance(old, list) and old:
        place[last] = rng.choice([old[:-1], old + old[-1:], old[::-1], old * 3])
    else:
        other = another(rng)
        place[last] = copy.deepcopy(_at(other, rng.choice(_paths(other))))
    return file


def _damaged(rng: random.Random, content: bytes) -> bytes:
    made = bytearray(content)
    for _ in range(rng.randint(1, MOST_CHANGES)):
        at = rng.randrange(len(made) + 1)
        way = rng.randrange(7)
        if way == 0:
            del made[at:]
        elif way == 1:
            del made[at : at + rng.randint(1, 20)]
        elif way == 2:
            made[at : at + 1] = rng.randbytes(1)
        elif way == 3:
            made[at:at] = rng.choice(TEXTS)
        elif way == 4:
            made[at:at] = made[at : at + rng.randint(1, 200)]
        elif way == 5:
            made[at : at + 1] = b"%d" % rng.choice([0, 9, -1, 10**12])
        else:
            made = bytearray(rng.choice([b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"[" * 2000]) + made)
    return bytes(made)
