"""What one does with a rack that plays: turn, bypass, mix, swap, store, recall."""

from collections.abc import Mapping
from typing import NoReturn

from ....graph import EngineError, Graph, ParamError, as_graph
from ....graph.arguments import said
from ...engine.engine import Engine
from ...engine.parameters import Settings
from ...plan.placement import refuse_offline_nodes

__all__ = ["SLOTS", "Desk"]

SLOTS = "ABCDEF"


class Desk:
    """The controls of a stream; each may be used from any thread, and is checked before it acts."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._slots: dict[str, Settings] = {}

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied: it is bound to a thread or a device."""
        raise TypeError("a stream cannot be pickled: pickle its graph, and make a stream of that")

    @property
    def state(self) -> str:
        """Whether the stream plays."""
        raise NotImplementedError

    def set(self, name: str, value: float, *, at: int | None = None) -> None:
        """Set a parameter ``"node.param"``, now or at frame ``at`` exactly: see ``Engine.set``."""
        self._desk().set(name, value, at=at)

    def get(self, name: str) -> float:
        """Return a parameter's value as last applied, or the reading of a meter node."""
        return self.engine.get(name)

    def mix(self, node: str, share: float) -> None:
        """Set how much of a node is heard beside its input: 0 none, 1 it alone."""
        self._desk().mix(node, share)

    def bypass(self, node: str, bypassed: bool = True) -> None:
        """Let a node's input past it, or (``False``) no longer."""
        self._desk().bypass(node, bypassed)

    def swap(self, graph: Graph) -> None:
        """Fade over to another graph (of a preset: ``swap(load_preset(...))``).

        Nodes that are the same by name and value keep their state.  Long tails of those that are
        not ring on beneath the new graph; until then both are computed.
        """
        as_graph(graph)
        refuse_offline_nodes(graph, "a live stream")
        self._desk().swap(graph)

    def store(self, slot: str) -> None:
        """Keep every parameter, mix and bypass as it is now in slot A, B, C, D, E or F."""
        self._slots[_slot(slot)] = self._desk().settings()

    def recall(self, slot: str) -> None:
        """Go to what was stored, all of it between the same two blocks, and without a gap."""
        if _slot(slot) not in self._slots:
            filled = ", ".join(sorted(self._slots)) or "none"
            raise ParamError(f"slot {slot} is empty; filled: {filled}")
        self._desk().apply(self._slots[slot])

    @property
    def slots(self) -> Mapping[str, Settings]:
        """What is stored, by slot."""
        return dict(sorted(self._slots.items()))

    def _desk(self) -> Engine:
        """Return the engine, knowing whether anybody plays it now."""
        if self.state == "closed":
            raise EngineError("the stream is closed: make a new one")
        return self.engine


def _slot(slot: str) -> str:
    if not isinstance(slot, str) or slot not in tuple(SLOTS):
        raise ParamError(f"slot is {said(slot)}: must be one of {', '.join(SLOTS)}")
    return slot
