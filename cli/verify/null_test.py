"""Null test of a model: equal output in every block size, and the error against a reference.

Always tested: blocks of 1, 17, 64 and 4096 frames give the same bits, a reset gives them again, and
no block was muted.  Against a reference (a WAV file or the PyTorch trainer) also the difference:
its largest sample and its RMS, over the reference's peak.  Without a reference the test says
nothing about correctness, only about consistency.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError, Graph, NamFileError, Node, ParamError
from ...graph.paths import checked_path
from ...graph.text import counted
from ...nodes.nam import Nam, load_capture
from ...presets.bundled import DEMO_DI, asset
from ...runtime.engine.engine import Engine
from ...runtime.io.audio_file import read_audio, resample
from .report import BlockResult, NullResult, Report

__all__ = ["BLOCKS", "compare", "verify"]

Signal = NDArray[np.float32]
Path_ = str | os.PathLike[str]
BLOCKS = (1, 17, 64, 4096)
COMPARED_BLOCK = 64
"""The block size whose output is compared with the reference and with the other block sizes."""
TOLERANCE, LSTM_TOLERANCE = 1e-5, 2e-5
"""Shares of the reference's peak: an LSTM amplifies rounding errors."""
FAST_TOLERANCE = 1e-3
"""With ``precision="fast"``: random A1 models are within 3e-5, one that amplifies rounding 3e-4."""
MAX_TOLERANCE = 1.0
STEPS = {"PCM_U8": 2.0**-7, "PCM_S8": 2.0**-7, "PCM_16": 2.0**-15, "PCM_24": 2.0**-23}
TORCH = "torch"


def verify(
    model: Path_,
    *,
    against: Path_ | None = None,
    source: Path_ | None = None,
    slim: float = 1.0,
    tolerance: float | None = None,
    precision: str = "exact",
    progress: Callable[[float], None] = lambda share: None,
) -> Report:
    """Play a model in several block sizes and compare the outputs, also with a reference if given.

    ``against`` is a WAV file with the reference's output for ``source``, or ``"torch"``.  The
    default source is the bundled guitar, resampled to the model's rate.  ``tolerance`` is a share
    of the reference's peak (1e-5; 2e-5 for an LSTM; 1e-3 with ``precision`` "fast", which is
    compared with "exact" too).  A file with an input and its output in it
    (AIDA-X: ``input_batch``, ``output_batch``) is played on that too.  ``progress`` is called with
    the share done.
    """
    if tolerance is not None and not 0.0 < tolerance <= MAX_TOLERANCE:
        raise ParamError(f"tolerance is {tolerance!r}: must lie in (0, {MAX_TOLERANCE:g}]")
    model = checked_path(model, "model", NamFileError)
    if source is not None:
        source = checked_path(source, "source", AudioFileError)
    if against is not None:
        against = checked_path(against, "against", AudioFileError)
    node = Nam(model, slim=slim, precision=precision)
    file = load_capture(model)
    if file.channels != (1, 1):
        raise NamFileError(
            f"{model}: has {counted(file.channels[0], 'channel')} in and {file.channels[1]} out:"
            " only models with one of each are verified"
        )
    chosen = file.select(slim)
    batch = (
        None if file.batch is None else _play_batch(model, file.batch, file.sample_rate, tolerance)
    )
    rate = file.sample_rate
    x, name = _source(source, rate)
    if against is None:
        wanted, step, reference = None, 0.0, ""
    elif against == TORCH:
        from .torch_reference import torch_output

        wanted, step, reference = torch_output(model, slim, chosen.prewarm, x), 0.0, TORCH
    else:
        wanted, step = _reference(against, x.size, rate)
        reference = against
    first, results = _play(node, x, rate, progress)
    recurrent = chosen.receptive_field is None  # an LSTM, or a model that contains one
    allowed = tolerance or (LSTM_TOLERANCE if recurrent else TOLERANCE)
    exact = None
    if precision == "fast":
        allowed = tolerance or FAST_TOLERANCE
        whole = _chain(Nam(model, slim=slim))
        exact = compare(first, _runs(whole, x, rate, COMPARED_BLOCK)[0], "exact", allowed)
    return Report(
        model,
        chosen.architecture,
        name,
        rate,
        x.size,
        float(np.abs(first).max(initial=0.0)),
        bool(np.isfinite(first).all()),
        results,
        None if wanted is None else compare(first, wanted, reference, allowed, step),
        batch,
        exact,
        None if wanted is None or exact is None else compare(exact.wanted, wanted, reference, 1.0),
    )


