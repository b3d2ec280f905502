"""Describe the files that a preset needs as JSON values: where each was found, what is missing."""

import os
from typing import Any

from ...presets.files.relink import needed_files

__all__ = ["describe_files"]


def describe_files(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return ``files``, and if any is missing ``cannot_run``, an error text.

    Of each file: its place in the preset, the path as written, where it was found and how; of one
    that is missing, or in a bundle, no ``found``.
    """
    needs = needed_files(path)
    files = [
        {
            "field": found.field.place.removeprefix("nodes."),
            "written": found.reference.written,
            **({"found": found.path} if found.path and found.how != "in the bundle" else {}),
            "how": (found.how or "missing") + (", changed since" if found.changed else ""),
        }
        for found in needs.files
    ]
    lost = {"cannot_run": needs.search.describe_missing(needs.missing)} if needs.missing else {}
    return {"files": files, **lost}
