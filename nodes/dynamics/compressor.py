"""Compressor: lowers what is louder than a threshold."""

from typing import ClassVar

import numpy as np

from ...graph.arguments import check_flag, check_number
from ...runtime import authoring as ng
from ...runtime.native.pointers import call_node
from ..dsp.dynamics.compress import (
    COMPRESSION,
    COMPRESSION_LIMITS,
    DETECTORS,
    STYLES,
    compression_gain,
    compression_limits,
)
from ..dsp.dynamics.detector import SIDECHAINS, allocate_key, find_levels, key_ports, tune_key
from ..dsp.dynamics.history import CHUNK, allocate_history, keep, longest_chunk

__all__ = ["Compressor"]

LIMITS = ("threshold_db", "ratio", "knee_db", "makeup_db", "attack_ms", "release_ms")
"""Parameters in the order of ``COMPRESSION_LIMITS``."""
SMOOTHED = ("threshold_db", "ratio", "knee_db", "makeup_db", "attack_ms", "mix")
STATE = np.dtype(
    [
        *((name, np.float64) for name in LIMITS),
        ("mix", np.float64),
        ("key_low_hz", np.float64),
        *(
            (f"{name}_now", np.float64) for name in SMOOTHED
        ),  # ratio: slope; makeup: factor; attack: share
        *((f"{name}_coefficient", np.float64) for name in SMOOTHED),
        ("reduction_db", np.float64),
        *(
            (n, np.int64)
            for n in ("groups", "linked", "first_key", "key_count", "key", "key_channels")
        ),
        ("limits", np.int64),
        ("find_limits", np.int64),  # addresses of C functions
        ("find_gain", np.int64),
        ("compressions", np.int64),  # one record per group
        ("levels", np.int64),  # scratch: float64
        ("gains", np.int64),  # scratch: float32
        ("makeups", np.int64),
        ("mixes", np.int64),
        *((n, np.int64) for n in ("delay", "at", "size", "bytes", "history")),
    ]
)
GROUP = COMPRESSION.itemsize


def _emit_mix(
    lanes: ng.Lanes, gains: ng.Value, makeups: ng.Value, mixes: ng.Value, frames: ng.Value
) -> None:
    def factor(gain: ng.Value, makeup: ng.Value, mix: ng.Value) -> ng.Value:
        dry = lanes.sub(lanes.constant(1.0), mix)
        return lanes.add(dry, lanes.mul(mix, lanes.mul(makeup, gain)))

    ng.each(lanes, gains, [gains, makeups, mixes], frames, factor)


_mix = ng.embed("compressor.mix", 4, _emit_mix)
"""``_mix(gains, makeups, mixes, frames)``: make gains the factors of the whole node."""


