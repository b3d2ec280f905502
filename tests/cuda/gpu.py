"""Helpers of tests that run the CUDA backend on the fake driver."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import namgraph as ng
from namgraph.runtime.cuda.driver import compiler, device
from namgraph.runtime.cuda.driver.kernel import CudaKernel

from ..nodes.nam import nets
from .emulator import build
from .fake_driver import FakeDriver, image

__all__ = [
    "RATE",
    "SMALL",
    "X",
    "amp",
    "engine",
    "guitar",
    "in_blocks",
    "near",
    "on_cpu",
    "on_fake_device",
]

RATE = 48_000


def on_fake_device(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    """Replace the driver by the fake one, and NVRTC by the emulator."""
    fake = FakeDriver()
    fake.reset()

    def compiled(kernel: CudaKernel, arch: str) -> Any:
        return SimpleNamespace(image=image(build(kernel.source, [kernel.entry])))

    monkeypatch.setattr(device, "open_library", lambda: fake.library)
    monkeypatch.setattr(device, "_opened", {})
    monkeypatch.setattr(compiler, "compile_cubin", compiled)
    monkeypatch.setattr(compiler, "unavailable_reason", lambda: "")
    yield fake
    fake.reset()


def guitar(frames: int, seed: int = 0) -> NDArray[np.float32]:
    """Noise with a slow swell, so that gains and states affect the output."""
    rng = np.random.default_rng(seed)
    swell = 0.5 * np.sin(np.arange(frames) / 700) ** 2
    return (rng.uniform(-1, 1, frames) * swell).astype(np.float32)


def amp(path: str, **options: Any) -> ng.Graph:
    """A graph of one model, input and output."""
    graph = ng.Graph()
    out = graph.output("out", channels=1)
    graph.input("in", channels=1) >> graph.add("amp", ng.Nam(path, **options)) >> out
    return graph


def in_blocks(
    engine: ng.Engine, x: NDArray[np.float32], blocks: int | list[int]
) -> NDArray[np.float32]:
    """Process a signal in blocks of these lengths, repeated."""
    sizes = [blocks] if isinstance(blocks, int) else blocks
    parts, done, k = [], 0, 0
    while done < len(x):
        parts.append(engine.process(x[done : done + sizes[k % len(sizes)]]))
        done += sizes[k % len(sizes)]
        k += 1
    return np.concatenate(parts)


SMALL = nets.wavenet(
    nets.array(4, [1, 2, 4, 8, 16], head=2, bias=False),
    nets.array(2, [1, 2, 4], inputs=4, head=1),
    seed=3,
)
X = guitar(3000)


def engine(graph: ng.Graph, **options: Any) -> ng.Engine:
    return ng.Engine(graph, sample_rate=RATE, **{"max_frames": 128, **options})


def on_cpu(path: str, x: Any = X, **options: Any) -> Any:
    return in_blocks(engine(amp(path, **options)), x, 64)


def near(a: Any, b: Any) -> bool:
    return bool(np.abs(a - b).max() <= 3e-6 * np.abs(b).max())
