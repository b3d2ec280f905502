"""``Board``: a container for graphs and pedalboard plugins that needs no plugin binary.

The output equals that of ``pedalboard.Pedalboard`` with a ``GraphPlugin``, sample for sample.  A
board processes the whole buffer with one plugin before the next; adjacent pedalboard plugins are
processed in one call of pedalboard.
"""

import os
from collections.abc import Iterable, MutableSequence
from itertools import groupby
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....graph import Content, EngineError, Graph, Node, Spec
from ....graph.arguments import check_flag, check_whole, clip, format_value, is_iterable
from ...io.pedalboard_module import host
from .effect import GraphEffect

__all__ = ["Board"]

Audio = NDArray[np.float32]


class Board(MutableSequence[Any]):
    """Process pedalboard plugins and graphs in series; called as a ``Pedalboard`` is.

    Items are pedalboard plugins, graphs, nodes, models and paths of presets and .nam files (stored
    as ``GraphEffect``), and ``None``, which is skipped.  Any thread, one at a time.
    """

    def __init__(self, plugins: Iterable[Any] = ()) -> None:
        if not is_iterable(plugins):
            raise TypeError(
                f"plugins is {format_value(plugins)}: must be a list of plugins and graphs"
            )
        self._items: list[Any] = [_item(p) for p in plugins]
        self._layout: str | None = None
        self._channels = 0
        self._primed: set[tuple[tuple[int, ...], float, int]] = set()

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> list[Any]: ...
    def __getitem__(self, at: int | slice) -> Any:
        """Return an item; a graph is returned as its ``GraphEffect``."""
        return self._items[at]

    def __setitem__(self, at: Any, value: Any) -> None:
        """Replace an item."""
        self._items[at] = [_item(v) for v in value] if isinstance(at, slice) else _item(value)

    def __delitem__(self, at: int | slice) -> None:
        """Remove an item."""
        del self._items[at]

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def insert(self, index: int, value: Any) -> None:
        """Insert an item before the one at ``index``."""
        self._items.insert(index, _item(value))

    def __repr__(self) -> str:
        return clip(f"<Board with {len(self)} plugin{'s' * (len(self) != 1)}: {self._items}>")

    def reset(self) -> None:
        """Clear the state of all plugins and graphs."""
        plugins = []
        for item in self._items:
            if isinstance(item, GraphEffect):
                item.reset()
            elif item is not None:
                plugins.append(item)
        if plugins:
            host().Pedalboard(plugins).reset()  # plugin.reset() would drop the prepared block size
        self._primed.clear()
        self._layout, self._channels = None, 0

    def process(
        self,
        input_array: ArrayLike,
        sample_rate: float,
        buffer_size: int = 8192,
        reset: bool = True,
    ) -> Audio:
        """Process float32 or float64 audio: ``(frames,)``, ``(channels, frames)`` or its transpose.

        With ``reset``, states are cleared first and latency is compensated: the output is as long
        as the input.  Without, the call continues a stream: frames delayed by latency are returned
        by the calls that follow.  Returns float32.
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
            raise EngineError("the same plugin is on the board twice: must be there once")
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
        for is_graph, run in groupby(items, lambda item: isinstance(item, GraphEffect)):
            if is_graph:
                for effect in run:
                    x = effect.play(x, sample_rate, reset)
            else:
                x = self._process_plugins(list(run), x, sample_rate, size, reset)
        planar_out: Audio = x[0] if given.ndim == 1 else x
        return np.ascontiguousarray(x.T) if layout == "frames first" else planar_out

    __call__ = process

    def _process_plugins(
        self, run: list[Any], x: Audio, rate: float, size: int, reset: bool
    ) -> Audio:
        """Process adjacent pedalboard plugins in one call."""
        process = host().process
        key, channels = tuple(id(plugin) for plugin in run), len(x)
        if (key, rate, channels) not in self._primed or (reset and x.shape[1] <= channels):
            # Plugins clear their state when a block is longer than any before, and the first blocks
            # of a stream are short after a graph with latency; and pedalboard takes the longer
            # dimension for the frames unless an earlier call has set the layout.  A call with a
            # block of the full size and of known layout sets both.
            block = np.zeros((channels, max(size, channels + 1)), np.float32)
            process(block, rate, run, block.shape[1], False)
            process(block[:, :0], rate, run, block.shape[1], True)
            self._primed.add((key, rate, channels))
        if not (x.shape[1] or reset):
            return x
        output: Audio = process(x, rate, run, size, reset)
        return output

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
                "process a longer array first"
            )
        if self._channels in (rows, columns):
            return "channels first" if rows == self._channels else "frames first"
        if 0 in (rows, columns) and rows != columns:
            return "frames first" if rows == 0 else "channels first"
        return "frames first" if columns < rows else "channels first"


def _item(value: Any) -> Any:
    if isinstance(value, Graph | Node | Content | str | os.PathLike):
        return GraphEffect(value)
    if value is None or isinstance(value, GraphEffect):
        return value
    is_class = isinstance(value, type)
    methods = getattr(value, "process", None), getattr(value, "reset", None)
    if not is_class and all(map(callable, methods)):
        return value
    raise TypeError(
        "a board holds plugins, graphs, nodes, models, paths of presets and .nam files, and None, "
        f"not {format_value(value)}{': an instance, not the class' * is_class}"
    )
