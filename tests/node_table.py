"""The table of nodes in README.md, made from the registry.

``tests/test_readme.py`` holds the README to it; after a node has changed,
``python -m namgraph.tests.node_table --write`` brings the README up to date.
"""

import dataclasses
import re
import sys
from pathlib import Path
from typing import Any

import namgraph as ng
from namgraph.graph import Node, Param, Port, node_types
from namgraph.graph.catalog.metadata import first_sentence

__all__ = ["README", "node_table", "with_table"]

README = Path(__file__).resolve().parents[1] / "README.md"

HEAD = ("| node | what it does | ports (channels) | parameters | fixed when it is made |\n"
        "|---|---|---|---|---|")  # fmt: skip
MODEL, CAB = "crunch-lstm.nam", "cab.wav"


def node_table() -> str:
    """Return the table, one row for every node type of the package, by name."""
    found: list[type[Node]] = [ng.PedalboardEffect]  # registered when it is asked for
    found += node_types().values()
    ours = {c.type_name: c for c in found if c.__module__.startswith("namgraph.nodes.")}
    return "\n".join([HEAD, *(_row(ours[name]) for name in sorted(ours))])


def _row(cls: type[Node]) -> str:
    example = _example(cls)
    cells = (
        f"`{cls.type_name}`: `{cls.__name__}`",
        _sentence(cls.__doc__ or ""),
        f"{_ports(example.inputs)} → {_ports(example.outputs)}",
        _params(example.params()) if cls is not ng.PedalboardEffect else "the plugin's own",
        _fixed(cls),
    )
    return f"| {' | '.join(cell or 'none' for cell in cells)} |"


def _example(cls: type[Node]) -> Node:
    """Make one, of what ships where it needs a file."""
    made: Any = cls
    needed: dict[str, tuple[Any, ...]] = {
        "nam": (ng.asset(MODEL),),
        "nam_bank": ([ng.asset(MODEL)] * 2,),
        "cab": (ng.asset(CAB),),
        "pedalboard_effect": ("Reverb",),
    }
    node: Node = made(*needed.get(cls.type_name, ()))
    return node


def _sentence(doc: str) -> str:
    """Return the first sentence of a docstring in one line, as Markdown."""
    return first_sentence(doc).replace("``", "`").replace("|", "\\|")


def _ports(ports: tuple[Port, ...]) -> str:
    return ", ".join(
        f"{port.name} ({'any' if port.channels is None else port.channels})" for port in ports
    )


def _params(rows: dict[str, Param]) -> str:
    """Return names with ranges and defaults; those with a number in them that are alike, as one."""
    alike: dict[tuple[str, Param], list[str]] = {}
    for name, row in rows.items():
        alike.setdefault((re.sub(r"\d+", "#", name), row), []).append(name)
    return ", ".join(_param(names, row) for (_, row), names in alike.items())


def _param(names: list[str], row: Param) -> str:
    name = f"`{names[0]}`" if len(names) == 1 else f"`{names[0]}` to `{names[-1]}`"
    unit = f" {row.unit}" if row.unit else ""
    return f"{name} {row.low:g} to {row.high:g}{unit} ({row.default:g})"


def _fixed(cls: type[Node]) -> str:
    """Return files and options with what they may be and their defaults."""
    found = []
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # every node is a dataclass
        if "param" in field.metadata:
            continue
        choices = field.metadata.get("choices", ())
        if isinstance(choices, tuple) and len(choices) > 2 and choices == tuple(range(1, 17)):
            text = f" 1 to 16 ({field.default})"
        elif choices == (False, True):
            text = f" ({field.default})"
        elif choices:
            text = f" {', '.join(map(str, choices))} ({field.default})"
        elif field.default is dataclasses.MISSING:
            text = " (must be given)"
        else:
            text = " (empty)" if field.default in ("", ()) else f" ({field.default:g})"
        found.append(f"`{field.name}`{text}")
    return "; ".join(found)


def with_table(text: str) -> str:
    """Return a README with its table of nodes replaced by the one of now."""
    start = text.index(HEAD.splitlines()[0])
    return text[:start] + node_table() + text[text.index("\n\n", start) :]


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(node_table())
