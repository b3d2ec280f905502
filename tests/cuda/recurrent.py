"""Runs an LSTM kernel in the emulator, with the state that the host keeps between launches."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from namgraph.nodes.nam.cuda.lstm import LstmLayout, cuda_lstm
from namgraph.nodes.nam.model.networks import Lstm

from ..nodes.nam.playing import parse
from .arguments import Block, NamArgs, filled, placed
from .emulator import build, emulate

__all__ = ["Recurrent", "network_of", "start_of"]

Signal = NDArray[np.float32]


def network_of(file: Any) -> Lstm:
    """The LSTM in a file."""
    network = parse(file).running
    assert isinstance(network, Lstm)
    return network


def start_of(network: Lstm) -> Signal:
    """The state a file starts from, as a kernel wants it."""
    return np.concatenate([np.concatenate([la.hidden, la.cell]) for la in network.layers])


class Recurrent:
    """Instances of one kernel, one for each file; each call is a launch."""

    def __init__(
        self,
        *files: Any,
        layout: LstmLayout | None = None,
        built: tuple[Path, str] | None = None,
        seed: int = 1,
    ) -> None:
        networks = [network_of(file) for file in files]
        made = [cuda_lstm(network, layout) for network in networks]
        self.kernel, self.seed, self.count = made[0].kernel, seed, len(files)
        assert {one.kernel for one in made} == {self.kernel}
        entry = self.kernel.entry
        self.so, self.entry = built or (build(self.kernel.source, [entry]), entry)
        self.weights = placed([one.weights for one in made])
        self.start = np.stack([start_of(network) for network in networks])
        assert self.start.shape[1] == made[0].state_floats == made[0].past_floats
        self.state = placed(np.full(self.start.shape, np.nan))
        self.heard, self.driven = self.start, np.zeros((self.count, 0), np.float32)
        self.bad = placed(np.zeros(self.count), np.int32)
        self.fresh = True

    def __call__(
        self,
        signal: Signal,
        *,
        past: Signal | None = None,
        factors: tuple[Signal | None, Signal | None] = (None, None),
    ) -> Signal:
        """Process one block with all instances; the first call starts from the files' states."""
        frames, row = signal.size, -(-max(signal.size, 1) // 16) * 16
        x, y = placed(signal), placed(np.full((self.count, row), 77.0))
        if past is None and self.fresh:
            past = self.start
        self.fresh = False
        start = placed(self.start if past is None else past)
        driven = [None if f is None else placed(f) for f in factors]
        made = Block(
            frames,
            replay=-1 if past is None else self.start.shape[1],
            factors=sum(1 << n for n, f in enumerate(driven) if f is not None),
        )
        heard = placed(np.full((self.count, self.start.shape[1] + frames), np.nan))
        args = filled(
            NamArgs,
            block=made,
            weights=self.weights,
            weights_stride=self.weights.shape[1],
            state=self.state,
            out=y,
            out_stride=row,
            in_factor=0 if driven[0] is None else driven[0],
            out_factor=0 if driven[1] is None else driven[1],
            past=start,
            past_stride=start.shape[1],
            heard=heard,
            heard_stride=heard.shape[1],
            bad=self.bad,
            **{"in": x},
        )
        kernel, grid = self.kernel, (self.count, 1)
        emulate(
            self.so, self.entry, grid, kernel.threads, kernel.shared_bytes, args, seed=self.seed
        )
        self.heard, self.driven = np.split(heard, [self.start.shape[1]], axis=1)
        assert (y[:, frames:] == 77).all(), "wrote beyond the block"
        return np.array(y[:, :frames])

    def cut(self, signal: Signal, lengths: Sequence[int]) -> Signal:
        """Process a signal in blocks of these lengths, repeated."""
        made: list[Signal] = []
        done = 0
        while done < signal.size:
            length = lengths[len(made) % len(lengths)]
            made.append(self(signal[done : done + length]))
            done += length
        return np.concatenate(made, axis=1)
