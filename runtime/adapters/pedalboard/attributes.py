"""What people turn and read on a graph that stands in a chain: the same on every such thing."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ....graph import EngineError, FileError, Graph
from ....graph.paths import checked_path
from ...plan.stats import Stats
from .hosted_graph import Fit, Rack, Readout, spelled

__all__ = ["Knobs"]


class Knobs:
    """Shows a rack's parameters as attributes: ``amp.input_db`` is ``amp_input_db``."""

    _rack: Rack
    _rate: float | None

    @property
    def graph(self) -> Graph:
        """A copy of the graph, its parameters as they are set now: what a preset stores.

        A change for a later frame (``at``) counts once that frame is played.
        """
        return self._rack.graph

    @property
    def latency(self) -> int:
        """Frames by which the graph lags, at the rate last played; they are taken out."""
        return self._rack.latency

    @property
    def parameters(self) -> Mapping[str, Readout]:
        """Each parameter by the name of its attribute: value, range and unit."""
        rack = self._rack
        return MappingProxyType({a: rack.readout(n) for a, n in rack.attributes.items()})

    @property
    def raw_state(self) -> bytes:
        """What the parameters are set to, as JSON."""
        return self._rack.dumps()

    @raw_state.setter
    def raw_state(self, state: bytes) -> None:
        self._rack.loads(state)

    preset_data = raw_state

    def load_preset(self, preset_file_path: str | Path) -> None:
        """Read from a file what ``raw_state`` gave."""
        path = checked_path(preset_file_path, "preset_file_path", FileError)
        try:
            state = Path(path).read_bytes()
        except (OSError, ValueError) as reason:  # ValueError: a zero byte in the name
            text = getattr(reason, "strerror", None) or reason
            raise FileError(f"{path}: cannot be read: {text}") from None
        self._rack.loads(state)

    def set(self, name: str, value: float, *, at: int | None = None) -> None:
        """Set ``"node.param"`` at the next block, or at frame ``at`` since the last reset."""
        self._rack.set(name, value, at=at)

    def get(self, name: str) -> float:
        """Return what ``"node.param"`` is set to, or what a meter shows."""
        return self._rack.get(name)

    def stats(self) -> Stats:
        """Return counters, meters and times of the engine (of the first channel's)."""
        if not self._rack.engines:
            raise EngineError("nothing was played yet: there are no statistics")
        return self._rack.engines[0].stats()

    def _begin(self, rack: Rack, rate: float | None) -> None:
        object.__setattr__(self, "_rack", rack)
        object.__setattr__(self, "_rate", rate)

    def __getattr__(self, name: str) -> Any:
        rack = self.__dict__.get("_rack")
        if rack is not None and name in rack.attributes:
            return rack.get(rack.attributes[name])
        raise AttributeError(_unknown(type(self).__name__, rack, name))

    def __setattr__(self, name: str, value: Any) -> None:
        rack = self.__dict__.get("_rack")
        if rack is not None and name in rack.attributes and not hasattr(type(self), name):
            rack.set(rack.attributes[name], value)
        elif hasattr(type(self), name) or name in self.__dict__:
            object.__setattr__(self, name, value)
        else:  # a slip of the pen must not look like a turn of a knob
            raise AttributeError(_unknown(type(self).__name__, rack, name))

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *self._rack.attributes]

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, (type(self), self.graph, self._rack.fit, self._rate)

    def __copy__(self) -> Any:
        return _made_again(type(self), self.graph, self._rack.fit, self._rate)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.__copy__()

    def __repr__(self) -> str:
        rack = self._rack
        few, many = rack.channels[0], rack.channels[-1]
        width = f"{few} channel{'s' * (few > 1)}" if few == many else f"{few} to {many} channels"
        late = f", latency {self.latency}" if self.latency else ""
        return f"<{type(self).__name__} {spelled(rack.graph)} ({width}{late})>"


def _made_again(kind: Any, graph: Graph, fit: Fit, rate: float | None) -> Any:
    return kind(graph, fit=fit, sample_rate=rate)


def _unknown(kind: str, rack: Rack | None, name: str) -> str:
    """Say that there is no such attribute, and which parameters may be meant, if any."""
    known = list(rack.attributes) if rack is not None else []
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.75)
    near += [k for k in known if f"_{name}_" in f"_{k}_" and k not in near]
    hint = f"; did you mean {' or '.join(near[:3])}?" if near else ""
    return f"{kind!r} object has no attribute {name!r}{hint}"
