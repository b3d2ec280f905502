"""What a GPU does for models: ``python -m namgraph.tests.bench.gpu [--quick] [--out gpu.json]``.

Needs a CUDA device.  Prints, and writes to a file with the machine named:

* latency of one model by block size: on the device (many launches as one, so that only the device
  limits), and from the host's call to its output (p50, p99): with a block when it is due, as a
  sound card asks, and without a pause;
* how many models with weights of their own play in real time, by block size;
* whole files, transfers included, by length;
* an LSTM alone, and many.

Each beside the device's own floor (gpu_floor.py).  Every figure is a median of rounds; sound is
compared with the CPU's before anything is timed.  What is known is in the file after every step.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

import namgraph as ng
from namgraph.nodes.nam.cuda import cuda_network
from namgraph.presets.bench import machine
from namgraph.runtime.adapters.atomic import whole_file
from namgraph.runtime.adapters.offline import best_block
from namgraph.runtime.cuda.driver import driver

from ..nodes.nam import nets
from .gpu_batch import Batch
from .gpu_floor import Floor

__all__ = ["main"]

RATE = 48_000
TOLERANCE = 3e-6
ROUNDS = 5
LISTS = ("latency", "offline", "instances")
Row = dict[str, Any]


def amp(path: str, backend: str, precision: str = "exact") -> ng.Graph:
    """One model between two ends."""
    graph = ng.Graph()
    node = graph.add("amp", ng.Nam(path, backend=backend, precision=precision))
    graph.input("in", channels=1) >> node >> graph.output("out", channels=1)
    return graph


def noise(frames: int) -> NDArray[np.float32]:
    """A tenth of full scale, always the same."""
    return np.random.default_rng(0).normal(size=frames, scale=0.1).astype(np.float32)


def check(path: str, frames: int, precision: str) -> float:
    """Return how far the device is from the CPU, as a share of the peak."""
    x = noise(frames)
    racks = amp(path, "cuda", precision), amp(path, "cpu")
    made, wanted = (ng.render(rack, x, RATE, tail=False) for rack in racks)
    error = float(np.abs(made - wanted).max() / np.abs(wanted).max())
    if error > TOLERANCE:
        raise SystemExit(f"{path}: {error:.1e} of the peak from the CPU: must be {TOLERANCE:g}")
    return error


def latency(path: str, precision: str, block: int, blocks: int, floor: Floor) -> Row:
    """Time one model block by block, as a sound card would ask for it."""
    x, y = noise(block * blocks), np.empty(block * blocks, np.float32)
    graph, source = amp(path, "cuda", precision), noise(RATE)
    seconds = block * blocks / RATE
    with ng.NullStream(graph, block, sample_rate=RATE, seconds=seconds, source=source) as stream:
        stream.wait()
        paced = stream.stats()
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=block)
    for _ in range(2):  # the first is to warm up; the last blocks count
        engine.play([x], [y], len(x), block)
    stats = engine.stats()
    for device in (paced.device, stats.device):
        assert device is not None
        if device.fallen:
            raise SystemExit(str(device))
    model = ng.load_nam(path)
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
    """Find how many models, each with weights of its own, play a block in its own time."""
    model, period = ng.load_nam(path), block / RATE
    network = cuda_network(model.running, precision)

    def spent(count: int) -> float:
        batch = Batch(network, count, block)
        times = [batch.once() for _ in range(20 * ROUNDS)]
        batch.close()
        return statistics.median(times)

    low, high = 0, 1
    while high <= most and spent(high) <= period:
        low, high = high, 2 * high
    high = min(high, most + 1)
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        low, high = (middle, high) if spent(middle) <= period else (low, middle)
    least = floor.instances(model, block, RATE)
    return {
        "precision": precision,
        "block": block,
        "instances": low,
        "limit": most,
        "floor": least,
    }


def offline(path: str, precision: str, seconds: float, floor: Floor) -> Row:
    """Render a file's worth of sound, what lies between Python and the device included."""
    x = noise(round(seconds * RATE))
    graph, y = amp(path, "cuda", precision), np.empty_like(x)
    block = best_block(graph, len(x))
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=block)
    times = [_timed(lambda: engine.play([x], [y], len(x), block)) for _ in range(ROUNDS)]
    spent = statistics.median(times)
    least = floor.x_realtime(ng.load_nam(path), RATE)
    made = seconds / spent
    return {"precision": precision, "seconds": seconds, "x_realtime": made, "floor": least}


def streams(path: str, count: int, block: int, floor: Floor) -> Row:
    """Play many streams of one kind together."""
    model = ng.load_nam(path)
    batch = Batch(cuda_network(model.running), count, block)
    spent = statistics.median(batch.once() for _ in range(5 * ROUNDS))
    batch.close()
    made, least = count * block / RATE / spent, floor.x_realtime(model, RATE)
    return {"streams": count, "block": block, "x_realtime_total": made, "floor": least}


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main(argv: list[str] | None = None) -> Row:
    """Measure everything; print it, write it down, and return it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few figures, to see that it works")
    parser.add_argument("--out", default="gpu.json", help="results file (%(default)s)")
    a = parser.parse_args(argv)
    found = driver()
    blocks, count, most = ((64,), 50, 8) if a.quick else ((32, 64, 128), 4000, 40_000)
    lengths = (1.0,) if a.quick else (1.0, 10.0, 180.0)
    results: Row = {
        "device": {
            "name": found.name,
            "capability": list(found.capability),
            "multiprocessors": found.multiprocessors,
        },
        "machine": machine(),
    }
    with TemporaryDirectory() as folder:
        shape = nets.wavenet(nets.array(4, [1, 2, 4])) if a.quick else nets.a1("standard")
        model = nets.write(Path(folder), shape, "model.nam")
        lstm = nets.write(Path(folder), nets.lstm(16, 1), "lstm.nam")
        floor = Floor.of(found)
        exactly = "exact", *(() if a.quick else ("tf32x3",))
        ways = [(n, p) for n in blocks for p in exactly]
        steps: list[tuple[str, Callable[[], object]]] = [
            ("error", lambda: {p: check(model, 2000, p) for p in exactly}),
            ("lstm_error", lambda: check(lstm, 2000, "exact")),
            *(("latency", partial(latency, model, p, n, count, floor)) for n, p in ways),
            *(("offline", partial(offline, model, p, s, floor)) for s in lengths for p in exactly),
            ("lstm_alone", lambda: offline(lstm, "exact", lengths[0], floor)),
            ("lstm_streams", lambda: streams(lstm, 4 if a.quick else 2112, 512, floor)),
            *(("instances", partial(instances, model, p, n, most, floor)) for n, p in ways),
        ]
        for name, step in steps:
            row = step()
            print(f"{name}: {json.dumps(row)}", flush=True)
            if name in LISTS:
                results.setdefault(name, []).append(row)
            else:
                results[name] = row
            with whole_file(a.out) as part:
                part.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return results


if __name__ == "__main__":
    main()
