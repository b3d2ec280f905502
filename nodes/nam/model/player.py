"""``Player``: one model as a function of arrays, of samples, and of compiled code.

A WaveNet of eight weights, from text to sound; its output is the positive part of twice its input:

>>> import namgraph as ng
>>> import numpy as np
>>> text = '''{
...     "version": "0.5.4", "architecture": "WaveNet",
...     "config": {
...         "layers": [{
...             "input_size": 1, "condition_size": 1, "channels": 1, "head_size": 1,
...             "kernel_size": 1, "dilations": [1], "activation": "ReLU",
...             "gated": false, "head_bias": false
...         }],
...         "head": null, "head_scale": 1.0
...     },
...     "weights": [1.0, 2.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0]
... }'''
>>> amp = ng.load_nam(text).player()
>>> buffer = np.array([0.1, 0.2, 0.3, -0.4], np.float32)
>>> amp.process(buffer, out=buffer)  # in place, nothing is allocated
array([0.2, 0.4, 0.6, 0. ], dtype=float32)
>>> amp.process_sample(0.25)
0.5

In a loop that Numba compiles, through ``handle``:

>>> from numba import njit
>>> play, state = amp.handle.process_sample, amp.handle.state
>>> @njit
... def peak(state, x):
...     most = 0.0
...     for value in x:
...         most = max(most, abs(play(state, value)))
...     return most
>>> round(peak(state, np.array([0.1, 0.4, -0.9])), 6)
0.8
"""

import ctypes
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....graph import EngineError, Graph, ParamError
from ....graph.arguments import as_number, format_value
from ....runtime.engine.engine import Engine
from ....runtime.engine.process import process
from ....runtime.engine.sample_call import process_sample

__all__ = ["NativeHandle", "Player"]

Audio = NDArray[np.float32]


class NativeHandle(NamedTuple):
    """What compiled code needs to play a model: C functions, and their first argument.

    The functions are ctypes functions: Numba compiles calls of them to direct calls.  They allocate
    nothing and take no lock.  One thread at a time may call them.  They keep the player, and a
    compiled function keeps those that it calls; ``state`` alone, a number, does not.

    A loop that Numba compiles takes the functions from the variables around it, and ``state`` as an
    argument::

        state, process, process_sample = model.player().handle

        @numba.njit
        def play(state, x, y):
            for k in range(len(x)):
                y[k] = process_sample(state, x[k])
    """

    state: int
    """The first argument of both."""
    process: Callable[[int, int, int, int], None]
    """``void(int64 state, int64 ins, int64 outs, int32 frames)``: addresses of lists of ``float*``,
    one for each channel."""
    process_sample: Callable[[int, float], float]
    """``double(int64 state, double x)``: one frame of a model with one channel in and out."""


class Player:
    """Plays one model: arrays in blocks of any length, or sample by sample.

    Made by ``Model.player``.  Everything is prepared once; calls with ``out`` allocate nothing.
    One thread at a time.
    """

    def __init__(
        self, graph: Graph, rate: float, max_frames: int, receptive_field: int | None
    ) -> None:
        self._engine = Engine(graph, sample_rate=rate, max_frames=max_frames)
        self._mono = (*graph.inputs.values(), *graph.outputs.values()) == (1, 1)
        self._process_sample: Callable[[int, float], float] = process_sample.ctypes
        self._state = self._engine.state
        self.receptive_field = receptive_field
        """Input frames that an output frame depends on; ``None`` if unbounded (LSTM)."""

    @property
    def engine(self) -> Engine:
        """The engine, with the node ``amp``: parameters, saved states, statistics."""
        return self._engine

    @property
    def sample_rate(self) -> float:
        """Rate in Hz of what it plays."""
        return self._engine.spec.rate

    @property
    def latency(self) -> int:
        """Frames from input to output: 0, unless the model is resampled."""
        return self._engine.latency

    @property
    def handle(self) -> NativeHandle:
        """Functions for compiled code, a loop compiled by Numba for instance: ``NativeHandle``."""
        return NativeHandle(self._state, self._keeper(process), self._keeper(process_sample))

    def _keeper(self, made: Any) -> Any:
        """Return a native function as a ctypes function that keeps this player."""
        function = type(made.ctypes)(made.address)
        function.player = self
        return function

    def process(self, array: ArrayLike, out: Audio | None = None) -> Audio:
        """Play ``(frames,)`` or ``(channels, frames)``; return float32 of the same length.

        ``out``, a float32 array of the output's shape, is returned; nothing is allocated then.
        """
        return self._engine.process(array, out)

    def process_sample(self, x: float) -> float:
        """Play one frame of a model with one channel in and out; NaN and infinity play as 0."""
        if not self._mono:
            raise EngineError(
                "process_sample plays models with one channel in and out: use process for others"
            )
        try:
            return self._process_sample(self._state, x)
        except ctypes.ArgumentError:  # another kind of number, or none
            number = as_number(x)
        if number is None:
            raise ParamError(f"x is {format_value(x)}: must be a number")
        return self._process_sample(self._state, number)

    def reset(self) -> None:
        """Return to the beginning: where prewarming ends, or without it the state in the file."""
        self._engine.reset()

    def __repr__(self) -> str:
        nodes: Any = self._engine.plan.graph.nodes
        (node,) = nodes.values()
        return f"<Player of {node.model!r} at {self.sample_rate:g} Hz>"
