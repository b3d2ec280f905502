"""Draw a picture of a rack, a node, a model, a sound or the difference of two: one call."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...graph import FileError, ParamError
from ...graph.arguments import by_keyword, check_call, clip, format_value
from ...graph.paths import checked_path
from ...graph.text import counted, one_line
from ...nodes.nam import DEFAULT_SAMPLE_RATE
from ...presets.bundled import DEMO_DI, asset
from ...presets.rendering.levels import SILENT_DB
from ...runtime.io.audio_file import read_audio
from ...runtime.io.outputs import check_outputs
from .figures import need_matplotlib, save, suffix_of
from .source import Source, open_source

__all__ = ["Picture", "plot"]

Path_ = str | os.PathLike[str]


@dataclass(frozen=True)
class Picture:
    """A picture that was drawn: its file, what it shows, and the key figures by name."""

    file: str
    what: str
    text: str
    """The figures in words."""
    figures: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return clip(f"<Picture {self}>")

    def __str__(self) -> str:
        return f"{self.file}: {self.what}: {self.text}"


@by_keyword
def plot(
    thing: Any,
    path: Path_ | None = None,
    *,
    against: Path_ | None = None,
    audio: Path_ | None = None,
    settings: Mapping[str, str] | None = None,
    warn: Callable[[str], None] = lambda line: None,
    progress: Callable[[float], None] | None = None,
) -> Picture:
    """Draw a picture into a file, ``.png``, ``.svg`` or ``.pdf``, and return its key figures.

    ``thing`` decides what is drawn: a rack (a graph, a preset's path or bundled name) with the
    level and latency of each signal, measured with the guitar that ships or the file ``audio``; a
    node, a node type's name or a model (gain curve, response, distortion, spectrogram); an audio
    file (waveform, response and decay of an impulse response); with ``against`` two audio files,
    how far ``against`` is from ``thing`` by third of an octave.  The content of a file decides, not
    its suffix.  ``settings`` are values as text for a name or path: see ``namgraph plot --set``.
    ``path`` is the name of ``thing`` with ``.png`` in the working folder unless given; it never
    replaces a file that is read.  Pictures need the extra ``plot``, but for an SVG of a rack.
    """
    check_call("progress", progress)
    check_call("warn", warn)
    _check_settings(settings)
    if against is not None:
        return _two(thing, against, path, settings, audio)
    source = open_source(thing, settings)
    if audio is not None and source.kind != "rack":
        raise ParamError(f"{source.name}: is no rack: audio (--input) is played through a rack")
    sound = asset(DEMO_DI) if audio is None else checked_path(audio, "audio", FileError)
    reads = dict(source.reads) | ({sound: "the input"} if source.kind == "rack" else {})
    target = _target(path, source.stem or source.name, reads, rack=source.kind == "rack")
    if source.kind == "rack":
        return _rack(source, target, sound, audio is None, warn, progress)
    return _node(source, target) if source.kind == "node" else _sound(source, target)


def _check_settings(settings: Any) -> None:
    """Raise ``ParamError`` unless ``settings`` is None or maps names to text."""
    texts = isinstance(settings, Mapping) and all(
        isinstance(text, str) for pair in settings.items() for text in pair
    )
    if settings is not None and not texts:
        raise ParamError(
            f"settings is {format_value(settings)}: must map names to text: {{'gain_db': '-6'}}"
        )


def _target(path: Path_ | None, name: str, reads: Mapping[str, str], *, rack: bool = False) -> str:
    """Return the picture's file; raise before any work if it cannot be drawn there."""
    safe = "".join("-" if c in '/\\:*?"<>|\0 ' or not c.isprintable() else c for c in name)
    target = f"{safe.lstrip('.') or 'picture'}.png" if path is None else path
    target = checked_path(target, "path", FileError)
    if suffix_of(target) != "svg" or not rack:
        need_matplotlib()
    check_outputs([target], reads)
    return target


def _rack(
    source: Source, target: str, sound: str, bundled: bool, warn: Any, progress: Any
) -> Picture:
    from .rack import LONGEST_S, format_latency, measure_rack, rack_lines, rack_notes, write_rack

    assert source.graph is not None
    audio = read_audio(sound)
    found = measure_rack(
        source.graph, audio, source.rate or float(audio.rate), sound, warn, progress
    )
    name = "the guitar that ships" if bundled else one_line(Path(sound).name)
    if audio.frames > LONGEST_S * audio.rate:
        name += f", first {LONGEST_S:g} s"
    lines = [line for line in (source.about,) if line]
    heading = [one_line(source.name), *map(one_line, lines), *rack_lines(found, name)]
    write_rack(source.graph, rack_notes(found), heading, target)
    figures: dict[str, Any] = {
        "sample_rate": found.rate,
        "latency_frames": found.latency,
        "tail_frames": found.tail,
        "outputs": {
            end: {
                "peak_dbfs": _number(row.peak_db),
                "integrated_lufs": _number(row.integrated_lufs),
                "true_peak_dbtp": _number(row.true_peak_dbtp),
            }
            for end, row in found.outputs.items()
        },
        "ports": {
            str(ref): {
                "peak_dbfs": _number(row.peak_db),
                "integrated_lufs": _number(row.integrated_lufs),
                "latency_frames": found.lags.get(ref.node, 0),
            }
            for ref, row in found.ports.items()
        },
    }
    words = [rack_lines(found, name)[1:][n].partition("; ")[0] for n in range(len(found.outputs))]
    late = f"latency {format_latency(found.latency, found.rate)}" if found.latency else "no latency"
    return Picture(target, f"rack {one_line(source.name)}", "; ".join([*words, late]), figures)


def _number(value: float) -> float | None:
    return None if value <= SILENT_DB or not math.isfinite(value) else value


def _node(source: Source, target: str) -> Picture:
    from .node import draw_node
    from .probe import LOUD_DB, probe

    assert source.node is not None
    found = probe(source.node, source.rate or DEFAULT_SAMPLE_RATE)
    kind = f"{source.node.type_name} {source.name}" if source.file else source.name
    given = source.about if source.file else repr(source.node)
    title = f"{source.name}: {given}" if given else source.name
    save(draw_node(found, one_line(title)[:100]), target)
    at = {round(float(level)): n for n, level in enumerate(found.levels_db)}
    low, high = at[-60], at[round(LOUD_DB)]
    figures: dict[str, Any] = {
        "sample_rate": found.rate,
        "latency_frames": found.latency,
        "gain_db_at_-60_dbfs": _finite(found.peaks_db[low] - found.levels_db[low]),
        "gain_db_at_-12_dbfs": _finite(found.peaks_db[high] - found.levels_db[high]),
        "thd_db_at_-12_dbfs": _finite(found.thd_db[high]),
    }
    parts = [
        f"{name} {_words(figures[key], unit)}"
        for name, key, unit in (
            ("gain at -60 dBFS", "gain_db_at_-60_dbfs", "+.1f"),
            ("at -12 dBFS", "gain_db_at_-12_dbfs", "+.1f"),
            ("THD at -12 dBFS", "thd_db_at_-12_dbfs", ".1f"),
        )
    ]
    return Picture(
        target,
        one_line(kind),
        f"{', '.join(parts)}, latency {counted(found.latency, 'frame')}",
        figures,
    )


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _words(value: float | None, form: str) -> str:
    return "none (silent)" if value is None else f"{value:{form}} dB"


def _sound(source: Source, target: str) -> Picture:
    from .sound import draw_sound, measure_sound

    found = measure_sound(source.file)
    audio = found.audio
    seconds = audio.frames / audio.rate
    length = f"{1000 * seconds:.1f} ms" if found.is_response else f"{seconds:.2f} s"
    what = "impulse response" if found.is_response else "audio"
    title = f"{Path(source.file).name}: {what}, {length}, {audio.channels} ch, {audio.rate} Hz"
    save(draw_sound(found, one_line(title)), target)
    decay = None if found.decay_s is None else f"decays by 60 dB in {1000 * found.decay_s:.1f} ms"
    parts = [
        length,
        f"peak {found.peak_db:.1f} dBFS at {found.peak_at_ms:.2f} ms",
        *([decay or "no decay by 25 dB"] if found.is_response else []),
        f"loudest near {found.loudest_hz:.0f} Hz",
    ]
    figures = {
        "sample_rate": audio.rate,
        "channels": audio.channels,
        "frames": audio.frames,
        "peak_dbfs": found.peak_db,
        "peak_at_ms": found.peak_at_ms,
        "decay_60_db_s": found.decay_s,
        "loudest_hz": found.loudest_hz,
    }
    return Picture(target, what, ", ".join(parts), figures)


def _two(first: Any, second: Any, path: Path_ | None, settings: object, audio: object) -> Picture:
    from .null import CENTERS, draw_null, measure_null

    if settings or audio is not None:
        raise ParamError(
            "two files are compared as they are: without settings (--set), audio (--input)"
        )
    names = [
        checked_path(name, argument, FileError)
        for name, argument in ((first, "thing"), (second, "against"))
    ]
    for name in names:
        source = open_source(name)
        if source.kind != "audio":
            raise FileError(f"{name}: is a {source.kind}: two audio files are compared")
    stems = "-".join(Path(name).stem for name in names)
    target = _target(path, stems, {names[0]: "the first", names[1]: "the second"})
    null = measure_null(*names)
    save(draw_null(null, (Path(names[0]).name, Path(names[1]).name)), target)
    figures: dict[str, Any] = {
        "sample_rate": null.rate,
        "frames": null.frames,
        "longer_frames": null.longer,
        "perfect": null.perfect,
        "late_frames": null.late,
        "inverted": null.inverted,
        "rms_db": _finite(null.rms_db),
        "peak_db": _finite(null.peak_db),
        "bands_hz": [round(float(center), 1) for center in CENTERS],
        "bands_db": [_finite(depth) for depth in null.depths],
    }
    if null.perfect:
        text = f"perfect null: all {null.frames} frames are equal"
    else:
        text = f"null {null.rms_db:.1f} dB RMS, {null.peak_db:.1f} dB peak"
        if null.inverted:
            text += "; the second has the opposite polarity"
        if null.late:
            when = "late" if null.late > 0 else "early"
            text += f"; the second is {counted(abs(null.late), 'frame')} {when}"
    if null.longer:
        more = "longer" if null.longer > 0 else "shorter"
        frames = counted(abs(null.longer), "frame")
        text += f"; the second is {frames} {more}, which was not compared"
    return Picture(target, f"{one_line(names[1])} against {one_line(names[0])}", text, figures)
