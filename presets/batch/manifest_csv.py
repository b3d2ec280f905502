"""The manifest as a table, manifest.csv: a row for each entry, for spreadsheets and pandas."""

import csv
import io
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...graph import JobError
from ...runtime.io.atomic_write import whole_file, writing
from .manifest import Entry

__all__ = ["MANIFEST_CSV", "check_csv", "write_csv"]

MANIFEST_CSV = "manifest.csv"
FIRST = ("file", "error", "input", "rack", "model", "variant")
MODEL = (
    *("sha256", "architecture", "sample_rate", "name", "modeled_by", "gear_type", "gear_make"),
    *("gear_model", "tone_type", "loudness", "input_level_dbu", "output_level_dbu"),
)
LEVELS = (
    *("channels", "frames", "rate", "seconds", "peak_db", "rms_db", "dc", "clipped", "silent"),
    *("muted", "integrated_lufs", "short_term_max_lufs", "momentary_max_lufs", "range_lu"),
    *("true_peak_dbtp", "gain_db", "warnings"),
)
LAST = ("levels", "input_sha256", "sha256", "fingerprint")


def check_csv(path: Path) -> None:
    """Raise ``JobError`` if there is a file at the path that is no such table."""
    wanted = ",".join(FIRST[:5]).encode()  # a variant is newer than the table
    if not path.exists():
        return
    with writing(os.fspath(path), JobError), path.open("rb") as file:
        begins = file.read(len(wanted))
    if begins != wanted:
        raise JobError(
            f"{path}: is no manifest of this package: give another output folder; --again makes "
            "everything anew, and replaces it"
        )


def write_csv(path: Path, entries: Iterable[Entry]) -> None:
    """Write a row for each entry, whole or not at all: UTF-8, a header, lines that end in LF.

    Columns: what a file was made of, a column for each setting of any entry, levels, the metadata
    of the models as ``model_NAME`` (of several models joined by " | "), and digests.
    """
    rows = list(entries)
    settings = dict.fromkeys(name for entry in rows for name in entry.get("settings", {}))
    models = [f"model_{key}" for key in MODEL]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*FIRST, *settings, *LEVELS, *models, *LAST])
    for entry in rows:
        set_here, used = entry.get("settings", {}), entry.get("models", ())
        table.writerow(
            [
                *(_cell(entry.get(key)) for key in FIRST),
                *(_cell(set_here.get(name)) for name in settings),
                *(_cell(entry.get(key)) for key in LEVELS),
                *(" | ".join(_cell(model.get(key)) for model in used) for key in MODEL),
                *(_cell(entry.get(key)) for key in LAST),
            ]
        )
    with whole_file(path, JobError) as part, writing(os.fspath(path), JobError):
        part.write_text(text.getvalue(), encoding="utf-8", errors="backslashreplace", newline="")


def _cell(value: Any) -> str:
    """Return a JSON value as a cell: text as it is, a list of lines joined, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "; ".join(value)
    return json.dumps(value)
