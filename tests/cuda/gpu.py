"""The whole backend on a device that is a fake: what tests of it begin with."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import namgraph as ng
from namgraph.runtime.cuda import compiler, driver
from namgraph.runtime.cuda.kernel import CudaKernel

from .emulator import build
from .fake_driver import FakeDriver, image

__all__ = ["RATE", "amp", "guitar", "in_blocks", "on_fake_device"]

RATE = 48_000


def on_fake_device(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    """Put the fake in the place of the driver, and the emulator in that of NVRTC."""
    fake = FakeDriver()
    fake.reset()

    def compiled(kernel: CudaKernel, arch: str) -> Any:
        return SimpleNamespace(image=image(build(kernel.source, [kernel.entry])))

    monkeypatch.setattr(driver, "open_library", lambda: fake.library)
    monkeypatch.setattr(driver, "_opened", {})
    monkeypatch.setattr(compiler, "compile_cubin", compiled)
    monkeypatch.setattr(compiler, "missing", lambda: "")
    yield fake
    fake.reset()


def guitar(frames: int, seed: int = 0) -> NDArray[np.float32]:
    """Noise that swells and fades, so that gains and states matter."""
    rng = np.random.default_rng(seed)
    swell = 0.5 * np.sin(np.arange(frames) / 700) ** 2
    return (rng.uniform(-1, 1, frames) * swell).astype(np.float32)


def amp(path: str, **options: Any) -> ng.Graph:
    """One model between two ends."""
    graph = ng.Graph()
    out = graph.output("out", channels=1)
    graph.input("in", channels=1) >> graph.add("amp", ng.Nam(path, **options)) >> out
    return graph


def in_blocks(
    engine: ng.Engine, x: NDArray[np.float32], blocks: int | list[int]
) -> NDArray[np.float32]:
    """Play a signal in blocks of these lengths, again and again."""
    sizes = [blocks] if isinstance(blocks, int) else blocks
    parts, done, k = [], 0, 0
    while done < len(x):
        parts.append(engine.process(x[done : done + sizes[k % len(sizes)]]))
        done += sizes[k % len(sizes)]
        k += 1
    return np.concatenate(parts)
