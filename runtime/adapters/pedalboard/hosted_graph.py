"""A graph behind a plugin host: channel counts, parameter values, engines per sample rate."""

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from ....graph import (
    Graph,
    Param,
    ParamError,
    PortError,
    Spec,
    as_graph,
    schedule,
    tail as graph_tail,
)
from ....graph.arguments import check_choice
from ....graph.paths import identity
from ....graph.silent import warn_silent
from ...engine.engine import Engine
from ...engine.parameters import check_time, unknown_param
from ...plan.placement import refuse_offline_nodes
from .reset import enable_native_reset

__all__ = ["Fit", "HostedGraph", "ParameterInfo", "format_chain", "plugin_name"]

Fit = Literal["exact", "each", "first"]
FITS = ("exact", "each", "first")
MAX_NAME_BYTES = 63
"""Bytes of a plugin's name in the VST3 class info, without the final zero."""
MAX_STREAM_CHANNELS = 8
"""Channels of a stream: pedalboard's plugin hosting knows layouts of up to 8."""
MAX_FRAMES = 512
"""Frames per block of the engine; a host block of any length is processed in such steps."""
MAX_WAITING = 4096
"""Waiting messages above which ``set`` has them handled first."""
MAX_TAIL_S = 60.0


class WidthError(PortError, ValueError):
    """The stream's channel count does not fit the graph; a ``ValueError``, as pedalboard raises."""


@dataclass(frozen=True)
class ParameterInfo:
    """One parameter: ``"node.param"``, current value, range and unit."""

    name: str
    value: float
    row: Param

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return self.row.low, self.row.high

    @property
    def units(self) -> str:
        """The unit, or an empty string."""
        return self.row.unit

    def __repr__(self) -> str:
        low, high = self.range
        return f"<{self.name} = {self.value:g} {self.units} in [{low:g}, {high:g}]>"


class HostedGraph:
    """A graph, its parameter values, and the engines that process it at the host's sample rate.

    The values are stored here, because a host may change the sample rate at any time: new engines
    start with them.  ``set`` and ``get``: any thread.  ``build``: the thread that calls the host.
    """

    def __init__(self, graph: Graph, fit: Fit = "exact") -> None:
        as_graph(graph)
        refuse_offline_nodes(graph, "a pedalboard plugin")
        self._graph = graph.copy()
        self.fit = fit
        self.channels = _channels(graph, fit)
        self.name, self.digest = plugin_name(graph), _digest(graph, fit)
        self.rows: dict[str, Param] = {
            f"{node}.{name}": row
            for node, made in graph.nodes.items()
            for name, row in made.params().items()
        }
        self.attributes = _attributes(self.rows)
        self._values: dict[str, float] = {}
        self._lock = threading.RLock()  # held while engines are replaced: no value is lost
        self.engines: list[Engine] = []
        self.handle_messages: Callable[[], object] = lambda: None
        """Handle waiting messages of engines that a host's thread processes."""
        self._timed: set[str] = set()
        """Parameters with changes at later frames: their values are read from the engine."""
        schedule(self._graph, Spec(48_000, MAX_FRAMES))  # raises if the graph cannot be scheduled
        warn_silent(self._graph, False)

    @property
    def graph(self) -> Graph:
        """A copy of the graph with its parameters at their current values.

        A change for a later frame (``at``) is included once that frame has been processed.
        """
        with self._lock:
            self._read_timed_values()
            return self._graph.with_params(self._values)

    def _read_timed_values(self) -> None:
        """Copy from the engine the values of parameters that were set for later frames."""
        if self._timed and self.engines:
            self.handle_messages()
            first = self.engines[0]
            values = first.plan.values() if first.queue.has_audio_thread else first.params()
            self._values |= {name: values[name] for name in self._timed}

    @property
    def input_channels(self) -> int:
        """Number of input channels of the graph."""
        return sum(self._graph.inputs.values())

    @property
    def latency(self) -> int:
        """Latency in frames at the last sample rate; 0 before the first ``build``."""
        return self.engines[0].latency if self.engines else 0

    def build(self, rate: float, channels: int) -> list[Engine]:
        """Build engines for a sample rate and a channel count, replacing the previous ones.

        ``WidthError`` if the graph cannot process that many channels.
        """
        if channels not in self.channels:
            allowed = ", ".join(map(str, self.channels))
            raise WidthError(
                f"a {channels}-channel stream: the graph plays {allowed} "
                f"channel{'s' * (allowed != '1')}{self._other_fit(channels)}"
            )
        count = channels if self.fit == "each" else 1
        with self._lock:
            graph = self.graph
            self._timed.clear()
            self.engines = [
                Engine(graph, sample_rate=rate, max_frames=MAX_FRAMES, strict=None)
                for _ in range(count)
            ]
            for engine in self.engines:
                enable_native_reset(engine)
            return self.engines

    def _other_fit(self, channels: int) -> str:
        """Return the end of an error message: another ``fit`` for this channel count, if any."""
        if self.channels == (1,):
            return "; fit='each' plays a copy of it on each channel"
        if self.channels == (2,) and channels == 1:
            return "; give it two channels, as in np.stack([x, x])"
        return ""

    def tail(self, rate: float) -> int:
        """Return the tail in frames after the end of the input."""
        spec = Spec(rate, MAX_FRAMES)
        return min(graph_tail(self._graph, spec), round(MAX_TAIL_S * rate))

    def set(self, name: str, value: float, *, at: int | None = None) -> None:
        """Set ``"node.param"`` at the next block, or at frame ``at`` since the last reset."""
        checked = self._row(name).check(name, value)
        check_time(name, at)
        with self._lock:
            if at is None or not self.engines:  # no engines: no frame count yet
                self._values[name] = checked
            else:
                self._timed.add(name)
            for engine in self.engines:
                if engine.queue.waiting > MAX_WAITING:
                    self.handle_messages()
                engine.set(name, checked, at=at)

    def get(self, name: str) -> float:
        """Return the value of a parameter, or of a meter (of the first channel)."""
        if self.engines and isinstance(name, str) and name in self.engines[0].plan.reports:
            return self.engines[0].get(name)
        self._row(name)
        with self._lock:
            self._read_timed_values()
            if name in self._values:
                return self._values[name]
        node, _, param = name.partition(".")
        return float(getattr(self._graph.nodes[node], param))

    def info(self, name: str) -> ParameterInfo:
        """Return one parameter with its value, range and unit."""
        return ParameterInfo(name, self.get(name), self._row(name))

    def dumps(self) -> bytes:
        """Return the parameter values as JSON."""
        return json.dumps({name: self.get(name) for name in self.rows}).encode()

    def loads(self, state: bytes) -> None:
        """Set the parameters from JSON of ``dumps``; all are checked before any is set."""
        try:
            values = json.loads(state)
        except (RecursionError, TypeError, ValueError) as error:
            raise ParamError(f"the state is not JSON: {error}") from None
        if not isinstance(values, dict):
            raise ParamError(f"the state is {type(values).__name__}: must be a JSON object")
        checked = {name: self._row(name).check(name, value) for name, value in values.items()}
        for name, value in checked.items():
            self.set(name, value)

    def _row(self, name: str) -> Param:
        if isinstance(name, str) and name in self.rows:
            return self.rows[name]
        raise unknown_param(name, self.rows)


