"""Attributes of pedalboard's plugins for a hosted graph: base of GraphPlugin and GraphEffect."""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from ....graph import (
    FileError,
    Graph,
    GraphSource,
    NamgraphError,
    PresetError,
    Snapshot,
    bundled_presets,
    open_graph,
    save_graph,
)
from ....graph.arguments import clip, format_value
from ....graph.editing.snapshots import filled_slot
from ....graph.paths import checked_path
from ....graph.version import VERSION
from ...plan.stats import Stats
from .channels import Fit
from .hosted_graph import HostedGraph
from .parameter import Parameter, ParameterValue, parse_value, unknown_attribute
from .rack import format_chain
from .state import dump_state, load_state, read_state_file

__all__ = ["GraphAttributes"]


class GraphAttributes:
    """Give each parameter of a hosted graph an attribute: ``amp.input_db`` is ``amp_input_db``.

    Attributes may be read and set on any thread.  ``dir`` lists them, and ``parameters`` has the
    range, unit and default of each.
    """

    _hosted: HostedGraph
    _rate: float | None
    _kind: ClassVar[str] = "namgraph"

    @property
    def graph(self) -> Graph:
        """A copy of the graph with its parameters at their current values, as a preset stores it.

        A change for a later frame (``at``) is included once that frame has been processed.
        """
        return self._hosted.graph

    @property
    def name(self) -> str:
        """The name given, or that of the graph, or the names of its nodes; at most 63 bytes."""
        return self._hosted.name

    @property
    def descriptive_name(self) -> str:
        """The same as ``name``."""
        return self.name

    @property
    def version(self) -> str:
        """The version of namgraph."""
        return VERSION

    @property
    def identifier(self) -> str:
        """The name and the graph's identity: equal in every process, for all parameter values."""
        digest = self._hosted.digest
        return f"{self._kind}-{self._hosted.name}-{digest[:8]}-{digest[8:]}"

    @property
    def latency(self) -> int:
        """Latency in frames at the last sample rate; the host compensates for it.

        Before the first block: at ``sample_rate``, or the rate of the graph's models, or 48 kHz.
        """
        return self._hosted.latency

    @property
    def reported_latency_samples(self) -> int:
        """The same as ``latency``."""
        return self._hosted.latency

    @property
    def tail_samples(self) -> int:
        """Frames for which the output continues after its input; at the rate of ``latency``.

        At most a minute.  A host's output is as long as its input: to hear the tail, add as many
        frames of silence, as in ``np.pad(x, ((0, 0), (0, plugin.tail_samples)))``.
        """
        return self._hosted.tail

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters by attribute name, and ``"mix"`` and ``"bypass"``: see ``Parameter``.

        ``plugin.parameters["amp_input_db"].range`` is ``(lowest, highest, step)``.
        """
        rows = enumerate(self._hosted.attributes.items())
        return MappingProxyType({a: Parameter(self._hosted, n, a, k) for k, (a, n) in rows})

    @property
    def bypass(self) -> bool:
        """Whether the input is the output, delayed by ``latency``; changes glide.

        The graph is computed all the time, so that its state is current when this ends.
        """
        return bool(self._hosted.get("bypass"))

    @bypass.setter
    def bypass(self, bypassed: bool) -> None:
        self._hosted.set("bypass", bypassed)

    @property
    def mix(self) -> float:
        """The share of the graph in the output, 0 to 1; the rest is the input, delayed."""
        return self._value("mix")

    @mix.setter
    def mix(self, share: float) -> None:
        self._hosted.set("mix", parse_value(self._hosted.rows["mix"], share))

    def bypass_node(self, node: str, bypassed: bool = True) -> None:
        """Replace a node's output by its input, or end that: see ``Engine.bypass``."""
        self._hosted.mix_node(node, None, bypassed)

    def mix_node(self, node: str, share: float) -> None:
        """Set the dry/wet mix of a node: 0 is its input, 1 its output alone."""
        self._hosted.mix_node(node, share, None)

    def swap(self, graph: GraphSource) -> None:
        """Replace the graph while it plays, with a crossfade of 20 ms; the plugin stays the same.

        ``graph`` is a graph, a preset's path or bundled name, a node, a model or a .nam file.  As
        of ``Engine.swap``: nodes that are equal keep their state, and their parameters as last set;
        tails of the others ring on.  The attributes are those of the new graph.  It must play the
        stream's channel count, else this is a ``PortError`` and the old one plays on.  A host
        learns another latency at its next reset.  Any thread.
        """
        self._hosted.swap(graph)
        self._hosted.program = None

    @property
    def programs(self) -> tuple[str, ...]:
        """The names of the bundled presets."""
        return tuple(bundled_presets())

    @property
    def program(self) -> str | None:
        """The bundled preset that was loaded last; ``None`` if the graph is another."""
        return self._hosted.program

    @program.setter
    def program(self, name: str) -> None:
        known = self.programs
        if name not in known:
            raise PresetError(f"program is {format_value(name)}: must be one of {', '.join(known)}")
        self._hosted.swap(open_graph(name), keep_values=False)
        self._hosted.program = name

    def load_preset(self, preset_file_path: str | os.PathLike[str]) -> None:
        """Load a preset file, a bundled preset by name, a .nam file, or a file of ``raw_state``.

        The graph is swapped as by ``swap``, and every parameter gets the value of the preset.
        """
        path = checked_path(preset_file_path, "preset_file_path", FileError)
        if path in self.programs:
            self.program = path
            return
        if (state := read_state_file(path)) is None:
            self._hosted.swap(open_graph(path), keep_values=False)
            self._hosted.program = None
            return
        try:
            load_state(self._hosted, state)
        except NamgraphError as error:
            raise type(error)(f"{path}: {error}") from None

    @property
    def raw_state(self) -> bytes:
        """The values of all parameters, mixes and bypasses with the graph's identity, as JSON.

        Assigning the state of another graph is a ``ParamError``; of the same graph with another
        ``fit`` or name it is accepted.
        """
        return dump_state(self._hosted)

    @raw_state.setter
    def raw_state(self, state: bytes) -> None:
        load_state(self._hosted, state)

    preset_data = raw_state

    def set(self, name: str, value: float, *, at: int | None = None) -> None:
        """Set ``"node.param"``, "mix" or "bypass" at the next block, or at frame ``at``.

        Frames count from the last reset; one that was played already is the next block.
        """
        self._hosted.set(name, value, at=at)

    def get(self, name: str) -> float:
        """Return the value of a parameter or a meter, by ``"node.param"``."""
        return self._hosted.get(name)

    @property
    def snapshots(self) -> Mapping[str, Snapshot]:
        """The snapshots by slot, A to F: those of the graph, and what ``store`` has stored."""
        return self._hosted.rack.graph.snapshots

    def store(self, slot: str, name: str = "") -> None:
        """Store every parameter and the mix of every node, as set now, in a slot."""
        (now := self.graph).store(slot, name)
        self._hosted.rack.graph.store(slot, name, now.snapshots[slot].values)

    def recall(self, slot: str) -> None:
        """Set what a slot holds, all of it between the same two blocks; parameters glide."""
        self._hosted.set_all(filled_slot(self.snapshots, slot).values)

    def save(self, path: str | os.PathLike[str], *, name: str | None = None) -> None:
        """Write ``graph`` as a preset, with its snapshots; not the mix of the whole plugin."""
        save_graph(self.graph, path, name)

    def stats(self) -> Stats:
        """Return counters, meters and times of the engine (of the first, if there are several)."""
        return self._hosted.stats()

    def _attach(self, hosted: HostedGraph, rate: float | None) -> None:
        object.__setattr__(self, "_hosted", hosted)
        object.__setattr__(self, "_rate", rate)

    def _value(self, attribute: str) -> ParameterValue:
        hosted = self._hosted
        name = hosted.attributes[attribute]
        index = list(hosted.attributes).index(attribute)
        return ParameterValue(hosted.get(name), Parameter(hosted, name, attribute, index))

    def __getattr__(self, name: str) -> Any:
        hosted = self.__dict__.get("_hosted")
        if hosted is not None and name in hosted.attributes:
            return self._value(name)
        raise AttributeError(self._unknown(name))

    def __setattr__(self, name: str, value: Any) -> None:
        hosted = self.__dict__.get("_hosted")
        if hosted is not None and name in hosted.attributes and not hasattr(type(self), name):
            full_name = hosted.attributes[name]
            hosted.set(full_name, parse_value(hosted.rows[full_name], value))
        elif hasattr(type(self), name) or name in self.__dict__:
            object.__setattr__(self, name, value)
        else:  # a mistyped parameter name must not create an attribute
            raise AttributeError(self._unknown(name))

    def _unknown(self, name: str) -> str:
        hosted = self.__dict__.get("_hosted")
        known = () if hosted is None else hosted.attributes
        return unknown_attribute(type(self).__name__, known, name)

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *self._hosted.attributes]

    def __reduce__(self) -> tuple[Any, ...]:
        hosted = self._hosted
        more = {name: hosted.get(name) for name in ("mix", "bypass")} | {"threads": hosted.threads}
        kept = {"name": hosted.own_name, "program": hosted.program, "nodes": {**hosted.node_mixes}}
        return _copy_of, (type(self), self.graph, hosted.fit, self._rate, {**more, **kept})

    def __copy__(self) -> Any:
        make, values = self.__reduce__()
        return make(*values)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.__copy__()

    def __repr__(self) -> str:
        hosted = self._hosted
        counts = tuple(hosted.rack.layouts)
        width = " or ".join(map(str, counts)) + " channel" + "s" * (counts != (1,))
        if len(counts) > 2:
            width = f"{counts[0]} to {counts[-1]} channels"
        latency = f", latency {self.latency}" * (self.latency > 0)
        bypassed, chain = ", bypassed" * self.bypass, format_chain(hosted.graph)
        return clip(f"<{type(self).__name__} {chain} ({width}{latency}{bypassed})>")


def _copy_of(
    kind: Any, graph: Graph, fit: Fit, rate: float | None, more: Mapping[str, Any] | None = None
) -> Any:
    """Return a plugin of ``kind``; ``more`` is missing from what older versions have pickled."""
    more = more or {"name": None, "program": None, "nodes": {}, "mix": 1.0, "bypass": 0.0}
    own = {"threads": more["threads"]} if more.get("threads", 1) != 1 else {}
    made = kind(graph, fit=fit, sample_rate=rate, name=more["name"], **own)
    hosted: HostedGraph = made._hosted
    hosted.program = more["program"]
    hosted.set("mix", more["mix"])
    hosted.set("bypass", bool(more["bypass"]))
    for node, (share, bypassed) in more["nodes"].items():
        hosted.mix_node(node, share, bypassed)
    return made
