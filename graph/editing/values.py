"""Parameters, mixes, tempo and snapshots: the part of ``Graph`` that changes no connection."""

import contextlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

from ..arguments import check_flag, check_number, check_text, format_value
from ..catalog.fields import Param
from ..errors import NamgraphError, ParamError
from ..node import Node
from .changes import changed_nodes
from .snapshots import (
    BYPASS,
    DRY_WET,
    DryWet,
    Snapshot,
    check_mixable,
    check_slot,
    filled_slot,
    kept_values,
    split_mixes,
)
from .tables import Tables

__all__ = ["TEMPO", "TEMPO_RANGE", "Values"]

TEMPO = "tempo_bpm"
"""The tempo of a graph, and the parameter of each node that follows it."""
TEMPO_RANGE = Param(120.0, 20.0, 400.0, "bpm", smoothing_s=0.0)


class Values:
    """Base of ``Graph``: values of parameters, mixes of nodes, the tempo, snapshots."""

    _tables: Tables
    _tempo: float | None = None

    @property
    def tempo_bpm(self) -> float:
        """The tempo at which the graph starts, in quarter notes per minute, 20 to 400.

        It is 120 until it is set, or that of the first node that has a tempo.  Setting it sets it
        in all nodes that are in the graph and have one, too.
        """
        return self._tempo_of_nodes() if self._tempo is None else self._tempo

    @tempo_bpm.setter
    def tempo_bpm(self, value: float) -> None:
        tempo = TEMPO_RANGE.check(TEMPO, value)
        followers = {n: node for n, node in self._tables.nodes.items() if TEMPO in node.params()}
        changed = {n: node.with_params({TEMPO: tempo}) for n, node in followers.items()}
        self._tempo = tempo
        self._tables.nodes |= changed

    @property
    def own_tempo_bpm(self) -> float | None:
        """The tempo if it has to be stored beside the nodes; ``None`` if it is theirs, or 120."""
        return None if self._tempo == self._tempo_of_nodes() else self._tempo

    def with_params(self, values: Mapping[str, float]) -> Self:
        """Return a copy with other values of some parameters, given as ``{"node.param": value}``.

        "tempo_bpm" is the tempo, of all nodes that are not named; "node.dry_wet" the dry/wet mix of
        a node, and "node.bypass" whether it is bypassed (0 or 1).  Reads no file again, so it works
        if a file was deleted since.
        """
        if not isinstance(values, Mapping):
            raise ParamError(f"values is {format_value(values)}: must map 'node.param' to a value")
        made = self.copy()
        made._set_values(values)
        done: Self = made
        return done

    def _set_values(self, values: Mapping[str, float]) -> None:
        """Set values as ``with_params`` does; none if one is wrong."""
        whole: Any = self
        rest, mixes = split_mixes(whole, values)
        tempo, tables = self._tempo, self._tables.nodes
        try:
            if TEMPO in rest:
                self._tables.nodes = dict(tables)
                self.tempo_bpm = rest.pop(TEMPO)
            self._tables.nodes |= changed_nodes(whole, rest)
        except BaseException:
            self._tempo, self._tables.nodes = tempo, tables
            raise
        for node, mixed in mixes.items():
            self._set_mix(node, **mixed._asdict())

    def _set_mix(self, node: str, **changes: Any) -> None:
        mixed = self._tables.mixes.pop(node, DryWet())._replace(**changes)
        if mixed != DryWet():
            self._tables.mixes[node] = mixed

    def _check_mixable(self, node: str) -> None:
        whole: Any = self
        check_mixable(whole, node)

    @property
    def mixes(self) -> Mapping[str, DryWet]:
        """Dry/wet mix and bypass of each node that is not all wet: ``mixes["amp"].bypassed``."""
        return MappingProxyType(self._tables.mixes)

    def mix(self, node: str, share: float) -> None:
        """Set the dry/wet mix of a node: 0 is its input, 1 (the default) its output alone."""
        self._check_mixable(node)
        self._set_mix(node, mix=check_number(f"mix of {node}: share", share, 0.0, 1.0))

    def bypass(self, node: str, bypassed: bool = True) -> None:
        """Replace a node's output by its input, or end that; the node is computed all the time."""
        self._check_mixable(node)
        self._set_mix(node, bypassed=check_flag("bypassed", bypassed))

    @property
    def snapshots(self) -> Mapping[str, Snapshot]:
        """The snapshots by slot, A to F: sets of values that ``recall`` returns to."""
        return MappingProxyType(dict(sorted(self._tables.snapshots.items())))

    def store(self, slot: str, name: str = "", values: Mapping[str, float] | None = None) -> None:
        """Store every parameter, mix and bypass and the tempo in slot A, B, C, D, E or F.

        With ``values``, named as in ``with_params``, only these: all else stays as it is when the
        snapshot is recalled.
        """
        check_slot(slot)
        check_text("name", name)
        made = self.with_params(self._values() if values is None else values)
        known = made._values()
        names = known if values is None else values
        self._tables.snapshots[slot] = Snapshot(name, {full: known[full] for full in names})

    def keep_snapshots(self, earlier: "Values") -> None:
        """Take over what fits of the snapshots of another graph, unless this one has its own."""
        for slot, stored in earlier.snapshots.items() if not self.snapshots else ():
            known = dict[str, float]()
            for full, value in stored.values.items():
                with contextlib.suppress(NamgraphError):
                    self.with_params({full: value})
                    known[full] = value
            if known:
                self.store(slot, stored.name, known)

    def recall(self, slot: str) -> None:
        """Set everything that the snapshot in a slot holds."""
        self._set_values(filled_slot(self._tables.snapshots, slot).values)

    def discard(self, slot: str) -> None:
        """Empty a slot."""
        filled_slot(self._tables.snapshots, slot)
        del self._tables.snapshots[slot]

    def _values(self) -> dict[str, float]:
        """Return every value that ``with_params`` sets, by name; mixes of nodes that have one."""
        nodes: Mapping[str, Node] = self._tables.nodes
        found = {TEMPO: self.tempo_bpm}
        for name, node in nodes.items():
            if self._is_mixable(name):
                mixed = self._tables.mixes.get(name, DryWet())
                found |= {f"{name}.{DRY_WET}": mixed.mix, f"{name}.{BYPASS}": float(mixed.bypassed)}
            found |= {f"{name}.{param}": float(getattr(node, param)) for param in node.params()}
        return found

    def _is_mixable(self, name: str) -> bool:
        try:
            self._check_mixable(name)
        except ParamError:
            return False
        return True

    def _forget_lost_values(self, name: str) -> None:
        """Remove the mix, and from snapshots the values, that the node ``name`` cannot have."""
        if not self._is_mixable(name):
            self._tables.mixes.pop(name, None)
        values, rows = self._values(), self._tables.nodes[name].params()

        def is_kept(node: str, key: str, value: float) -> bool:
            row = rows.get(key)
            return node != name or (
                f"{name}.{key}" in values and (row is None or row.low <= value <= row.high)
            )

        self._tables.snapshots = kept_values(self._tables.snapshots, is_kept)

    def copy(self) -> Any:
        """Return an independent copy: ``Graph`` does."""
        raise NotImplementedError

    def _tempo_of_nodes(self) -> float:
        found = (getattr(n, TEMPO) for n in self._tables.nodes.values() if TEMPO in n.params())
        return float(next(found, TEMPO_RANGE.default))
