"""Up to 2, 4 or 8 times the sample rate and back, inside a kernel: ``upsample``, ``downsample``.

The bits do not depend on how a signal is cut into runs: all sums are ``fir_run``'s.
"""

from typing import Any

import numpy as np

from ....graph.prepare import Memory
from ....runtime import authoring as ng
from ....runtime.native.pointers import move_bytes
from .half_band import DESIGNS, half_band, pad_taps
from .loops import interleave, take_apart

__all__ = ["OVERSAMPLER", "RUN", "allocate_oversamplers", "downsample", "upsample"]

RUN = 64
"""Most frames of the lower rate in one call."""

STAGE = np.dtype(
    [
        ("count", np.int64),  # taps of the phase that is no mere delay
        ("up_taps", np.int64),
        ("down_taps", np.int64),
        ("low", np.int64),  # count - 1 frames before a run, then the run, at the lower rate
        ("even", np.int64),  # the same, of every second frame of the higher rate
        ("odd", np.int64),  # of the others, after count / 2
    ]
)
OVERSAMPLER = np.dtype(
    [
        ("stages", np.int64),
        ("stage", np.int64),  # address of the first
        ("pad_count", np.int64),
        ("pad_taps", np.int64),
        ("pad", np.int64),  # pad_count - 1 frames before a run, then the run, at the highest rate
        ("work", np.int64),
    ]
)
SIZE = STAGE.itemsize


def allocate_oversamplers(
    memory: Memory, channels: int, times: int, quality: str, adaa: int, inner: int = 0
) -> Any:
    """Allocate an ``OVERSAMPLER`` for each channel; its latency is ``half_band.latency``.

    ``inner`` is the delay of what is between, in frames of the raised rate.
    """
    stages = times.bit_length() - 1
    halves = [half_band(design)[::2] for design in DESIGNS[quality][:stages]]
    up_taps = [memory.constant((2.0 * taps).astype(np.float32)) for taps in halves]
    down_taps = [memory.constant(taps.astype(np.float32)) for taps in halves]
    pad = pad_taps(times, quality, adaa, inner).astype(np.float32)
    taps, work = memory.constant(pad), memory.scratch(RUN * times)
    rows = []
    for _ in range(channels):
        own = []
        for n, half in enumerate(halves):
            count, run = len(half), RUN << n
            own.append(
                {
                    "count": count,
                    "up_taps": up_taps[n],
                    "down_taps": down_taps[n],
                    "low": memory.state(count - 1 + run),
                    "even": memory.state(count - 1 + run),
                    "odd": memory.state(count // 2 + run),
                }
            )
        row = {"stages": stages, "pad_count": len(pad), "pad_taps": taps, "work": work}
        if own:
            row |= {"stage": memory.records(STAGE, own)}
        if len(pad) > 1:
            row |= {"pad": memory.state(len(pad) - 1 + RUN * times)}
        rows.append(row)
    return memory.records(OVERSAMPLER, rows)


@ng.kernel
def upsample(state: int, ins: int, outs: int, frames: int) -> None:
    """Write the signal at the higher rate to the address ``outs``.

    ``ins`` is the address of ``frames`` float32, ``RUN`` at most.
    """
    s = ng.record(state, OVERSAMPLER)
    n = np.int64(frames)
    if s.stages == 0:
        ng.copy_bytes(outs, ins, 4 * n)
        return
    ng.copy_bytes(
        ng.record(s.stage, STAGE).low + 4 * (ng.record(s.stage, STAGE).count - 1), ins, 4 * n
    )
    for number in range(s.stages):
        place = s.stage + number * SIZE
        stage = ng.record(place, STAGE)
        count, low = stage.count, stage.low
        target = outs
        if number + 1 < s.stages:
            above = ng.record(place + SIZE, STAGE)
            target = above.low + 4 * (above.count - 1)
        ng.fir_run(s.work, low + 4 * (count - 1), n, stage.up_taps, count)
        interleave(target, s.work, low + 2 * count, n)
        move_bytes(low, low + 4 * n, 4 * (count - 1))
        n = 2 * n


@ng.kernel
def downsample(state: int, ins: int, outs: int, frames: int) -> None:
    """Write ``frames`` float32 at the lower rate to the address ``outs``.

    ``ins`` is the address of the signal at the higher rate.
    """
    s = ng.record(state, OVERSAMPLER)
    n, source = np.int64(frames) << s.stages, ins
    if s.stages == 0:
        ng.copy_bytes(outs, ins, 4 * n)
        return
    count = s.pad_count
    if count > 1:
        ng.copy_bytes(s.pad + 4 * (count - 1), source, 4 * n)
        source = s.work
        ng.fir_run(source, s.pad + 4 * (count - 1), n, s.pad_taps, count)
        move_bytes(s.pad, s.pad + 4 * n, 4 * (count - 1))
    for back in range(s.stages):
        number = s.stages - 1 - back
        stage = ng.record(s.stage + number * SIZE, STAGE)
        n >>= 1
        count, even, odd = stage.count, stage.even, stage.odd
        take_apart(even + 4 * (count - 1), odd + 2 * count, source, n)
        source = outs if number == 0 else s.work
        ng.fir_run(source, even + 4 * (count - 1), n, stage.down_taps, count)
        ng.add_to(source, odd, n)
        move_bytes(even, even + 4 * n, 4 * (count - 1))
        move_bytes(odd, odd + 4 * n, 2 * count)
