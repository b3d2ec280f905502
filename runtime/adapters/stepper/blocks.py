"""Shapes of the blocks that ``Stepper.step`` takes and returns."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....graph import PortError
from ...engine.audio_arrays import check_samples

__all__ = ["output_shape", "with_frames"]


def output_shape(block: NDArray[Any], streams: int, outputs: int) -> tuple[int, ...]:
    """Return the shape of the output for a block with an axis of frames."""
    shape, axes = block.shape, block.ndim
    if axes == 3:
        return (shape[0], outputs, shape[2])
    if streams > 1:
        return shape if outputs == 1 or axes < 2 else (shape[0], outputs, shape[1])
    return shape if axes == outputs == 1 else (outputs, *shape[-1:])


def with_frames(
    block: ArrayLike, streams: int, channels: int, frames: int
) -> tuple[NDArray[np.float32], bool]:
    """Return a block as float32 with an axis of frames, and whether that axis was added.

    ``PortError`` if its shape is none that a stepper with these ``streams``, input ``channels`` and
    at most ``frames`` takes.
    """
    x = check_samples("block", block)
    mono, single = channels == 1, streams == 1
    forms: list[tuple[int, ...]] = [(streams, channels)]
    if single:
        forms.append((channels,))
    if mono:
        forms.append(() if single else (streams,))
    leading = x.shape[:-1] if x.ndim else None
    one_frame = leading not in forms and mono and x.shape == (() if single else (streams,))
    if one_frame:
        x = x[..., None]
    elif leading not in forms:
        allowed = " or ".join(f"({', '.join(map(str, (*form, 'frames')))})" for form in forms)
        raise PortError(f"block: shape is {x.shape}: must be {allowed}")
    if not 1 <= x.shape[-1] <= frames:
        raise PortError(
            f"block has {x.shape[-1]} frames: must have 1 to {frames}, as the Stepper was made for"
        )
    with np.errstate(over="ignore"):  # values too large for float32 become infinite: counted
        return np.ascontiguousarray(x, np.float32), one_frame
