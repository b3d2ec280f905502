"""Presets: graphs as JSON files, the bundled presets and sounds, and rendering from file to file.

    preset     write a graph as JSON, and read it (README.md describes the format)
    migrations  versions of the format, and how older ones are converted
    snapshots  snapshots A to F, and mix and bypass of nodes, in JSON
    schema     the JSON Schema of the format
    starter    the preset that ``namgraph new`` writes
    values     check the values of a preset against the fields of its nodes
    connections  the connections of a preset, and the racks inside it
    settings   set fields of nodes by "node.field": jobs, and --set of commands
    lanes      automation lanes in JSON
    json_file  read a JSON file of limited size
    bundled    paths of the presets and sounds of the package
    rig        a preset, or one .nam with an optional cabinet, ready to render
    rendering/ render and play audio through a rack: channels, levels, loudness
    exporting/ write a rack of captures in series as one .nam
    batch/     render many files through many racks, as a job in JSON says
    assets/    bundled sounds and models, and the recipes that made them

The ``*.json`` files here are the bundled presets: ``load_preset("crunch")`` reads one.
"""

from typing import TYPE_CHECKING

from ..graph.catalog.lazy_import import lazy_names

_PUBLIC = {
    ".bundled": (
        "asset",
        "shipped_presets",
    ),
    ".exporting.export_nam": ("export_nam",),
    ".preset": (
        "Preset",
        "load_preset",
        "read_preset",
        "save_preset",
    ),
    ".rendering.loudness_matching": ("match_loudness",),
    ".rendering.playback": ("play",),
    ".rendering.render_models": ("render_models",),
    ".rig": ("open_graph",),
    ".schema": ("preset_schema",),
}
"""Of each module, the public names that it defines; imported when they are first used."""

if TYPE_CHECKING:
    from .bundled import asset as asset, shipped_presets as shipped_presets
    from .exporting.export_nam import export_nam as export_nam
    from .preset import (
        Preset as Preset,
        load_preset as load_preset,
        read_preset as read_preset,
        save_preset as save_preset,
    )
    from .rendering.loudness_matching import match_loudness as match_loudness
    from .rendering.playback import play as play
    from .rendering.render_models import render_models as render_models
    from .rig import open_graph as open_graph
    from .schema import preset_schema as preset_schema

    __all__: list[str]
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, _PUBLIC)
