"""Gate: a noise gate, which may listen to another signal than the one it acts on."""

import math
from typing import Any, ClassVar

import numpy as np

from ...graph.arguments import check_flag, check_number
from ...runtime import authoring as ng
from ...runtime.native.pointers import call_node
from ..dsp.dynamics.detector import SIDECHAINS, allocate_key, find_levels, key_ports, tune_key
from ..dsp.dynamics.gate_nam import NAM_GATE, NAM_LIMITS, nam_gain, nam_limits
from ..dsp.dynamics.gate_own import OWN_GATE, OWN_LIMITS, gate_gain, gate_limits
from ..dsp.dynamics.history import CHUNK, allocate_history, keep, longest_chunk

__all__ = ["Gate"]

PARAMETERS = (
    "threshold_db",
    "hysteresis_db",
    "range_db",
    "attack_ms",
    "hold_ms",
    "release_ms",
    "ratio",
)
"""Those of the gain's law, in the order of ``OWN_LIMITS``; mode "nam" has the first alone."""
STATE = np.dtype(
    [(name, np.float64) for name in PARAMETERS]
    + [
        ("key_low_hz", np.float64),
        ("key_high_hz", np.float64),
        ("reduction_db", np.float64),
        ("open", np.float64),
        *(
            (n, np.int64)
            for n in ("groups", "linked", "first_key", "key_count", "key", "key_channels")
        ),
        ("used", np.int64),  # how many of PARAMETERS the law has
        ("limits", np.int64),
        ("find_limits", np.int64),  # addresses of C functions
        ("find_gain", np.int64),
        ("gates", np.int64),  # one record per group
        ("stride", np.int64),
        ("levels", np.int64),  # scratch: float64
        ("gains", np.int64),
        *((n, np.int64) for n in ("delay", "at", "size", "bytes", "history")),
    ]
)
QUIETEST = 1e-9
"""Least gain that ``reduction_db`` shows."""


