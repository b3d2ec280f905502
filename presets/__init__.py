"""Presets: graphs as JSON files, the bundled presets and sounds, and rendering from file to file.

    preset     write a graph as JSON, and read it (README.md describes the format)
    values     check the values of a preset against the fields of its nodes
    connections  the connections of a preset, and the racks inside it
    settings   set fields of nodes by "node.field": jobs, and --set of commands
    lanes      automation lanes in JSON
    json_file  read a JSON file of limited size
    bundled    paths of the presets and sounds of the package
    rig        a preset, or one .nam with an optional cabinet, ready to render
    rendering/ render and play audio through a rack: channels, levels, loudness
    batch/     render many files through many racks, as a job in JSON says
    assets/    bundled sounds and models, and the recipes that made them

The ``*.json`` files here are the bundled presets: ``load_preset("crunch")`` reads one.
"""

from ..graph import register_files
from .bundled import asset, shipped_presets
from .preset import Preset, load_preset, read_preset, save_preset
from .rendering.loudness_matching import match_loudness
from .rendering.playback import play
from .rendering.render_models import render_models
from .rig import open_graph

__all__ = [
    "Preset",
    "asset",
    "load_preset",
    "match_loudness",
    "open_graph",
    "play",
    "read_preset",
    "render_models",
    "save_preset",
    "shipped_presets",
]

register_files(open_graph, shipped_presets)
