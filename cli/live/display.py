"""Displays of a live stream: a status line on a terminal, plain lines in a pipe, or JSON events."""

import json
import os
import shutil
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TextIO

from ...graph.text import counted, one_line, printable
from ...nodes.dsp.pitch.note_name import note_name
from ...presets.rendering.levels import SILENT_DB
from ...presets.rig import Rig
from ...runtime.adapters.live.sound_card import LiveStream
from ...runtime.adapters.live.stats import LiveStats
from ...runtime.adapters.live.stream import Stream

__all__ = ["Display", "JsonDisplay", "TerminalDisplay"]

STATUS_S = 1.0
"""Seconds between two status lines or events; a terminal's line is redrawn in every update."""


class Display:
    """Writes plain lines, for a pipe.  Control thread."""

    def __init__(self, out: TextIO) -> None:
        self.out, self.next_status = out, 0.0
        self.counts: dict[tuple[str, str], int] = {}

    def write(self, text: str) -> None:
        """Write a line and flush."""
        self.out.write(text + "\n")
        self.out.flush()

    def started(self, rig: Rig, stream: Stream) -> None:
        """Write the rack, the device and the latency."""
        ms = 1e3 * (sum(stream.latency_s) + stream.engine.latency / stream.sample_rate)
        title = one_line(f"{rig.name} plays on {_device_name(stream)}")
        self.write(
            f"{title}: {stream.sample_rate:g} Hz, blocks of "
            f"{stream.blocksize}, {ms:.1f} ms from input to output; Ctrl-C stops"
        )

    def update(self, stats: LiveStats) -> None:
        """Write a status line, once a second."""
        if time.monotonic() >= self.next_status:
            self.next_status = time.monotonic() + STATUS_S
            self.write(_status(stats))

    def ended(self, stats: LiveStats) -> None:
        """Write the summary."""
        self.write("\n".join(_summary(stats)))

    def new_events(self, stats: LiveStats) -> list[dict[str, Any]]:
        """Return xruns, late blocks, lost blocks, faults and overruns since the last call."""
        now: dict[tuple[str, str], int] = {("xrun", ""): stats.xruns, ("late", ""): stats.late}
        now["lost", ""] = stats.lost
        for n in stats.nodes:
            now |= {("fault", n.name): n.faults, ("overrun", n.name): n.overruns}
        found = []
        for (event, name), count in now.items():
            new = count - self.counts.get((event, name), 0)
            if new > 0:
                about: dict[str, Any] = {"node": name} if name else {}
                if event in ("xrun", "late"):
                    about = {"blamed": stats.blamed}
                found.append({"event": event, "new": new, "seconds": stats.seconds, **about})
        self.counts = now
        return found


class TerminalDisplay(Display):
    """Redraws one status line, on a terminal."""

    def update(self, stats: LiveStats) -> None:
        """Redraw the status line; a muted node gets a line that stays."""
        for event in self.new_events(stats):
            if event["event"] in ("fault", "overrun"):
                self.write(f"\r\x1b[K{event['node']} was muted: {event['event']}")
        # The last column stays free: some terminals wrap after it.
        self.out.write(f"\r{_truncate(_status(stats), _columns(self.out) - 1)}\x1b[K")
        self.out.flush()

    def ended(self, stats: LiveStats) -> None:
        """Replace the status line by the summary."""
        self.out.write("\r\x1b[K")
        super().ended(stats)


class JsonDisplay(Display):
    """Writes events, one JSON object a line."""

    def started(self, rig: Rig, stream: Stream) -> None:
        """Write the event ``started``."""
        self.event(
            "started",
            rig=rig.name,
            device=_device_name(stream),
            sample_rate=stream.sample_rate,
            blocksize=stream.blocksize,
            warnings=stream.warnings,
        )

    def update(self, stats: LiveStats) -> None:
        """Write an event for each new fault, and once a second ``status``."""
        for event in self.new_events(stats):
            self.event(**event)
        if time.monotonic() >= self.next_status:
            self.next_status = time.monotonic() + STATUS_S
            levels = {s: [asdict(x) for x in getattr(stats, s)] for s in ("inputs", "outputs")}
            counts = {name: getattr(stats, name) for name in ("seconds", "load", "xruns", "late")}
            self.event("status", **counts, **levels, readings=stats.readings)

    def ended(self, stats: LiveStats) -> None:
        """Write the event ``ended``, with all figures."""
        self.event("ended", **asdict(stats))

    def event(self, event: str, **about: Any) -> None:
        """Write one event, with control characters escaped."""
        self.write(printable(json.dumps({"event": event, **about})))


