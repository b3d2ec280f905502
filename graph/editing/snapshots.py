"""Dry/wet mixes of nodes, and snapshots: sets of values of a graph in the slots A to F.

The keys of a snapshot's values are ``"node.param"``, ``"node.dry_wet"`` (the dry/wet mix of the
node), ``"node.bypass"`` and ``"tempo_bpm"``.  The mix has a name of its own, because many nodes
have a parameter ``mix``; a parameter called "dry_wet" or "bypass" goes before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..arguments import check_flag, check_number, clip, format_value, nearest
from ..connection import Connectable
from ..errors import ParamError, UnknownNameError
from ..node import Node
from ..port import Kind
from ..text import counted

__all__ = [
    "BYPASS",
    "DRY_WET",
    "SLOTS",
    "DryWet",
    "Snapshot",
    "check_mixable",
    "check_slot",
    "filled_slot",
    "is_mix",
    "kept_values",
    "mix_values",
    "renamed_values",
    "split_mixes",
]

SLOTS = tuple("ABCDEF")
DRY_WET, BYPASS = "dry_wet", "bypass"
"""Of a node the names of its dry/wet mix, and of its bypass, among the names of its parameters."""


class DryWet(NamedTuple):
    """The dry/wet mix of a node, 0 (its input) to 1 (its output), and whether it is bypassed."""

    mix: float = 1.0
    bypassed: bool = False


@dataclass(frozen=True)
class Snapshot:
    """A stored set of values of a graph, and its name; do not change ``values``."""

    name: str
    values: Mapping[str, float]
    """By ``"node.param"``, ``"node.dry_wet"`` (0 to 1), ``"node.bypass"`` (0 or 1), "tempo_bpm"."""

    def __repr__(self) -> str:
        return clip(f"<Snapshot {self.name!r}: {counted(len(self.values), 'value')}>")


def check_slot(slot: str) -> str:
    """Return a slot, A to F; ``ParamError`` for anything else."""
    if not isinstance(slot, str) or slot not in SLOTS:
        raise ParamError(f"slot is {format_value(slot)}: must be one of {', '.join(SLOTS)}")
    return slot


def filled_slot(snapshots: Mapping[str, Snapshot], slot: str) -> Snapshot:
    """Return the snapshot in a slot; ``ParamError``, with those that are filled, if none."""
    if check_slot(slot) not in snapshots:
        named = (f"{k} ({s.name})" if s.name else k for k, s in sorted(snapshots.items()))
        raise ParamError(f"slot {slot} is empty; filled: {', '.join(named) or 'none'}")
    return snapshots[slot]


def check_mixable(graph: Connectable, node: str) -> None:
    """Raise unless a node of this name has an audio input first, and one output, of audio.

    Channel counts, which also must agree, are known only when a graph is played.
    """
    if not isinstance(node, str) or node not in graph.nodes:
        raise UnknownNameError(f"no node {format_value(node)}; {nearest(node, graph.nodes)}")
    ins, outs = graph.ports(node, "input"), graph.ports(node, "output")
    if len(outs) != 1 or not ins or Kind.CONTROL in (ins[0].kind, outs[0].kind):
        raise ParamError(
            f"{node} cannot be mixed or bypassed: that takes one audio output, and a first input "
            "with as many channels, or one"
        )


def is_mix(node: Node, key: str) -> bool:
    """Whether a key is the mix or the bypass of a node, which has no parameter of that name."""
    return key in (DRY_WET, BYPASS) and key not in node.params()


def split_mixes(
    graph: Connectable, values: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, DryWet]]:
    """Split values into those of parameters, and the mixes of nodes after the other values.

    Mixes are checked, parameters are not.
    """
    params, mixes = dict[str, float](), dict[str, DryWet]()
    for full, value in values.items():
        node, _, key = full.rpartition(".") if isinstance(full, str) else ("", "", "")
        owner = graph.nodes.get(node)
        if not (key in (DRY_WET, BYPASS) if owner is None else is_mix(owner, key)):
            params[full] = value
            continue
        check_mixable(graph, node)
        before = mixes.get(node) or DryWet(*graph.mixes.get(node, DryWet()))
        if key == DRY_WET:
            mixes[node] = before._replace(mix=check_number(full, value, 0.0, 1.0))
        else:
            flag = bool(value) if type(value) in (int, float) and value in (0, 1) else value
            mixes[node] = before._replace(bypassed=check_flag(full, flag))
    return params, mixes


def mix_values(mixes: Mapping[str, tuple[float, bool]]) -> dict[str, float]:
    """Return mixes by "node.dry_wet" and "node.bypass": what ``split_mixes`` splits off."""
    found = {f"{node}.{DRY_WET}": share for node, (share, _) in mixes.items()}
    return found | {f"{node}.{BYPASS}": float(off) for node, (_, off) in mixes.items()}


def kept_values(
    snapshots: Mapping[str, Snapshot], is_kept: Callable[[str, str, float], bool]
) -> dict[str, Snapshot]:
    """Return snapshots without the values of which ``is_kept(node, key, value)`` is false."""
    return {
        slot: Snapshot(
            stored.name, {f: v for f, v in stored.values.items() if is_kept(*_split(f), v)}
        )
        for slot, stored in snapshots.items()
    }


def renamed_values(
    snapshots: Mapping[str, Snapshot], names: Mapping[str, str]
) -> dict[str, Snapshot]:
    """Return snapshots of a graph whose nodes have other names: ``{old: new}``."""
    made = dict[str, Snapshot]()
    for slot, stored in snapshots.items():
        parts = [(full, *_split(full)) for full in stored.values]
        full_names = {full: f"{names.get(n, n)}.{key}" if n else full for full, n, key in parts}
        made[slot] = Snapshot(stored.name, {full_names[f]: v for f, v in stored.values.items()})
    return made


def _split(full: str) -> tuple[str, str]:
    """Return node and key of ``"node.key"``; "" and the name of what belongs to no node."""
    node, _, key = full.rpartition(".")
    return node, key
