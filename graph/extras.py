"""The optional packages that the extras of ``pyproject.toml`` name, and how to install them."""

import importlib.metadata

__all__ = ["how_to_install"]

DISTRIBUTION = "namgraph"


def how_to_install(extra: str) -> str:
    """Return the ``pip install`` command for the packages of an extra, with their versions.

    It names these packages themselves, so that it works in any folder: namgraph is on no package
    index.  Where namgraph's own metadata is not installed, it is the command for its source folder.
    """
    try:
        lines = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        lines = []
    wanted = [line.partition(";") for line in lines]
    packages = [
        f'"{name.strip()}"'
        for name, _, marker in wanted
        if marker.replace("'", '"').replace(" ", "") == f'extra=="{extra}"'
    ]
    if not packages:
        return f'pip install ".[{extra}]" in the folder of namgraph\'s source'
    return f"pip install {' '.join(packages)}"