@ng.kernel
def _gate(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    # No parameter is smoothed: the gain itself goes where it must at the speed of attack, release.
    given = ng.numbers(state, s.used, np.float64)
    known = ng.numbers(s.limits + 8, s.used, np.float64)
    new = False
    for k in range(s.used):
        new |= given[k] != known[k]
        known[k] = given[k]
    if new:
        call_node(s.find_limits, s.limits, 0, 0, np.int32(0))
    keys = ins + 8 * s.first_key
    key_channels = s.key_channels
    tune_key(s.key, s.key_low_hz, s.key_high_hz)
    gain = ng.numbers(s.gains, CHUNK, np.float64)
    done = 0
    linked = s.linked
    size = s.size
    while done < frames:
        n = longest_chunk(frames - done, s.at, size)
        for group in range(s.groups):
            find_levels(s.key, key_channels, keys, group * linked, s.key_count, done, s.levels, n)
            call_node(s.find_gain, s.gates + group * s.stride, s.levels, s.gains, np.int32(n))
            for c in range(group * linked, (group + 1) * linked):
                source = ng.channel_address(ins, c) + 4 * done
                if s.delay > 0:
                    history = s.history + c * s.bytes
                    keep(history, source, s.at, size, n)
                    source = history + 4 * (s.at + size - s.delay)
                x = ng.floats(source, n)
                y = ng.floats(ng.channel_address(outs, c) + 4 * done, n)
                for i in range(n):
                    y[i] = np.float32(gain[i] * np.float64(x[i]))
        s.at = (s.at + n) & (size - 1)
        done += n
    least = 1.0
    open_ = 0.0
    for group in range(s.groups):
        gate = ng.numbers(s.gates + group * s.stride, 2, np.float64)  # gain, open
        least = gate[0] if gate[0] < least else least
        open_ += gate[1]
    s.open = 1.0 if open_ > 0.0 else 0.0
    s.reduction_db = 0.0 - 20.0 * math.log10(least if least > QUIETEST else QUIETEST)


def _time(default: float, low: float, high: float) -> Any:
    return ng.param(default=default, low=low, high=high, unit="ms", taper="log", smoothing_s=0.0)


def _level(default: float, low: float, high: float) -> Any:
    return ng.param(default=default, low=low, high=high, unit="dB", smoothing_s=0.0)


def _hertz(default: float, low: float, high: float) -> Any:
    return ng.param(default=default, low=low, high=high, unit="Hz", taper="log", smoothing_s=0.0)


@ng.node("gate", display_name="Noise gate", category="dynamics", example="threshold_db=-50.0")
class Gate(ng.Node):
    """Close when the signal falls below ``threshold_db``, so that hum and hiss between notes go.

    The level is that of the *key*: the input, or with ``sidechain`` the second input "key", such as
    the guitar in front of an amp that the gate is behind; it has as many channels as the input, or
    one with ``sidechain="mono"``.  The key is filtered (12 dB per octave below ``key_low_hz``, 6
    above ``key_high_hz``; none at 20 Hz and at 20 kHz), and its peaks are followed (0.2 ms up,
    25 ms down).  The gate opens at the threshold, and closes when the level has been
    ``hysteresis_db`` below it for ``hold_ms``.  While it is closed, every dB below the threshold
    lowers the output by ``ratio`` - 1 dB, at most ``range_db``: a ``ratio`` of 20 is the whole
    range at once, a ``range_db`` of 120 silence.  The gain follows exponentially; ``attack_ms`` and
    ``release_ms`` are time constants (63 % of the way).  A gate that has opened changes no bit.

    ``mode="nam"`` is the noise gate of the NAM plugin, which has ``threshold_db`` alone.
    ``lookahead_ms`` delays the signal, not the key; it is the latency.  With ``link`` all channels
    have one gain, that of the loudest.  Reports ``reduction_db`` (most of any channel), ``open``.
    """

    threshold_db: float = _level(-60.0, -100.0, 0.0)
    hysteresis_db: float = _level(5.0, 0.0, 24.0)
    range_db: float = _level(80.0, 0.0, 120.0)
    attack_ms: float = _time(0.5, 0.05, 50.0)
    hold_ms: float = ng.param(default=50.0, low=0.0, high=1000.0, unit="ms", smoothing_s=0.0)
    release_ms: float = _time(100.0, 1.0, 2000.0)
    ratio: float = ng.param(default=4.0, low=1.0, high=20.0, taper="log", smoothing_s=0.0)
    key_low_hz: float = _hertz(80.0, 20.0, 1000.0)
    key_high_hz: float = _hertz(5000.0, 500.0, 20_000.0)
    mode: str = ng.option(default="own", choices=("own", "nam"))
    sidechain: bool | str = ng.option(default=False, choices=SIDECHAINS)
    lookahead_ms: float = ng.option(default=0.0)
    link: bool = ng.option(default=True)
    reports: ClassVar[tuple[str, ...]] = ("reduction_db", "open")
    # A parameter that jumps opens or closes it, at the speed of attack or release: 40 times with
    # the default attack; 127 where mode "nam" closes for a threshold of 0 dB, 1.2 dB in a frame.
    jump_ratio: ClassVar[float] = 130.0

    def __post_init__(self) -> None:
        """Check the options that have no list of choices."""
        super().__post_init__()
        look = check_number("lookahead_ms", self.lookahead_ms, 0.0, 5.0, "ms")
        object.__setattr__(self, "lookahead_ms", look)
        object.__setattr__(self, "link", check_flag("link", self.link))

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """The signal, and with ``sidechain`` the key."""
        return key_ports(self.sidechain)

    def latency(self, spec: ng.Spec) -> int:
        """Return the look-ahead in frames."""
        return round(self.lookahead_ms * 1e-3 * spec.rate)

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the key's filters, a gate for each group of channels, the delay."""
        channels, delay, nam = io.outputs["out"], self.latency(io.spec), self.mode == "nam"
        mono_key = self.sidechain == "mono"  # so there is one gain
        linked = channels if self.link or mono_key else 1
        port = "key" if self.sidechain else "in"
        key, key_channels = allocate_key(io, port, filtered=not nam)
        kind = NAM_GATE if nam else OWN_GATE
        limits = io.memory.record(NAM_LIMITS if nam else OWN_LIMITS, rate=io.spec.rate)
        fields: dict[str, Any] = {"limits": limits}
        if nam:
            fields["reduction_db"] = math.nan
        else:
            fields["gain"] = -1.0
            fields["envelopes"], fields["goals"] = (
                io.memory.scratch(CHUNK, np.float64) for _ in range(2)
            )
        made = io.memory.record(
            STATE,
            **io.params,
            groups=channels // linked,
            linked=linked,
            key_count=1 if mono_key else linked,
            first_key=channels if self.sidechain else 0,
            key=key,
            key_channels=key_channels,
            used=1 if nam else len(PARAMETERS),
            limits=limits,
            find_limits=(nam_limits if nam else gate_limits).address,
            find_gain=(nam_gain if nam else gate_gain).address,
            gates=io.memory.records(kind, [fields] * (channels // linked)),
            stride=kind.itemsize,
            levels=io.memory.scratch(CHUNK, np.float64),
            gains=io.memory.scratch(CHUNK, np.float64),
            delay=delay,
            **allocate_history(io.memory, channels, delay),
        )
        return ng.Processor(_gate, made)
