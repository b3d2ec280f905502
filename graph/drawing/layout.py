"""Layered graph layout: boxes in layers from left to right, few crossings, straight wires.

Sugiyama's three steps: layers by longest path (``nested.py``), order within a layer by the mean
place of the neighbours, heights by least squares.  Deterministic: no randomness, ties as given.
"""

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["GAP_X", "GAP_Y", "WIRE_HEIGHT", "Layout", "Size", "Wire", "layout"]

SWEEPS = 12
GAP_X, GAP_Y, WIRE_HEIGHT = 72.0, 26.0, 14.0


@dataclass(frozen=True)
class Size:
    """The size of a box, and the width of its port labels on the left and on the right."""

    width: float
    height: float
    before: float = 0.0
    after: float = 0.0


@dataclass(frozen=True)
class Wire:
    """A wire to a box of a later layer; offsets are measured down from the middles of the boxes."""

    source: str
    target: str
    leaves: float = 0.0
    enters: float = 0.0


@dataclass(frozen=True)
class Layout:
    """The middles of the boxes, and the points of each wire (it is horizontal at each)."""

    middles: dict[str, tuple[float, float]]
    paths: list[list[tuple[float, float]]]
    width: float
    height: float


@dataclass(frozen=True)
class _Link:
    """The part of a wire between neighbouring layers, by index into all places."""

    a: int
    b: int
    leaves: float
    enters: float


