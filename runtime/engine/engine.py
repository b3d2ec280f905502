"""The engine: plays a plan, block after block, whatever happens."""

import contextlib
import threading
from collections.abc import Mapping
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...graph import EngineError, Graph, Spec, UnknownNameError, as_graph
from ...graph.arguments import by_keyword, check_flag, check_number, said
from ...graph.silent import tell_silent
from ..plan.stats import Stats
from .build import build_plan, suspend_deadline
from .collect_stats import collect_stats
from .control import Posting
from .engine_state import NOT_TAKEN, EngineState
from .message_queue import NOW, Message, aligned
from .parameters import (
    Settings,
    changes,
    check_share,
    check_time,
    find_dry_wet,
    find_param,
)
from .process import process, render_blocks

__all__ = ["Engine"]

CROWD = 8
"""Plans that may wait to be faded out before a swap waits for them."""

Audio = NDArray[np.float32]

LONGEST_FADE_S = 60.0
LONGEST_CALL = 1 << 24
"""Frames of one call of the callback, which counts in 32 bits."""


class Engine(Posting):
    """Plays a graph at one sample rate, in blocks of any length.

    ``process`` belongs to one thread at a time.  Everything else may be called from any thread:
    it is checked here, and reaches the audio thread through a ring that never blocks it.
    ``driven`` says that an adapter's own thread plays the engine; where none does, messages are
    applied by the caller at once.  ``pipelined`` lets a GPU work on one block while the next one is
    recorded, for ``max_frames`` of latency.  What is silent in the graph (``Graph.check``) is a
    ``GraphWarning``, with ``strict`` a ``GraphError``; ``strict=None`` looks for nothing.
    """

    @by_keyword
    def __init__(
        self,
        graph: Graph,
        *,
        sample_rate: float,
        max_frames: int = 512,
        fade_s: float = 0.02,
        pipelined: bool = False,
        strict: bool | None = False,
    ) -> None:
        as_graph(graph)
        self.spec = Spec(sample_rate, max_frames, pipelined)
        fade_s = check_number("fade_s", fade_s, 0.0, LONGEST_FADE_S, "s")
        self._strict = None if strict is None else check_flag("strict", strict)
        tell_silent(graph, self._strict or None)
        super().__init__(build_plan(graph, self.spec), round(fade_s * self.spec.rate))
        tell_silent(graph, self._strict)  # a warning of a graph that cannot run would only distract
        self._retired = 0
        self._held: list[EngineState] = []
        self._deadline: float | None = None
        self._swapping = threading.Lock()
        self._render = render_blocks.ctypes
        if pipelined:  # what could pass a device by waits as long as it: from the start
            self._watch()

    @property
    def graph(self) -> Graph:
        """A copy of the graph that plays (or is fading in), its parameters as they were last set.

        What is heard is what ``save_preset(engine.graph, ...)`` writes: of a parameter that glides
        the value it glides to, and of a change set for a later frame (``at``) nothing until that
        frame is played.  Mixes and bypasses are no part of a graph: see ``settings``.
        """
        with self._lock:
            return self.plan.graph.with_params(self.params())

    @property
    def latency(self) -> int:
        """Frames from input to output."""
        return self.plan.latency

    @property
    def frame(self) -> int:
        """Frames played since the start or the last reset."""
        return int(self._record["frame"][0])

    @property
    def address(self) -> int:
        """The address of the native callback, to be called with ``state``: see ``runtime.abi``."""
        return process.address

    @overload
    def process(self, block: ArrayLike, out: Audio | None = None) -> Audio: ...
    @overload
    def process(self, block: Mapping[str, ArrayLike], out: None = None) -> dict[str, Audio]: ...

    def process(
        self, block: ArrayLike | Mapping[str, ArrayLike], out: Audio | None = None
    ) -> Audio | dict[str, Audio]:
        """Play one block of any length and return what comes out, as float32.

        A graph with one input and one output takes and gives an array: ``(channels, frames)``,
        or ``(frames,)`` for mono.  A graph with more takes and gives a mapping by name.
        """
        from .audio_arrays import AudioBuffers

        ends = AudioBuffers(self.plan.graph, block)
        outs = ends.outputs(out)
        self.play(ends.inputs, outs, ends.frames)
        shaped: Audio | dict[str, Audio] = ends.shaped(outs)
        return shaped

    def play(
        self, inputs: list[Audio], outputs: list[Audio], frames: int, block: int | None = None
    ) -> None:
        """Play one block (or many, of ``block`` frames), channel by channel, with no checks.

        Each channel is a contiguous float32 array of ``frames``.  One native call; the GIL is
        free while it runs.
        """
        ins = np.array([x.ctypes.data for x in inputs] or [0], np.int64)
        outs = np.array([y.ctypes.data for y in outputs] or [0], np.int64)
        with self._native:
            if block is None and frames <= LONGEST_CALL:
                self._process(self.state, ins.ctypes.data, outs.ctypes.data, frames)
            else:
                cut = min(block or LONGEST_CALL, LONGEST_CALL)
                self._render(self.state, ins.ctypes.data, outs.ctypes.data, frames, cut)
        for after in self.plan.afters:
            after()

    def set(self, name: str, value: float, *, at: int | None = None) -> None:
        """Set a parameter ``"node.param"`` at the next block, or at frame ``at`` exactly.

        Frames count from the start or the last reset (``engine.frame``).
        """
        with self._lock:
            index, checked = find_param(self.plan, name, value)
            due = check_time(name, at)
            self._post(Message.PARAM, index, checked, due)
            if due == NOW:
                self._note((name, checked))

    def mix(self, node: str, share: float, *, at: int | None = None) -> None:
        """Set how much of a node is heard beside its input: 0 none, 1 (as at first) it alone."""
        with self._lock:
            index = find_dry_wet(self.plan, node)
            number, due = check_share(node, share), check_time(node, at)
            self._watch()
            self._post(Message.PARAM, index, number, due)

    def bypass(self, node: str, bypassed: bool = True, *, at: int | None = None) -> None:
        """Let a node's input past it, or no longer; it runs on, so that it comes back as it was."""
        with self._lock:
            index = find_dry_wet(self.plan, node) + 1
            heard, due = float(not check_flag("bypassed", bypassed)), check_time(node, at)
            self._watch()
            self._post(Message.PARAM, index, heard, due)

    def settings(self) -> Settings:
        """Return every parameter, mix and bypass as last applied."""
        with self._lock:
            self._catch_up()
            return Settings.of(self.plan)

    def apply(self, settings: Settings) -> None:
        """Set everything at once, between two blocks; what the graph does not have is left out."""
        if not isinstance(settings, Settings):
            raise EngineError(f"settings is {said(settings)}: must be what settings() gave")
        with self._lock:
            if settings.mixes:
                self._watch()
            posted = list(changes(self.plan, settings))
            self._post_all([(Message.PARAM, i, x, NOW) for i, x in posted])
            names = {index: name for name, index in self.plan.params.items()}
            self._note(*((names[i], x) for i, x in posted if i in names))

    def get(self, name: str) -> float:
        """Return a parameter's value as it was last applied, or a reading of a meter."""
        if not isinstance(name, str):
            name = said(name)
        if name in self.plan.params:
            self._catch_up()
            return float(self.plan.param_table["value"][self.plan.params[name]])
        if name in self.plan.reports:
            return float(self.plan.reports[name][0])
        raise UnknownNameError(f"no parameter or reading {name!r}")

    def swap(self, graph: Graph) -> None:
        """Prepare ``graph`` here, then fade over to it between two blocks.

        Nodes that are the same by name and value keep their state, and their parameters stay as
        they were last set: a value is the same if it is what this engine's graph was given with,
        or what it is set to now (as in ``engine.graph``).  The new graph must have the ends of the
        old one.
        """
        as_graph(graph)
        for side in ("inputs", "outputs"):
            old, new = dict(getattr(self.plan.graph, side)), dict(getattr(graph, side))
            if list(old.items()) != list(new.items()):
                raise EngineError(f"the new graph has {side} {new}, the one that plays has {old}")
        tell_silent(graph, self._strict)
        with self._swapping:  # others may turn knobs while this plan is made
            if self.has_audio_thread:
                self._wait(lambda: self._crowd() < CROWD, "faded the last swaps")
            frames, current = int(self._record["fade_frames"][0]), self.graph
            with suspend_deadline(self.plan.executor, self._deadline):
                plan = build_plan(graph, self.spec, self.plan, frames, current)
                plan.touch()
            with self._lock:
                self._free_retired()
                plan.watched(self._guard if self._watched else None)
                if plan.executor is not None:
                    plan.executor.set_deadline(self._deadline)
                self._old.append(self.plan)
                self._note(plan)
                self.plan = plan
                self._post(Message.SWAP, plan.address)

    def reset(self) -> None:
        """Forget everything heard and count frames from zero; parameters stay as set."""
        with self._lock:
            self._post(Message.RESET)

    def save_state(self) -> EngineState:
        """Copy all state, so that ``restore`` can return to exactly this moment.

        State is what nodes remember, where parameters stand, and the frame; not what has been
        posted for later frames, nor the rest of a fade.
        """
        with self._lock:
            size = 8 * (1 + len(self.plan.param_table)) + self.plan.arena.state_bytes
            taken = EngineState(self.plan, aligned(size, np.uint8))
            taken.data[:8].view(np.int64)[0] = NOT_TAKEN
            self._post_about(Message.SNAPSHOT, taken)
            if self.has_audio_thread:
                self._wait(lambda: taken.frame != NOT_TAKEN, "taken a snapshot")
            if taken.frame == NOT_TAKEN:
                raise EngineError(
                    "no snapshot can be taken while a swap waits for the fade before it: "
                    "play on for a moment"
                )
        return taken

    def restore_state(self, snapshot: EngineState) -> None:
        """Return to the moment of a snapshot: what is played next is played as it was then."""
        if not isinstance(snapshot, EngineState):
            raise EngineError(f"snapshot is {said(snapshot)}: must be what snapshot() gave")
        with self._lock:
            if snapshot.plan is not self.plan:
                raise EngineError("the snapshot is of another plan: the graph was swapped since")
            self._post_about(Message.RESTORE, snapshot)

    def _post_about(self, kind: Message, snapshot: EngineState) -> None:
        """Post a message about a snapshot, and keep the snapshot while it may be on its way."""
        if not self.waiting and not self._record["pending_count"][0]:
            self._held.clear()
        self._held.append(snapshot)
        self._post(kind, snapshot.data.ctypes.data)
        self._catch_up()

    def stats(self, *, timed: bool | None = None) -> Stats:
        """Return counters, meters and times; ``timed`` switches the timing of nodes on or off."""
        if timed is not None:
            if check_flag("timed", timed):
                self._watch()
            self._record["timed"] = int(timed)
        with self._lock:
            self._free_retired()
            plan = self._playing()
        return collect_stats(plan, self._record[0], self._trace, self._counts)

    def deadline(self, seconds: float | None) -> None:
        """Let the CPU relieve a GPU that takes longer for a block, three times running.

        ``None``, as at first: wait as long as it takes.
        """
        if seconds is not None:
            seconds = check_number("deadline", seconds, 0.0, LONGEST_FADE_S, "s", above=True)
        with self._lock:
            self._deadline = seconds
            if self.plan.executor is not None:
                self.plan.executor.set_deadline(seconds)

    def _crowd(self) -> int:
        with self._lock:
            self._free_retired()
            return len(self._old)

    def _free_retired(self) -> None:
        with contextlib.suppress(IndexError):
            while self._retired < int(self._record["retired"][0]):
                self._retired += 1
                self._old.pop(0)
