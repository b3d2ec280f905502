"""A hosted plugin at work in a graph: Python inside a kernel, for rendering and scripts.

pedalboard's plugins allocate, lock, and are called from Python.  What runs here in the place of a
kernel takes the GIL, so graphs with such a node are refused wherever somebody waits for a block.

Plugins give back fewer frames than they get, some of them differently for each way of cutting the
signal.  The latency is therefore measured; and one that has any is played in blocks of its own, on
a grid counted from reset, between two queues, so that no cut can be heard.
"""

import ctypes
import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .....graph import EngineError
from ....io.pedalboard_module import host
from .describe import Description, Settings, make, turn

__all__ = ["Hosted", "Measured", "measured", "record_type"]

Audio = NDArray[np.float32]
GRID = 512
"""Frames in a block of a plugin that lags."""
SETTLE_S = 0.5
"""For how long the shortfall must not grow before it is believed."""
LONGEST_S = 10.0
SAME = 1e-3
"""Of the loudest sample: how far a stream may be from the whole."""
QUIET = 1e-5
"""Of the loudest sample: below it, a tail has ended."""
_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32)
_tokens = itertools.count(1)


def record_type(names: list[str]) -> np.dtype[Any]:
    """Return the record of a hosted plugin: its parameters, whose state it is, how far it is."""
    fields = [(name, np.float64) for name in names]
    return np.dtype([*fields, ("hosted_token", np.int64), ("hosted_frames", np.int64)])


@dataclass(frozen=True)
class Measured:
    """How a plugin behaves at one sample rate."""

    grid: int
    """Frames of its own blocks; 0: any block will do."""
    latency: int
    tail: int


@lru_cache(maxsize=256)
def measured(what: Description, settings: Settings, rate: float, channels: int) -> Measured:
    """Play noise, then silence, and see when how much comes back."""
    plugin = make(what)
    for name, value in settings:
        turn(plugin, name, float(value))
    wide = max(channels, 1)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (wide, GRID)).astype(np.float32)
    _refresh(plugin, rate, wide, GRID)
    given = back = short = since = 0
    parts = []
    while since < SETTLE_S * rate and given < LONGEST_S * rate:
        parts.append(_played(plugin, noise, rate))
        given, back = given + GRID, back + parts[-1].shape[1]
        since = since + GRID if given - back <= short else 0
        short = max(short, given - back)
    stream = np.concatenate(parts, axis=1)
    peak = float(np.abs(stream).max(initial=0.0))
    if given >= LONGEST_S * rate and since == 0:
        raise EngineError(f"{what.effect}: gives back ever less than it gets: it cannot be a node")
    if short:
        _check_stream(what, settings, stream, np.tile(noise, len(parts)), rate)
    silence, levels, loud = np.zeros_like(noise), [0.0], 0
    while GRID * len(levels) < LONGEST_S * rate and GRID * (len(levels) - loud) < SETTLE_S * rate:
        levels.append(float(np.abs(_played(plugin, silence, rate)).max(initial=0.0)))
        loud = len(levels) if levels[-1] > QUIET * peak else loud
    floor = max(QUIET * peak, 2.0 * max(levels[-10:]))  # some hiss for ever, which is no tail
    tail = GRID * max((k for k, level in enumerate(levels) if level > floor), default=0)
    tail = max(0, tail - short)
    return Measured(GRID, short + GRID - 1, tail) if short else Measured(0, 0, tail)


def _check_stream(
    what: Description, settings: Settings, stream: Audio, signal: Audio, rate: float
) -> None:
    """Refuse a plugin that makes something else of a stream than of the whole signal."""
    plugin = make(what)
    for name, value in settings:
        turn(plugin, name, float(value))
    whole: Audio = host().process(signal, rate, [plugin], GRID, True)
    common = min(stream.shape[1], whole.shape[1]) - GRID
    off = np.abs(stream[:, :common] - whole[:, :common]).max(initial=0.0)
    if off > SAME * np.abs(whole).max(initial=1e-9):
        raise EngineError(
            f"{what.effect}: pedalboard plays it only as a whole, and something else in a stream: "
            "call it on the whole signal before or after namgraph.render"
        )


