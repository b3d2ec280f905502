"""``pip install`` commands for the optional packages (the extras of ``pyproject.toml``)."""

__all__ = ["how_to_install"]

DISTRIBUTION = "namgraph"


def how_to_install(extra: str) -> str:
    """Return the ``pip install`` command for the packages of an extra, with version ranges.

    It names the packages themselves, because namgraph is on no package index.  Without installed
    metadata of namgraph it is the command for namgraph's source folder.
    """
    from importlib import metadata  # late: it imports much

    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        lines = []
    requirements = [line.partition(";") for line in lines]
    packages = [
        f'"{name.strip()}"'
        for name, _, marker in requirements
        if marker.replace("'", '"').replace(" ", "") == f'extra=="{extra}"'
    ]
    if not packages:
        return f'pip install ".[{extra}]" in the folder of namgraph\'s source'
    return f"pip install {' '.join(packages)}"
