"""Results of a null test, as JSON values and as a table."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph.text import counted

__all__ = ["BlockResult", "NullResult", "Report", "format_report"]

Signal = NDArray[np.float32]


@dataclass(frozen=True)
class BlockResult:
    """Output in one block size, compared with that in blocks of 64."""

    block: int
    identical: bool
    first_difference: int | None
    """The first frame that differs."""
    after_reset: bool
    """Whether a second run, after a reset, gave the same bits again."""
    muted: int
    """Blocks muted because they held samples that are not finite."""


@dataclass(frozen=True, eq=False)
class NullResult:
    """Difference from a reference; errors and tolerance are shares of its peak."""

    reference: str
    peak: float
    max_error: float
    rms_error: float
    tolerance: float
    worst_frame: int
    difference: Signal
    wanted: Signal

    @property
    def holds(self) -> bool:
        """Whether the largest error is within the tolerance."""
        return bool(self.max_error <= self.tolerance)


@dataclass(frozen=True)
class Report:
    """Result of the null test of a model."""

    model: str
    architecture: str
    source: str
    rate: float
    frames: int
    peak: float
    finite: bool
    blocks: tuple[BlockResult, ...]
    null: NullResult | None
    batch: NullResult | None = None
    """Of the input and output that the file itself has."""
    exact: NullResult | None = None
    """With ``precision="fast"``: the difference from "exact"."""
    exact_null: NullResult | None = None
    """That of "exact" from the reference."""

    @property
    def holds(self) -> bool:
        """Whether all block sizes agree, all samples are finite, and the error is allowed."""
        same = all(c.identical and c.after_reset and not c.muted for c in self.blocks)
        nulls = [null for null in (self.null, self.batch, self.exact) if null is not None]
        return same and self.finite and all(null.holds for null in nulls)

    def values(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        null = self.null and {
            "reference": self.null.reference,
            "peak": self.null.peak,
            "max_error": self.null.max_error,
            "rms_error": self.null.rms_error,
            "tolerance": self.null.tolerance,
            "worst_frame": self.null.worst_frame,
            "worst_s": self.null.worst_frame / self.rate,
            "holds": self.null.holds,
        }
        return {
            "model": self.model,
            "architecture": self.architecture,
            "input": self.source,
            "sample_rate": self.rate,
            "frames": self.frames,
            "peak": self.peak,
            "finite": self.finite,
            "blocks": [asdict(c) for c in self.blocks],
            "against": null,
            **({"output_batch": _batch_values(self.batch)} if self.batch else {}),
            **({"precision": "fast", "fast": self._fast_values(self.exact)} if self.exact else {}),
            "holds": self.holds,
        }

    def _fast_values(self, exact: NullResult) -> dict[str, Any]:
        """Return the error of "fast" against "exact", and that of "exact", as JSON values."""
        names = ("max_error", "rms_error", "tolerance", "worst_frame", "holds")
        null = self.exact_null
        return {
            **{name: getattr(exact, name) for name in names},
            "max_error_db": _decibels(exact.max_error),
            "exact_max_error": null and null.max_error,
        }


def _decibels(share: float) -> float | None:
    """Return a share of the peak in dB; ``None`` for 0, and for what is not finite."""
    return 20.0 * float(np.log10(share)) if 0.0 < share < np.inf else None


def _batch_values(batch: NullResult) -> dict[str, Any]:
    """Return what became of a file's own input and output as JSON values."""
    names = ("peak", "max_error", "rms_error", "tolerance", "worst_frame", "holds")
    return {"frames": len(batch.wanted), **{name: getattr(batch, name) for name in names}}


def format_report(found: Mapping[str, Any]) -> str:
    """Return ``Report.values`` as a table."""
    lines = [
        f"{found['model']}: {found['architecture']} at {found['sample_rate']:g} Hz, "
        f"{counted(found['frames'], 'frame')} of {found['input']}, peak {found['peak']:.6g}",
        f"  {'block':>8}  {'bits':<28}{'after reset':<16}muted",
    ]
    for row in found["blocks"]:
        at = row["first_difference"]
        bits = "identical" if row["identical"] else f"differ from frame {at}"
        again = "identical" if row["after_reset"] else "differs"
        lines.append(f"  {row['block']:>8}  {bits:<28}{again:<16}{row['muted']}")
    null, batch = found["against"], found.get("output_batch")
    if batch is not None:
        lines += [
            f"  output_batch of the file, {counted(batch['frames'], 'frame')}, as shares of its "
            f"peak {batch['peak']:.6g}:",
            f"    largest error {batch['max_error']:.3g} at frame {batch['worst_frame']},"
            f" allowed {batch['tolerance']:.3g}",
        ]
    elif null is None:
        lines.append("  no reference: only what is above was verified (--against REF.wav or torch)")
    if null is not None:
        lines += [
            f"  against {null['reference']}, as shares of its peak {null['peak']:.6g}:",
            f"    largest error {null['max_error']:.3g} at frame {null['worst_frame']} "
            f"({null['worst_s']:.4f} s), allowed {null['tolerance']:.3g}",
            f"    RMS error     {null['rms_error']:.3g}",
        ]
    if "fast" in found:
        lines += _format_fast(found["fast"])
    lines.append("holds" if found["holds"] else "FAILS")
    return "\n".join(lines)


def _format_fast(fast: Mapping[str, Any]) -> list[str]:
    error, db, exact = fast["max_error"], fast["max_error_db"], fast["exact_max_error"]
    told = "the bits of exact" if error == 0.0 else f"largest error {error:.3g} of its peak"
    depth = "" if db is None else f" ({db:.1f} dB)"
    lines = [f"  precision fast, against exact: {told}{depth}, allowed {fast['tolerance']:.3g}"]
    if exact is not None:
        lines.append(f"    exact against the reference: largest error {exact:.3g}")
    return lines
