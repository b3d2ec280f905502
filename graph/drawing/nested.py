"""Place boxes and wires, graphs inside graphs included: each inner rack is a frame of its own.

A rack is laid out alone and is then one box of the graph around it.  A wire that crosses its frame
does so at a gate: a place without size at the first or last layer inside, a port of the frame
outside.  Coordinates are (along, across) the direction in which signals run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import CycleError
from ..scheduling.order import topological_order
from .layout import GAP_X, WIRE_HEIGHT, Size, Wire, layout

__all__ = ["Frame", "Padding", "Placed", "place"]

Point = tuple[float, float]


class Padding(NamedTuple):
    """Room inside a frame around its boxes: before and after them along, then across."""

    before: float
    after: float
    above: float
    below: float


NO_PADDING = Padding(0.0, 0.0, 0.0, 0.0)


class Frame(NamedTuple):
    """The frame around a rack: its corner of smallest coordinates, and its size."""

    rack: str
    along: float
    across: float
    length: float
    breadth: float


@dataclass
class Placed:
    """Middles of boxes, frames (outer before inner), and the points of each wire by its number."""

    middles: dict[str, Point] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    paths: dict[int, list[Point]] = field(default_factory=dict)
    length: float = 0.0
    breadth: float = 0.0
    gates: dict[tuple[int, str], float] = field(default_factory=dict)
    """Where the wire of a number crosses the frame, across: at its side "in" or "out"."""

    def moved(self, along: float, across: float) -> "Placed":
        """Return the same at another place."""
        return Placed(
            {name: (x + along, y + across) for name, (x, y) in self.middles.items()},
            [Frame(f.rack, f.along + along, f.across + across, *f[3:]) for f in self.frames],
            {k: [(x + along, y + across) for x, y in path] for k, path in self.paths.items()},
            self.length,
            self.breadth,
            {gate: at + across for gate, at in self.gates.items()},
        )


def place(
    sizes: Mapping[str, Size],
    wires: Sequence[Wire],
    *,
    racks: Iterable[str],
    ends: tuple[Sequence[str], Sequence[str]],
    padding: Padding,
    gap: float = GAP_X,
) -> Placed:
    """Place boxes of given sizes; ``ends`` are the inputs and outputs of the graph.

    A rack gets no frame if a signal leaves it and comes back to it: its boxes then stand among the
    others.  ``CycleError`` if the wires have a loop.
    """
    _layers(sizes, [(w.source, w.target) for w in wires], ends)  # names a loop by its boxes
    kept = frozenset(r for r in racks if _Nest(sizes, wires, frozenset({r}), ends).has_no_loop())
    if not _Nest(sizes, wires, kept, ends).has_no_loop():
        kept = frozenset()
    return _Nest(sizes, wires, kept, ends, padding, gap).placed("")


@dataclass
class _Nest:
    sizes: Mapping[str, Size]
    wires: Sequence[Wire]
    racks: frozenset[str]
    ends: tuple[Sequence[str], Sequence[str]]
    padding: Padding = NO_PADDING
    gap: float = GAP_X

    def has_no_loop(self) -> bool:
        """Whether no signal comes back to a rack that it has left."""
        try:
            for rack in ("", *self.racks):
                links = self.links(rack)
                ends = [name for pair in links.values() for name in pair]
                _layers(dict.fromkeys((*self.items(rack), *ends)), links.values(), ((), ()))
        except CycleError:
            return False
        return True

    def item(self, rack: str, name: str) -> str | None:
        """Return the box or rack directly inside ``rack`` that holds a box; ``None`` if outside."""
        if rack and not name.startswith(f"{rack}."):
            return None
        parts = name.split(".")
        for count in range(rack.count(".") + 2 if rack else 1, len(parts)):
            if (inner := ".".join(parts[:count])) in self.racks:
                return inner
        return name

    def items(self, rack: str) -> list[str]:
        """Return the boxes and racks directly inside ``rack``."""
        found = (self.item(rack, name) for name in self.sizes)
        return list(dict.fromkeys(name for name in found if name is not None))

    def links(self, rack: str) -> dict[int, tuple[str, str]]:
        """Return the ends of each wire that runs between items of ``rack``, or crosses its frame.

        The end outside is a gate, named after the number of the wire.
        """
        found = {}
        for number, wire in enumerate(self.wires):
            pair = self.item(rack, wire.source), self.item(rack, wire.target)
            if pair[0] != pair[1]:
                found[number] = (
                    _gate(number, "in") if pair[0] is None else pair[0],
                    _gate(number, "out") if pair[1] is None else pair[1],
                )
        return found

    def placed(self, rack: str) -> Placed:
        """Lay out one rack, with those inside it."""
        inner = {name: self.placed(name) for name in self.items(rack) if name in self.racks}
        links = self.links(rack)
        gates = [
            [_gate(n, side) for n, pair in links.items() if _gate(n, side) in pair]
            for side in ("in", "out")
        ]
        sizes = {
            name: Size(inner[name].length, inner[name].breadth)
            if name in inner
            else self.sizes[name]
            for name in self.items(rack)
        } | dict.fromkeys([*gates[0], *gates[1]], Size(0.0, WIRE_HEIGHT))
        ends = ((*self.ends[0], *gates[0]), (*self.ends[1], *gates[1]))
        layers = _layers(sizes, links.values(), ends)
        ordered = {name: sizes[name] for name in layers}
        wires = [self._wire(number, pair, inner) for number, pair in links.items()]
        found = layout(ordered, layers, wires, gap=self.gap)
        pad = self.padding if rack else NO_PADDING
        made = Placed(
            length=found.width + pad.before + pad.after,
            breadth=found.height + pad.above + pad.below,
        )
        if rack:
            made.frames.append(Frame(rack, 0.0, 0.0, made.length, made.breadth))
        shift = pad.before, pad.above
        for name, (x, y) in found.middles.items():
            at = x + shift[0], y + shift[1]
            if name not in inner:
                made.middles[name] = at
                continue
            inner[name] = inner[name].moved(
                at[0] - sizes[name].width / 2, at[1] - sizes[name].height / 2
            )
            made.middles |= inner[name].middles
            made.frames += inner[name].frames
            made.paths |= inner[name].paths
        for (number, pair), path in zip(links.items(), found.paths, strict=True):
            points = [(x + shift[0], y + shift[1]) for x, y in path]
            if pair[0] == _gate(number, "in"):
                points.insert(0, (0.0, points[0][1]))
                made.gates[number, "in"] = points[0][1]
            if pair[1] == _gate(number, "out"):
                points.append((made.length, points[-1][1]))
                made.gates[number, "out"] = points[-1][1]
            before = inner[pair[0]].paths[number] if pair[0] in inner else []
            after = inner[pair[1]].paths[number] if pair[1] in inner else []
            made.paths[number] = [*before, *points, *after]
        for gate in (*gates[0], *gates[1]):
            made.middles.pop(gate, None)
        return made

    def _wire(self, number: int, pair: tuple[str, str], inner: Mapping[str, Placed]) -> Wire:
        wire = self.wires[number]
        leaves = wire.leaves if pair[0] == wire.source else 0.0
        enters = wire.enters if pair[1] == wire.target else 0.0
        if pair[0] in inner:
            leaves = inner[pair[0]].gates[number, "out"] - inner[pair[0]].breadth / 2
        if pair[1] in inner:
            enters = inner[pair[1]].gates[number, "in"] - inner[pair[1]].breadth / 2
        return Wire(*pair, leaves, enters)


def _gate(number: int, side: str) -> str:
    return f"\0{side}{number}"


def _layers(
    names: Iterable[str],
    links: Iterable[tuple[str, str]],
    ends: tuple[Sequence[str], Sequence[str]],
) -> dict[str, int]:
    """Return layers by longest path; sources go just before their first target.

    Of the ends, inputs stay in the first layer, outputs in the last.
    """
    after: dict[str, list[str]] = {name: [] for name in names}
    for source, target in links:
        after[source].append(target)
    order = topological_order(after)
    layer = dict.fromkeys(order, 0)
    for name in order:
        for follower in after[name]:
            layer[follower] = max(layer[follower], layer[name] + 1)
    fed = {target for targets in after.values() for target in targets}
    for name in reversed(order):
        if after[name] and name not in fed and name not in ends[0]:
            layer[name] = min(layer[target] for target in after[name]) - 1
    last = max(layer.values(), default=0)
    inputs = any(name in layer for name in ends[0])
    outputs = [name for name in ends[1] if name in layer]
    layer.update(dict.fromkeys(outputs, max(last, 1) if inputs else last))
    used = {depth: i for i, depth in enumerate(sorted(set(layer.values())))}
    return {name: used[depth] for name, depth in layer.items()}
