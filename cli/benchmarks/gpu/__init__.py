"""Times of models on a CUDA device, each beside a lower bound for the device (``floor.py``).

* ``latency`` of one model by block size: on the device (many blocks in one launch, without the
  host), and from the host's call to its output (p50, p99): paced as by a sound card, and without a
  pause;
* ``instances``: how many models, each with its own weights, run in real time, by block size;
* ``offline``: whole files, transfers included, by length;
* ``lstm_alone`` and ``lstm_streams``: one LSTM, and many.

Every figure is a median of rounds.  Before anything is timed, the output is compared with the
CPU's (``error``, ``lstm_error``).
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph import CudaError, Graph
from ....nodes.nam import Nam, load_nam
from ....nodes.nam.cuda import cuda_network
from ....runtime.adapters.live.null import NullStream
from ....runtime.adapters.offline import best_block, render
from ....runtime.cuda.driver.device import driver
from ....runtime.cuda.driver.driver import Driver
from ....runtime.engine.engine import Engine
from .. import models
from .batch import Batch
from .floor import Floor

__all__ = ["format_row", "steps"]

RATE = 48_000
TOLERANCE = 3e-6
ROUNDS = 5
Row = dict[str, Any]


def amp(path: str, backend: str, precision: str = "exact") -> Graph:
    """Return a graph of one model between a mono input and a mono output."""
    graph = Graph()
    node = graph.add("amp", Nam(path, backend=backend, precision=precision))
    graph.input("in", channels=1) >> node >> graph.output("out", channels=1)
    return graph


def noise(frames: int) -> NDArray[np.float32]:
    """Return noise with an RMS of 0.1, the same in every call."""
    return np.random.default_rng(0).normal(size=frames, scale=0.1).astype(np.float32)


def check(path: str, frames: int, precision: str) -> Row:
    """Return the device's error against the CPU over the peak; raise ``CudaError`` above 3e-6."""
    x = noise(frames)
    racks = amp(path, "cuda", precision), amp(path, "cpu")
    made, wanted = (render(rack, x, RATE, tail=False) for rack in racks)
    error = float(np.abs(made - wanted).max() / np.abs(wanted).max())
    if error > TOLERANCE:
        raise CudaError(
            f"{Path(path).name}, {precision}: the device is {error:.1e} of the peak from the CPU: "
            f"must be at most {TOLERANCE:g}"
        )
    return {"precision": precision, "of_peak": error}


def latency(path: str, precision: str, block: int, blocks: int, floor: Floor) -> Row:
    """Time one model block by block: paced, without a pause, and on the device alone."""
    x, y = noise(block * blocks), np.empty(block * blocks, np.float32)
    graph, source = amp(path, "cuda", precision), noise(RATE)
    seconds = block * blocks / RATE
    with NullStream(graph, block, sample_rate=RATE, seconds=seconds, source=source) as stream:
        stream.wait()
        paced = stream.stats()
    engine = Engine(graph, sample_rate=RATE, max_frames=block)
    for _ in range(2):  # the first warms up; statistics keep the last blocks
        engine.play([x], [y], len(x), block)
    stats = engine.stats()
    for device in (paced.device, stats.device):
        assert device is not None
        if device.fallback_reason:
            raise CudaError(str(device))
    model = load_nam(path)
    batch = Batch(cuda_network(model.running, precision), 1, block)
    batch.queued()
    alone = statistics.median(batch.queued() for _ in range(ROUNDS))
    batch.close()
    return {
        "precision": precision,
        "block": block,
        "device_us": 1e6 * alone,
        "end_to_end_us": paced.block_us,
        "without_pause_us": stats.block_us,
        "execute_us": stats.device.execute_us if stats.device else None,
        "floor_us": floor.block_us(model, block),
    }


def instances(path: str, precision: str, block: int, most: int, floor: Floor) -> Row:
    """Return how many models, each with its own weights, finish a block within its duration."""
    model, period = load_nam(path), block / RATE
    network = cuda_network(model.running, precision)

    def block_s(count: int) -> float:
        batch = Batch(network, count, block)
        times = [batch.once() for _ in range(20 * ROUNDS)]
        batch.close()
        return statistics.median(times)

    low, high = 0, 1
    while high <= most and block_s(high) <= period:
        low, high = high, 2 * high
    high = min(high, most + 1)
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        low, high = (middle, high) if block_s(middle) <= period else (low, middle)
    least = floor.instances(model, block, RATE)
    return {
        "precision": precision,
        "block": block,
        "instances": low,
        "limit": most,
        "floor": least,
    }


def offline(path: str, precision: str, seconds: float, floor: Floor) -> Row:
    """Time the rendering of ``seconds`` of audio, with the transfers to and from the device."""
    x = noise(round(seconds * RATE))
    graph, y = amp(path, "cuda", precision), np.empty_like(x)
    block = best_block(graph, len(x))
    engine = Engine(graph, sample_rate=RATE, max_frames=block)
    times = [_timed(lambda: engine.play([x], [y], len(x), block)) for _ in range(ROUNDS)]
    spent = statistics.median(times)
    least = floor.x_realtime(load_nam(path), RATE)
    made = seconds / spent
    return {"precision": precision, "seconds": seconds, "x_realtime": made, "floor": least}


def streams(path: str, count: int, block: int, floor: Floor) -> Row:
    """Time ``count`` streams of one model in one launch."""
    model = load_nam(path)
    batch = Batch(cuda_network(model.running), count, block)
    spent = statistics.median(batch.once() for _ in range(5 * ROUNDS))
    batch.close()
    made, least = count * block / RATE / spent, floor.x_realtime(model, RATE)
    return {"streams": count, "block": block, "x_realtime_total": made, "floor": least}


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield the measurements in order; raise ``CudaError`` at once if there is no device."""
    return _steps(driver(), quick)


def _steps(found: Driver, quick: bool) -> Iterator[tuple[str, Row]]:
    yield (
        "device",
        {
            "name": found.name,
            "capability": list(found.capability),
            "multiprocessors": found.multiprocessors,
        },
    )
    blocks, count, most = ((64,), 50, 8) if quick else ((32, 64, 128), 4000, 40_000)
    lengths = (1.0,) if quick else (1.0, 10.0, 180.0)
    with TemporaryDirectory() as folder:
        shape = models.wavenet(models.array(4, [1, 2, 4])) if quick else models.a1("standard")
        model = models.write(Path(folder), shape, "model.nam")
        lstm = models.write(Path(folder), models.lstm(16, 1), "lstm.nam")
        floor = Floor.of(found)
        exactly = "exact", *(() if quick else ("tf32x3",))
        ways = [(n, p) for n in blocks for p in exactly]
        todo: list[tuple[str, Callable[[], Row]]] = [
            *(("error", partial(check, model, 2000, p)) for p in exactly),
            ("lstm_error", partial(check, lstm, 2000, "exact")),
            *(("latency", partial(latency, model, p, n, count, floor)) for n, p in ways),
            *(("offline", partial(offline, model, p, s, floor)) for s in lengths for p in exactly),
            ("lstm_alone", lambda: offline(lstm, "exact", lengths[0], floor)),
            ("lstm_streams", lambda: streams(lstm, 4 if quick else 2112, 512, floor)),
            *(("instances", partial(instances, model, p, n, most, floor)) for n, p in ways),
        ]
        for name, step in todo:
            yield name, step()


def format_row(name: str, row: Row) -> str:
    """Return a measurement as one line."""
    return f"{name}: {json.dumps(row)}"
