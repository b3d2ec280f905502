"""A graph as a host sees it: so many channels, named parameters, engines made when needed."""

import difflib
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
    UnknownNameError,
    as_graph,
    schedule,
    tail as graph_tail,
)
from ....graph.arguments import check_choice, said
from ....graph.silent import tell_silent
from ...engine.engine import Engine
from ...engine.parameters import check_time
from ...plan.placement import refuse_offline_nodes
from .reset import ready_to_restart

__all__ = ["Fit", "Rack", "Readout", "named", "spelled"]

Fit = Literal["exact", "each", "first"]
FITS = ("exact", "each", "first")
LONGEST_NAME = 63
"""Bytes of a plugin's name."""
MOST = 8
"""Channels of a stream: as many as pedalboard's hosting of plugins knows layouts for."""
MAX_FRAMES = 512
"""The engine's own step; blocks of a host are of any length, and the step cannot be heard."""
CROWD = 4096
"""Messages to let wait before asking the shim to have them taken."""
LONGEST_TAIL_S = 60.0
RATES = (8_000.0, 384_000.0)


class WidthError(PortError, ValueError):
    """A stream is wider or narrower than the graph: pedalboard's own plugins raise ValueError."""


@dataclass(frozen=True)
class Readout:
    """A parameter as it is now: where it lives, its value, its range and unit."""

    name: str
    value: float
    row: Param

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return self.row.low, self.row.high

    @property
    def units(self) -> str:
        """The unit, or nothing."""
        return self.row.unit

    def __repr__(self) -> str:
        low, high = self.range
        return f"<{self.name} = {self.value:g} {self.units} in [{low:g}, {high:g}]>"


class Rack:
    """Holds a graph and what its parameters are set to, and makes engines that play it so.

    The values here are the truth: a host may come with another sample rate at any time, and the
    engines made then begin where the knobs are.  Any thread may call ``set``.
    """

    def __init__(self, graph: Graph, fit: Fit = "exact") -> None:
        as_graph(graph)
        refuse_offline_nodes(graph, "a pedalboard plugin")
        self._graph = graph.copy()
        self.fit = fit
        self.channels = _channels(graph, fit)
        self.name, self.digest = named(graph), _digest(graph, fit)
        self.rows: dict[str, Param] = {
            f"{node}.{name}": row
            for node, made in graph.nodes.items()
            for name, row in made.params().items()
        }
        self.attributes = _attributes(self.rows)
        self._values: dict[str, float] = {}
        self._lock = threading.RLock()  # no value may fall between two engines
        self.engines: list[Engine] = []
        self.settle: Callable[[], object] = lambda: None
        """Sees to it that waiting messages are taken, where a host's thread plays."""
        self._timed: set[str] = set()
        """Parameters with changes for later frames: what they are is the engines' to say."""
        schedule(self._graph, Spec(48_000, MAX_FRAMES))  # refuses now what cannot play
        tell_silent(self._graph, False)

    @property
    def graph(self) -> Graph:
        """A copy of the graph with its parameters as they are set now.

        A change for a later frame (``at``) counts once that frame is played.
        """
        with self._lock:
            self._learn()
            return self._graph.with_params(self._values)

    def _learn(self) -> None:
        """Take over, from an engine, the values of what was set for later frames."""
        if self._timed and self.engines:
            self.settle()
            first = self.engines[0]
            values = first.plan.values() if first.has_audio_thread else first.params()
            self._values |= {name: values[name] for name in self._timed}

    @property
    def reads(self) -> int:
        """How many channels the graph reads."""
        return sum(self._graph.inputs.values())

    @property
    def latency(self) -> int:
        """Frames from input to output, at the rate last played."""
        return self.engines[0].latency if self.engines else 0

    def build(self, rate: float, channels: int) -> list[Engine]:
        """Make engines for a stream; the ones before are gone after."""
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
                ready_to_restart(engine)
            return self.engines

    def _other_fit(self, channels: int) -> str:
        """Say which other ``fit`` plays a stream of this width, if there is one."""
        if self.channels == (1,):
            return "; fit='each' plays a copy of it on each channel"
        if self.channels == (2,) and channels == 1:
            return "; give it two channels, as in np.stack([x, x])"
        return ""

    def tail(self, rate: float) -> int:
        """Frames for which the graph sounds on after its input."""
        spec = Spec(rate, MAX_FRAMES)
        return min(graph_tail(self._graph, spec), round(LONGEST_TAIL_S * rate))

    def set(self, name: str, value: float, *, at: int | None = None) -> None:
        """Set ``"node.param"`` exactly: at the next block, or at frame ``at`` since the reset."""
        checked = self._row(name).check(name, value)
        check_time(name, at)
        with self._lock:
            if at is None or not self.engines:  # without engines there are no frames yet
                self._values[name] = checked
            else:
                self._timed.add(name)
            for engine in self.engines:
                if engine.waiting > CROWD:
                    self.settle()
                engine.set(name, checked, at=at)

    def get(self, name: str) -> float:
        """Return what a parameter is set to, or what a meter shows (of the first channel)."""
        if self.engines and isinstance(name, str) and name in self.engines[0].plan.reports:
            return self.engines[0].get(name)
        self._row(name)
        with self._lock:
            self._learn()
            if name in self._values:
                return self._values[name]
        node, _, param = name.partition(".")
        return float(getattr(self._graph.nodes[node], param))

    def readout(self, name: str) -> Readout:
        """Return one parameter with its value, range and unit."""
        return Readout(name, self.get(name), self._row(name))

    def dumps(self) -> bytes:
        """Return what the parameters are set to, as JSON."""
        return json.dumps({name: self.get(name) for name in self.rows}).encode()

    def loads(self, state: bytes) -> None:
        """Set the parameters from what ``dumps`` gave; all are checked before one is set."""
        try:
            values = json.loads(state)
        except (RecursionError, TypeError, ValueError) as error:
            raise ParamError(f"the state is no JSON: {error}") from None
        if not isinstance(values, dict):
            raise ParamError(f"the state is {type(values).__name__}: must be an object")
        checked = {name: self._row(name).check(name, value) for name, value in values.items()}
        for name, value in checked.items():
            self.set(name, value)

    def _row(self, name: str) -> Param:
        if isinstance(name, str) and name in self.rows:
            return self.rows[name]
        near = difflib.get_close_matches(str(name), self.rows, n=3, cutoff=0.4)
        known = ", ".join(near or sorted(self.rows)[:8]) or "none"
        raise UnknownNameError(f"no parameter {said(name)}; there is {known}")


