"""Controls of a stream that plays: parameters, mixes, bypasses, swaps, and snapshots A to F.

Any thread but the audio thread.
"""

from collections.abc import Callable, Mapping

from ....graph import EngineError, GraphSource, ParamError, as_graph
from ....graph.arguments import format_value
from ...engine.engine import Engine
from ...engine.parameters import Settings
from ...plan.placement import refuse_offline_nodes

__all__ = ["StreamControls"]

SLOTS = tuple("ABCDEF")


class StreamControls:
    """Sets the engine of a stream while the stream is open, and stores snapshots of its settings.

    ``read_state`` returns the state of the stream; "closed" makes every change an ``EngineError``.
    """

    def __init__(self, engine: Engine, read_state: Callable[[], str]) -> None:
        self._engine = engine
        self._read_state = read_state
        self._slots: dict[str, Settings] = {}

    def set(self, name: str, value: float, at: int | None) -> None:
        """Set a parameter ``"node.param"``, now or at frame ``at`` exactly: see ``Engine.set``."""
        self._open_engine().set(name, value, at=at)

    def get(self, name: str) -> float:
        """Return a parameter's value as last applied, or the reading of a meter node."""
        return self._engine.get(name)

    def mix(self, node: str, share: float) -> None:
        """Set the dry/wet mix of a node, 0 to 1: see ``Engine.mix``."""
        self._open_engine().mix(node, share)

    def bypass(self, node: str, bypassed: bool) -> None:
        """Replace a node's output by its input, or end that: see ``Engine.bypass``."""
        self._open_engine().bypass(node, bypassed)

    def swap(self, graph: GraphSource) -> None:
        """Crossfade to another graph that can be played live: see ``Engine.swap``."""
        graph = as_graph(graph)
        refuse_offline_nodes(graph, "a live stream")
        self._open_engine().swap(graph)

    def store(self, slot: str) -> None:
        """Store every parameter, mix and bypass in a slot."""
        self._slots[_check_slot(slot)] = self._open_engine().settings()

    def recall(self, slot: str) -> None:
        """Apply a slot, all of it between the same two blocks."""
        if _check_slot(slot) not in self._slots:
            filled = ", ".join(sorted(self._slots)) or "none"
            raise ParamError(f"slot {slot} is empty; filled: {filled}")
        self._open_engine().apply(self._slots[slot])

    @property
    def slots(self) -> Mapping[str, Settings]:
        """The filled slots and their settings."""
        return dict(sorted(self._slots.items()))

    def _open_engine(self) -> Engine:
        """Return the engine; reading the state also updates its ``has_audio_thread``."""
        if self._read_state() == "closed":
            raise EngineError("the stream is closed: make a new one")
        return self._engine


def _check_slot(slot: str) -> str:
    if not isinstance(slot, str) or slot not in SLOTS:
        raise ParamError(f"slot is {format_value(slot)}: must be one of {', '.join(SLOTS)}")
    return slot