class Hosted:
    """One plugin in one plan."""

    def __init__(
        self,
        what: Description,
        names: list[str],
        rate: float,
        channels: int,
        max_frames: int,
        found: Measured,
    ) -> None:
        self.plugin = make(what)
        self.what, self.names, self.rate, self.channels = what, names, rate, channels
        self.found, self.longest = found, found.grid or max_frames
        self.token, self.frames = next(_tokens), 0
        self.error: BaseException | None = None
        self._set: dict[str, float] = {}
        self._records: dict[int, Any] = {}
        self._type = record_type(names)
        self._native = _KERNEL(self._run)  # kept as long as this: a plan knows only its address

    @property
    def address(self) -> int:
        """Where the C function is that calls ``_run``."""
        return int(ctypes.cast(self._native, ctypes.c_void_p).value or 0)

    def check(self) -> None:
        """Raise what went wrong inside, once."""
        error, self.error = self.error, None
        if error is not None:
            raise EngineError(f"{self.what.effect}: {error}") from error

    def _begin(self) -> None:
        _refresh(self.plugin, self.rate, self.channels, self.longest)
        self._taken = np.zeros((self.channels, 0), np.float32)
        self._made = np.zeros((self.channels, self.found.latency), np.float32)
        self.frames = 0

    def _run(self, state: int, ins: int, outs: int, frames: int) -> None:
        """Play one block; what is raised waits for ``check``, and the output is silence."""
        try:
            heard = self._play(self._record(state), _gathered(ins, self.channels, frames))
        except BaseException as error:
            self.error = self.error or error
            heard = np.zeros((self.channels, frames), np.float32)
        for y, address in zip(heard, _addresses(outs, self.channels), strict=True):
            ctypes.memmove(address, np.ascontiguousarray(y).ctypes.data, 4 * frames)

    def _play(self, record: Any, x: Audio) -> Audio:
        frames = x.shape[1]
        if record["hosted_token"] != self.token:  # new, reset, or another plan's
            self._turn(record)  # first: some glide from what they were when they were cleared
            self._begin()
            record["hosted_token"], record["hosted_frames"] = self.token, 0
        elif record["hosted_frames"] != self.frames:
            raise EngineError("cannot return to a snapshot: a hosted plugin keeps its own state")
        self._turn(record)
        self.frames += frames
        record["hosted_frames"] = self.frames
        if not self.found.grid:
            heard = _played(self.plugin, x, self.rate)
            if heard.shape[1] != frames:
                raise EngineError(f"gave back {heard.shape[1]} of {frames} frames")
            return heard
        self._taken = np.concatenate([self._taken, x], axis=1)
        made = [self._made]
        while self._taken.shape[1] >= GRID:
            block, self._taken = self._taken[:, :GRID], self._taken[:, GRID:]
            made.append(_played(self.plugin, np.ascontiguousarray(block), self.rate))
        self._made = np.concatenate(made, axis=1)
        if self._made.shape[1] < frames:
            raise EngineError(f"lags by more than the {self.found.latency} frames measured")
        heard, self._made = self._made[:, :frames], self._made[:, frames:]
        return heard

    def _turn(self, record: Any) -> None:
        for name in self.names:
            value = float(record[name])
            if self._set.get(name) != value:
                turn(self.plugin, name, value)
                self._set[name] = value

    def _record(self, state: int) -> Any:
        if state not in self._records:
            raw = (ctypes.c_uint8 * self._type.itemsize).from_address(state)
            self._records[state] = np.frombuffer(raw, self._type)[0:1]
        return self._records[state][0]


def _refresh(plugin: Any, rate: float, channels: int, longest: int) -> None:
    """Clear a plugin, and show it the longest block to come: a longer one later would clear it."""
    plugin.reset()
    block = np.zeros((channels, max(longest, channels + 1)), np.float32)
    host().process(block, rate, [plugin], block.shape[1], False)
    host().process(block[:, :0], rate, [plugin], block.shape[1], True)


def _played(plugin: Any, x: Audio, rate: float) -> Audio:
    """Play one block of a stream; what comes back may be shorter."""
    heard: Audio = host().process(x, rate, [plugin], x.shape[1], False)
    return heard.reshape(len(x), -1) if heard.size else np.zeros((len(x), 0), np.float32)


def _addresses(pointers: int, count: int) -> list[int]:
    return list((ctypes.c_int64 * count).from_address(pointers))


def _gathered(ins: int, channels: int, frames: int) -> Audio:
    """Copy a block's channels into one array."""
    x = np.empty((channels, frames), np.float32)
    for row, address in zip(x, _addresses(ins, channels), strict=True):
        ctypes.memmove(row.ctypes.data, address, 4 * frames)
    return x
