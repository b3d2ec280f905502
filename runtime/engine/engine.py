"""The engine: plays a graph block by block, and takes changes from any thread."""

import threading
from collections.abc import Mapping
from typing import NoReturn, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...graph import TEMPO, Graph, GraphSource, Snapshot, Spec, as_graph
from ...graph.arguments import by_keyword, check_flag, check_number, clip
from ...graph.catalog.summary import format_rack
from ...graph.silent import warn_silent
from ..plan.plan import Plan
from ..plan.stats import Stats
from ..workers.worker_threads import make_workers
from .array_call import ArrayCall, play_rows
from .audio_arrays import AudioBuffers, check_rows
from .build import build_plan, check_same_ports, post_swap
from .collect_stats import collect_stats
from .control import ControlQueue
from .engine_state import EngineState, restore_state, save_state
from .guard import guard_fields
from .messages.message_queue import Message
from .parameters import (
    ParameterAccess,
    Settings,
    apply_settings,
    post_bypass,
    post_mix,
    post_param,
    read_value,
    recall_snapshot,
    store_snapshot,
)
from .process import process

__all__ = ["Engine"]

LONGEST_FADE_S = 60.0

Audio = NDArray[np.float32]


class Engine(ParameterAccess):
    """Plays a graph at one sample rate, in blocks of any length.

    ``graph`` is a graph, a node, a model, or the path of a preset or a .nam file.  Longer blocks
    than ``max_frames`` are cut; it changes no sample.  ``fade_s`` is the length of the crossfade of
    a ``swap`` in seconds, 0 for none.
    ``engine["amp.input_db"]`` reads a parameter, and sets it when assigned to.  Only one thread at
    a time may call ``process`` and ``play``.  All other methods may be called from any thread but
    that: they check their arguments and post messages to a lock-free queue.
    ``queue.has_audio_thread`` is set while a thread of an adapter plays the engine; else the caller
    applies messages itself, at once.  ``pipelined`` lets a GPU compute one block
    while the next is recorded, for ``max_frames`` of latency.  Nodes that cannot be heard
    (``Graph.check``) are a ``GraphWarning``, with ``strict`` a ``GraphError``; ``strict=None``
    skips that check.  ``threads``: how many at most play independent branches within a block, if
    faster; ``None``: one for each processor.  It changes no bit; ``stats().threads``: who plays.
    """

    @by_keyword
    def __init__(
        self,
        graph: GraphSource,
        *,
        sample_rate: float,
        max_frames: int = 512,
        fade_s: float = 0.02,
        pipelined: bool = False,
        strict: bool | None = False,
        threads: int | None = 1,
    ) -> None:
        graph = as_graph(graph)
        self.spec = Spec(sample_rate, max_frames, pipelined)
        fade_s = check_number("fade_s", fade_s, 0.0, LONGEST_FADE_S, "s")
        self._strict = None if strict is None else check_flag("strict", strict)
        warn_silent(graph, self._strict or None)
        workers = make_workers(threads)
        plan = build_plan(graph, self.spec, workers=workers)
        self.queue = ControlQueue(plan, round(fade_s * self.spec.rate), workers)
        """The control-thread side: its record, messages and locks.  For adapters."""
        warn_silent(graph, self._strict)  # warn only of a graph that can be played
        self._array_call = ArrayCall(self.queue, graph)
        self._deadline: float | None = None
        self._swap_lock = threading.Lock()
        if pipelined or graph.mixes or workers or plan.delays_dry:
            self.queue.monitor()

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied: kernels refer to fixed addresses."""
        raise TypeError("an engine cannot be pickled: pickle its graph, and make an engine of that")

    @property
    def plan(self) -> Plan:
        """The last plan posted: it plays, fades in, or waits for a crossfade to end."""
        return self.queue.plan

    @property
    def graph(self) -> Graph:
        """A copy of the graph that plays (or is fading in), its parameters as they were last set.

        Those that are smoothed have their targets; a change for a later frame (``at``) counts then.
        """
        with self.queue.lock:
            values = self.queue.params()
            tempo = read_value(self.queue.playing_plan, TEMPO)
            return self.plan.graph.with_params({TEMPO: tempo, **values})

    def __repr__(self) -> str:
        at = f"{self.spec.rate:g} Hz, max_frames {self.spec.max_frames}, frame {self.frame}"
        return clip(f"<Engine at {at}: {format_rack(self.plan.graph)}>")

    @property
    def latency(self) -> int:
        """Frames from input to output."""
        return self.plan.latency

    @property
    def tail(self) -> int:
        """Frames for which the output may go on after the input has ended, without latency."""
        return self.plan.graph.tail(self.spec)

    @property
    def frame(self) -> int:
        """Frames played since the start or the last reset."""
        return int(self.queue.record["frame"][0])

    @property
    def address(self) -> int:
        """The address of the native callback, to be called with ``state``: see ``runtime.abi``."""
        return process.address

    @property
    def state(self) -> int:
        """The address of the engine's record: the callback's first argument."""
        return self.queue.address

    def prepare(self) -> None:
        """Compile all kernels and touch every page, before an audio thread begins."""
        self.queue.prepare()

    @overload
    def process(self, block: ArrayLike, out: Audio | None = None) -> Audio: ...
    @overload
    def process(self, block: Mapping[str, ArrayLike], out: None = None) -> dict[str, Audio]: ...

    def process(
        self, block: ArrayLike | Mapping[str, ArrayLike], out: Audio | None = None
    ) -> Audio | dict[str, Audio]:
        """Play one block of any length and return the output, as float32.

        A graph with one input and one output takes and returns an array: ``(channels, frames)``,
        or ``(frames,)`` for mono.  Any other graph takes and returns a mapping by name.  ``out``, a
        float32 array for the output, is returned; nothing is allocated then.  ``EngineError``
        while a stream plays this engine.
        """
        if self.queue.has_audio_thread:
            self.queue.refuse_second_thread()
        if type(block) is np.ndarray and (done := self._array_call(block, out)) is not None:
            return done
        buffers = AudioBuffers(self.plan.graph, block)
        outs = buffers.outputs(out)
        play_rows(self.queue, buffers.inputs, outs, buffers.frames, None)
        shaped: Audio | dict[str, Audio] = buffers.shaped(outs) if out is None else out
        return shaped

    def play(
        self, inputs: list[Audio], outputs: list[Audio], frames: int, block: int | None = None
    ) -> None:
        """Play one block (or many, of ``block`` frames) in one native call, without conversions.

        One contiguous float32 array of ``frames`` for each channel.  The GIL is released.
        """
        if self.queue.has_audio_thread:
            self.queue.refuse_second_thread()
        check_rows(self.plan.graph, inputs, outputs, frames, block)
        play_rows(self.queue, inputs, outputs, frames, block)

    def params(self) -> dict[str, float]:
        """Return every parameter ``"node.param"`` as last set, like those of ``graph``."""
        return {n: v for n, v in self.queue.params().items() if n in self.plan.params}

    def set(self, name: str, value: float, *, at: int | None = None) -> None:
        """Set a parameter ``"node.param"`` at the next block, or at frame ``at`` exactly.

        Frames count from the start or the last reset (``engine.frame``); for one that was played
        already this is the next block, as a late message of a host or of MIDI is not lost.
        ``"tempo_bpm"`` alone sets the tempo of the transport, and of all nodes that follow it.
        """
        post_param(self.queue, name, value, at)

    def mix(self, node: str, share: float, *, at: int | None = None) -> None:
        """Set the dry/wet mix of a node: 0 is its input, 1 (the default) its output alone."""
        post_mix(self.queue, node, share, at)

    def bypass(self, node: str, bypassed: bool = True, *, at: int | None = None) -> None:
        """Replace a node's output by its input, or end that; the node is computed all the time."""
        post_bypass(self.queue, node, bypassed, at)

    def settings(self) -> Settings:
        """Return every parameter, mix and bypass as last applied."""
        with self.queue.lock:
            self.queue.wait_for_plan()
            return Settings.of(self.plan)

    def apply(self, settings: Settings) -> None:
        """Set everything between the same two blocks; names that the graph lacks are skipped."""
        apply_settings(self.queue, settings)

    def get(self, name: str) -> float:
        """Return a parameter's value as last applied, or the reading of a meter node.

        "tempo_bpm" is the tempo as last set; "transport.beats", "transport.bpm", "transport.frame"
        are those at the end of the last block: quarter notes and frames since the start or the
        last reset.
        """
        if isinstance(name, str) and (name in self.plan.params or name == TEMPO):
            self.queue.wait_for_plan()
        return read_value(self.plan, name)

    def swap(self, graph: GraphSource) -> None:
        """Build a plan of ``graph`` on this thread, then crossfade to it between two blocks.

        Nodes that are the same by name and value keep their state, and their parameters stay as
        last set: a value is the same if it is that of the graph this engine was made with, or that
        of ``engine.graph``.  The new graph must have the inputs and outputs of the old one.
        """
        graph = as_graph(graph)
        check_same_ports(self.plan.graph, graph)
        warn_silent(graph, self._strict)
        with self._swap_lock:  # parameters may be set while this plan is built
            post_swap(self.queue, graph, self.spec, self._deadline)

    @property
    def snapshots(self) -> Mapping[str, Snapshot]:
        """The snapshots by slot, A to F: those of the graph, and what ``store`` has stored."""
        return self.plan.graph.snapshots

    def store(self, slot: str, name: str = "") -> None:
        """Store every parameter, mix and bypass and the tempo as set now in a slot, A to F."""
        store_snapshot(self.queue, slot, name)

    def recall(self, slot: str) -> None:
        """Set what a slot holds, all of it between the same two blocks; parameters glide."""
        recall_snapshot(self.queue, slot)

    def reset(self) -> None:
        """Clear the state of all nodes and count frames from zero; parameters stay as set."""
        with self.queue.lock:
            self.queue.done[Message.RESET] += 1
            self.queue.post(Message.RESET)

    def save_state(self, *, into: EngineState | None = None) -> EngineState:
        """Return a copy of all state, so that ``restore_state`` can return to this frame.

        It has the state of nodes, the values of parameters and the frame; not messages for later
        frames, nor the rest of a crossfade.  ``into``, an earlier result, is overwritten and
        returned: nothing is allocated then.
        """
        return save_state(self.queue, into)

    def restore_state(self, state: EngineState, *, params: bool = False) -> None:
        """Return to the frame and state of ``state``: the next output is bit for bit as then.

        Parameters stay as set now, and glide there; with ``params`` they return too.  ``state`` may
        be of another engine of an equal graph, rate and ``max_frames``, and may have been pickled.
        """
        restore_state(self.queue, state, params)

    def stats(self, *, timed: bool | None = None) -> Stats:
        """Return counters, meters and times; ``timed`` switches the timing of nodes on or off."""
        if timed is not None:
            if check_flag("timed", timed):
                self.queue.monitor()
            self.queue.record["timed"] = int(timed)
        return collect_stats(self.queue)

    def reset_stats(self) -> None:
        """Set all counters and times of ``stats`` to zero; ``frames`` goes on."""
        self.queue.reset_stats()

    def guard(self, limit_s: float | None, *, overruns: int = 8, mute_s: float = 0.5) -> None:
        """Mute a node for ``mute_s`` after more than ``limit_s`` in ``overruns`` blocks running.

        ``None`` removes the limit.
        """
        self.queue.guard(guard_fields(limit_s, overruns, mute_s, self.spec.rate))

    def deadline(self, seconds: float | None) -> None:
        """Compute on the CPU instead if a GPU takes longer for three blocks running.

        ``None`` (the default) waits for the GPU without limit.
        """
        if seconds is not None:
            seconds = check_number("deadline", seconds, 0.0, LONGEST_FADE_S, "s", above=True)
        with self.queue.lock:
            self._deadline, executor = seconds, self.plan.executor
            if executor is not None:
                executor.set_deadline(seconds)
