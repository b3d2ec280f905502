"""A graph behind a plugin host: parameter values, engines per sample rate, swaps."""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ....graph import (
    TEMPO,
    TEMPO_RANGE,
    EngineError,
    Graph,
    GraphSource,
    Param,
    ParamError,
    Spec,
    bundled_presets,
    schedule,
    tail as graph_tail,
)
from ....graph.arguments import check_flag, check_number, check_text, format_value
from ....graph.editing.snapshots import mix_values, split_mixes
from ...engine.engine import Engine
from ...engine.parameters import TRANSPORT_READINGS, apply_values, check_time, read_value
from ...limits import check_threads
from ...plan.stats import Stats
from .channels import Fit, Layout, wrap
from .host import Host
from .parameter import SWITCHES
from .rack import MAX_FRAMES, OF_STREAM, Rack, host_name
from .reset import enable_native_reset
from .swap import carry_over, has_waiting_swaps, swap_engine

__all__ = ["HostedGraph"]

MAX_WAITING = 4096
"""Waiting messages above which ``set`` has them handled first."""
MAX_TAIL_S = 60.0


class HostedGraph:
    """A graph, its parameter values, and the engines that process it at the host's sample rate.

    The values are stored here, because a host may change the sample rate at any time: new engines
    start with them.  ``most`` threads play: ``Engine``.  ``build``: the thread that calls the host.
    Everything else: any thread.
    """

    def __init__(
        self, graph: GraphSource, fit: Fit = "auto", name: str | None = None, most: int | None = 1
    ) -> None:
        self._rack = Rack.of(graph, fit)
        if name is not None and not check_text("name", name).strip():
            raise ParamError(f"name is {format_value(name)}: must be a text to display")
        self.fit, self.own_name, self.threads = fit, name, check_threads(most)
        self._values = {name: row.default for name, row in OF_STREAM.items()}
        self._tempo: float | None = None
        self.node_mixes: dict[str, tuple[float, bool]] = {**self._rack.graph.mixes}
        """``(mix, bypassed)`` of the nodes for which either was set."""
        named = isinstance(graph, str) and graph in bundled_presets()
        self.program: str | None = str(graph) if named else None
        """The bundled preset that was loaded last."""
        self.lock = threading.RLock()
        """Held while engines are replaced, so that no value is lost."""
        self.engines: list[Engine] = []
        self._layout: Layout | None = None
        self._exit = ""  # the StreamOutput in the engine's graph
        self.rate = 0.0
        """The last sample rate; 0 before the first."""
        self._said: set[str] = set()
        self.host = Host()
        self._timed: set[str] = set()
        """Parameters with changes at later frames: their values are read from the engine."""

    @property
    def graph(self) -> Graph:
        """A copy of the graph with its parameters at their current values.

        A change for a later frame (``at``) is included once that frame has been processed.
        """
        with self.lock:
            self._read_timed_values()
            values = {n: v for n, v in self._values.items() if n not in OF_STREAM}
            tempos = {name: self.get(name) for name in (TEMPO, *self._rack.followers)}
            mixes = mix_values(self.node_mixes)
            return self._rack.graph.with_params(tempos | values | mixes)

    @property
    def rack(self) -> Rack:
        """The graph as it was given, and what follows from it."""
        return self._rack

    @property
    def rows(self) -> Mapping[str, Param]:
        """Every parameter by ``"node.param"``, "mix" and "bypass"."""
        return self._rack.rows

    @property
    def attributes(self) -> Mapping[str, str]:
        """The parameters by attribute name."""
        return self._rack.attributes

    @property
    def name(self) -> str:
        """The name given, else that of the graph, or the names of its nodes; at most 63 bytes."""
        return host_name(self._rack.graph, self.own_name)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that identify the graph and its ``fit``, for all values."""
        return hashlib.sha256(f"{self.fit} {self._rack.identity}".encode()).hexdigest()[:16]

    @property
    def assumed_rate(self) -> float:
        """The last sample rate; before the first, that of the graph's models, or 48 kHz."""
        return self.rate or self._rack.own_rate

    @property
    def latency(self) -> int:
        """Latency in frames at ``assumed_rate``."""
        if self.engines:
            return self.engines[0].latency
        return schedule(self._rack.graph, Spec(self.assumed_rate, MAX_FRAMES)).latency

    @property
    def tail(self) -> int:
        """Frames for which the output continues after its input, at ``assumed_rate``."""
        spec = Spec(self.assumed_rate, MAX_FRAMES)
        return min(graph_tail(self._rack.graph, spec), round(MAX_TAIL_S * spec.rate))

    def _read_timed_values(self) -> None:
        """Copy from the engine the values of parameters that were set for later frames."""
        if self._timed and self.engines:
            self.host.handle_messages()
            first = self.engines[0]
            values = first.plan.values() if first.queue.has_audio_thread else first.params()
            self._values |= {name: values[self._engine_name(name)] for name in self._timed}

    def _engine_name(self, name: str) -> str:
        """Return the name of a parameter in the engine's graph."""
        return f"{self._exit}.{name}" if name in OF_STREAM else name

    def build(self, rate: float, channels: int) -> list[Engine]:
        """Build engines for a sample rate and a channel count, replacing the previous ones.

        ``WidthError`` if the graph cannot process that many channels.
        """
        with self.lock:
            layout, most = self._rack.layout(channels), self.threads
            mix, bypass = (self.get(name) for name in ("mix", "bypass"))
            wrapped, exit_ = wrap(self.graph, layout, mix, bypass)
            engines = [
                Engine(wrapped, sample_rate=rate, max_frames=MAX_FRAMES, strict=None, threads=most)
                for _ in range(layout.engines)
            ]
            for engine in engines:
                enable_native_reset(engine)
            self._warn(layout)
            self._timed.clear()
            self.engines, self._layout, self._exit, self.rate = engines, layout, exit_, rate
            return engines

    def _warn(self, layout: Layout) -> None:
        """Emit the warning of a layout, once."""
        if layout.said not in self._said:
            self._said.add(layout.said)
            layout.warn(self._rack.graph)

    def set(self, name: str, value: Any, *, at: int | None = None) -> None:
        """Set ``"node.param"``, "mix" or "bypass" at the next block, or at frame ``at``.

        Frames count from the last reset.  "tempo_bpm" sets all nodes that follow the tempo, too.
        """
        row = TEMPO_RANGE if isinstance(name, str) and name == TEMPO else self._rack.row(name)
        checked = float(check_flag(name, value)) if name in SWITCHES else row.check(name, value)
        check_time(name, at)
        with self.lock:
            if row is TEMPO_RANGE:
                self._tempo = checked
                for one in self._rack.followers:
                    self.set(one, value, at=at)
            elif at is None or not self.engines:  # no engines: no frame count yet
                self._values[name] = checked
            else:
                self._timed.add(name)
            for engine in self.engines:
                if engine.queue.waiting > MAX_WAITING:
                    self.host.handle_messages()
                engine.set(self._engine_name(name), checked, at=at)

    def set_all(self, values: Mapping[str, float]) -> None:
        """Set values named as by ``Graph.with_params``, between the same two blocks."""
        with self.lock:
            params, mixes = split_mixes(self.graph, values)
            if TEMPO in params:
                self._tempo = params.pop(TEMPO)
                params = dict.fromkeys(self._rack.followers, self._tempo) | params
            self._values |= params
            self._timed -= params.keys()
            self.node_mixes |= mixes
            for engine in self.engines:
                apply_values(engine.queue, {**params, **values})

    def get(self, name: str) -> float:
        """Return the value of a parameter, or of a meter (of the first channel)."""
        if self.engines and isinstance(name, str):
            plan = self.engines[0].plan
            if name in {*plan.reports, *plan.analyses, *TRANSPORT_READINGS, TEMPO}:
                self.host.handle_messages()
                return read_value(plan, name)
        if isinstance(name, str) and name == TEMPO:
            return self._rack.graph.tempo_bpm if self._tempo is None else self._tempo
        self._rack.row(name)
        with self.lock:
            self._read_timed_values()
            if name in self._values:
                return self._values[name]
        node, _, param = name.rpartition(".")
        return float(getattr(self._rack.graph.nodes[node], param))

    def stats(self) -> Stats:
        """Return the statistics of the first engine, of the nodes of the graph alone."""
        with self.lock:
            if not self.engines:
                raise EngineError("no statistics: no engine was built yet; process audio first")
            found, own = self.engines[0].stats(), self._rack.graph.nodes
            return replace(found, nodes=tuple(n for n in found.nodes if n.name in own))

    def mix_node(self, node: str, share: float | None, bypassed: bool | None) -> None:
        """Set the dry/wet mix and the bypass of one node; ``None`` keeps it."""
        self._rack.check_node(node)
        with self.lock:
            mix, off = self.node_mixes.get(node, (1.0, False))
            if share is not None:
                mix = check_number(f"mix of {node}: share", share, 0.0, 1.0)
                for engine in self.engines:
                    engine.mix(node, mix)
            if bypassed is not None:
                off = check_flag("bypassed", bypassed)
                for engine in self.engines:
                    engine.bypass(node, off)
            self.node_mixes[node] = mix, off

    def swap(self, graph: GraphSource, *, keep_values: bool = True) -> None:
        """Replace the graph; engines crossfade to it between two blocks.

        Nodes that are equal apart from parameter values keep their state.  With ``keep_values``
        their parameters and mixes stay as last set where the graph has the values of the previous
        one; else all get the value that they have in ``graph``.  So do snapshots, if it has any.
        """
        rack = Rack.of(graph, self.fit)
        with self.lock:
            current, given = self.graph, self._rack.graph
            rack.graph.keep_snapshots(given)
            now, wanted = carry_over(rack.graph, current, given, keep_values)
            following = rack.graph.with_params(now)
            if self._layout is not None:
                layout = rack.layout(self._layout.stream)
                if following != current and not self._swap_engines(following, layout):
                    self._replace_engines(rack, wanted)
                self._layout = layout
            self._commit(rack, wanted)
            self.set_all({n: wanted[n] for n in wanted.keys() - self._timed})
            self.host.report(self)
            if self._layout is not None:  # last, because a warning may be an error
                self._warn(self._layout)

    def _swap_engines(self, following: Graph, layout: Layout) -> bool:
        """Post a swap to the engines; ``False`` if they must be replaced."""
        mix, bypass = (self.get(name) for name in ("mix", "bypass"))
        wrapped, exit_ = wrap(following, layout, mix, bypass)
        if layout.engines != len(self.engines) or exit_ != self._exit:
            return False
        if not self.host.has_engines() or any(map(has_waiting_swaps, self.engines)):
            return False
        return all(
            swap_engine(engine, wrapped, self.host.handle_messages, self.host.has_engines)
            for engine in self.engines
        )

    def _replace_engines(self, rack: Rack, wanted: dict[str, float]) -> None:
        """Build engines of another graph while no block is processed; keep all if that fails."""
        assert self._layout is not None
        before = self._rack, self._values, self.node_mixes
        self._commit(rack, wanted)
        try:
            self.host.rebuild(self, self.rate, self._layout.stream)
        except BaseException:
            self._rack, self._values, self.node_mixes = before
            raise

    def _commit(self, rack: Rack, wanted: dict[str, float]) -> None:
        """Store another graph with the values of the nodes that stay."""
        of_stream = {name: self._values[name] for name in OF_STREAM}
        wanted, mixes = split_mixes(rack.graph, wanted)
        self._tempo = self._tempo if rack.graph.tempo_bpm == self._rack.graph.tempo_bpm else None
        self._rack, self._values = rack, wanted | of_stream
        self._timed &= rack.rows.keys()
        self.node_mixes = {**rack.graph.mixes, **mixes}