def _play_batch(
    path: Path_, batch: tuple[Signal, Signal], rate: float, tolerance: float | None
) -> NullResult:
    """Play the input that a file has, from the state in it, and compare with its output."""
    x, wanted = batch
    found = _runs(_chain(Nam(path, prewarm=False)), x, rate, COMPARED_BLOCK)[0]
    return compare(found, wanted, f"{os.fspath(path)}: output_batch", tolerance or TOLERANCE)


def compare(
    found: Signal, wanted: Signal, reference: str, tolerance: float, step: float = 0.0
) -> NullResult:
    """Return the error of ``found`` against ``wanted``, which is quantized by ``step``."""
    peak = float(np.abs(wanted).max(initial=0.0))
    if not peak > 0.0:
        raise AudioFileError(f"{reference}: is silent: nothing can be compared with it")
    difference = found.astype(np.float64) - wanted
    size = np.abs(difference)
    worst = int(np.argmax(np.where(np.isnan(size), np.inf, size)))
    return NullResult(
        reference,
        peak,
        float(size[worst]) / peak if np.isfinite(size[worst]) else float("inf"),
        float(np.sqrt(np.mean(np.square(difference)))) / peak,
        tolerance + step / peak,
        worst,
        difference.astype(np.float32),
        wanted,
    )


def _play(
    node: Node, x: Signal, rate: float, progress: Callable[[float], None] = lambda share: None
) -> tuple[Signal, tuple[BlockResult, ...]]:
    """Play twice in every block size; return the output in blocks of 64, and the comparisons."""
    graph, runs = _chain(node), {}
    for number, block in enumerate(BLOCKS):
        runs[block] = _runs(graph, x, rate, block)
        progress((number + 1) / len(BLOCKS))
    first = runs[COMPARED_BLOCK][0]
    results = []
    for block, (once, again, muted) in runs.items():
        differs = np.flatnonzero(_bits(once) != _bits(first))
        at = int(differs[0]) if differs.size else None
        results.append(
            BlockResult(block, at is None, at, bool((_bits(once) == _bits(again)).all()), muted)
        )
    return first, tuple(results)


def _chain(node: Node) -> Graph:
    graph = Graph()
    end = graph.input("in", channels=1) >> graph.add("model", node)
    end >> graph.output("out", channels=1)
    return graph


def _runs(graph: Graph, x: Signal, rate: float, block: int) -> tuple[Signal, Signal, int]:
    engine = Engine(graph, sample_rate=rate, max_frames=block)
    outs = []
    for _ in range(2):
        y = np.zeros_like(x)
        engine.play([x], [y], x.size, block)
        outs.append(y)
        engine.reset()
    return outs[0], outs[1], int(engine.stats().faults)


def _bits(y: Signal) -> NDArray[np.int32]:
    return y.view(np.int32)


def _source(source: Path_ | None, rate: float) -> tuple[Signal, str]:
    name = asset(DEMO_DI) if source is None else os.fspath(source)
    found = read_audio(name)
    if source is None:
        return resample(found.samples, found.rate, rate)[0].copy(), Path(name).name
    _fits(name, found.channels, found.rate, rate)
    return found.samples[0].copy(), name


def _reference(path: Path_, frames: int, rate: float) -> tuple[Signal, float]:
    """Return the samples of a reference file, and the quantization step of its format.

    The error may be a whole step: some writers round, others truncate.
    """
    found = read_audio(path)
    name = os.fspath(path)
    _fits(name, found.channels, found.rate, rate)
    if found.frames != frames:
        raise AudioFileError(
            f"{name}: has {counted(found.frames, 'frame')}, the input {frames}: must be what a "
            "reference made of the same input (--input)"
        )
    return found.samples[0], STEPS.get(found.subtype, 0.0)


def _fits(name: str, channels: int, own: float, rate: float) -> None:
    if channels != 1:
        raise AudioFileError(f"{name}: has {channels} channels, a model has 1")
    if own != rate:
        raise AudioFileError(f"{name}: its rate is {own:g} Hz, the model's {rate:g} Hz: must agree")
