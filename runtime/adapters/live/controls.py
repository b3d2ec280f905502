"""Controls of a stream that plays: parameters, mixes, bypasses, swaps, and snapshots A to F.

Any thread but the audio thread.
"""

from collections.abc import Callable

from ....graph import EngineError, GraphSource, as_graph
from ...engine.engine import Engine
from ...plan.placement import refuse_offline_nodes

__all__ = ["StreamControls"]


class StreamControls:
    """Sets the engine of a stream while the stream is open.

    ``read_state`` returns the state of the stream; "closed" makes every change an ``EngineError``.
    """

    def __init__(self, engine: Engine, read_state: Callable[[], str]) -> None:
        self._engine = engine
        self._read_state = read_state

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

    def store(self, slot: str, name: str) -> None:
        """Store every parameter, mix and bypass and the tempo in a slot."""
        self._open_engine().store(slot, name)

    def recall(self, slot: str) -> None:
        """Apply a slot, all of it between the same two blocks."""
        self._open_engine().recall(slot)

    def _open_engine(self) -> Engine:
        """Return the engine; reading the state also updates its ``has_audio_thread``."""
        if self._read_state() == "closed":
            raise EngineError("the stream is closed: make a new one")
        return self._engine
