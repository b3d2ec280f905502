"""How ``namgraph live`` shows what goes on: a line on a terminal, lines in a pipe, or events."""

import json
import os
import shutil
import time
import unicodedata
from dataclasses import asdict
from typing import Any, TextIO

from ..graph.text import one_line, printable
from ..presets.rig import Rig
from ..runtime.adapters.live.sound_card import LiveStream
from ..runtime.adapters.live.stats import LiveStats
from ..runtime.adapters.live.stream import Stream

__all__ = ["Events", "Line", "Lines", "Show"]

LINE_S = 1.0
"""Between two lines in a pipe; on a terminal the one line is renewed with every look."""


class Show:
    """Tells people or programs how it goes; each kind in its own way."""

    def __init__(self, out: TextIO) -> None:
        self.out, self.next_line = out, 0.0
        self.before: dict[tuple[str, str], int] = {}

    def say(self, text: str) -> None:
        """Write a line, now."""
        self.out.write(text + "\n")
        self.out.flush()

    def started(self, rig: Rig, stream: Stream) -> None:
        """Say what plays, and where."""
        ms = 1e3 * (sum(stream.latency_s) + stream.engine.latency / stream.sample_rate)
        what = one_line(f"{rig.name} plays on {_where(stream)}")
        self.say(
            f"{what}: {stream.sample_rate:g} Hz, blocks of "
            f"{stream.blocksize}, {ms:.1f} ms from input to output; Ctrl-C stops"
        )

    def look(self, stats: LiveStats) -> None:
        """Say what has happened since the last look."""
        if time.monotonic() >= self.next_line:
            self.next_line = time.monotonic() + LINE_S
            self.say(_status(stats))

    def ended(self, stats: LiveStats) -> None:
        """Say how it went."""
        self.say("\n".join(_summary(stats)))

    def news(self, stats: LiveStats) -> list[dict[str, Any]]:
        """Return what has gone wrong since the last look, as events."""
        now: dict[tuple[str, str], int] = {("xrun", ""): stats.xruns, ("late", ""): stats.late}
        now["lost", ""] = stats.lost
        for n in stats.nodes:
            now |= {("fault", n.name): n.faults, ("overrun", n.name): n.overruns}
        found = []
        for (event, name), count in now.items():
            new = count - self.before.get((event, name), 0)
            if new > 0:
                about: dict[str, Any] = {"node": name} if name else {}
                if event in ("xrun", "late"):
                    about = {"blamed": stats.blamed}
                found.append({"event": event, "new": new, "seconds": stats.seconds, **about})
        self.before = now
        return found


class Lines(Show):
    """Plain lines, for a pipe."""


class Line(Show):
    """One line that is always renewed, for a terminal."""

    def look(self, stats: LiveStats) -> None:
        """Renew the line; what was muted keeps a line of its own."""
        for event in self.news(stats):
            if event["event"] in ("fault", "overrun"):
                self.say(f"\r\x1b[K{event['node']} was muted: {event['event']}")
        # One column stays free: a terminal may go on to the next line after the last.
        self.out.write(f"\r{_cut(_status(stats), _columns(self.out) - 1)}\x1b[K")
        self.out.flush()

    def ended(self, stats: LiveStats) -> None:
        """Say how it went, in the place of the line."""
        self.out.write("\r\x1b[K")
        super().ended(stats)


class Events(Show):
    """JSON, an event a line."""

    def started(self, rig: Rig, stream: Stream) -> None:
        """Tell what plays, and where."""
        self.event(
            "started",
            rig=rig.name,
            device=_where(stream),
            sample_rate=stream.sample_rate,
            blocksize=stream.blocksize,
            warnings=stream.warnings,
        )

    def look(self, stats: LiveStats) -> None:
        """Tell what has gone wrong, and once a second how it goes."""
        for event in self.news(stats):
            self.event(**event)
        if time.monotonic() >= self.next_line:
            self.next_line = time.monotonic() + LINE_S
            levels = {s: [asdict(x) for x in getattr(stats, s)] for s in ("inputs", "outputs")}
            counts = {name: getattr(stats, name) for name in ("seconds", "load", "xruns", "late")}
            self.event("status", **counts, **levels)

    def ended(self, stats: LiveStats) -> None:
        """Tell every figure."""
        self.event("ended", **asdict(stats))

    def event(self, event: str, **about: Any) -> None:
        """Write one event."""
        self.say(printable(json.dumps({"event": event, **about})))


def _where(stream: Stream) -> str:
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
    resting = [n.name for n in s.nodes if n.resting]
    muted = f"  muted: {', '.join(resting)}" if resting else ""
    return f"{s.seconds:7.1f} s  {sides}  load {100 * s.load:5.1f} %  {_xruns(s)}{muted}"


def _columns(out: TextIO) -> int:
    """Return the width of a terminal, as it is now; COLUMNS tells only what it was."""
    try:
        return os.get_terminal_size(out.fileno()).columns or shutil.get_terminal_size().columns
    except (OSError, ValueError):  # no terminal (tests): COLUMNS, or 80
        return shutil.get_terminal_size().columns


def _cut(text: str, columns: int) -> str:
    """Return as much of a line as fits; East Asian characters take two columns."""
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
        f"played {s.seconds:.1f} s in {s.blocks} blocks of {s.blocksize}: {_xruns(s)}, "
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
    return lines
