"""Limiter: keeps peaks, also those between samples, below a ceiling, by looking ahead."""

import math
from typing import ClassVar

import numpy as np

from ...graph.arguments import check_flag, check_number
from ...runtime import authoring as ng
from ...runtime.native.pointers import call_node, zero_bytes
from ...runtime.simd.loops.fir import fir_peak_run
from ..dsp.dynamics.history import CHUNK, allocate_history, keep, longest_chunk
from ..dsp.dynamics.lookahead import LOOKAHEAD, allocate_lookahead, lookahead_gain
from ..dsp.dynamics.true_peak import HALF, TAPS, interpolator

__all__ = ["Limiter"]

CURVES = ("ceilings", "drives", "peaks", "gains")
"""Scratch, float32."""
STATE = np.dtype(
    [
        ("ceiling_db", np.float64),
        ("ceiling_db_now", np.float64),  # amplitude
        ("ceiling_db_coefficient", np.float64),
        ("drive_db", np.float64),
        ("drive_db_now", np.float64),  # amplitude factor
        ("drive_db_coefficient", np.float64),
        ("release_ms", np.float64),
        ("reduction_db", np.float64),
        ("rate", np.float64),
        ("groups", np.int64),
        ("linked", np.int64),  # channels of a group, which have one gain
        ("places", np.int64),  # from one sample to the next that are looked at
        ("delay", np.int64),
        ("at", np.int64),
        ("size", np.int64),
        ("bytes", np.int64),  # of the history of each channel
        ("history", np.int64),
        ("taps", np.int64),
        ("lookahead", np.int64),
        ("find_gain", np.int64),  # address of a C function
        *((name, np.int64) for name in CURVES),
    ]
)
GROUP = LOOKAHEAD.itemsize
QUIETEST = 1e-9
"""Least gain that ``reduction_db`` shows."""


@ng.kernel
def _limit(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    ceiling = ng.decibels(s.ceiling_db)
    drive = ng.decibels(s.drive_db)
    # Not smoothed: the reduction goes on from where it is, at another speed.
    back = 1.0 - math.exp(-1000.0 / (s.release_ms * s.rate))
    size = s.size
    at = s.at
    done = 0
    least = 1.0
    while done < frames:
        n = longest_chunk(frames - done, at, size)
        s.ceiling_db_now = ng.glide(
            s.ceilings, s.ceiling_db_now, ceiling, s.ceiling_db_coefficient, n
        )
        s.drive_db_now = ng.glide(s.drives, s.drive_db_now, drive, s.drive_db_coefficient, n)
        least = 1.0
        for group in range(s.groups):
            first = group * s.linked
            zero_bytes(s.peaks, 4 * n)
            for c in range(first, first + s.linked):
                history = s.history + c * s.bytes
                early = history + 4 * at
                ng.scale(early, ng.channel_address(ins, c) + 4 * done, s.drives, n)
                keep(history, early, at, size, n)
                fir_peak_run(s.peaks, early + 4 * size, n, s.taps, TAPS, s.places)
            lookahead = s.lookahead + group * GROUP
            ng.record(lookahead, LOOKAHEAD).back = back
            call_node(s.find_gain, lookahead, s.peaks, s.gains, np.int32(n))
            for c in range(first, first + s.linked):
                delayed = s.history + c * s.bytes + 4 * (at + size - s.delay)
                ng.scale(ng.channel_address(outs, c) + 4 * done, delayed, s.gains, n)
            last = np.float64(ng.floats(s.gains, n)[n - 1])
            least = last if last < least else least
        at = (at + n) & (size - 1)
        done += n
    s.at = at
    s.reduction_db = 0.0 - 20.0 * math.log10(least if least > QUIETEST else QUIETEST)


@ng.node("limiter", category="dynamics", example="ceiling_db=-1.0, drive_db=6.0")
class Limiter(ng.Node):
    """Keep peaks below ``ceiling_db``: lower the gain before they come, raise it after.

    The signal is amplified by ``drive_db``, and delayed by ``lookahead_ms`` and 8 frames (this is
    the latency), so that the gain is low enough, without clipping, when a peak comes out.  After it
    the gain returns with the time constant ``release_ms`` (63 % of the way).  A signal below the
    ceiling is only delayed, to the bit.

    ``true_peak`` 4 or 8 looks at as many places from one sample to the next, where the peaks of
    the analog signal are (ITU-R BS.1770): those then exceed the ceiling by 0.15 and 0.02 dB at the
    most; "off" looks at samples alone.  With ``link`` all channels get the gain that the loudest
    one needs.  Reports ``reduction_db``: by how much the gain is lowered now, most in any channel.
    """

    ceiling_db: float = ng.param(default=-1.0, low=-24.0, high=0.0, unit="dB")
    release_ms: float = ng.param(
        default=80.0, low=1.0, high=1000.0, unit="ms", taper="log", smoothing_s=0.0
    )
    drive_db: float = ng.param(default=0.0, low=0.0, high=24.0, unit="dB", smoothing_s=0.03)
    lookahead_ms: float = ng.option(default=1.5)
    true_peak: int | str = ng.option(default=4, choices=("off", 4, 8))
    link: bool = ng.option(default=True)
    reports: ClassVar[tuple[str, ...]] = ("reduction_db",)

    def __post_init__(self) -> None:
        """Check the options that have no list of choices."""
        super().__post_init__()
        look = check_number("lookahead_ms", self.lookahead_ms, 0.2, 10.0, "ms")
        object.__setattr__(self, "lookahead_ms", look)
        object.__setattr__(self, "link", check_flag("link", self.link))

    def _look(self, rate: float) -> int:
        """Return the look-ahead in frames, an even number."""
        return 2 * max(1, round(self.lookahead_ms * 5e-4 * rate))

    def latency(self, spec: ng.Spec) -> int:
        """Return the look-ahead and 8 frames, also where samples alone are looked at."""
        return self._look(spec.rate) + HALF

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the history of each channel, and what the gain of each group of them needs."""
        channels, look = io.outputs["out"], self._look(io.spec.rate)
        linked = channels if self.link else 1
        places = 1 if self.true_peak == "off" else int(self.true_peak)
        curves = {name: io.memory.scratch(CHUNK) for name in CURVES}
        made = io.memory.record(
            STATE,
            **io.params,
            **curves,
            ceiling_db_coefficient=io.glide("ceiling_db"),
            drive_db_coefficient=io.glide("drive_db"),
            rate=io.spec.rate,
            groups=channels // linked,
            linked=linked,
            places=places,
            delay=look + HALF,
            **allocate_history(io.memory, channels, look + HALF + TAPS),
            taps=io.memory.constant(interpolator(places)),
            lookahead=allocate_lookahead(io.memory, look, channels // linked, curves["ceilings"]),
            find_gain=lookahead_gain.address,
        )
        return ng.Processor(_limit, made)
