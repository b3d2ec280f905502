"""Try many mutated files, each worker watched from outside: ``python -m namgraph.tests.fuzz.run``.

A worker that crashes or hangs cannot tell; so it names each file before it begins, and the one that
was begun and not ended is the culprit.  ``--only N`` tries one file in this process, with a
traceback.
"""

import argparse
import collections
import json
import queue
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from .check import MOST_BYTES, check, memory_bytes
from .mutate import ALL, CAPTURES, capture_mutant, mutant

__all__ = ["main", "run"]

HANG_S = 60.0
"""Of time on the wall, and then a worker is ended: far more than a file may take, see ``check``."""
SHOWN = 12
PIECE = 500
"""Files a worker tries before its memory is given back."""


def _work(first: int, last: int, make: Callable[[int], bytes] = mutant) -> None:
    """Try files in this process; one line of JSON before and after each."""
    warnings.simplefilter("error")  # as in the tests: a user would wonder at it
    resource.setrlimit(resource.RLIMIT_DATA, (4 * MOST_BYTES, 4 * MOST_BYTES))
    with tempfile.TemporaryDirectory(prefix="namgraph-fuzz-") as folder:
        for seed in range(first, last):
            _say(begun=seed)
            try:
                found = check(make(seed), Path(folder))
            except BaseException as error:
                _say(ended=seed, bug=_spelled(error))
            else:
                _say(ended=seed, outcome=found.outcome.name, s=found.seconds, said=found.said)
        _say(memory=memory_bytes())


def _say(**values: Any) -> None:
    print(json.dumps(values), flush=True)


def _spelled(error: BaseException) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    text = f"{type(error).__name__}: {error}"[:300]
    return f"{text} ({Path(where.filename).name}:{where.lineno})"


class Report:
    """What was found out so far."""

    def __init__(self) -> None:
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.reasons: collections.Counter[str] = collections.Counter()
        self.bugs: dict[int, str] = {}
        self.slowest = (0.0, -1)
        self.memory = 0

    def take(self, line: dict[str, Any]) -> None:
        """Add what a worker said."""
        if "bug" in line:
            self.bugs[line["ended"]] = line["bug"]
        elif "ended" in line:
            self.outcomes[line["outcome"]] += 1
            self.slowest = max(self.slowest, (line["s"], line["ended"]))
            if line["said"]:
                self.reasons[_kind(line["said"])] += 1
        self.memory = max(self.memory, line.get("memory", 0))

    def __str__(self) -> str:
        seconds, seed = self.slowest
        lines = [
            ", ".join(f"{n} {k.lower()}" for k, n in self.outcomes.most_common()),
            f"{len(self.reasons)} kinds of refusal; slowest file {seconds:.2f} s (number {seed}); "
            f"most memory {self.memory >> 20} MiB; bugs: {len(self.bugs)}",
            *(f"  {seed}: {said}" for seed, said in list(self.bugs.items())[:SHOWN]),
        ]
        return "\n".join(lines)


def _kind(said: str) -> str:
    """Return a refusal without its numbers and names."""
    return re.sub(r"'.*?'|[-+]?\d[\d.e+-]*|\[.*?\]", "#", said.split(".nam: ", 1)[-1])[:80]


def run(first: int, count: int, workers: int = 1, captures: str = "") -> Report:
    """Try ``count`` files from number ``first`` on, in processes of their own.

    .nam files, or with ``captures`` those of other makers: "all", or of one kind.
    """
    report, lock = Report(), threading.Lock()
    waiting: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
    for start in range(first, first + count, PIECE):
        waiting.put((start, min(start + PIECE, first + count)))

    def serve() -> None:
        while True:
            try:
                start, stop = waiting.get_nowait()
            except queue.Empty:
                return
            while start < stop:
                start = _watch(start, stop, report, lock, captures)

    threads = [threading.Thread(target=serve) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return report


def _watch(start: int, stop: int, report: Report, lock: threading.Lock, captures: str = "") -> int:
    """Let a worker try files; return the first that is still to be tried when it has ended."""
    command = [sys.executable, "-m", __name__, "--work", str(start), str(stop)]
    command[2] = "namgraph.tests.fuzz.run"
    command += ["--captures", captures] * bool(captures)
    begun, at = [time.monotonic()], -1
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        done = threading.Event()

        def guard() -> None:
            while not done.wait(1.0):
                if time.monotonic() - begun[0] > HANG_S:
                    process.kill()
                    return

        threading.Thread(target=guard, daemon=True).start()
        for line in _lines(process):
            begun[0] = time.monotonic()
            at = line.get("begun", -1 if "ended" in line else at)
            start = max(start, line.get("ended", -1) + 1)
            with lock:
                report.take(line)
        done.set()
    if process.returncode == 0 and at < 0:
        return stop
    with lock:
        report.bugs[max(at, start)] = f"the worker ended with {process.returncode} (-9: it hung)"
    return max(at, start) + 1


def _lines(process: "subprocess.Popen[str]") -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for text in process.stdout:
        line = json.loads(text)
        assert isinstance(line, dict)
        yield line


def main() -> int:
    """Run as a command; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="files (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first (%(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes (%(default)s)")
    parser.add_argument("--only", type=int, help="one file, in this process")
    parser.add_argument(
        "--captures",
        nargs="?",
        const=ALL,
        default="",
        choices=(ALL, *CAPTURES),
        help="files that are no .nam files, or have knobs: all of them, or of one kind",
    )
    parser.add_argument("--work", type=int, nargs=2, help=argparse.SUPPRESS)
    a = parser.parse_args()
    make = partial(capture_mutant, kind=a.captures) if a.captures else mutant
    if a.work:
        first, last = a.work
        _work(first, last, make)
        return 0
    if a.only is not None:
        with tempfile.TemporaryDirectory() as folder:
            print(check(make(a.only), Path(folder)))
        return 0
    begun = time.monotonic()
    report = run(a.first, a.count, a.workers, a.captures)
    print(f"{a.count} files from number {a.first} in {time.monotonic() - begun:.0f} s")
    print(report)
    return 1 if report.bugs else 0


if __name__ == "__main__":
    sys.exit(main())
