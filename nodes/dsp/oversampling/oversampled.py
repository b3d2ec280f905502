"""A mono kernel at a multiple of the sample rate, between the half-band filters."""

from typing import Any

import numpy as np

from ....graph.prepare import Memory, NativeFunction
from ....runtime import authoring as ng
from .oversampler import RUN, allocate_oversamplers, downsample, upsample

__all__ = ["oversampled"]

STATE = np.dtype(
    [
        (name, np.int64)
        for name in ("times", "filters", "upsample", "downsample", "kernel", "inner", "high", "low")
    ]
)


@ng.kernel
def _oversampled(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    done = 0
    while done < frames:
        n = frames - done
        n = n if n < RUN else RUN
        ng.call_node(s.upsample, s.filters, ins + 4 * done, s.high, np.int32(n))
        ng.call_node(s.kernel, s.inner, s.high, s.low, np.int32(n * s.times))
        ng.call_node(s.downsample, s.filters, s.low, outs + 4 * done, np.int32(n))
        done += n


def oversampled(
    memory: Memory, times: int, quality: str, inner: NativeFunction, state: Any
) -> tuple[ng.Native, Any]:
    """Return a kernel that runs ``inner`` at ``times`` the rate, and its record.

    Both are mono: ``ins`` and ``outs`` are addresses of float32, not of lists of channels.  The
    latency is ``half_band.latency(times, quality, 0)`` frames of the lower rate.
    """
    made = memory.record(
        STATE,
        times=times,
        filters=allocate_oversamplers(memory, 1, times, quality, 0),
        upsample=upsample.address,
        downsample=downsample.address,
        kernel=inner.address,
        inner=state,
        high=memory.scratch(RUN * times),
        low=memory.scratch(RUN * times),
    )
    return _oversampled, made
