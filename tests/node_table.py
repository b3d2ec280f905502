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
from namgraph.graph import Kind, Node, Param, Port, node_types
from namgraph.graph.catalog.metadata import first_sentence

__all__ = ["README", "node_table", "with_table"]

README = Path(__file__).resolve().parents[1] / "README.md"

HEAD = ("| node | what it does | ports (channels) | parameters | fixed when it is made |\n"
        "|---|---|---|---|---|")  # fmt: skip
MOST = 10
"""At most so many parameters of a node are listed; then the number of the others is written."""
MODEL, CAB = "crunch-lstm.nam", "cab.wav"


def node_table() -> str:
    """Return the table, one row for every node type of the package, by name."""
    found: list[type[Node]] = [ng.PedalboardEffect]  # registered when it is asked for
    found += node_types().values()
    ours = {c.type_name: c for c in found if c.__module__.startswith("namgraph.nodes.")}
    return "\n".join([HEAD, *(_row(ours[name]) for name in sorted(ours))])


def _row(cls: type[Node]) -> str:
    example, holder = _example(cls), getattr(cls, "parameters_of", "")
    cells = (
        f"`{cls.type_name}`: `{cls.__name__}`",
        _sentence(cls.__doc__ or ""),
        f"{_ports(example.inputs)} → {_ports(example.outputs)}",
        _params(example.params()) if not holder else f"{holder}'s own",
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
        "cab_mics": (ng.asset(CAB),),
        "pedalboard_effect": ("Reverb",),
        "oversample": (ng.Gain(),),
    }
    node: Node = made(*needed.get(cls.type_name, ()))
    return node


def _sentence(doc: str) -> str:
    """Return the first sentence of a docstring in one line, as Markdown."""
    return first_sentence(doc).replace("``", "`").replace("|", "\\|")


def _ports(ports: tuple[Port, ...]) -> str:
    return ", ".join(f"{port.name} ({_width(port)})" for port in ports) or "none"


def _width(port: Port) -> str:
    if port.kind is Kind.CONTROL:
        return "control"
    return "any" if port.channels is None else str(port.channels)


def _params(rows: dict[str, Param]) -> str:
    """Return the names; those with a number in them that are alike, as one."""
    alike: dict[str, list[str]] = {}
    for name in rows:
        alike.setdefault(re.sub(r"\d+", "#", name), []).append(name)
    shown = [_param(names) for names in alike.values()]
    rest = [f"{len(shown) - MOST} more"] if len(shown) > MOST else []
    return ", ".join([*shown[:MOST], *rest])


def _param(names: list[str]) -> str:
    return f"`{names[0]}`" if len(names) == 1 else f"`{names[0]}` to `{names[-1]}`"


def _fixed(cls: type[Node]) -> str:
    """Return the names of files and options."""
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]  # every node is a dataclass
    return ", ".join(f"`{field.name}`" for field in fields if "param" not in field.metadata)


def with_table(text: str) -> str:
    """Return a README with its table of nodes replaced by the one of now."""
    start = text.index(HEAD.splitlines()[0])
    return text[:start] + node_table() + text[text.index("\n\n", start) :]


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(node_table())
