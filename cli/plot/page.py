"""The page of the racks that ship: a line, a picture and the levels of each, as Markdown and SVG.

Measured figures are kept beside it, in ``racks/figures.json``: page and pictures follow from the
presets and these figures, so that they are the same bytes on every machine.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...graph import FileError
from ...graph.connection import PortRef
from ...graph.drawing.scene import scene
from ...graph.drawing.svg import svg_of
from ...graph.text import one_line
from ...presets.bundled import DEMO_DI, asset, shipped_presets
from ...presets.preset import files_of, read_preset
from ...presets.rig import model_rates
from ...runtime.io.atomic_write import whole_file, writing
from ...runtime.io.audio_file import read_audio
from ...runtime.io.outputs import make_folder
from .rack import format_latency, format_level, measure_rack, rack_lines, rack_notes

__all__ = ["FIGURES", "PAGE", "digest", "measure_racks", "pages", "write_page"]

PAGE, FOLDER, FIGURES = "racks.md", "racks", "racks/figures.json"
SOURCE = "the guitar that ships"
INTRO = """\
# The racks that ship

`namgraph demo NAME` renders one with the guitar that ships, `namgraph demo --all DIR` renders all,
`namgraph plot NAME` draws one. Levels are of that render, peak and integrated loudness (ITU-R
BS.1770-4); latency is what the nodes declare, which `namgraph render` takes out.

This page is made by `namgraph plot --all docs`.
"""


def digest(name: str) -> str:
    """Return a digest of a bundled preset and of the files that its nodes read."""
    path = shipped_presets()[name]
    found = hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n"))
    for file in sorted(files_of(read_preset(path).graph)):
        found.update(Path(file).read_bytes())
    return found.hexdigest()


def measure_racks(
    warn: Callable[[str], None] = lambda line: None,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Render every bundled rack with the bundled guitar; return what page and pictures say."""
    found, names = dict[str, Any](), list(shipped_presets())
    audio = read_audio(asset(DEMO_DI))
    for number, name in enumerate(names):
        graph = read_preset(shipped_presets()[name]).graph
        rate = next(iter(model_rates(graph).values()), float(audio.rate))
        levels = measure_rack(graph, audio, rate, DEMO_DI, warn)
        output = next(iter(levels.outputs.values()))
        late = format_latency(levels.latency, rate) if levels.latency else "none"
        found[name] = {
            "digest": digest(name),
            "level": format_level(output),
            "latency": late,
            "tail": f"{levels.tail / rate:.2f} s",
            "lines": rack_lines(levels, SOURCE),
            "ports": {str(ref): lines for ref, lines in rack_notes(levels).items()},
        }
        if progress is not None:
            progress((number + 1) / len(names))
    return found


def pages(figures: Mapping[str, Any]) -> dict[str, str]:
    """Return the text of the page, the pictures and the figures, by path below the folder."""
    made, rows, sections = dict[str, str](), list[str](), list[str]()
    for name, found in figures.items():
        preset = read_preset(shipped_presets()[name])
        notes = {_port(key): lines for key, lines in found["ports"].items()}
        heading = [one_line(preset.name), one_line(preset.description), *found["lines"]]
        picture = f"{FOLDER}/{name}.svg"
        made[picture] = svg_of(scene(preset.graph, down=True, notes=notes, heading=heading))
        about = _escape(preset.description)
        levels = found["level"]
        cells = [*levels, *["-"] * (2 - len(levels)), found["latency"], found["tail"]]
        rows.append(f"| [{name}](#{name}) | {about} | {' | '.join(cells)} |")
        drawing = f"![The graph of {name}, with levels and latencies]({picture})"
        sections.append(f"## {name}\n\n{about}\n\n{drawing}\n")
    table = "| rack | what it is | peak | loudness | latency | tail |\n|---|---|---|---|---|---|\n"
    text = "\n".join([INTRO, table + "\n".join(rows) + "\n", *sections])
    return {PAGE: text, FIGURES: json.dumps(figures, indent=1) + "\n", **made}


def _port(key: str) -> PortRef:
    return PortRef(*key.rsplit(".", 1))


def _escape(text: str) -> str:
    return one_line(text).replace("|", "\\|").replace("<", "&lt;")


def write_page(
    folder: str | os.PathLike[str],
    *,
    warn: Callable[[str], None] = lambda line: None,
    progress: Callable[[float], None] | None = None,
) -> list[str]:
    """Measure every bundled rack and write the page; return the files, the page first.

    Pictures of racks that the old page had, and that no longer ship, are removed.
    """
    place = Path(folder)
    make_folder(place)
    make_folder(place / FOLDER)
    gone = _names(place / FIGURES) - set(shipped_presets())
    made = pages(measure_racks(warn, progress))
    for name, text in made.items():
        target = place / name
        with whole_file(target, FileError) as part, writing(os.fspath(target), FileError):
            part.write_text(text, encoding="utf-8", newline="\n")
    for name in gone:
        (place / FOLDER / f"{name}.svg").unlink(missing_ok=True)
    return [str(place / name) for name in made]


def _names(path: Path) -> set[str]:
    """Return the names of the racks that a page had."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {name for name in found if isinstance(found, dict) and Path(name).name == name}