@ng.kernel
def _compress(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    p = ng.record(s.limits, COMPRESSION_LIMITS)
    given = ng.numbers(state, len(LIMITS), np.float64)
    known = ng.numbers(s.limits + 8, len(LIMITS), np.float64)
    new = False
    for k in range(len(LIMITS)):
        new |= given[k] != known[k]
        known[k] = given[k]
    if new:
        call_node(s.find_limits, s.limits, 0, 0, np.int32(0))
    # Neither the release nor the filter is smoothed: the reduction goes on from where it is.
    tune_key(s.key, s.key_low_hz, 20_000.0)
    keys = ins + 8 * s.first_key
    done = 0
    linked = s.linked
    size = s.size
    while done < frames:
        n = longest_chunk(frames - done, s.at, size)
        s.threshold_db_now = ng.glide(
            p.thresholds, s.threshold_db_now, s.threshold_db, s.threshold_db_coefficient, n
        )
        s.ratio_now = ng.glide(p.slopes, s.ratio_now, p.slope, s.ratio_coefficient, n)
        s.attack_ms_now = ng.glide(p.attacks, s.attack_ms_now, p.attack, s.attack_ms_coefficient, n)
        s.knee_db_now = ng.glide(p.knees, s.knee_db_now, s.knee_db, s.knee_db_coefficient, n)
        s.makeup_db_now = ng.glide(s.makeups, s.makeup_db_now, p.makeup, s.makeup_db_coefficient, n)
        s.mix_now = ng.glide(s.mixes, s.mix_now, s.mix, s.mix_coefficient, n)
        s.reduction_db = 0.0
        for group in range(s.groups):
            first = group * linked
            find_levels(s.key, s.key_channels, keys, first, s.key_count, done, s.levels, n)
            compression = s.compressions + group * GROUP
            call_node(s.find_gain, compression, s.levels, s.gains, np.int32(n))
            reduction_db = ng.numbers(compression, 1, np.float64)[0]
            s.reduction_db = reduction_db if reduction_db > s.reduction_db else s.reduction_db
            _mix(s.gains, s.makeups, s.mixes, n)
            for c in range(first, first + linked):
                source = ng.channel_address(ins, c) + 4 * done
                if s.delay > 0:
                    history = s.history + c * s.bytes
                    keep(history, source, s.at, size, n)
                    source = history + 4 * (s.at + size - s.delay)
                ng.scale(ng.channel_address(outs, c) + 4 * done, source, s.gains, n)
        s.at = (s.at + n) & (size - 1)
        done += n


@ng.node("compressor", category="dynamics", example="threshold_db=-24.0, ratio=4.0")
class Compressor(ng.Node):
    """Lower what is louder than ``threshold_db``: ``ratio`` dB above it become 1 dB.

    Around the threshold the curve bends over ``knee_db``.  ``attack_ms`` and ``release_ms`` are
    time constants (63 % of the way); ``makeup_db`` is added to the output, and with ``auto_makeup``
    half of the reduction at 0 dB as well.  ``mix`` below 1 adds the input (parallel compression).

    The level is that of the *key*: the input, or with ``sidechain`` the second input "key", which
    has as many channels as the input, or one with ``sidechain="mono"``.  It goes through a
    high-pass at ``key_low_hz`` (12 dB per octave; none at 20 Hz), and ``detector`` measures it:
    "peak" is its magnitude, "rms" the root of the mean square over 10 ms, "opto" the mean magnitude
    over 10 ms.  ``style`` says what attack and release act on:

    * "clean": the reduction in dB
    * "fet": the level, before the logarithm: after loud notes the reduction falls by a constant
      8.7 dB per ``release_ms``
    * "opto": two reductions, of which the mean is taken: one is over soon (with the default release
      of 120 ms half of the whole is gone after 60 ms), the other takes 0.5 s, up to 5 s after long
      work; ``release_ms`` scales all of these times

    ``lookahead_ms`` delays the signal, not the key; it is the latency.  With ``link`` all channels
    have one gain, that of the loudest.  Reports ``reduction_db``, most of any channel.
    """

    threshold_db: float = ng.param(default=-20.0, low=-60.0, high=0.0, unit="dB", smoothing_s=0.05)
    ratio: float = ng.param(default=4.0, low=1.0, high=50.0, taper="log")
    knee_db: float = ng.param(default=6.0, low=0.0, high=24.0, unit="dB")
    attack_ms: float = ng.param(default=5.0, low=0.05, high=250.0, unit="ms", taper="log")
    release_ms: float = ng.param(
        default=120.0, low=5.0, high=3000.0, unit="ms", taper="log", smoothing_s=0.0
    )
    makeup_db: float = ng.param(default=0.0, low=-12.0, high=36.0, unit="dB", smoothing_s=0.05)
    mix: float = ng.param(default=1.0, low=0.0, high=1.0)
    key_low_hz: float = ng.param(
        default=20.0, low=20.0, high=500.0, unit="Hz", taper="log", smoothing_s=0.0
    )
    detector: str = ng.option(default="peak", choices=DETECTORS)
    style: str = ng.option(default="clean", choices=STYLES)
    auto_makeup: bool = ng.option(default=False)
    sidechain: bool | str = ng.option(default=False, choices=SIDECHAINS)
    lookahead_ms: float = ng.option(default=0.0)
    link: bool = ng.option(default=True)
    reports: ClassVar[tuple[str, ...]] = ("reduction_db",)

    def __post_init__(self) -> None:
        """Check the options that have no list of choices."""
        super().__post_init__()
        look = check_number("lookahead_ms", self.lookahead_ms, 0.0, 10.0, "ms")
        object.__setattr__(self, "lookahead_ms", look)
        for name in ("auto_makeup", "link"):
            object.__setattr__(self, name, check_flag(name, getattr(self, name)))

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """The signal, and with ``sidechain`` the key."""
        return key_ports(self.sidechain)

    def latency(self, spec: ng.Spec) -> int:
        """Return the look-ahead in frames."""
        return round(self.lookahead_ms * 1e-3 * spec.rate)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the key's filters, a compression for each group of channels, the delay."""
        memory, channels, delay = io.memory, io.outputs["out"], self.latency(io.spec)
        mono_key = self.sidechain == "mono"  # so there is one gain
        linked = channels if self.link or mono_key else 1
        key, key_channels = allocate_key(io, "key" if self.sidechain else "in")
        curves = ("attacks", "thresholds", "slopes", "knees")
        limits = memory.record(
            COMPRESSION_LIMITS,
            rate=io.spec.rate,
            automatic=self.auto_makeup,
            detector=DETECTORS.index(self.detector),
            style=STYLES.index(self.style),
            **{name: memory.scratch(CHUNK) for name in curves},
        )
        made = memory.record(
            STATE,
            **io.params,
            **{f"{name}_coefficient": io.glide(name) for name in SMOOTHED},
            groups=channels // linked,
            linked=linked,
            key_count=1 if mono_key else linked,
            first_key=channels if self.sidechain else 0,
            key=key,
            key_channels=key_channels,
            limits=limits,
            find_limits=compression_limits.address,
            find_gain=compression_gain.address,
            compressions=memory.records(COMPRESSION, [{"limits": limits}] * (channels // linked)),
            levels=memory.scratch(CHUNK, np.float64),
            **{name: memory.scratch(CHUNK) for name in ("gains", "makeups", "mixes")},
            delay=delay,
            **allocate_history(memory, channels, delay),
        )
        return ng.Processor(_compress, made)
