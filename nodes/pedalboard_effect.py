"""PedalboardEffect: a plugin of pedalboard, or one that it hosts, as a node.  Offline only."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from ..graph import EngineError, Io, Node, Param, ParamError, Processor, Spec, option
from ..graph.node import node
from ..runtime.adapters.pedalboard.hosting.describe import (
    FIXED,
    Description,
    describe,
    make,
    parameters,
)
from ..runtime.adapters.pedalboard.hosting.process import Hosted, Measured, measured, record_type

__all__ = ["PedalboardEffect"]

Value = float | int | bool | str


class _Parameters:
    """``params()``: of a node, the parameters of its plugin; of the class, an empty dict."""

    def __get__(self, owner: Any, cls: type) -> Callable[[], dict[str, Param]]:
        rows: dict[str, Param] = {} if owner is None else owner.__dict__["_rows"]
        return lambda: dict(rows)


@node("pedalboard_effect", category="hosting", example='"Reverb", room_size=0.8')
class PedalboardEffect(Node):
    """Play a plugin of pedalboard's in a graph, offline and in scripts.

    ``effect`` is a plugin object, the name of a class (``"Reverb"``), or the path of a VST3 or
    Audio Unit plugin, with ``plugin_name`` where a file holds several and its ``raw_state`` in
    base64 as ``state``.  Further keywords are the plugin's own: ``PedalboardEffect("Reverb",
    room_size=0.8)``.  Numbers among them are parameters of the node.

    Sample-exact for plugins that return a frame per frame; those with latency are processed in
    steps of 512 frames, at which their parameters change.
    """

    effect: Any
    settings: tuple[tuple[str, float | bool | str], ...] = option(default=())
    state: str = option(default="")
    plugin_name: str = option(default="")

    needs_extra: ClassVar[str] = "pedalboard"
    offline_only: ClassVar[str] = (
        "it runs Python in every block; play your graph as a GraphPlugin between pedalboard's "
        "plugins instead, in a Pedalboard or a pedalboard.io.AudioStream"
    )
    parameters_of: ClassVar[str] = "the plugin"
    params: ClassVar[Any] = _Parameters()  # per instance; other nodes have them per class

    def __init__(
        self,
        effect: Any,
        settings: Mapping[str, Value] | tuple[tuple[str, Value], ...] = (),
        state: str = "",
        plugin_name: str = "",
        **values: Value,
    ) -> None:
        given: dict[str, Any] = {}
        if isinstance(effect, str):
            fixed: dict[str, Value] = {}
        else:
            described, given_now = describe(effect)
            effect, fixed, given = described.effect, dict(described.fixed), dict(given_now)
        given |= {**dict(settings), **values}
        fixed |= {k: given.pop(k) for k in list(given) if k in FIXED.get(effect, ())}
        what = Description(effect, tuple(sorted(fixed.items())), state, plugin_name)
        plugin = make(what)
        rows = parameters(plugin)
        for name in given:
            if name not in rows:
                known = ", ".join([*FIXED.get(effect, ()), *rows]) or "none"
                raise ParamError(f"{effect} has no setting {name!r}; it has {known}")
        numbers = {
            name: row.check(name, _number(given.get(name, row.default)))
            for name, row in rows.items()
        }
        for name, number in numbers.items():
            object.__setattr__(self, name, number)
        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "_made_of", (what, tuple(numbers.items())))
        object.__setattr__(self, "effect", effect)
        object.__setattr__(self, "settings", (*what.fixed, *numbers.items()))
        object.__setattr__(self, "state", state)
        object.__setattr__(self, "plugin_name", plugin_name)

    def latency(self, spec: Spec) -> int:
        """Return the measured latency of the plugin, plus that of its steps."""
        return self._measured(spec.rate).latency

    def tail(self, spec: Spec) -> int:
        """Return the measured tail of the plugin after noise, 10 seconds at most."""
        return self._measured(spec.rate).tail

    def prepare(self, io: Io) -> Processor:
        """Create the plugin, and a C function that calls it."""
        names = list(self.params())
        rate, longest = io.spec.rate, io.spec.max_frames
        found = self._measured(rate)
        hosted = Hosted(self._described()[0], names, rate, io.outputs["out"], longest, found)
        made = io.memory.record(record_type(names), **io.params)
        return Processor(hosted, made, after=hosted.check)

    def _described(self) -> tuple[Description, tuple[tuple[str, float], ...]]:
        made: tuple[Description, tuple[tuple[str, float], ...]] = self.__dict__["_made_of"]
        return made

    def _measured(self, rate: float) -> Measured:
        """Measure latency and tail in stereo, or in mono for plugins without stereo."""
        try:
            return measured(*self._described(), rate, 2)
        except EngineError:  # the same in mono
            raise
        except (RuntimeError, ValueError) as stereo:
            try:
                return measured(*self._described(), rate, 1)
            except EngineError:
                raise
            except (RuntimeError, ValueError) as mono:
                raise EngineError(f"{self.effect}: in stereo: {stereo}; in mono: {mono}") from mono


def _number(value: Any) -> Any:
    """Return the number for a switch of a plugin, which pedalboard may give as bool."""
    return float(value) if isinstance(value, bool) else value
