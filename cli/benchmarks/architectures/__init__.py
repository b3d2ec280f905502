"""Suite ``models``: every architecture by length of the block, beside PyTorch.

In this order, for each model, as NAMBench does (github.com/rikkus/NAMBench):

1. parity: its output is compared with ``measuring/network_reference.py`` in float64 (``error``,
   as a share of the peak), and every length of block must give the same bits;
2. the kernels that the plan really calls are read from its memory (``kernels``): on the CPU, of
   the architecture, with no wider vectors than this process emits;
3. time: short windows of all lengths in turn, a guitar, in one thread.  ``least_ns`` is the
   tightest window, a sample; ``x_realtime`` and ``peak_share`` (multiply-adds a second over those
   of a loop of nothing else, measured between the windows) are those of that window.

A model that ``precision="fast"`` changes is played so too, in windows between these (``fast``).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ....nodes.nam.model.networks import Linear
from ....nodes.nam.precision import fast_network
from ....presets.bundled import DEMO_DI, asset
from ....runtime.io.audio_file import read_audio
from ....runtime.simd.peak import fma_peak
from ..measuring.network_reference import reference_output
from ..measuring.playing import Playing, Signal
from ..measuring.windows import Timed, in_turn
from .model_cases import Case, cases
from .parity import check_parity, model_playing
from .torch_trainer import WHOLE, Trainer, trainer, trainer_windows

__all__ = ["format_row", "steps"]

BLOCKS, QUICK_BLOCKS = (16, 32, 64, 128, 256, 512, 1024), (64, 256)
CHECKED, QUICK_CHECKED = 6144, 768
"""Frames that are compared."""
PARTS = 8
"""Times that the peak is measured for each model, with windows in between."""
ROUNDS = 15
"""Windows of each length between two measurements of the peak."""
WINDOW_S, QUICK_WINDOW_S = 1.5e-3, 1e-4
Row = dict[str, Any]


def steps(quick: bool, *paths: str) -> Iterator[tuple[str, Row]]:
    """Yield rows for each model, those of files at ``paths`` last.

    A model that cannot be compared, that differs from the reference or is not mono raises.
    """
    return _steps(cases(paths), trainer(), quick)


def _steps(found: Sequence[Case], peer: Trainer | str, quick: bool) -> Iterator[tuple[str, Row]]:
    if isinstance(peer, str):
        yield "skipped", {"what": "neural-amp-modeler on PyTorch", "reason": peer}
    guitar = read_audio(asset(DEMO_DI)).samples[0]
    for case in found:
        yield from _rows(case, peer, guitar, quick)


def _rows(
    case: Case, peer: Trainer | str, guitar: Signal, quick: bool
) -> Iterator[tuple[str, Row]]:
    blocks = QUICK_BLOCKS if quick else BLOCKS
    played = {block: model_playing(case.model, block) for block in blocks}
    checked = _loudest(guitar, QUICK_CHECKED if quick else CHECKED)
    error, kernels = check_parity(case, played, checked)
    window = QUICK_WINDOW_S if quick else WINDOW_S
    ours = {block: one.windows(guitar, window) for block, one in played.items()}
    theirs: dict[int, Timed] = {}
    fast = _fast(case, blocks)
    fast_error = _error(case, fast[blocks[0]], checked) if fast else 0.0
    cheaper = {block: one.windows(guitar, window) for block, one in fast.items()}
    if isinstance(peer, Trainer):
        told = trainer_windows(peer, case, blocks, checked, guitar)
        if isinstance(told, str):
            yield "skipped", {"what": f"{case.name} on PyTorch", "reason": told}
        else:
            theirs = told
    peak = _measure([*ours.values(), *cheaper.values(), *theirs.values()], quick)
    for block in blocks:
        row = {"model": case.name, "architecture": case.model.architecture, "block": block}
        figures = ours[block].figures()
        yield "model", {**row, **figures, **_shares(case, figures["least_ns"], peak),
                        "error": error, "kernels": list(kernels)}  # fmt: skip
        if block in cheaper:
            other = cheaper[block].figures()
            ratio = other["least_ns"] / figures["least_ns"]
            yield "fast", {**row, **other, "ratio": ratio, "error": fast_error}
        for frames in (block, *[WHOLE] * (block == blocks[-1])):
            if isinstance(peer, Trainer) and frames in theirs:
                other = theirs[frames].figures()
                ratio = other["least_ns"] / figures["least_ns"]
                row = {**row, "block": frames, "peer": peer.name}
                yield "peer", {**row, **other, "ratio": ratio}


def _fast(case: Case, blocks: Sequence[int]) -> dict[int, Playing]:
    """Return the model with ``precision="fast"`` by block; none if that changes nothing."""
    if fast_network(case.model.running) is case.model.running:
        return {}
    return {block: model_playing(case.model, block, precision="fast") for block in blocks}


def _error(case: Case, played: Playing, x: Signal) -> float:
    """Return the error against the float64 reference as a share of its peak."""
    wanted = reference_output(case.model.running, x)[0]
    return float(np.abs(played.play(x) - wanted).max() / np.abs(wanted).max())


def _loudest(x: Signal, frames: int) -> Signal:
    """Return the part of a signal that has its peak in the middle: errors are shares of a peak."""
    begin = min(max(0, int(np.abs(x).argmax()) - frames // 2), len(x) - frames)
    return np.ascontiguousarray(x[begin : begin + frames])


def _measure(cases: Sequence[Timed], quick: bool) -> float:
    """Play the windows; return the processor's peak, the best of those measured in between."""
    peak = 0.0
    for _ in range(1 if quick else PARTS):
        peak = max(peak, fma_peak())
        in_turn(cases, 1 if quick else ROUNDS)
    return max(peak, fma_peak())


def _shares(case: Case, least_ns: float, peak: float) -> Row:
    """Return times real time, and the share of the peak where multiply-adds are what is done."""
    network, rate = case.model.running, case.model.sample_rate
    by_fft = isinstance(network, Linear) and network.fast
    done = None if by_fft else case.model.multiply_adds * 1e9 / least_ns
    return {
        "x_realtime": 1e9 / (least_ns * rate),
        "multiply_adds": case.model.multiply_adds,
        "fma_peak_per_s": peak,
        "peak_share": None if done is None else done / peak,
    }


def format_row(name: str, row: Row) -> str:
    """Return a measurement as one line."""
    if name == "skipped":
        return f"{row['what']}: skipped: {row['reason']}"
    line = f"{row['model']:<14} block {row['block']:>4}: {row['least_ns']:9.2f} ns a sample"
    line += f" (median {row['ns']:.2f}, p99 {row['p99_ns']:.2f})"
    if name == "fast":
        return f"{line}, {row['ratio']:.2f} of the time: fast; off by {row['error']:.1e}"
    if name == "peer":
        return f"{line}, {row['ratio']:.1f} times ours: {row['peer']}"
    share = "" if row["peak_share"] is None else f", {100 * row['peak_share']:.0f} % of the peak"
    kernels = ", ".join(row["kernels"])
    return f"{line}, {row['x_realtime']:.0f} x{share}; off by {row['error']:.1e}; {kernels}"
