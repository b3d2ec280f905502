"""Run every suite into a folder: a JSON file and a picture each, and one page of all of them."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ....graph import CudaError, FileError, NamgraphError
from ....runtime.io.atomic_write import alone_in
from .. import SUITES, measure
from .document import check_target, read_document
from .page import PAGE, is_page, write_page

__all__ = ["measure_all"]


def measure_all(
    folder: str | os.PathLike[str],
    *,
    quick: bool = False,
    suites: tuple[str, ...] = tuple(SUITES),
    report: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Run suites in order; return ``files``, ``page``, ``skipped`` and ``failed`` (why).

    Into ``folder``, which is created, come NAME.json and, with matplotlib, NAME.png of each suite,
    and report.md, which is written anew after each: an interrupted run leaves what was measured.
    ``gpu`` is skipped without a device.  A suite that fails does not end the others; when all are
    done, ``NamgraphError`` names those that failed.  Files of these names that hold anything else,
    and another run into the same folder, are ``FileError``, before anything is measured.
    """
    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise FileError(f"{place}: is a file: must be a folder, or the name of a new one")
    with alone_in(place):
        return _measure_into(place, quick, suites, report)


def _measure_into(
    place: Path, quick: bool, suites: tuple[str, ...], report: Callable[[str], None]
) -> dict[str, Any]:
    _check_folder(place, suites)
    measured: list[str] = []
    skipped: dict[str, str] = {}
    failed: dict[str, str] = {}
    if importlib.util.find_spec("matplotlib") is None:
        skipped["pictures"] = "matplotlib is not installed"
    for name in suites:
        report(f"\n=== {name}: {SUITES[name]}")
        target = place / f"{name}.json"
        try:
            measure(name, quick=quick, output=target, report=report)
        except CudaError as error:
            skipped[name] = str(error)
            for stale in (target, target.with_suffix(".png")):  # of an earlier run
                stale.unlink(missing_ok=True)
        except NamgraphError as error:
            failed[name] = str(error)
        except KeyboardInterrupt:
            _write(place, [*measured, name], skipped, failed, name)
            raise
        measured += [name] * (name not in skipped)
        for kind, reasons in (("skipped", skipped), ("FAILED", failed)):
            if name in reasons:
                report(f"{name}: {kind}: {reasons[name]}")
        _write(place, measured, skipped, failed, name)
    if failed:
        names = ", ".join(f"{name} ({why})" for name, why in failed.items())
        raise NamgraphError(f"{place}: has the rest; suites that failed: {names}")
    files = [str(place / f"{name}.json") for name in measured]
    report(f"\n{place / 'report.md'}: {len(files)} suites")
    return {"files": files, "page": str(place / PAGE), "skipped": skipped, "failed": failed}


def _check_folder(place: Path, suites: tuple[str, ...]) -> None:
    """Raise ``FileError`` if a file is there that would be replaced, and is not of such a run."""
    for name in suites:
        target = place / f"{name}.json"
        check_target(target)
        picture = target.with_suffix(".png")
        if picture.exists() and not target.exists():
            raise FileError(f"{picture}: is no picture of figures that are there: move it first")
    if (place / PAGE).exists() and not is_page(place / PAGE):
        raise FileError(f"{place / PAGE}: is no page of figures: move it, or give another folder")


def _write(
    place: Path, names: list[str], skipped: dict[str, str], failed: dict[str, str], new: str
) -> None:
    """Write the page of the suites that have a file of figures, and the picture of the new one."""
    found = [
        read_document(path) for path in (place / f"{name}.json" for name in names) if path.is_file()
    ]
    write_page(place, found, skipped, failed, new)
