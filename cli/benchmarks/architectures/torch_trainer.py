"""Play models block by block in PyTorch with the trainer's networks, if they are installed."""

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....graph.errors import NamgraphError
from ....graph.extras import how_to_install
from ...verify.torch_reference import network_of
from ..measuring.playing import Signal, share_of_peak
from ..measuring.windows import Timed
from .model_cases import Case
from .parity import prewarmed

__all__ = ["WHOLE", "Trainer", "trainer", "trainer_windows"]

LIMIT = 1e-3
"""Largest error against ours, as a share of the peak, of a network that is timed."""
BLOCK_EVERY, WHOLE_EVERY = 2, 8
"""Its windows are long, though of one call each: it plays one in so many rounds."""
WHOLE = 48_000
"""Frames of a whole file."""
Stream = Callable[[Signal], Signal]


@dataclass(frozen=True, eq=False)
class Trainer:
    """The trainer's modules, and its name with versions."""

    torch: Any
    name: str


def trainer() -> Trainer | str:
    """Return the trainer on PyTorch with one thread, or why there is none, with the pip command."""
    if any(importlib.util.find_spec(name) is None for name in ("torch", "nam")):
        return f"not installed: {how_to_install('verify')}"
    try:
        torch: Any = importlib.import_module("torch")
        importlib.import_module("nam.models")
    except ImportError as error:
        return f"cannot be imported ({error}): {how_to_install('verify')}"
    torch.set_num_threads(1)
    version = importlib.metadata.version("neural-amp-modeler")
    return Trainer(torch, f"neural-amp-modeler {version}, PyTorch {torch.__version__}, one thread")


def trainer_windows(
    peer: Trainer, case: Case, blocks: Sequence[int], checked: Signal, x: Signal
) -> dict[int, Timed] | str:
    """Return windows of each length of block, and by ``WHOLE`` of a whole file in one call.

    Or why the model is not played.

    The output of blocks of 256 must be ours within ``LIMIT``.  Networks with a receptive field get
    a buffer with the frames before the block, and compute all of it again for every block: the
    trainer has no streaming of its own.  An LSTM keeps its state.
    """
    try:
        network = network_of(_same_order(case.content), case.name)
    except NamgraphError as refusal:
        return str(refusal)
    parts = np.split(checked, range(256, len(checked), 256))
    try:
        with peer.torch.no_grad():
            stream = _stream(peer.torch, network, case.model.prewarm)
            found = np.concatenate([stream(part) for part in parts])
    except Exception as fault:  # of any type: it plays fewer networks than it makes
        return f"the trainer cannot play it: {type(fault).__name__}: {fault}"
    wanted = prewarmed(case.model, checked)
    error = share_of_peak(found, wanted)
    if not error <= LIMIT:
        return f"its output is off ours by {error:.1e} of the peak: another network"
    whole = peer.torch.from_numpy(x[:WHOLE])
    made = {WHOLE: Timed(_whole(peer.torch, network, whole), WHOLE, every=WHOLE_EVERY)}
    for block in blocks:
        source = np.ascontiguousarray(x[:block])
        made[block] = Timed(_block(peer.torch, stream, source), block, every=BLOCK_EVERY)
    return made


def _whole(torch: Any, network: Any, x: Any) -> Callable[[], None]:
    def play() -> None:
        with torch.no_grad():
            network(x, pad_start=True)

    return play


def _same_order(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a file with the taps of a Linear reversed.

    The trainer multiplies the last one with the current frame, NeuralAmpModelerCore the first one.
    """
    if content.get("architecture") != "Linear" or content["config"]["bias"]:
        return content
    return {**content, "weights": content["weights"][::-1]}


def _block(torch: Any, stream: Stream, x: Signal) -> Callable[[], None]:
    def play() -> None:
        with torch.no_grad():
            stream(x)

    return play


def _stream(torch: Any, network: Any, prewarm: int) -> Stream:
    """Return a function that plays the next block, after the silence that prewarms ours."""
    if hasattr(network, "_initial_state"):
        state = [network._initial_state(1)]

        def recurrent(block: Signal) -> Signal:
            features, state[0] = network._core(torch.from_numpy(block)[None, :, None], state[0])
            return np.asarray(network._apply_head(features)[0].numpy())

        recurrent(np.zeros(prewarm, np.float32))
        return recurrent
    kept = network.receptive_field - 1
    before = [torch.zeros(kept)]

    def convolving(block: Signal) -> Signal:
        whole = torch.cat([before[0], torch.from_numpy(block)])
        before[0] = whole[len(block) :]
        return np.asarray(network(whole, pad_start=False).numpy())

    return convolving
