"""Models of ``Nam`` and ``NamBank``: read from disk once per node, then used for everything.

A node is a frozen description that names a file, or has a model.  It reads the file when its ports
are first listed, that is when it is added to a graph, and keeps the model: ports, levels, rates and
kernel are of that model, even if the file is replaced later.  Control threads only.
"""

import dataclasses
import os
from dataclasses import dataclass
from typing import Any, TypeVar

from ...graph.errors import CudaError, NamFileError, ParamError, SampleRateError
from ...graph.paths import file_label
from ..dsp.resample import Rates, rates
from .format.load import load_capture
from .model.model import Model

__all__ = ["ResolvedModel", "equal_nodes", "keep_models", "resolve"]

N = TypeVar("N")

RATE_TOLERANCE_HZ = 0.5
READ = ("resolved", "resolved_right")
"""Attributes of a node that hold what it has read."""


@dataclass(frozen=True)
class ResolvedModel:
    """A model in memory and the path it was read from; equal if the content of the file was."""

    path: str
    """For messages; of a model that was given itself, its ``label``."""
    file_model: Model = dataclasses.field(compare=False)
    """All of the file: every size, and the levels that count for all of them."""
    model: Model = dataclasses.field(compare=False)
    """The size to run."""
    digest: str
    """Of the bytes of the file."""

    @property
    def sample_rate(self) -> float:
        """Rate of the model in Hz, of all of its sizes."""
        return self.file_model.sample_rate

    def selected(self, slim: float) -> "ResolvedModel":
        """Return the same file at the size for another slim value."""
        return dataclasses.replace(self, model=self.file_model.select(slim))

    def rate_conversion(
        self, stream_rate: float, *, resample: bool = False, delay: int = 0
    ) -> Rates | None:
        """Return the conversion between a stream's rate and the model's; ``None`` if they agree.

        ``delay`` is the latency at the model's rate, in frames of that.  Rates that differ are a
        ``SampleRateError`` unless ``resample`` is set.
        """
        own = self.sample_rate
        if abs(own - stream_rate) <= RATE_TOLERANCE_HZ:
            return None
        if resample:
            try:
                return rates(stream_rate, own, delay)
            except ParamError as error:
                raise NamFileError(f"{self.path}: {error}") from None
        unsaid = self.file_model.sample_rate_is_assumed
        assumed = f" (the file does not say, which means {own:g})" if unsaid else ""
        raise SampleRateError(
            f"{self.path}: the model runs at {own:g} Hz{assumed}, the stream at {stream_rate:g} Hz:"
            f" play it at {own:g} (sample_rate={own:g}), or let the node resample: "
            "Nam(..., resample=True)",
            found=own,
            expected=stream_rate,
        )

    def device_refusal(
        self, precision: str, *, resample: bool = False, prewarm: bool = True, oversample: int = 1
    ) -> str:
        """Return why the model cannot run on a CUDA device, or an empty string if it can."""
        from ...runtime.cuda.driver.device import driver, unavailable_reason
        from .cuda import cuda_network, refusal

        network = self.model.running
        try:
            if resample:
                return "resample is for the CPU"
            if not prewarm:
                return "prewarm=False is for the CPU"
            if oversample > 1:
                return "oversample is for the CPU"
            if reason := refusal(network):
                return reason
            if reason := unavailable_reason():
                return reason
            available = driver().shared_bytes
        except CudaError as error:
            return str(error)
        needed = cuda_network(network, precision).kernel.shared_bytes
        if needed <= available:
            return ""
        return f"{needed} bytes of shared memory: the device has {available}"


def resolve(path: str | os.PathLike[str] | Model, slim: float) -> ResolvedModel:
    """Read the file at ``path`` and select the size for ``slim``; raises ``NamFileError``.

    A ``Model`` is taken as it is.
    """
    file_model = load_capture(path)
    return ResolvedModel(file_label(path), file_model, file_model.select(slim), file_model.digest)


def keep_models(node: Any, changed: N) -> N:
    """Return ``changed``, a variant of ``node`` of the same files and size, with its models."""
    for name in READ:
        if name in vars(node):
            vars(changed)[name] = vars(node)[name]
    return changed


def equal_nodes(node: Any, other: Any) -> bool:
    """Compare two nodes by class and fields but knobs; nodes that read different content differ.

    Without the second rule a graph whose model file was replaced on disk would count as unchanged,
    and the new network would continue from the state of the old one.
    """
    if type(other) is not type(node):
        return False
    for field in dataclasses.fields(node):
        if field.compare and getattr(node, field.name) != getattr(other, field.name):
            return False
    both = [(vars(node).get(name), vars(other).get(name)) for name in READ]
    return all(a is None or b is None or a == b for a, b in both)
