"""Paths of the presets, sounds and models of the package."""

import os
from pathlib import Path

from ..graph import FileError, PresetError
from ..graph.arguments import check_text
from ..runtime.io.file_kind import kind_of_file

__all__ = [
    "DEMO_DI",
    "DEMO_RACK",
    "asset",
    "asset_name",
    "shipped_files",
    "shipped_models",
    "shipped_preset",
    "shipped_presets",
]

HERE = Path(__file__).resolve().parent
DEMO_RACK = "crunch"
DEMO_DI = "di.wav"
SOUNDS = (".wav", ".nam")


def asset(name: str) -> str:
    """Return the path of a sound or a model that ships with the package, such as "di.wav"."""
    check_text("name", name, "the name of a sound or a model")
    there = {p.name: p for p in (HERE / "assets").iterdir() if p.is_file()}
    if name not in there:  # paths to other folders included
        known = sorted(n for n, path in there.items() if path.suffix in SOUNDS)
        raise FileError(
            f"no sound or model {name!r} ships with namgraph; there is {', '.join(known)}"
        )
    return str(there[name])


def asset_name(path: str | os.PathLike[str]) -> str:
    """Return the name of the bundled sound or model at a path, for ``asset``; "" for others."""
    folder, name = os.path.split(os.path.abspath(path))
    is_sound = name.endswith(SOUNDS) and os.path.realpath(folder) == os.path.realpath(
        HERE / "assets"
    )
    return name if is_sound and os.path.isfile(path) else ""


def shipped_files() -> dict[str, str]:
    """Return the paths of all bundled sounds, models and presets, with a description."""
    sounds = [path for path in (HERE / "assets").iterdir() if path.suffix in SOUNDS]
    return {str(path): "a file of the package" for path in [*sounds, *shipped_presets().values()]}


def shipped_models() -> list[Path]:
    """Return the paths of the bundled models."""
    return sorted((HERE / "assets").glob("*.nam"))


def shipped_presets() -> dict[str, Path]:
    """Return the paths of the bundled presets, by name."""
    return {path.stem: path for path in sorted(HERE.glob("*.json"))}


def shipped_preset(name: str) -> Path:
    """Return the path of a bundled preset; raise ``PresetError`` for an unknown name."""
    known = shipped_presets()
    if name not in known:
        kind = kind_of_file(name)  # there may be a file of that name
        here = f"; what is called {name} here is {kind.what}" if kind else ""
        raise PresetError(
            f"no preset {name!r} ships with namgraph; there is {', '.join(known) or 'none'} "
            f"(a file of your own ends in .json){here}"
        )
    return known[name]
