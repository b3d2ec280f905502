"""The base of ``LiveStream`` and ``NullStream``: an engine that an audio thread plays.

A sound card calls the first, a clock the second; starting, stopping, controls and statistics are
the same, and here.
"""

import atexit
import contextlib
import threading
import warnings
import weakref
from collections.abc import Mapping
from types import TracebackType
from typing import Literal, NoReturn, Self

from ....graph import EngineError, Graph, GraphSource, Snapshot, as_graph
from ....graph.arguments import check_number, clip
from ....graph.catalog.summary import format_rack
from ...engine.engine import LONGEST_FADE_S, Engine
from ...engine.parameters import ParameterAccess
from ...plan.placement import refuse_offline_nodes
from .arguments import check_block, check_node_share
from .callback import CallbackMemory
from .channel_map import channel_names
from .controls import StreamControls
from .stats import LiveStats, StreamFacts, read_stats

__all__ = ["Stream"]

State = Literal["stopped", "playing", "ended", "lost", "closed"]

_playing: weakref.WeakSet["Stream"] = weakref.WeakSet()
"""Streams to be closed before the process ends."""
_lock = threading.RLock()  # reentrant: a stream may be collected, and so stopped, while it is held


class Stream(ParameterAccess):
    """Plays a graph, block after block, on an audio thread that runs no Python.

    ``stream["amp.input_db"]`` reads a parameter, and sets it when assigned to.  Use it as a context
    manager, or call ``start`` and ``close``.  Every method may be called from
    any thread but the audio thread.  Closing waits for the block that is playing, not longer.

    Keep a reference to a stream: when the last one goes, the stream is closed (with a
    ``ResourceWarning`` if it was playing).  ``Stream.playing()`` lists those that play, also where
    only a notebook's ``Out`` still refers to them.
    """

    def __init__(
        self,
        graph: GraphSource,
        *,
        sample_rate: float,
        blocksize: int,
        in_map: list[int],
        out_map: list[int],
        fade_s: float,
        node_share: float | None,
        pipelined: bool = False,
        threads: int | None = 1,
    ) -> None:
        graph = as_graph(graph)
        refuse_offline_nodes(graph, "a live stream")
        blocksize = check_block(blocksize)
        fade_s = check_number("fade_s", fade_s, 0.0, LONGEST_FADE_S, "s")
        share = None if node_share is None else check_node_share(node_share)
        self.engine = Engine(
            graph,
            sample_rate=sample_rate,
            max_frames=blocksize,
            fade_s=fade_s,
            pipelined=pipelined,
            threads=threads,
        )
        weak = weakref.ref(self)  # the engine must not keep its stream alive

        def read_state() -> str:
            stream = weak()
            return "closed" if stream is None else stream.state

        self.blocksize = blocksize
        self.sample_rate = float(sample_rate)
        self.in_names = channel_names(dict(graph.inputs))
        self.out_names = channel_names(dict(graph.outputs))
        self.in_width = max(in_map, default=-1) + 1  # channels of the device to be opened
        self.out_width = len(out_map)
        self.warnings: list[str] = []
        self._open = True
        self._wanted = False
        self._memory = CallbackMemory(self.engine, blocksize, in_map, out_map)
        self.host = self._memory.host
        if share is not None:
            self.engine.guard(share * blocksize / sample_rate)
        self.engine.deadline(blocksize / sample_rate)
        self.engine.stats(timed=True)
        self.engine.queue.poll = read_state
        self._controls = StreamControls(self.engine, read_state)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied: it is bound to a thread or a device."""
        raise TypeError("a stream cannot be pickled: pickle its graph, and make a stream of that")

    def __repr__(self) -> str:
        if not hasattr(self, "_controls"):  # __init__ has raised
            return f"<{type(self).__name__} not opened>"
        rack = format_rack(self.engine.plan.graph)
        return clip(
            f"<{type(self).__name__} {self.state} at {self.sample_rate:g} Hz, "
            f"blocks of {self.blocksize}: {rack}>"
        )

    @property
    def graph(self) -> Graph:
        """A copy of the graph that plays, its parameters as last set: see ``Engine.graph``."""
        return self.engine.graph

    @property
    def frame(self) -> int:
        """Frames played since the start or the last reset."""
        return self.engine.frame

    @property
    def latency_s(self) -> tuple[float, float]:
        """Input and output latency of the device in seconds."""
        return 0.0, 0.0

    @property
    def lost(self) -> int:
        """Blocks that were due and not played; a sound card does not count them: 0."""
        return 0

    @property
    def state(self) -> State:
        """Whether it plays; "lost": the device went away, "ended": all ``seconds`` are played."""
        if not self._open:
            return "closed"
        if not self._wanted:
            return "stopped"
        found = self._alive()
        if not self._calling():
            self.engine.queue.has_audio_thread = False  # the caller applies messages now
        return found

    def start(self) -> Self:
        """Begin to play; return the stream."""
        if not self._open:
            raise EngineError("the stream is closed: make a new one")
        if self._wanted:
            if self.state == "playing":
                return self
            self.stop()
        self.engine.prepare()
        with _lock:
            if not _playing:
                atexit.unregister(_stop_all)  # what was registered last runs first: stay last
                atexit.register(_stop_all)
            _playing.add(self)
        self.host["ended"] = 0
        self._wanted = self.engine.queue.has_audio_thread = True
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop; ``start`` goes on from there.  A stream that is stopped stays so."""
        if self._wanted:
            self.host["ended"] = 1
            try:
                self._stop()
            finally:
                self._wanted = self.engine.queue.has_audio_thread = False
                with _lock:
                    _playing.discard(self)

    def close(self) -> None:
        """Stop and close the device.  A closed stream stays so."""
        if self._open:
            try:
                self.stop()
            finally:
                self._open = False
                self._close()

    def check(self) -> None:
        """Raise ``EngineError`` if the device went away while the stream should play."""
        if self.state == "lost":
            raise EngineError(self._describe_loss())

    @staticmethod
    def playing() -> "list[Stream]":
        """Return every stream of this process that was started and not yet stopped or closed."""
        with _lock:
            return list(_playing)

    def set(self, name: str, value: float, *, at: int | None = None) -> None:
        """Set a parameter ``"node.param"``, now or at frame ``at`` exactly: see ``Engine.set``."""
        self._controls.set(name, value, at)

    def get(self, name: str) -> float:
        """Return a parameter's value as last applied, or the reading of a meter node."""
        return self._controls.get(name)

    def params(self) -> dict[str, float]:
        """Return every parameter ``"node.param"`` as last set."""
        return self.engine.params()

    def mix(self, node: str, share: float) -> None:
        """Set the dry/wet mix of a node: 0 is its input, 1 (the default) its output alone."""
        self._controls.mix(node, share)

    def bypass(self, node: str, bypassed: bool = True) -> None:
        """Replace a node's output by its input, or (``False``) end that."""
        self._controls.bypass(node, bypassed)

    def swap(self, graph: GraphSource) -> None:
        """Crossfade to another graph (of a preset: ``swap(load_preset(...))``).

        Nodes that are the same by name and value keep their state.  Long tails of the others go
        on beneath the new graph; until they end both graphs are computed.
        """
        self._controls.swap(graph)

    def store(self, slot: str, name: str = "") -> None:
        """Store every parameter, mix and bypass and the tempo in slot A, B, C, D, E or F."""
        self._controls.store(slot, name)

    def recall(self, slot: str) -> None:
        """Apply what a slot holds, all of it between the same two blocks, and without a gap."""
        self._controls.recall(slot)

    @property
    def snapshots(self) -> Mapping[str, Snapshot]:
        """The snapshots by slot: those of the graph, and what ``store`` has stored."""
        return self.engine.snapshots

    def stats(self) -> LiveStats:
        """Return counters, times, levels and the nodes that made blocks late, as they are now."""
        facts = StreamFacts(
            self.state,
            self.sample_rate,
            self.blocksize,
            self.latency_s,
            self.lost,
            self.in_names,
            self.out_names,
        )
        memory = self._memory
        engine = self.engine.stats()
        return read_stats(facts, engine, self.host, memory.in_meters, memory.out_meters)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_open", False):  # else __init__ raised before it was set
            was_playing = self._wanted
            with contextlib.suppress(Exception):  # an error in __del__ cannot be raised
                self.close()
            if was_playing:
                warnings.warn(
                    "a stream that nothing refers to any more was still playing: it is closed",
                    ResourceWarning,
                    stacklevel=2,
                )

    def _start(self) -> None:
        raise NotImplementedError

    def _stop(self) -> None:
        raise NotImplementedError

    def _close(self) -> None:
        """Close the device."""

    def _alive(self) -> Literal["playing", "ended", "lost"]:
        raise NotImplementedError

    def _calling(self) -> bool:
        """Whether the callback may still be called: then no other thread may play the engine."""
        return self._alive() == "playing"

    def _describe_loss(self) -> str:
        return "the stream has stopped by itself"


def _stop_all() -> None:
    """Close every stream before the interpreter frees the compiled code that they call."""
    for stream in list(_playing):
        stream.close()
