"""Lower bounds of a device's times, from its peak multiply-add rate and memory bandwidth."""

from dataclasses import dataclass

from ....nodes.nam import Model
from ....nodes.nam.model.wavenet import WaveNet
from ....runtime.cuda.driver.driver import Driver

__all__ = ["Floor", "traffic"]

CLOCK, MEMORY_CLOCK, BUS_BITS = 13, 36, 37  # CU_DEVICE_ATTRIBUTE_*; clocks in kHz
FMA_A_CLOCK = 128
"""Float32 multiply-adds per clock of a multiprocessor, 8.6 to 9.0 (CUDA C++ Programming Guide)."""


@dataclass(frozen=True)
class Floor:
    """Peak rates of a device; 0 where the driver reports none."""

    fma_per_s: float
    """Of one multiprocessor."""
    multiprocessors: int
    bytes_per_s: float

    @classmethod
    def of(cls, device: Driver) -> "Floor":
        """Read the rates from the driver."""
        clocks = device.attribute(CLOCK), device.attribute(MEMORY_CLOCK)
        bus = device.attribute(BUS_BITS) / 8
        fma = FMA_A_CLOCK * 1e3 * clocks[0]
        return cls(fma, device.multiprocessors, 2e3 * clocks[1] * bus)  # double data rate

    def block_us(self, model: Model, block: int) -> float | None:
        """Return the microseconds of one multiprocessor for one block of one model."""
        work = model.multiply_adds * block
        return 1e6 * work / self.fma_per_s if self.fma_per_s else None

    def instances(self, model: Model, block: int, rate: float) -> dict[str, float | None]:
        """Return how many models fit in real time, by arithmetic and by memory bandwidth."""
        fma = self.fma_per_s * self.multiprocessors / (model.multiply_adds * rate)
        moved = traffic(model, block) * rate / block
        return {
            "by_arithmetic": fma if self.fma_per_s else None,
            "by_memory": self.bytes_per_s / moved if self.bytes_per_s and moved else None,
        }

    def x_realtime(self, model: Model, rate: float) -> float | None:
        """Return the largest factor of real time of all multiprocessors together."""
        found = self.fma_per_s * self.multiprocessors / (model.multiply_adds * rate)
        return found or None


def traffic(model: Model, block: int) -> int:
    """Return the bytes that one block of one model moves: weights, history reads, outputs."""
    if not isinstance(model.running, WaveNet):
        return 4 * model.running.weight_count
    floats = model.running.weight_count
    for array in model.running.arrays:
        for conv in [*(layer.conv for layer in array.layers), array.head]:
            reach = min(conv.dilation, block) * (conv.taps - 1)
            floats += conv.inputs * (reach + min(block, conv.lookback))
    return 4 * floats
