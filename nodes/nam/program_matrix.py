"""Matrices of channels by frames, as operations on them are emitted."""

from ...runtime.simd.fields import Words
from ...runtime.simd.lanes import Lanes, Value
from .cpu.tiles import Tile, place

__all__ = ["Rows", "Start"]


class Rows:
    """A matrix of a record, at its current column."""

    def __init__(self, lanes: Lanes, words: Words, name: str) -> None:
        self.lanes = lanes
        self.here, self.step = place(lanes, words, name)

    def row(self, number: Value | int) -> Value:
        """Return a pointer to a row."""
        return self.lanes.at(self.here, self.lanes.times(number, self.step))

    def vectors(self, number: Value | int, count: int) -> list[Value]:
        """Load the first vectors of a row."""
        row = self.row(number)
        return [self.lanes.load(row, v * self.lanes.width) for v in range(count)]


class Start(Rows):
    """The matrix that a result may begin at."""

    def __init__(self, lanes: Lanes, words: Words) -> None:
        super().__init__(lanes, words, "start")
        self.used = lanes.builder.icmp_signed("!=", words["started"], lanes.index(0))

    def add(self, tile: Tile, first: Value | int) -> None:
        """Add its rows to a tile, where there is such a matrix."""
        with self.lanes.when(self.used):
            for r, sums in enumerate(tile):
                before = self.vectors(self.lanes.plus(first, r), len(sums))
                for total, vector in zip(sums, before, strict=True):
                    total.value = self.lanes.add(vector, total.value)
