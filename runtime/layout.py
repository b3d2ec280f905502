"""From arrays as people hold them to channels as the engine takes them, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..graph import Graph, PortError

__all__ = ["Ends", "as_channels"]

Audio = NDArray[np.float32]


def as_channels(name: str, audio: ArrayLike, channels: int) -> Audio:
    """Return audio as contiguous float32 ``(channels, frames)``; 1-D is mono.

    Nothing is guessed: another channel count, more dimensions or other than real numbers is a
    ``PortError`` that names the input.
    """
    x = np.asarray(audio)
    if x.dtype.kind not in "fiu" or (x.dtype.kind in "iu" and x.size):
        raise PortError(f"{name}: samples are {x.dtype}: must be floating point, full scale 1.0")
    if x.ndim not in (1, 2):
        raise PortError(f"{name}: shape is {x.shape}: must be (channels, frames) or (frames,)")
    planar = x.reshape(1, -1) if x.ndim == 1 else x
    if planar.shape[0] != channels:
        raise PortError(
            f"{name}: audio of shape {x.shape} has {planar.shape[0]} channels, "
            f"the graph's input takes {channels}"
        )
    with np.errstate(over="ignore"):  # too large for float32 is infinite, and counted as such
        return np.ascontiguousarray(planar, np.float32)


class Ends:
    """One call's audio, matched to the graph's inputs and outputs."""

    def __init__(self, graph: Graph, audio: ArrayLike | Mapping[str, ArrayLike]) -> None:
        self.graph = graph
        self.by_name = isinstance(audio, Mapping)
        given: Mapping[str, Any]
        whole: Any = audio
        if isinstance(audio, Mapping):
            given = audio
        else:
            if len(graph.inputs) > 1 or len(graph.outputs) != 1:
                raise PortError(
                    f"the graph has inputs {list(graph.inputs)} and outputs {list(graph.outputs)}:"
                    " give audio as a mapping by input name"
                )
            given = dict.fromkeys(graph.inputs, audio)
        if set(given) != set(graph.inputs):
            raise PortError(f"audio for inputs {sorted(given)}: the graph has {list(graph.inputs)}")
        planar = {n: as_channels(n, given[n], c) for n, c in graph.inputs.items()}
        lengths = {n: x.shape[1] for n, x in planar.items()}
        if len(set(lengths.values())) > 1:
            raise PortError(f"the inputs differ in length: {lengths}")
        self.mono = not self.by_name and np.ndim(whole) == 1
        if planar:
            self.frames = next(iter(lengths.values()))
        else:  # a graph that only makes sound: the array says how much
            self.frames = int(np.shape(whole)[-1]) if not self.by_name else 0
        self.inputs: list[Audio] = [row for x in planar.values() for row in x]

    def outputs(self, out: Audio | None = None) -> list[Audio]:
        """Return one array for each output channel; ``out`` is used if it fits."""
        count = sum(self.graph.outputs.values())
        if out is None:
            return list(np.empty((count, self.frames), np.float32))
        if self.by_name or not isinstance(out, np.ndarray):
            what = "with audio by name" if self.by_name else type(out).__name__
            raise PortError(f"out is given {what}: must be an array, for a graph with one output")
        planar = out.reshape(1, -1) if out.ndim == 1 else out
        if out.dtype != np.float32 or planar.shape != (count, self.frames):
            raise PortError(
                f"out is {out.dtype} of shape {out.shape}: must be float32 "
                f"of shape {(count, self.frames)}"
            )
        if not planar.flags.c_contiguous or not planar.flags.writeable:
            raise PortError("out is not contiguous and writeable: give an array that owns its rows")
        return list(planar)

    def shaped(self, outs: list[Audio]) -> Any:
        """Return the outputs in the manner of the inputs: array or mapping, 1-D if mono."""
        found, at = {}, 0
        for name, channels in self.graph.outputs.items():
            found[name] = _stack(outs[at : at + channels])
            at += channels
        if self.by_name:
            return found
        only = next(iter(found.values()))
        return only[0] if self.mono and len(only) == 1 else only


def _stack(rows: list[Audio]) -> Audio:
    """Return rows as one array, without a copy where they lie in one already."""
    base, frames = rows[0].base, len(rows[0])
    if isinstance(base, np.ndarray) and base.shape == (len(rows), frames):
        return base
    return np.stack(rows)
