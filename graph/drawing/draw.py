"""Write a picture of a graph to a file: SVG, or Mermaid text.  Control thread."""

import os
from pathlib import Path

from ..errors import FileError, GraphError
from ..opening.openers import GraphSource, as_graph
from ..paths import checked_path
from .mermaid import mermaid
from .svg import svg

__all__ = ["draw"]


def draw(graph: GraphSource, path: str | os.PathLike[str]) -> None:
    """Write a picture of a graph, atomically: ``.svg``, or Mermaid as ``.md`` or ``.mmd``."""
    graph = as_graph(graph, "draw(graph, path)")
    path = Path(checked_path(path, "path", FileError))
    suffix = path.suffix.lower()
    if suffix == ".svg":
        text = svg(graph)
    elif suffix == ".mmd":
        text = mermaid(graph)
    elif suffix == ".md":
        text = f"```mermaid\n{mermaid(graph)}```\n"
    else:
        raise GraphError(f"cannot draw {path.name!r}: must end in .svg, .md or .mmd")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            draft.write_text(text, encoding="utf-8", newline="\n")
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror or error}") from error