def format_chain(graph: Graph) -> str:
    """Format a graph on one line: inputs, nodes with their types, outputs."""
    nodes = [f"{name} ({node.type_name})" for name, node in graph.nodes.items()]
    return " -> ".join([*graph.inputs, *nodes, *graph.outputs]) or "nothing"


def plugin_name(graph: Graph) -> str:
    """Return the name a host displays: the graph's name, or the names of its nodes."""
    text = graph.name or " > ".join(graph.nodes) or "namgraph"
    text = "".join(c if c.isprintable() else " " for c in text)
    cut = text.encode()[:MAX_NAME_BYTES].decode(errors="ignore")
    return cut if cut == text else cut[:-3].rstrip() + "..."


def _digest(graph: Graph, fit: Fit) -> str:
    """Return 16 hexadecimal digits that identify a graph, without its parameter values.

    The same graph has the same digits in every process.
    """
    parts: list[object] = [fit, *graph.inputs.items(), *graph.outputs.items()]
    for name, node in graph.nodes.items():
        values = getattr(node, "__dataclass_fields__", {}).keys() - node.params().keys()
        parts += [
            name,
            node.type_name,
            [(key, identity(getattr(node, key))) for key in sorted(values)],
        ]
    parts += [f"{c.source} {c.target}" for c in graph.connections]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _channels(graph: Graph, fit: Fit) -> tuple[int, ...]:
    """Return the channel counts of streams that the graph can process with ``fit``."""
    fit = check_choice("fit", fit, FITS)
    if len(graph.inputs) > 1 or len(graph.outputs) != 1:
        raise PortError(
            f"the graph has inputs {list(graph.inputs)} and outputs {list(graph.outputs)}: "
            "a pedalboard plugin has at most one input and exactly one output"
        )
    ins, outs = sum(graph.inputs.values()), sum(graph.outputs.values())
    if outs > MAX_STREAM_CHANNELS:
        raise PortError(
            f"the graph's output has {outs} channels: must be 1 to {MAX_STREAM_CHANNELS}"
        )
    if fit == "each":
        if (ins, outs) != (1, 1):
            raise PortError(
                f"the graph takes {ins} and gives {outs} channels: "
                "fit='each' plays a copy on each channel, and needs 1 and 1"
            )
        return tuple(range(1, MAX_STREAM_CHANNELS + 1))
    if ins in (0, outs) or (fit == "first" and ins < outs):
        return (outs,)
    hint = "; fit='first' feeds it the first channels of the stream" if ins < outs else ""
    raise PortError(
        f"the graph takes {ins} and gives {outs} channels: "
        f"a pedalboard plugin gives as many as it takes{hint}"
    )


def _attributes(rows: Mapping[str, Param]) -> dict[str, str]:
    """Name an attribute for each parameter: ``amp.input_db`` is ``amp_input_db``.

    A name that two parameters would share is left out; ``set`` and ``get`` take the full name.
    """
    candidates: dict[str, list[str]] = {}
    for name in rows:
        candidates.setdefault(name.replace(".", "_").replace(" ", "_"), []).append(name)
    return {a: n[0] for a, n in candidates.items() if len(n) == 1 and a.isidentifier()}
