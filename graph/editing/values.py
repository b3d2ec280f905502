"""Parameter values and the tempo of a graph: the part of ``Graph`` that changes no connection."""

from collections.abc import Mapping
from typing import Any, Self

from ..arguments import format_value
from ..catalog.fields import Param
from ..errors import ParamError
from .changes import changed_nodes
from .tables import Tables

__all__ = ["TEMPO", "TEMPO_RANGE", "Values"]

TEMPO = "tempo_bpm"
"""The tempo of a graph, and the parameter of each node that follows it."""
TEMPO_RANGE = Param(120.0, 20.0, 400.0, "bpm", smoothing_s=0.0)


class Values:
    """Base of ``Graph``: the tempo, and copies with other values of parameters."""

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

        "tempo_bpm" is the tempo, of all nodes that are not named.  Reads no file again, so it works
        if a file was deleted since.
        """
        if not isinstance(values, Mapping):
            raise ParamError(f"values is {format_value(values)}: must map 'node.param' to a value")
        made = self.copy()
        rest = dict(values)
        if TEMPO in rest:
            made.tempo_bpm = rest.pop(TEMPO)
        made._tables.nodes |= changed_nodes(made, rest)
        done: Self = made
        return done

    def copy(self) -> Any:
        """Return an independent copy: ``Graph`` does."""
        raise NotImplementedError

    def _tempo_of_nodes(self) -> float:
        found = (getattr(n, TEMPO) for n in self._tables.nodes.values() if TEMPO in n.params())
        return float(next(found, TEMPO_RANGE.default))
