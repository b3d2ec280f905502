"""Convert arrays of audio to the channels that an engine plays, and back.  Any thread."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...graph import Graph, PortError
from ...graph.arguments import check_whole, format_value

__all__ = ["AudioBuffers", "as_channels", "check_rows", "check_samples"]

Audio = NDArray[np.float32]
STEREO = 2
MOST_FRAMES = 1 << 40


def as_channels(name: str, audio: ArrayLike, channels: int) -> Audio:
    """Return audio as contiguous float32 ``(channels, frames)``; 1-D is mono.

    ``PortError``, which names the input: another channel count, more dimensions, or samples that
    are not floating point.
    """
    x = check_samples(name, audio)
    if x.ndim not in (1, 2):
        raise PortError(f"{name}: shape is {x.shape}: must be (channels, frames) or (frames,)")
    planar = x.reshape(1, -1) if x.ndim == 1 else x
    if planar.shape[0] != channels:
        found = planar.shape[0]
        raise PortError(
            f"{name}: audio of shape {x.shape} has {found} channel{'s' * (found != 1)}, "
            f"the graph's input takes {channels}{_advice(x, channels)}"
        )
    with np.errstate(over="ignore"):  # values too large for float32 become infinite: counted
        return np.ascontiguousarray(planar, np.float32)


def check_samples(name: str, audio: ArrayLike) -> NDArray[Any]:
    """Return audio as an array; ``PortError`` if its samples are not floating point."""
    x = _array(name, audio)
    if x.dtype.kind not in "fiu" or (x.dtype.kind in "iu" and x.size):
        hint = ""
        if isinstance(audio, str | os.PathLike):
            hint = "; read a file first: ng.read_audio(path).samples"
        elif hasattr(audio, "samples"):
            hint = "; of an AudioFile pass its .samples"
        elif x.dtype.kind == "i" and x.dtype.itemsize > 1:
            hint = f"; of PCM divide by {1 << 8 * min(x.dtype.itemsize, 4) - 1}"
        raise PortError(
            f"{name}: samples are {x.dtype}: must be floating point, full scale 1.0{hint}"
        )
    return x


def _array(name: str, audio: Any) -> NDArray[Any]:
    try:
        return np.asarray(audio)
    except (TypeError, ValueError) as reason:  # rows of different lengths, a tensor on a device
        raise PortError(f"{name}: cannot be read as an array: {reason}") from None


def _length(audio: Any) -> int:
    """Return the frames of an array with any number of channels."""
    shape = _array("audio", audio).shape
    if len(shape) not in (1, 2):
        raise PortError(f"audio: shape is {shape}: must be (channels, frames) or (frames,)")
    return int(shape[-1])


def _advice(x: NDArray[Any], channels: int) -> str:
    """Return how to convert audio with the wrong channel count, if its shape shows it."""
    if x.ndim == 1:
        return ": np.stack([x, x]) plays it on both" if channels == 2 else ""
    rows, columns = x.shape
    if columns == channels:
        return ": frames come last here: transpose, pass x.T"
    if channels == 1 and columns == STEREO < rows:
        return ": frames come last here, and it is mono: pass x[:, 0], or x.mean(axis=1)"
    if channels == 1 and rows == STEREO:
        return ": pass one channel, x[0], or both as one, x.mean(axis=0)"
    if channels == STEREO and rows == 1:
        return ": np.repeat(x, 2, axis=0) plays it on both"
    return ""


def check_rows(
    graph: Graph, inputs: list[Audio], outputs: list[Audio], frames: int, block: int | None
) -> None:
    """Check the arrays whose addresses a native call gets, and the lengths of it and its blocks.

    ``PortError``, which names the array: native code reads and writes ``frames`` samples of each.
    """
    check_whole("frames", frames, 0, MOST_FRAMES)
    if block is not None:
        check_whole("block", block, 1, MOST_FRAMES)
    _check_side("inputs", inputs, sum(graph.inputs.values()), frames)
    _check_side("outputs", outputs, sum(graph.outputs.values()), frames)


def _check_side(side: str, rows: list[Audio], channels: int, frames: int) -> None:
    if not isinstance(rows, list | tuple) or len(rows) != channels:
        found = f"{len(rows)} arrays" if isinstance(rows, list | tuple) else type(rows).__name__
        raise PortError(f"{side} is {found}: must be a list of {channels}, one for each channel")
    for n, row in enumerate(rows):
        what = f"{side}[{n}]"
        if type(row) is not np.ndarray or row.dtype != np.float32 or row.ndim != 1:
            is_array = isinstance(row, np.ndarray)
            told = f"{row.dtype} of shape {row.shape}" if is_array else format_value(row)
            raise PortError(f"{what} is {told}: must be a float32 array of shape ({frames},)")
        if len(row) < frames:
            raise PortError(f"{what} has {len(row)} frames: must have {frames}")
        flags = row.flags
        if not (flags.c_contiguous and flags.aligned):
            raise PortError(f"{what} is not contiguous: np.ascontiguousarray makes it so")
        if side == "outputs" and not flags.writeable:
            raise PortError(f"{what} is read-only: must be writeable")


class AudioBuffers:
    """The audio of one call, as one array for each channel of the graph's inputs and outputs."""

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
            names = ", ".join(map(format_value, given)) or "none"
            raise PortError(f"audio for the inputs {names}: the graph has {list(graph.inputs)}")
        planar = {n: as_channels(n, given[n], c) for n, c in graph.inputs.items()}
        lengths = {n: x.shape[1] for n, x in planar.items()}
        if len(set(lengths.values())) > 1:
            raise PortError(f"the inputs differ in length: {lengths}")
        self.mono = not self.by_name and np.ndim(whole) == 1
        if planar:
            self.frames = next(iter(lengths.values()))
        else:  # a graph without inputs: the array only gives the length
            self.frames = 0 if self.by_name else _length(whole)
        self.inputs: list[Audio] = [row for x in planar.values() for row in x]

    def outputs(self, out: Audio | None = None) -> list[Audio]:
        """Return one array of frames for each output channel: rows of ``out``, or new ones."""
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
        side_by_side = self.frames <= 1 or planar.strides[1] == out.itemsize
        if not side_by_side or not planar.flags.writeable:
            raise PortError(
                "out is not contiguous and writeable: must have the frames of each channel side by "
                f"side: np.empty({out.shape}, np.float32)"
            )
        self.inputs = [x.copy() if np.may_share_memory(x, out) else x for x in self.inputs]
        return list(planar)

    def shaped(self, outs: list[Audio]) -> Any:
        """Return the outputs in the form of the inputs: an array or a mapping, 1-D if mono."""
        found, at = {}, 0
        for name, channels in self.graph.outputs.items():
            found[name] = _stack(outs[at : at + channels])
            at += channels
        if self.by_name:
            return found
        only = next(iter(found.values()))
        return only[0] if self.mono and len(only) == 1 else only


def _stack(rows: list[Audio]) -> Audio:
    """Return rows as one array; no copy if they are the rows of one already."""
    base, frames = rows[0].base, len(rows[0])
    if isinstance(base, np.ndarray) and base.shape == (len(rows), frames):
        return base
    return np.stack(rows)
