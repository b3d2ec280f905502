"""``Board``: pedalboard's container for graphs, where the shim cannot be loaded.

It is sample for sample what ``pedalboard.Pedalboard`` with a ``GraphPlugin`` gives.  Like it, a
board is plugin-major: the whole buffer goes through one plugin before the next, so that neighbours
among pedalboard's plugins can be played by pedalboard in one call, and graphs in between by us.
"""

from collections.abc import Iterable, MutableSequence
from itertools import groupby
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....graph import EngineError, Graph, Spec
from ....graph.arguments import check_flag, check_whole, said
from ...io.pedalboard_module import host
from .effect import GraphEffect

__all__ = ["Board"]

Audio = NDArray[np.float32]


class Board(MutableSequence[Any]):
    """Plays pedalboard's plugins and graphs in a row; called as a ``Pedalboard`` is.

    Items are plugins of pedalboard's, graphs (which become ``GraphEffect``), and ``None``, which
    does nothing.  One thread at a time.
    """

    def __init__(self, plugins: Iterable[Any] = ()) -> None:
        if isinstance(plugins, str | bytes) or not isinstance(plugins, Iterable):
            raise TypeError(f"plugins is {said(plugins)}: must be a list of plugins and graphs")
        self._items: list[Any] = [_item(p) for p in plugins]
        self._layout: str | None = None
        self._channels = 0
        self._primed: set[tuple[tuple[int, ...], float, int]] = set()

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> list[Any]: ...
    def __getitem__(self, at: int | slice) -> Any:
        """Return an item: a graph comes back as its ``GraphEffect``."""
        return self._items[at]

    def __setitem__(self, at: Any, value: Any) -> None:
        """Put something else in the place of an item."""
        self._items[at] = [_item(v) for v in value] if isinstance(at, slice) else _item(value)

    def __delitem__(self, at: int | slice) -> None:
        """Take out an item."""
        del self._items[at]

    def __len__(self) -> int:
        """Count the items."""
        return len(self._items)

    def insert(self, index: int, value: Any) -> None:
        """Put an item before another."""
        self._items.insert(index, _item(value))

    def __repr__(self) -> str:
        return f"<Board with {len(self)} plugin{'s' * (len(self) != 1)}: {self._items}>"

    def reset(self) -> None:
        """Forget everything heard."""
        theirs = []
        for item in self._items:
            if isinstance(item, GraphEffect):
                item.reset()
            elif item is not None:
                theirs.append(item)
        if theirs:
            host().Pedalboard(theirs).reset()  # one by one they would forget their block size
        self._primed.clear()
        self._layout, self._channels = None, 0

    def process(
        self,
        input_array: ArrayLike,
        sample_rate: float,
        buffer_size: int = 8192,
        reset: bool = True,
    ) -> Audio:
        """Play audio, 1-D for mono, ``(channels, frames)`` or ``(frames, channels)``.

        With ``reset`` everything begins afresh and ends here: the result is as long as the input.
        Without, this is a part of a stream, and what lags comes out in the calls that follow.
        """
        try:
            given = np.asarray(input_array)
        except (TypeError, ValueError) as reason:  # rows of different lengths
            raise TypeError(f"input_array cannot be read as an array: {reason}") from None
        if given.dtype not in (np.float32, np.float64):
            raise TypeError(f"input_array: samples are {given.dtype}: must be float32 or float64")
        sample_rate, reset = Spec(sample_rate, 1).rate, check_flag("reset", reset)
        buffer_size = check_whole("buffer_size", buffer_size, 1, 1 << 31)
        items = [item for item in self._items if item is not None]
        if len({id(item) for item in items}) < len(items):
            raise EngineError("the same plugin is on the board twice: each can be there once")
        layout = self._layout = self._layout_of(given)
        planar = given.reshape(1, -1) if given.ndim == 1 else given
        x = np.array(planar.T if layout == "frames first" else planar, np.float32, order="C")
        if len(x) == 0:
            return np.zeros(given.shape, np.float32)
        self._channels = len(x)
        size = min(buffer_size, x.shape[1])
        if reset:
            for item in items:
                if isinstance(item, GraphEffect):
                    item.reset()
        for ours, run in groupby(items, lambda item: isinstance(item, GraphEffect)):
            if ours:
                for effect in run:
                    x = effect.play(x, sample_rate, reset)
            else:
                x = self._theirs(list(run), x, sample_rate, size, reset)
        heard: Audio = x[0] if given.ndim == 1 else x
        return np.ascontiguousarray(x.T) if layout == "frames first" else heard

    __call__ = process

    def _theirs(self, run: list[Any], x: Audio, rate: float, size: int, reset: bool) -> Audio:
        """Play neighbours among pedalboard's plugins, in one call."""
        process = host().process
        key, channels = tuple(id(plugin) for plugin in run), len(x)
        if (key, rate, channels) not in self._primed or (reset and x.shape[1] <= channels):
            # Plugins clear themselves when a longer block comes than any before, and the first of
            # a stream are short behind a graph that lags; and they take the longer side of an
            # array for the frames unless they have seen better.  So they see a good one first.
            block = np.zeros((channels, max(size, channels + 1)), np.float32)
            process(block, rate, run, block.shape[1], False)
            process(block[:, :0], rate, run, block.shape[1], True)
            self._primed.add((key, rate, channels))
        if not (x.shape[1] or reset):
            return x
        heard: Audio = process(x, rate, run, size, reset)
        return heard

    def _layout_of(self, audio: NDArray[Any]) -> str:
        """Tell channels from frames by pedalboard's rules."""
        if audio.ndim == 1:
            return "channels first"
        if audio.ndim != 2:
            raise EngineError(f"input_array has {audio.ndim} dimensions: must have 1 or 2")
        rows, columns = audio.shape
        if rows == columns and rows > 1:
            if self._layout:
                return self._layout
            raise EngineError(
                f"input_array of shape {audio.shape} does not show which are the channels: "
                "play something longer first"
            )
        if self._channels in (rows, columns):
            return "channels first" if rows == self._channels else "frames first"
        if 0 in (rows, columns) and rows != columns:
            return "frames first" if rows == 0 else "channels first"
        return "frames first" if columns < rows else "channels first"


def _item(value: Any) -> Any:
    if isinstance(value, Graph):
        return GraphEffect(value)
    if value is None or isinstance(value, GraphEffect):
        return value
    if callable(getattr(value, "process", None)) and callable(getattr(value, "reset", None)):
        return value
    raise TypeError(f"a board holds plugins, graphs and None, not {said(value)}")
