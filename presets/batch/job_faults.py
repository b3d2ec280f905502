"""Faults of a job itself: all are collected, and raised as one error."""

import contextlib
from collections.abc import Iterable, Iterator

from ...graph import JobError, NamgraphError
from ...graph.check import format_names

__all__ = ["Faults"]

MAX_NAMED = 5
"""Most files that the line of one fault names; others are counted."""


class Faults:
    """Collects the errors of a job, each once, to raise them together."""

    def __init__(self, job: str) -> None:
        self._job = job
        self._files: dict[str, list[str]] = {}
        """By message: the files with that error whose names it lacks."""

    @contextlib.contextmanager
    def of(self, *files: str) -> Iterator[None]:
        """Collect an error of the body; its line names the job and one of the files."""
        try:
            yield
        except NamgraphError as error:
            self.add(str(error), files)

    def add(self, text: str, files: Iterable[str] = ()) -> None:
        """Collect an error, which names one of the files."""
        given = [file for file in files if file]
        met = self._files.setdefault(text, [])
        if given and not any(file in text for file in given) and given[0] not in met:
            met.append(given[0])

    def raise_all(self) -> None:
        """Raise one ``JobError`` with all collected errors, if there are any."""
        if self._files:
            lines = [
                f"{self._job}: {format_names(met, MAX_NAMED)}: {text}"
                if met
                else f"{self._job}: {text}"
                for text, met in self._files.items()
            ]
            error = JobError("; ".join(lines))
            error.faults = tuple(lines)
            raise error