def layout(
    sizes: Mapping[str, Size],
    layer: Mapping[str, int],
    wires: Sequence[Wire],
    *,
    gap: float = GAP_X,
) -> Layout:
    """Lay out boxes of given ``sizes`` and layers; a wire's target is in a later layer.

    ``gap`` is the least distance between two layers.
    """
    # 1. Places: the boxes, and a thin empty box in each layer that a wire crosses.
    index = {name: i for i, name in enumerate(sizes)}
    size = list(sizes.values())
    depth = [layer[name] for name in sizes]
    links: list[_Link] = []
    routes: list[list[_Link]] = []
    for wire in wires:
        at, leaves = index[wire.source], wire.leaves
        route: list[_Link] = []
        for between in range(layer[wire.source] + 1, layer[wire.target]):
            size.append(Size(0.0, WIRE_HEIGHT))
            depth.append(between)
            route.append(_Link(at, len(size) - 1, leaves, 0.0))
            at, leaves = len(size) - 1, 0.0
        route.append(_Link(at, index[wire.target], leaves, wire.enters))
        routes.append(route)
        links += route
    rows: list[list[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for place, d in enumerate(depth):
        rows[d].append(place)

    # 2. and 3. Order, then heights.
    rows = _ordered(rows, links)
    y = _heights(rows, links, size, boxes=len(index))

    left, x = 0.0, [0.0] * len(size)
    edges: list[tuple[float, float]] = []
    for depth_now, row in enumerate(rows):
        if depth_now:
            labels = max(size[p].after for p in rows[depth_now - 1]) + max(
                size[p].before for p in row
            )
            left = edges[-1][1] + max(gap, labels + gap / 2)
        width = max(size[place].width for place in row)
        for place in row:
            x[place] = left + width / 2
        edges.append((left, left + width))
    top = min((y[i] - s.height / 2 for i, s in enumerate(size)), default=0.0)
    y = [value - top for value in y]

    # A wire bends only between what is written after one layer and what is before the next.
    bends = [
        (edge[0] - max(size[p].before for p in row), edge[1] + max(size[p].after for p in row))
        for edge, row in zip(edges, rows, strict=True)
    ]
    paths = []
    for route in routes:
        first, end = route[0], route[-1]
        path = [(x[first.a] + size[first.a].width / 2, y[first.a] + first.leaves)]
        for link in route:
            path.append((bends[depth[link.a]][1], y[link.a] + link.leaves))
            path.append((bends[depth[link.b]][0], y[link.b] + link.enters))
        path.append((x[end.b] - size[end.b].width / 2, y[end.b] + end.enters))
        paths.append([p for p, before in zip(path, [None, *path], strict=False) if p != before])
    return Layout(
        middles={name: (x[i], y[i]) for name, i in index.items()},
        paths=paths,
        width=edges[-1][1] if edges else 0.0,
        height=max((y[i] + s.height / 2 for i, s in enumerate(size)), default=0.0),
    )


def _ordered(rows: list[list[int]], links: list[_Link]) -> list[list[int]]:
    """Sort rows by the mean place of their neighbours, in sweeps; keep the fewest crossings."""
    before, after = _neighbours(links)
    best, fewest = rows, _crossings(rows, links)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        rank = {p: float(i) for row in rows for i, p in enumerate(row)}
        new = [list(row) for row in rows]
        for row in new if down else reversed(new):
            mean = dict(rank)
            for p in row:
                near = before.get(p, []) if down else after.get(p, [])
                if near:
                    mean[p] = sum(
                        rank[link.a if down else link.b]
                        # Ports of one box count as thin slices of its place.
                        + (link.leaves if down else link.enters) / 1000
                        for link in near
                    ) / len(near)
            row.sort(key=mean.__getitem__)
            rank.update((p, float(i)) for i, p in enumerate(row))
        rows = new
        if (crossings := _crossings(rows, links)) < fewest:
            best, fewest = rows, crossings
    return best


def _neighbours(links: list[_Link]) -> tuple[dict[int, list[_Link]], dict[int, list[_Link]]]:
    before: dict[int, list[_Link]] = {}
    after: dict[int, list[_Link]] = {}
    for link in links:
        before.setdefault(link.b, []).append(link)
        after.setdefault(link.a, []).append(link)
    return before, after


def _crossings(rows: list[list[int]], links: list[_Link]) -> int:
    """Count the pairs of links that cross (inversions)."""
    rank = {p: (r, i) for r, row in enumerate(rows) for i, p in enumerate(row)}
    count, seen, current = 0, list[tuple[int, float]](), -1
    for link in sorted(links, key=lambda k: (rank[k.a], k.leaves, rank[k.b][1], k.enters)):
        if rank[link.a][0] != current:
            current, seen = rank[link.a][0], []
        end = (rank[link.b][1], link.enters)
        count += len(seen) - bisect_right(seen, end)
        insort(seen, end)
    return count


def _heights(
    rows: list[list[int]], links: list[_Link], size: list[Size], *, boxes: int
) -> list[float]:
    """Move each place towards its neighbours, within the order and the gaps."""
    before, after = _neighbours(links)
    y = [0.0] * len(size)
    for row in rows:
        offsets = _offsets(row, size)
        for place, offset in zip(row, offsets, strict=True):
            y[place] = offset - offsets[-1] / 2
    for sweep in range(6 * SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            targets, weights = [], []
            for p in row:
                pulls = [
                    (y[k.a] + k.leaves - k.enters, 16.0 if k.a >= boxes and p >= boxes else 1.0)
                    for k in before.get(p, [])
                ]
                pulls += [
                    (y[k.b] + k.enters - k.leaves, 16.0 if k.b >= boxes and p >= boxes else 1.0)
                    for k in after.get(p, [])
                ]
                weight = sum(w for _, w in pulls)
                targets.append(sum(v * w for v, w in pulls) / weight if pulls else y[p])
                weights.append(weight or 0.1)
            for place, value in zip(row, _spread(row, size, targets, weights), strict=True):
                y[place] = value
    return y


def _offsets(row: list[int], size: list[Size]) -> list[float]:
    """Return the least distance of each place below the first."""
    offsets = [0.0]
    for a, b in pairwise(row):
        offsets.append(offsets[-1] + (size[a].height + size[b].height) / 2 + GAP_Y)
    return offsets


def _spread(
    row: list[int], size: list[Size], targets: list[float], weights: list[float]
) -> list[float]:
    """Least squares under fixed order and gaps: pool adjacent violators."""
    offsets = _offsets(row, size)
    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for target, offset, weight in zip(targets, offsets, weights, strict=True):
        mean, total, members = target - offset, weight, 1
        while pools and pools[-1][0] > mean:
            above, heavy, count = pools.pop()
            mean = (above * heavy + mean * total) / (heavy + total)
            total, members = heavy + total, members + count
        pools.append((mean, total, members))
    means = [mean for mean, _, members in pools for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