def spelled(graph: Graph) -> str:
    """Spell the rack: inputs, nodes with their types, outputs."""
    nodes = [f"{name} ({node.type_name})" for name, node in graph.nodes.items()]
    return " -> ".join([*graph.inputs, *nodes, *graph.outputs]) or "nothing"


def named(graph: Graph) -> str:
    """Return what a host shows as the plugin's name: the graph's, or those of its nodes."""
    text = graph.name or " > ".join(graph.nodes) or "namgraph"
    text = "".join(c if c.isprintable() else " " for c in text)
    cut = text.encode()[:LONGEST_NAME].decode(errors="ignore")
    return cut if cut == text else cut[:-3].rstrip() + "..."


def _digest(graph: Graph, fit: Fit) -> str:
    """Return what tells a graph from others, as 16 hexadecimal digits; parameters do not count.

    The same graph has the same digits in every process, and wherever its knobs are.
    """
    said: list[object] = [fit, *graph.inputs.items(), *graph.outputs.items()]
    for name, node in graph.nodes.items():
        values = getattr(node, "__dataclass_fields__", {}).keys() - node.params().keys()
        said += [name, node.type_name, [(key, getattr(node, key)) for key in sorted(values)]]
    said += [f"{c.source} {c.target}" for c in graph.connections]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def _channels(graph: Graph, fit: Fit) -> tuple[int, ...]:
    """Return the widths of stream that a graph can be played in."""
    fit = check_choice("fit", fit, FITS)
    if len(graph.inputs) > 1 or len(graph.outputs) != 1:
        raise PortError(
            f"the graph has inputs {list(graph.inputs)} and outputs {list(graph.outputs)}: "
            "a pedalboard plugin has at most one input and exactly one output"
        )
    ins, outs = sum(graph.inputs.values()), sum(graph.outputs.values())
    if outs > MOST:
        raise PortError(f"the graph's output has {outs} channels: must be 1 to {MOST}")
    if fit == "each":
        if (ins, outs) != (1, 1):
            raise PortError(
                f"the graph takes {ins} and gives {outs} channels: "
                "fit='each' plays a copy on each channel, and needs 1 and 1"
            )
        return tuple(range(1, MOST + 1))
    if ins in (0, outs) or (fit == "first" and ins < outs):
        return (outs,)
    hint = "; fit='first' feeds it the first channels of the stream" if ins < outs else ""
    raise PortError(
        f"the graph takes {ins} and gives {outs} channels: "
        f"a pedalboard plugin gives as many as it takes{hint}"
    )


def _attributes(rows: Mapping[str, Param]) -> dict[str, str]:
    """Name an attribute for each parameter: ``amp.input_db`` is ``amp_input_db``.

    What has no spelling of its own is left to ``set`` and ``get``.
    """
    spelled: dict[str, list[str]] = {}
    for name in rows:
        spelled.setdefault(name.replace(".", "_").replace(" ", "_"), []).append(name)
    return {a: n[0] for a, n in spelled.items() if len(n) == 1 and a.isidentifier()}
