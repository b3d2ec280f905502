"""Process a pedalboard plugin as a node: a kernel that calls Python, for offline use only.

pedalboard's plugins allocate, lock, and are called through Python.  The kernel here takes the GIL,
so graphs with such a node are refused in live streams and in ``GraphPlugin``.

Plugins with latency return fewer frames than they receive, and how many depends on the block sizes.
The latency is therefore measured, and such a plugin is processed in blocks of ``GRID`` frames
counted from reset, between an input and an output queue: the output does not depend on the block
sizes of the graph.
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
from .describe import Description, Settings, make, set_parameter

__all__ = ["Hosted", "Measured", "measured", "record_type"]

Audio = NDArray[np.float32]
GRID = 512
"""Frames per block of a plugin with latency."""
STABLE_S = 0.5
"""Seconds without growth of the missing frames after which their number is the latency."""
MAX_MEASURED_S = 10.0
"""Seconds of audio after which a measurement ends."""
STREAM_TOLERANCE = 1e-3
"""Largest difference between streamed and whole output, relative to the peak."""
TAIL_END = 1e-5
"""Level below which a tail has ended, relative to the peak."""
_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32)
_tokens = itertools.count(1)


def record_type(names: list[str]) -> np.dtype[Any]:
    """Return the record type of a hosted plugin: its parameters, plugin token, frame count."""
    fields = [(name, np.float64) for name in names]
    return np.dtype([*fields, ("hosted_token", np.int64), ("hosted_frames", np.int64)])


@dataclass(frozen=True)
class Measured:
    """Latency and tail of a plugin at one sample rate, in frames."""

    grid: int
    """Block size in frames; 0: any block size gives the same output."""
    latency: int
    tail: int


@lru_cache(maxsize=256)
def measured(what: Description, settings: Settings, rate: float, channels: int) -> Measured:
    """Measure latency and tail: process noise, then silence, and count the frames returned."""
    plugin = make(what)
    for name, value in settings:
        set_parameter(plugin, name, float(value))
    wide = max(channels, 1)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (wide, GRID)).astype(np.float32)
    _prepare(plugin, rate, wide, GRID)
    given = back = short = since = 0
    parts = []
    while since < STABLE_S * rate and given < MAX_MEASURED_S * rate:
        parts.append(_process(plugin, noise, rate))
        given, back = given + GRID, back + parts[-1].shape[1]
        since = since + GRID if given - back <= short else 0
        short = max(short, given - back)
    stream = np.concatenate(parts, axis=1)
    peak = float(np.abs(stream).max(initial=0.0))
    if given >= MAX_MEASURED_S * rate and since == 0:
        raise EngineError(
            f"{what.effect}: returns fewer and fewer frames than it receives: cannot be a node"
        )
    if short:
        _check_stream(what, settings, stream, np.tile(noise, len(parts)), rate)
    silence, levels, loud = np.zeros_like(noise), [0.0], 0
    longest, quiet = MAX_MEASURED_S * rate, STABLE_S * rate
    while GRID * len(levels) < longest and GRID * (len(levels) - loud) < quiet:
        levels.append(float(np.abs(_process(plugin, silence, rate)).max(initial=0.0)))
        loud = len(levels) if levels[-1] > TAIL_END * peak else loud
    floor = max(TAIL_END * peak, 2.0 * max(levels[-10:]))  # constant noise is not a tail
    tail = GRID * max((k for k, level in enumerate(levels) if level > floor), default=0)
    tail = max(0, tail - short)
    return Measured(GRID, short + GRID - 1, tail) if short else Measured(0, 0, tail)


def _check_stream(
    what: Description, settings: Settings, stream: Audio, signal: Audio, rate: float
) -> None:
    """Raise ``EngineError`` if a stream gives another output than the whole signal at once."""
    plugin = make(what)
    for name, value in settings:
        set_parameter(plugin, name, float(value))
    whole: Audio = host().process(signal, rate, [plugin], GRID, True)
    common = min(stream.shape[1], whole.shape[1]) - GRID
    off = np.abs(stream[:, :common] - whole[:, :common]).max(initial=0.0)
    if off > STREAM_TOLERANCE * np.abs(whole).max(initial=1e-9):
        raise EngineError(
            f"{what.effect}: pedalboard plays it only as a whole: in blocks, its output differs: "
            "call it on the whole signal before or after namgraph.render"
        )


class Hosted:
    """One plugin in one plan; its kernel calls Python and takes the GIL."""

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
        self._native = _KERNEL(self._run)  # kept alive: the plan stores only its address

    @property
    def address(self) -> int:
        """Address of the C function that calls ``_run``."""
        return int(ctypes.cast(self._native, ctypes.c_void_p).value or 0)

    def check(self) -> None:
        """Raise the error of a block processed since the last call, if any."""
        error, self.error = self.error, None
        if error is not None:
            raise EngineError(f"{self.what.effect}: {error}") from error

    def _start(self) -> None:
        _prepare(self.plugin, self.rate, self.channels, self.longest)
        self._input = np.zeros((self.channels, 0), np.float32)
        self._output = np.zeros((self.channels, self.found.latency), np.float32)
        self.frames = 0

    def _run(self, state: int, ins: int, outs: int, frames: int) -> None:
        """Process one block; an error is stored for ``check``, and the output is silence."""
        try:
            output = self._play(self._record(state), _input_block(ins, self.channels, frames))
        except BaseException as error:
            self.error = self.error or error
            output = np.zeros((self.channels, frames), np.float32)
        for y, address in zip(output, _addresses(outs, self.channels), strict=True):
            ctypes.memmove(address, np.ascontiguousarray(y).ctypes.data, 4 * frames)

    def _play(self, record: Any, x: Audio) -> Audio:
        frames = x.shape[1]
        if record["hosted_token"] != self.token:  # first block, reset, or another plan's state
            self._set_parameters(record)  # before the reset: some plugins smooth from these values
            self._start()
            record["hosted_token"], record["hosted_frames"] = self.token, 0
        elif record["hosted_frames"] != self.frames:
            raise EngineError(
                "cannot return to a snapshot: the state of a hosted plugin cannot be restored"
            )
        self._set_parameters(record)
        self.frames += frames
        record["hosted_frames"] = self.frames
        if not self.found.grid:
            output = _process(self.plugin, x, self.rate)
            if output.shape[1] != frames:
                raise EngineError(f"returned {output.shape[1]} of {frames} frames")
            return output
        self._input = np.concatenate([self._input, x], axis=1)
        made = [self._output]
        while self._input.shape[1] >= GRID:
            block, self._input = self._input[:, :GRID], self._input[:, GRID:]
            made.append(_process(self.plugin, np.ascontiguousarray(block), self.rate))
        self._output = np.concatenate(made, axis=1)
        if self._output.shape[1] < frames:
            raise EngineError(f"its latency exceeds the {self.found.latency} frames measured")
        output, self._output = self._output[:, :frames], self._output[:, frames:]
        return output

    def _set_parameters(self, record: Any) -> None:
        for name in self.names:
            value = float(record[name])
            if self._set.get(name) != value:
                set_parameter(self.plugin, name, value)
                self._set[name] = value

    def _record(self, state: int) -> Any:
        if state not in self._records:
            raw = (ctypes.c_uint8 * self._type.itemsize).from_address(state)
            self._records[state] = np.frombuffer(raw, self._type)[0:1]
        return self._records[state][0]


def _prepare(plugin: Any, rate: float, channels: int, longest: int) -> None:
    """Reset a plugin and process one block of silence, the longest: a longer one would reset it."""
    plugin.reset()
    block = np.zeros((channels, max(longest, channels + 1)), np.float32)
    host().process(block, rate, [plugin], block.shape[1], False)
    host().process(block[:, :0], rate, [plugin], block.shape[1], True)


def _process(plugin: Any, x: Audio, rate: float) -> Audio:
    """Process one block of a stream; the output may be shorter."""
    output: Audio = host().process(x, rate, [plugin], x.shape[1], False)
    return output.reshape(len(x), -1) if output.size else np.zeros((len(x), 0), np.float32)


def _addresses(pointers: int, count: int) -> list[int]:
    return list((ctypes.c_int64 * count).from_address(pointers))


def _input_block(ins: int, channels: int, frames: int) -> Audio:
    """Return a copy of the input block, ``(channels, frames)``."""
    x = np.empty((channels, frames), np.float32)
    for row, address in zip(x, _addresses(ins, channels), strict=True):
        ctypes.memmove(row.ctypes.data, address, 4 * frames)
    return x
