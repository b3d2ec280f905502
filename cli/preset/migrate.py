"""``namgraph migrate``: write a preset in the newest version of the format."""

import argparse
import json
import os

from ..arguments import Subparsers, add_search_option, add_verb
from ..console import say

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "migrate",
        run,
        "write a preset in the newest version of the format; its sound stays the same",
        "namgraph migrate old.json",
        "namgraph migrate old.json -o new.json",
    )
    parser.add_argument("preset", metavar="PRESET.json", help="a preset of any earlier version")
    parser.add_argument("-o", "--output", metavar="OUT.json", help="another file (PRESET.json)")
    add_search_option(parser)


def run(arguments: argparse.Namespace) -> None:
    """Read the preset and write it again; one that is up to date is left as it is."""
    from ...graph import PresetError
    from ...presets.bundled import shipped_presets
    from ...presets.files.bundle import is_bundle
    from ...presets.migrations import FORMAT
    from ...presets.preset import load_preset, save_preset

    source, output = arguments.preset, arguments.output
    if output is None and source in shipped_presets():
        raise PresetError(f"{source} ships with namgraph, and is up to date: give -o OUT.json")
    if is_bundle(source):
        raise PresetError(f"{source}: is a bundle: namgraph unpack, then migrate what is in it")
    if output is not None and not output.endswith(".json"):
        raise PresetError(f"{output}: a preset's name must end in .json: write {output}.json")
    graph, version = load_preset(source), _version(source)
    if output is None and version == FORMAT:
        say(f"{source}: is in version {FORMAT} of the format, the newest: nothing to do")
        return
    target = source if output is None else output
    save_preset(graph, target, name=graph.name)
    if load_preset(target) != graph:  # a fault of this package, never of the file
        raise PresetError(f"{target}: differs from {source}: please report this")
    how = "written in" if os.fspath(target) != source else "converted to"
    say(f"{target}: {how} version {FORMAT} of the format, from version {version}")


def _version(source: str) -> int:
    """Return the version of the format in a preset file that can be read."""
    from ...presets.preset import preset_path

    content = json.loads(preset_path(source).read_bytes().decode("utf-8-sig"))
    version: int = content["namgraph"]
    return version
