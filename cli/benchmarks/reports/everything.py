"""Run every suite into a folder: a JSON file and a picture each, and one page of all of them."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ....graph import CudaError, FileError, NamgraphError
from ....runtime.io.atomic_write import writing
from .. import SUITES, measure
from .document import read_document
from .page import write_page

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
    done, ``NamgraphError`` names those that failed.
    """
    place = Path(folder)
    with writing(os.fspath(folder), FileError):
        place.mkdir(parents=True, exist_ok=True)
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
            _write(place, [*measured, name], skipped, failed)
            raise
        measured += [name] * (name not in skipped)
        for kind, reasons in (("skipped", skipped), ("FAILED", failed)):
            if name in reasons:
                report(f"{name}: {kind}: {reasons[name]}")
        _write(place, measured, skipped, failed)
    if failed:
        names = ", ".join(f"{name} ({why})" for name, why in failed.items())
        raise NamgraphError(f"{place}: has the rest; suites that failed: {names}")
    files = [str(place / f"{name}.json") for name in measured]
    report(f"\n{place / 'report.md'}: {len(files)} suites")
    return {"files": files, "page": str(place / "report.md"), "skipped": skipped, "failed": failed}


def _write(place: Path, names: list[str], skipped: dict[str, str], failed: dict[str, str]) -> None:
    """Write the page of the suites that have a file of figures."""
    found = [place / f"{name}.json" for name in names]
    write_page(place, [read_document(path) for path in found if path.is_file()], skipped, failed)
