"""Files of figures, made up, for tests of ``namgraph bench``."""

from typing import Any

from namgraph.cli.benchmarks.reports.document import add_row, new_document

__all__ = ["MACHINE", "Rows", "document", "model"]

MACHINE = {"processor": "a chip", "cores": 2, "lanes": 8, "caches": {}, "system": "Linux"}
MACHINE |= {"python": "3", "namgraph": "0", "numba": "0", "llvmlite": "0", "numpy": "2"}
Rows = list[tuple[str, dict[str, Any]]]


def document(rows: Rows, suite: str = "models", **values: Any) -> dict[str, Any]:
    made = new_document(suite, False, "namgraph bench", MACHINE)
    for step, row in rows:
        add_row(made, step, row)
    return {**made, "complete": True, **values}


def model(block: int, least_ns: float, spread: float = 0.05) -> tuple[str, dict[str, Any]]:
    figures = {"least_ns": least_ns, "ns": 1.1 * least_ns, "spread": spread, "peak_share": 0.5}
    return "model", {"model": "A", "architecture": "LSTM", "block": block, **figures}
