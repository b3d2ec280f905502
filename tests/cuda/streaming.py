"""Runs a WaveNet kernel in the emulator: states, launch headers, chunks, replays."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from namgraph.nodes.nam.cuda.network import CudaNetwork
from namgraph.nodes.nam.cuda.wavenet import cuda_wavenet
from namgraph.nodes.nam.model.wavenet import WaveNet

from ..nodes.nam.playing import parse
from .arguments import Block, NamArgs, filled, placed
from .emulator import compiled, emulate

__all__ = ["Streaming", "network_of", "streaming", "translated"]

Signal = NDArray[np.float32]


def network_of(file: Any) -> WaveNet:
    """The one WaveNet in a file."""
    network = parse(file).running
    assert isinstance(network, WaveNet)
    return network


def streaming(*files: Any, **options: Any) -> "Streaming":
    """Files of one shape as instances of one kernel, all cleared."""
    return Streaming([cuda_wavenet(network_of(file)) for file in files], **options)


def translated(texts: Sequence[tuple[str, str]]) -> Path:
    """Compile kernels, each of which may be called apart from the others; return a library.

    What is played for a second at most is not worth optimising.
    """
    parts = ['#include "shim.h"']
    for entry, source in texts:
        parts += [f"namespace apart_{entry} {{", source, "}"]
        parts += [f"using apart_{entry}::{entry};", f"SHIM_ENTRY({entry})"]
    return compiled("\n".join(parts), ["-O0"])


class Streaming:
    """Instances of one kernel; each call is a launch that continues the one before."""

    def __init__(
        self,
        networks: Sequence[CudaNetwork],
        slots: int = 1,
        *,
        so: Path | None = None,
        entry: str = "",
        defer: bool = True,
        seed: int = 1,
    ) -> None:
        self.kernel, self.slots, self.first = networks[0].kernel, slots, 0
        assert {n.kernel for n in networks} == {self.kernel}
        self.so = so or translated([(self.kernel.entry, self.kernel.source)])
        self.entry = entry or self.kernel.entry
        self.options: dict[str, Any] = {"defer": defer, "seed": seed}
        self.count, self.warm = len(networks), networks[0].past_floats
        self.weights = placed([n.weights for n in networks])
        self.state = placed(np.zeros((self.count * slots, networks[0].state_floats)))
        self.bad = placed(np.zeros(self.count), np.int32)
        self.heard: Any = None

    def __call__(
        self,
        signal: Signal,
        *,
        chunks: int = 1,
        chunk_frames: int = 0,
        past: Signal | None = None,
        factors: tuple[Signal | None, Signal | None] = (None, None),
    ) -> Signal:
        """Process one block: ``(instances, frames)``, or one signal for all instances."""
        frames = signal.shape[-1]
        shared = signal.ndim == 1
        x = placed(signal)
        y = placed(np.full((self.count, frames), 77))
        self.heard = placed(np.full((1 if shared else self.count, frames), 77))
        driven = [None if f is None else placed(f) for f in factors]
        before = None if past is None else placed(past)
        block = Block(
            frames,
            first=self.first,
            chunks=chunks,
            chunk_frames=chunk_frames or frames,
            replay=-1 if before is None else before.shape[-1],
            factors=sum(1 << n for n, f in enumerate(driven) if f is not None),
        )
        args = filled(
            NamArgs,
            block=block,
            weights=self.weights,
            weights_stride=self.weights.shape[1] if self.count > 1 else 0,
            state=self.state,
            in_stride=0 if shared else frames,
            out=y,
            out_stride=frames,
            in_factor=0 if driven[0] is None else driven[0],
            out_factor=0 if driven[1] is None else driven[1],
            past=0 if before is None else before,
            past_stride=0 if before is None or before.ndim == 1 else before.shape[1],
            heard=self.heard,
            heard_stride=0 if shared else frames,
            bad=self.bad,
            **{"in": x},
        )
        grid = (self.count, self.slots)
        threads, shared_bytes = self.kernel.threads, self.kernel.shared_bytes
        emulate(self.so, self.entry, grid, threads, shared_bytes, args, **self.options)
        self.first = (self.first + chunks - 1) % self.slots
        return np.array(y)

    def cut(self, signal: Signal, lengths: Sequence[int]) -> Signal:
        """Process a signal in blocks of these lengths, repeated."""
        made: list[Signal] = []
        done = 0
        while done < signal.shape[-1]:
            length = lengths[len(made) % len(lengths)]
            made.append(self(signal[..., done : done + length]))
            done += length
        return np.concatenate(made, axis=-1)
