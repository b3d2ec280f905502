"""The Hadamard matrix of order 16 over a run of frames, vectorised over time.

The mixing matrix of a feedback delay network with sixteen lines (J.-M. Jot, A. Chaigne, "Digital
Delay Networks for Designing Artificial Reverberators", AES 1991): orthogonal, so that it keeps the
energy, and every line feeds every other equally.  Frames do not depend on each other: the bits are
the same wherever a run is cut, and for every number of lanes (``NAMGRAPH_LANES``).
"""

from collections.abc import Callable

from ..embed import embed
from ..lanes import Lanes, Value

__all__ = ["LINES", "ROW", "hadamard16_run"]

LINES = 16
ROW = 32
"""Frames from row to row: the first frame of line k is number ``ROW * k``."""


def _mix(lanes: Lanes, rows: list[Value]) -> list[Value]:
    """Return the product with the matrix, by four passes of sums and differences, over 4."""
    for pass_ in range(4):
        half, made = 1 << pass_, list(rows)
        for low in (n for n in range(LINES) if not n & half):
            made[low] = lanes.add(rows[low], rows[low + half])
            made[low + half] = lanes.sub(rows[low], rows[low + half])
        rows = made
    return [lanes.mul(row, lanes.constant(0.25)) for row in rows]


def _emit_hadamard(lanes: Lanes, target: Value, source: Value, frames: Value) -> None:
    # Sixteen rows of 8 lanes take half the time of sixteen of 16, measured on Zen 4.
    lanes = Lanes(lanes.builder, min(lanes.width, 8), lanes.fused)
    builder = lanes.builder
    into, place = lanes.pointer(target), lanes.pointer(source)

    def column(load: Callable[[Value], Value], store: Callable[[Value, Value], None]) -> None:
        made = _mix(lanes, [load(lanes.at(place, ROW * k)) for k in range(LINES)])
        for k, row in enumerate(made):
            store(row, lanes.at(into, ROW * k))

    whole = builder.and_(frames, lanes.index(-lanes.width))
    with lanes.loop(whole, step=lanes.width) as at:
        column(lambda p: lanes.load(p, at), lambda row, p: lanes.store(row, p, at))
    rest = builder.sub(frames, whole)
    with lanes.when(builder.icmp_signed(">", rest, lanes.index(0))):
        column(
            lambda p: lanes.load_first(p, rest, whole),
            lambda row, p: lanes.store_first(row, p, rest, whole),
        )


hadamard16_run = embed("hadamard16_run", 3, _emit_hadamard)
"""``hadamard16_run(target, source, frames)``: multiply sixteen lines by the Hadamard matrix of
order 16 in Sylvester's order, divided by 4, which makes it orthogonal and its own inverse.

Both addresses are of 16 rows of 32 float32, one a line, of which the first ``frames`` (32 at most)
are read and written; ``target`` may be ``source``.
"""