def _device_name(stream: Stream) -> str:
    if isinstance(stream, LiveStream):
        pair = (stream.input_device, stream.output_device)
        return " and ".join(dict.fromkeys(f"{d.name} ({d.api})" for d in pair if d))
    return "a clock"


def _status(s: LiveStats) -> str:
    sides = "  ".join(
        f"{side} {max((x.hold_db for x in levels), default=-200):6.1f} dB"
        + (" CLIP" if any(x.clipping for x in levels) else "")
        for side, levels in (("in", s.inputs), ("out", s.outputs))
    )
    heard = "".join(f"  {text}" for text in _readings(s.readings))
    resting = [n.name for n in s.nodes if n.resting]
    muted = f"  muted: {', '.join(resting)}" if resting else ""
    return f"{s.seconds:7.1f} s  {sides}  load {100 * s.load:5.1f} %{heard}  {_xruns(s)}{muted}"


def _readings(readings: Mapping[str, float]) -> list[str]:
    """Return what tuners and loudness meters of the rack show: ``tuner E2 +3.1 cents``."""
    found = []
    for name, value in readings.items():
        node, _, reading = name.rpartition(".")
        if reading == "pitch_hz" and f"{node}.cents" in readings:
            note = note_name(round(readings[f"{node}.note"])) if value else "-"
            cents = f"{readings[f'{node}.cents']:+5.1f}" if value else "     "
            found.append(f"{node} {note:<3} {cents} cents")
        elif reading == "momentary_lufs":
            shown = f"{value:6.1f}" if value > SILENT_DB else "     -"
            found.append(f"{node} {shown} LUFS")
    return found


def _columns(out: TextIO) -> int:
    """Return the current width of a terminal; COLUMNS may be outdated."""
    try:
        return os.get_terminal_size(out.fileno()).columns or shutil.get_terminal_size().columns
    except (OSError, ValueError):  # no terminal (tests): COLUMNS, or 80
        return shutil.get_terminal_size().columns


def _truncate(text: str, columns: int) -> str:
    """Return the part of a line that fits; East Asian characters take two columns."""
    for end, character in enumerate(text):
        if not unicodedata.combining(character):
            columns -= 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if columns < 0:
            return text[:end]
    return text


def _xruns(s: LiveStats) -> str:
    blamed = ", ".join(f"{name} {count}" for name, count in s.blamed.items())
    return f"xruns {s.xruns}, late {s.late}" + (f" ({blamed})" if blamed else "")


def _summary(s: LiveStats) -> list[str]:
    us, ms = s.block_us, s.latency_ms
    lines = [
        f"played {s.seconds:.1f} s in {counted(s.blocks, 'block')} of {s.blocksize}: {_xruns(s)}, "
        f"lost {s.lost}, faults {s.faults}, overruns {s.overruns}",
        f"block p50 {us['p50']:.1f} us, p99 {us['p99']:.1f} us, max {us['max']:.1f} us of "
        f"{s.deadline_us:.0f} us; latency {ms['input']:.1f} ms in, {ms['graph']:.1f} ms graph, "
        f"{ms['output']:.1f} ms out",
    ]
    for n in s.nodes:
        marks = [f"{w} {c}" for w, c in (("late", n.late), ("xruns", n.xruns)) if c]
        marks += [f"{w} {c}" for w, c in (("faults", n.faults), ("overruns", n.overruns)) if c]
        lines.append(
            f"  {n.name:<16} p50 {n.p50_us:8.1f} us  p99 {n.p99_us:8.1f} us  max {n.max_us:8.1f} us"
            f"  {100 * n.p99_us / s.deadline_us:5.1f} %  {', '.join(marks)}".rstrip()
        )
    return lines if s.threads is None else [*lines, str(s.threads)]
