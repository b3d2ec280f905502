"""Racks as files, and what the command line does with them.

    files      presets: write a graph as JSON, read it back (README.md describes the format)
    values     what a preset's values may be
    shipped    where the presets and sounds of the package lie
    rig        a preset, or one .nam with perhaps a cabinet behind it
    render     files through a rack
    levels     peak, RMS and energy of audio, block by block
    batch      one signal through many models
    job        many files through many racks: job_files and job_items what is to be made, job_check
               what cannot be, job_run makes it, manifest what was made
    demo, plot the shipped DI through the shipped rack, and a picture of it
    info       what a file is
    bench      how fast a rack plays; benchmarks/ what parts of the engine cost, by suite
    verify     a null test of a model; verdict what it found, verify_torch the trainer's side
    live, live_show  play a rack on a sound card, and show how it goes
    warm       compile everything now
    arguments  what may be typed after namgraph
    console    what the command says where, and how it ends
    assets/    sounds and models that ship, and the recipes that made them

The ``*.json`` beside this file ship with the package; ``load_preset("crunch")`` reads one.
"""

from .batch.render_models import render_models
from .bundled import asset, shipped_presets
from .preset import Preset, load_preset, read_preset, save_preset

__all__ = [
    "Preset",
    "asset",
    "load_preset",
    "read_preset",
    "render_models",
    "save_preset",
    "shipped_presets",
]
