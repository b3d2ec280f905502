"""What files a preset needs and where they are; the preset again, with the paths found.

Works on the JSON of a preset, which may name files that are missing.  Control threads.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...graph import PresetError
from ...graph.json_text import parse_json
from ...graph.paths import checked_path
from ...runtime.io.atomic_write import whole_file, writing
from ...runtime.io.outputs import check_outputs
from ..format_text import format_preset
from ..json_file import no_repeated_keys
from ..preset import loads, open_preset, preset_path
from .bundle import is_bundle
from .pack import write_bundle
from .references import Path_, plugin_files, reference_json, stored_path
from .search import FileSearch, Found

__all__ = ["Needs", "Relinked", "needed_files", "pack_preset", "relink_preset"]


@dataclass(frozen=True, eq=False)
class Needs:
    """The JSON of a preset, and where each file that it needs is."""

    file: Path
    """The preset; of a bundle the one in its temporary folder."""
    rack: dict[str, Any]
    files: tuple[Found, ...]
    search: FileSearch

    @property
    def missing(self) -> list[Found]:
        """The files that were not found."""
        return [found for found in self.files if not found.path]


@dataclass(frozen=True)
class Relinked:
    """What ``relink_preset`` found and wrote."""

    path: str
    """The preset that was written; "" if there was nothing to write."""
    files: tuple[Found, ...]
    missing: str
    """An error text that names the files that are still missing; "" if none is."""


def needed_files(path: Path_, search: Iterable[Path_] | Path_ = ()) -> Needs:
    """Return the files that a preset, a bundle or a bundled preset needs, found or missing.

    Warns of nothing.  ``PresetError`` for what is no preset.
    """
    name = checked_path(path, "path", PresetError)
    return _needs(name, *open_preset(name, search=search))


def _needs(name: str, file: Path, content: bytes, files: FileSearch) -> Needs:
    try:
        data = parse_json(content, PresetError, object_pairs_hook=no_repeated_keys)
        if not isinstance(data, dict) or "namgraph" not in data:
            raise PresetError('the key "namgraph" is missing: is this a namgraph preset?')
        return Needs(file, data, tuple(files.find_all(data.get("nodes"))), files)
    except PresetError as error:
        raise PresetError(f"{name}: {error}") from None


def pack_preset(
    path: Path_, bundle: Path_, search: Iterable[Path_] | Path_ = ()
) -> tuple[list[str], list[str]]:
    """Write a preset with its files as a bundle; return its members, and files left out.

    The preset is read first, so that a bundle is one of a valid preset.  Left out, each with its
    node, are plugins and the files that their settings name: they are installed on a machine.
    """
    name, target = checked_path(path, "path", PresetError), os.fspath(bundle)
    checked_path(target, "bundle", PresetError)
    if Path(target).suffix.lower() != ".zip":
        raise PresetError(f"{target}: a bundle's name must end in .zip: pack into {target}.zip")
    opened = open_preset(name, search=search)  # one search: it hashes each file once
    try:
        graph = loads(opened[1], files=opened[2]).graph
    except PresetError as error:
        raise PresetError(f"{name}: {error}") from error.__cause__
    needs = _needs(name, *opened)
    reads = {os.fspath(preset_path(name)): "the preset"}
    reads |= {found.path: f"a file of {found.field.place}" for found in needs.files}
    check_outputs([target], reads, PresetError)
    members = write_bundle(target, needs.file.name, needs.rack, needs.search)
    left = {n: plugin_files(node) for n, node in graph.nodes.items()}
    return members, [f"{n}: {file}" for n, files in left.items() for file in files]


def relink_preset(
    path: Path_, output: Path_ | None = None, search: Iterable[Path_] | Path_ = ()
) -> Relinked:
    """Write a preset again, with the paths, sizes and SHA-256 of its files as they are now.

    ``output`` is by default ``NAME-relinked.json`` beside it, which must not exist; it may be the
    preset itself, which is then replaced.  Files that stay missing stay as they are written.
    Without ``output``, nothing is written if all is as written already.
    """
    needs = needed_files(path, search)
    if is_bundle(preset_path(os.fspath(path))):
        raise PresetError(f"{path}: is a bundle, which has its files inside: nothing to relink")
    target = _target(needs, output)
    asked = output is not None and os.path.realpath(target) == os.path.realpath(needs.file)
    reads = {found.path: f"a file of {found.field.place}" for found in needs.files if found.path}
    reads |= {} if asked else {os.fspath(needs.file): "the preset"}
    check_outputs([target], reads, PresetError)
    missing = needs.search.describe_missing(needs.missing) if needs.missing else ""
    if not _rewrite(needs, target.parent) and output is None:
        return Relinked("", needs.files, missing)
    with whole_file(target, PresetError) as part, writing(os.fspath(target), PresetError):
        part.write_text(format_preset(needs.rack), encoding="utf-8", newline="\n")
    return Relinked(os.fspath(target), needs.files, missing)


def _target(needs: Needs, output: Path_ | None) -> Path:
    if output is None:
        target = needs.file.with_name(f"{needs.file.stem}-relinked.json")
        if os.path.lexists(target):
            raise PresetError(f"{target}: is there already: name it with -o to replace it")
        return target
    target = Path(checked_path(output, "output", PresetError))
    if target.suffix.lower() != ".json":
        raise PresetError(f"{target}: a preset's name must end in .json: write {target}.json")
    return target


def _rewrite(needs: Needs, folder: Path) -> bool:
    """Write the files that were found into the JSON anew; return whether that changed anything.

    The paths of missing files are kept, as seen from ``folder``.
    """
    changed = False
    for found in needs.files:
        if found.path:
            is_asset = found.reference.is_asset
            value = found.field.value if is_asset else reference_json(found.path, folder)
            changed |= value != found.field.value
            found.field.write(value)
        elif not found.reference.is_asset and folder != needs.file.parent:
            path = stored_path(needs.file.parent / found.reference.path, folder)
            value = found.field.value
            found.field.write({**value, "path": path} if isinstance(value, dict) else path)
    return changed
