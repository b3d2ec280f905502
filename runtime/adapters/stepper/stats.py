"""Statistics of a stepper, as a dataclass."""

from dataclasses import dataclass

from ...plan.stats import DeviceStats

__all__ = ["StepStats"]


@dataclass(frozen=True)
class StepStats:
    """Counters of a stepper since it was made, or since ``reset_stats``; times in microseconds.

    Times are means of a step of all streams; on a device, ``device`` has upload, execution and
    download of each block apart.
    """

    steps: int
    frames: int
    """Of all steps; of one stream."""
    streams: int
    commits: int
    rollbacks: int
    resets: int
    saves: int
    restores: int
    pack_us: float
    """Copying states and inputs into the plan."""
    execute_us: float
    """The nodes."""
    read_us: float
    """Copying outputs and states out."""
    longest_us: float
    """The longest step."""
    device: DeviceStats | None = None

    @property
    def step_us(self) -> float:
        """Mean time of a step in native code."""
        return self.pack_us + self.execute_us + self.read_us

    def __repr__(self) -> str:
        counts = f"{self.steps} steps, {self.commits} commits, {self.rollbacks} rollbacks"
        times = f"pack {self.pack_us:.2f}, execute {self.execute_us:.2f}, read {self.read_us:.2f}"
        return f"<StepStats {counts}; {times} us a step>"
