"""Parameters, dry/wet mixes and bypasses: read from a plan, checked, and posted to it.

Control threads.
"""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...graph import (
    TEMPO,
    TEMPO_RANGE,
    EngineError,
    Graph,
    ParamError,
    UnknownNameError,
    save_graph,
)
from ...graph.arguments import as_whole, check_flag, check_number, clip, format_value
from ...graph.editing.snapshots import BYPASS, DRY_WET, check_slot, filled_slot, mix_values
from ..plan.kernels.transport import TransportReading, read_transport
from ..plan.plan import Plan
from ..plan.rows import not_mixable
from .control import ControlQueue
from .messages.message_queue import NOW, Message

__all__ = [
    "TRANSPORT_READINGS",
    "ParameterAccess",
    "Settings",
    "apply_settings",
    "apply_values",
    "check_time",
    "find_param",
    "find_params",
    "post_bypass",
    "post_mix",
    "post_param",
    "read_value",
    "recall_snapshot",
    "store_snapshot",
    "unknown_param",
]


MAX_FRAME = 1 << 62
TRANSPORT_READINGS = {f"transport.{name}": name for name in TransportReading._fields}
"""Names of what ``get`` reads of the transport: ``"transport.beats"`` and so on."""


class ParameterAccess:
    """``engine["amp.input_db"]`` is ``engine.get(...)``; assigning to it is ``engine.set(...)``."""

    @property
    def graph(self) -> Graph:
        """A copy of the graph that plays, with all values as last set."""
        raise NotImplementedError

    def save(self, path: str | os.PathLike[str], *, name: str | None = None) -> None:
        """Write ``graph`` as a preset: all values as set now, the tempo and the snapshots.

        See ``save_preset``.  Control threads: it waits for a file.
        """
        save_graph(self.graph, path, name)

    def get(self, name: str) -> float:
        """Return a parameter's value, or the reading of a meter node."""
        raise NotImplementedError

    def set(self, name: str, value: float) -> None:
        """Set a parameter."""
        raise NotImplementedError

    def params(self) -> dict[str, float]:
        """Return every parameter by name."""
        raise NotImplementedError

    def __getitem__(self, name: str) -> float:
        return self.get(name)

    def __setitem__(self, name: str, value: float) -> None:
        self.set(name, value)

    def __contains__(self, name: object) -> bool:
        """Return whether there is a parameter of this name."""
        return name in self.params()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the parameters."""
        return iter(self.params())


@dataclass(frozen=True)
class Settings:
    """Values of all parameters, mixes and bypasses by name; it can be applied to another graph."""

    params: Mapping[str, float]
    mixes: Mapping[str, tuple[float, bool]]
    """``(mix, bypassed)`` of each node that has a dry/wet mix."""
    tempo_bpm: float | None = None
    """The tempo; ``None`` leaves it as it is."""

    def __repr__(self) -> str:
        values = [f"{name} = {value:g}" for name, value in self.params.items()]
        rest = f" and {len(values) - 4} more" if len(values) > 4 else ""
        return clip(f"<Settings {', '.join(values[:4]) or 'empty'}{rest}>")

    @classmethod
    def of(cls, plan: Plan) -> "Settings":
        """Return the values last applied to a plan."""
        value = plan.param_table["value"]
        found = {n: (float(value[i]), not value[i + 1]) for n, i in plan.dry_wet_params.items()}
        tempo = float(value[plan.tempo_index])
        return cls({n: float(value[i]) for n, i in plan.params.items()}, found, tempo)


def post_param(queue: ControlQueue, name: str, value: float, at: int | None) -> None:
    """Post a new value of a parameter: see ``Engine.set``."""
    with queue.lock:
        due = NOW if at is None else check_time(name, at)
        for one in find_params(queue.plan, name):
            index, checked = find_param(queue.plan, one, value)
            queue.post_param(index, checked, due)
            if due == NOW and queue.unplayed:
                queue.note_values((one, checked))


def post_mix(queue: ControlQueue, node: str, share: float, at: int | None) -> None:
    """Post the dry/wet mix of a node, 0 to 1: see ``Engine.mix``."""
    with queue.lock:
        index = _find_dry_wet(queue.plan, node)
        checked = check_number(f"mix of {node}: share", share, 0.0, 1.0)
        due = check_time(node, at)
        queue.monitor()
        queue.post(Message.PARAM, index, checked, due)
        if due == NOW:
            queue.note_values((f"{node}.{DRY_WET}", checked))


def post_bypass(queue: ControlQueue, node: str, bypassed: bool, at: int | None) -> None:
    """Post whether a node is bypassed: see ``Engine.bypass``."""
    with queue.lock:
        index = _find_dry_wet(queue.plan, node) + 1
        active, due = float(not check_flag("bypassed", bypassed)), check_time(node, at)
        queue.monitor()
        queue.post(Message.PARAM, index, active, due)
        if due == NOW:
            queue.note_values((f"{node}.{BYPASS}", 1.0 - active))


def apply_settings(queue: ControlQueue, settings: Settings) -> None:
    """Post all of ``settings`` that the last plan posted has: see ``Engine.apply``."""
    if not isinstance(settings, Settings):
        raise EngineError(f"settings is {format_value(settings)}: must be the result of settings()")
    tempo = {} if settings.tempo_bpm is None else {TEMPO: settings.tempo_bpm}
    apply_values(queue, mix_values(settings.mixes) | dict(settings.params) | tempo)


def apply_values(queue: ControlQueue, values: Mapping[str, float]) -> None:
    """Post values, named as by ``Plan.values``, to be applied between the same two blocks.

    What the last plan posted does not have, and what is out of range there (a node of another type
    has the name), is skipped.
    """
    with queue.lock:
        found = {n: place for n, v in values.items() if (place := _place(queue.plan, n, v))}
        mixed = [found[n][1] != 1.0 for n in found if n not in queue.plan.params and n != TEMPO]
        if any(mixed):  # before, all is wet
            queue.monitor()
        queue.post_all([(Message.PARAM, index, value, NOW) for index, value in found.values()])
        queue.note_values(*((name, values[name]) for name in found if name != TEMPO))


def _place(plan: Plan, name: str, value: float) -> tuple[int, float] | None:
    """Return index and value of a ``PARAM``; ``None`` if the plan has none that takes it."""
    row = TEMPO_RANGE if name == TEMPO else plan.param_rows.get(name)
    if row is not None:
        index = plan.tempo_index if name == TEMPO else plan.params[name]
        return (index, value) if row.low <= value <= row.high else None
    node, _, key = name.rpartition(".")
    if key not in (DRY_WET, BYPASS) or node not in plan.dry_wet_params:
        return None
    index = plan.dry_wet_params[node]
    return (index, value) if key == DRY_WET else (index + 1, 1.0 - value)


def store_snapshot(queue: ControlQueue, slot: str, name: str) -> None:
    """Store every value as set now in a slot of the graph that plays: see ``Engine.store``."""
    check_slot(slot)
    with queue.lock:
        values = {TEMPO: read_value(queue.playing_plan, TEMPO), **queue.params()}
        queue.plan.graph.store(slot, name, values)


def recall_snapshot(queue: ControlQueue, slot: str) -> None:
    """Post the values of a slot, to be applied between the same two blocks."""
    with queue.lock:
        values = filled_slot(queue.plan.graph.snapshots, slot).values
        followers = find_params(queue.plan, TEMPO) if TEMPO in values else ()
        apply_values(queue, dict.fromkeys(followers, values.get(TEMPO, 0.0)) | dict(values))


def unknown_param(name: object, known: Iterable[str], what: str = "parameter") -> UnknownNameError:
    """Return the error for a parameter that does not exist, with the most similar names."""
    names = sorted(known)
    given = name[:200] if isinstance(name, str) else ""
    near = difflib.get_close_matches(given, names, n=3, cutoff=0.4)
    there = ", ".join(near or names[:8]) or "none"
    node, _, key = given.rpartition(".")
    of_node = node and key in ("mix", DRY_WET, BYPASS)
    hint = f"; the engine's mix() and bypass() are of a node, as automation={{'{node}.{DRY_WET}'}}"
    return UnknownNameError(
        f"no {what} {format_value(name)}; there is {there}{hint if of_node else ''}"
    )


def find_param(plan: Plan, name: str, value: float) -> tuple[int, float]:
    """Return the index of a parameter and its checked value; raise ``UnknownNameError``."""
    row = plan.param_rows.get(name) if isinstance(name, str) else None
    if row is None and isinstance(name, str) and name == TEMPO:
        return plan.tempo_index, TEMPO_RANGE.check(name, value)
    if row is None:
        raise unknown_param(name, plan.params)
    return plan.params[name], row.check(name, value)


def find_params(plan: Plan, name: str) -> tuple[str, ...]:
    """Return the parameters that ``name`` sets: itself, and with ``TEMPO`` that of each node."""
    if not isinstance(name, str) or name != TEMPO:
        return (name,)
    return (TEMPO, *(known for known in plan.params if known.rpartition(".")[2] == TEMPO))


def read_value(plan: Plan, name: object) -> float:
    """Return a parameter as last applied, the reading of a node, or one of the transport."""
    known: Any = name if isinstance(name, str) else None
    index = plan.tempo_index if known == TEMPO else plan.params.get(known)
    if index is not None:
        return float(plan.param_table["value"][index])
    if known in plan.reports:
        return float(plan.reports[known][0])
    if known in plan.analyses:
        return plan.analyses[known]()
    if known in TRANSPORT_READINGS:
        return float(getattr(read_transport(plan.transport.content), TRANSPORT_READINGS[known]))
    names = (*plan.params, *plan.reports, *plan.analyses, TEMPO, *TRANSPORT_READINGS)
    raise unknown_param(name, names, "parameter or reading")


def _find_dry_wet(plan: Plan, node: str) -> int:
    """Return the index of a node's mix; its bypass has the next index."""
    if isinstance(node, str) and node in plan.dry_wet_params:
        return plan.dry_wet_params[node]
    if isinstance(node, str) and node in plan.graph.nodes:
        raise not_mixable(node)
    known = ", ".join(sorted(plan.dry_wet_params)[:8]) or "none"
    raise UnknownNameError(f"no node {format_value(node)}; there is {known}")


def check_time(name: str, at: int | None) -> int:
    """Return the frame of a message; ``NOW`` for ``None``."""
    if at is None:
        return NOW
    frame = as_whole(at)
    if frame is None or not 0 <= frame < MAX_FRAME:
        raise ParamError(f"{name}: at is {format_value(at)}: must be a frame number, 0 or more")
    return frame
