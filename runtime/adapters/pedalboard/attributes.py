"""Parameters of a hosted graph as Python attributes: base class of GraphPlugin and GraphEffect."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ....graph import EngineError, FileError, Graph
from ....graph.arguments import clip
from ....graph.paths import checked_path
from ...plan.stats import Stats
from .hosted_graph import Fit, HostedGraph, ParameterInfo, format_chain

__all__ = ["GraphAttributes"]


class GraphAttributes:
    """Give each parameter of a hosted graph an attribute: ``amp.input_db`` is ``amp_input_db``.

    Attributes may be read and set on any thread.
    """

    _hosted: HostedGraph
    _rate: float | None

    @property
    def graph(self) -> Graph:
        """A copy of the graph with its parameters at their current values, as a preset stores it.

        A change for a later frame (``at``) is included once that frame has been processed.
        """
        return self._hosted.graph

    @property
    def latency(self) -> int:
        """Latency in frames at the last sample rate; the host compensates for it."""
        return self._hosted.latency

    @property
    def parameters(self) -> Mapping[str, ParameterInfo]:
        """Value, range and unit of each parameter, by attribute name."""
        hosted = self._hosted
        return MappingProxyType({a: hosted.info(n) for a, n in hosted.attributes.items()})

    @property
    def raw_state(self) -> bytes:
        """The parameter values, as JSON."""
        return self._hosted.dumps()

    @raw_state.setter
    def raw_state(self, state: bytes) -> None:
        self._hosted.loads(state)

    preset_data = raw_state

    def load_preset(self, preset_file_path: str | Path) -> None:
        """Load parameter values from a file with the content of ``raw_state``."""
        path = checked_path(preset_file_path, "preset_file_path", FileError)
        try:
            state = Path(path).read_bytes()
        except (OSError, ValueError) as reason:  # ValueError: a zero byte in the name
            text = getattr(reason, "strerror", None) or reason
            raise FileError(f"{path}: cannot be read: {text}") from None
        self._hosted.loads(state)

    def set(self, name: str, value: float, *, at: int | None = None) -> None:
        """Set ``"node.param"`` at the next block, or at frame ``at`` since the last reset."""
        self._hosted.set(name, value, at=at)

    def get(self, name: str) -> float:
        """Return the value of a parameter or a meter, by ``"node.param"``."""
        return self._hosted.get(name)

    def stats(self) -> Stats:
        """Return counters, meters and times of the engine (of the first, with ``fit="each"``)."""
        if not self._hosted.engines:
            raise EngineError("no statistics: no engine was built yet; process audio first")
        return self._hosted.engines[0].stats()

    def _attach(self, hosted: HostedGraph, rate: float | None) -> None:
        object.__setattr__(self, "_hosted", hosted)
        object.__setattr__(self, "_rate", rate)

    def __getattr__(self, name: str) -> Any:
        hosted = self.__dict__.get("_hosted")
        if hosted is not None and name in hosted.attributes:
            return hosted.get(hosted.attributes[name])
        raise AttributeError(_unknown_attribute(type(self).__name__, hosted, name))

    def __setattr__(self, name: str, value: Any) -> None:
        hosted = self.__dict__.get("_hosted")
        if hosted is not None and name in hosted.attributes and not hasattr(type(self), name):
            hosted.set(hosted.attributes[name], value)
        elif hasattr(type(self), name) or name in self.__dict__:
            object.__setattr__(self, name, value)
        else:  # a mistyped parameter name must not create an attribute
            raise AttributeError(_unknown_attribute(type(self).__name__, hosted, name))

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *self._hosted.attributes]

    def __reduce__(self) -> tuple[Any, ...]:
        return _copy_of, (type(self), self.graph, self._hosted.fit, self._rate)

    def __copy__(self) -> Any:
        return _copy_of(type(self), self.graph, self._hosted.fit, self._rate)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.__copy__()

    def __repr__(self) -> str:
        hosted = self._hosted
        fewest, most = hosted.channels[0], hosted.channels[-1]
        plural = "s" * (fewest > 1)
        width = f"{fewest} channel{plural}" if fewest == most else f"{fewest} to {most} channels"
        latency = f", latency {self.latency}" if self.latency else ""
        return clip(f"<{type(self).__name__} {format_chain(hosted.graph)} ({width}{latency})>")


def _copy_of(kind: Any, graph: Graph, fit: Fit, rate: float | None) -> Any:
    return kind(graph, fit=fit, sample_rate=rate)


def _unknown_attribute(kind: str, hosted: HostedGraph | None, name: str) -> str:
    """Return the message for an unknown attribute, with similar parameter names if any."""
    known = list(hosted.attributes) if hosted is not None else []
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.75)
    near += [k for k in known if f"_{name}_" in f"_{k}_" and k not in near]
    hint = f"; did you mean {' or '.join(near[:3])}?" if near else ""
    return f"{kind!r} object has no attribute {name!r}{hint}"
