"""Parameters, dry/wet mixes and bypasses: read from a plan, checked, and posted to it.

Control threads.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...graph import TEMPO, TEMPO_RANGE, EngineError, ParamError, UnknownNameError
from ...graph.arguments import as_whole, check_flag, check_number, clip, format_value
from ..plan.kernels.transport import TransportReading, read_transport
from ..plan.plan import Plan
from .control import ControlQueue
from .messages.message_queue import NOW, Message

__all__ = [
    "TRANSPORT_READINGS",
    "ParameterAccess",
    "Settings",
    "apply_settings",
    "check_time",
    "find_param",
    "find_params",
    "post_bypass",
    "post_mix",
    "post_param",
    "read_value",
    "unknown_param",
]


MAX_FRAME = 1 << 62
TRANSPORT_READINGS = {f"transport.{name}": name for name in TransportReading._fields}
"""Names of what ``get`` reads of the transport: ``"transport.beats"`` and so on."""


class ParameterAccess:
    """``engine["amp.input_db"]`` is ``engine.get(...)``; assigning to it is ``engine.set(...)``."""

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


def post_bypass(queue: ControlQueue, node: str, bypassed: bool, at: int | None) -> None:
    """Post whether a node is bypassed: see ``Engine.bypass``."""
    with queue.lock:
        index = _find_dry_wet(queue.plan, node) + 1
        active, due = float(not check_flag("bypassed", bypassed)), check_time(node, at)
        queue.monitor()
        queue.post(Message.PARAM, index, active, due)


def apply_settings(queue: ControlQueue, settings: Settings) -> None:
    """Post all of ``settings`` that the last plan posted has: see ``Engine.apply``."""
    if not isinstance(settings, Settings):
        raise EngineError(f"settings is {format_value(settings)}: must be the result of settings()")
    with queue.lock:
        if settings.mixes:
            queue.monitor()
        posted = list(_changes(queue.plan, settings))
        queue.post_all([(Message.PARAM, i, x, NOW) for i, x in posted])
        names = {index: name for name, index in queue.plan.params.items()}
        queue.note_values(*((names[i], x) for i, x in posted if i in names))


def _changes(plan: Plan, settings: Settings) -> Iterator[tuple[int, float]]:
    """Yield ``(index, value)`` of all of ``settings`` that the plan has.

    A value that is out of range there (a node of another type has the name) is skipped.
    """
    for name, value in settings.params.items():
        row = plan.param_rows.get(name)
        if row is not None and row.low <= value <= row.high:
            yield plan.params[name], value
    for node, (share, bypassed) in settings.mixes.items():
        if node in plan.dry_wet_params:
            yield plan.dry_wet_params[node], share
            yield plan.dry_wet_params[node] + 1, float(not bypassed)
    if settings.tempo_bpm is not None:
        yield find_param(plan, TEMPO, settings.tempo_bpm)


def unknown_param(name: object, known: Iterable[str], what: str = "parameter") -> UnknownNameError:
    """Return the error for a parameter that does not exist, with the most similar names."""
    names = sorted(known)
    given = name[:200] if isinstance(name, str) else ""
    near = difflib.get_close_matches(given, names, n=3, cutoff=0.4)
    there = ", ".join(near or names[:8]) or "none"
    return UnknownNameError(f"no {what} {format_value(name)}; there is {there}")


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
        raise ParamError(
            f"{node} cannot be mixed or bypassed: that takes one audio output, and a first input "
            "with as many channels, or one; on a device, neighbours that are not there too"
        )
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
