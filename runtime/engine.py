"""The engine: plays a plan, block after block, whatever happens."""

import contextlib
import difflib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..graph import EngineError, Graph, ParamError, Spec, UnknownNameError
from .attend import ENGINE, TRACE, attend
from .callback import process, publish, render_blocks
from .messages import MESSAGE, NOW, Message, Ring, aligned
from .plan import Plan
from .player import walk
from .stats import Stats, collect

__all__ = ["Engine", "Snapshot"]

RING = 8192
PENDING = 8192
MAX_CHANNELS = 4096
"""Of all inputs, and of all outputs."""
PATIENCE_S = 2.0
"""How long a control thread waits for an audio thread that does not take its messages."""

Audio = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All state of one plan at one frame; only that plan can be restored from it."""

    plan: Plan
    data: NDArray[np.uint8]

    @property
    def frame(self) -> int:
        """Frames played, since the start or the last reset, when it was taken."""
        return int(self.data[:8].view(np.int64)[0])


class Engine:
    """Plays a graph at one sample rate, in blocks of any length.

    ``process`` belongs to one thread at a time.  Everything else may be called from any thread:
    it is checked here, and reaches the audio thread through a ring that never blocks it.
    ``driven`` says that an adapter's own thread plays the engine; where none does, messages are
    applied by the caller at once.
    """

    def __init__(
        self, graph: Graph, *, sample_rate: float, max_frames: int = 512, fade_s: float = 0.02
    ) -> None:
        self.spec = Spec(sample_rate, max_frames)
        self.plan = Plan(graph, self.spec)
        self.driven = False
        self._lock = threading.RLock()
        self._ring = Ring(RING)
        self._pending = aligned(PENDING, MESSAGE)
        self._trace = aligned(TRACE, np.int64)
        self._old: list[Plan] = []
        self._retired = 0
        self._record = aligned(1, ENGINE)
        e = self._record[0]
        e["plan"] = self.plan.address
        e["fade_frames"] = round(fade_s * sample_rate)
        e["slots"], e["slot_count"] = self._ring.slots.ctypes.data, RING
        e["counters"] = self._ring.counters.ctypes.data
        e["pending"], e["pending_size"] = self._pending.ctypes.data, PENDING
        e["trace"] = self._trace.ctypes.data
        self._counts = aligned(8, np.int64)
        e["counts"] = self._counts.ctypes.data
        self._channels = aligned(2 * MAX_CHANNELS, np.int64)
        e["channels"] = self._channels.ctypes.data
        e["walk"], e["process"] = walk.address, process.address
        self._process = process.ctypes
        self._render = render_blocks.ctypes
        self._publish = publish.ctypes

    @property
    def graph(self) -> Graph:
        """The graph that plays (or is fading in)."""
        return self.plan.graph

    @property
    def latency(self) -> int:
        """Frames from input to output."""
        return self.plan.latency

    @property
    def frame(self) -> int:
        """Frames played since the start or the last reset."""
        return int(self._record["frame"][0])

    @property
    def waiting(self) -> int:
        """Messages that the audio thread has not taken yet."""
        return self._ring.written - self._ring.read

    @property
    def address(self) -> int:
        """The address of the native callback, to be called with ``state``: see ``runtime.abi``."""
        return process.address

    @property
    def state(self) -> int:
        """The address of the engine's record."""
        return int(self._record.ctypes.data)

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
        from .layout import Ends

        ends = Ends(self.graph, block)
        outs = ends.outputs(out)
        self.play(ends.inputs, outs, ends.frames)
        return ends.shaped(outs)

    def play(
        self, inputs: list[Audio], outputs: list[Audio], frames: int, block: int | None = None
    ) -> None:
        """Play one block (or many, of ``block`` frames), channel by channel, with no checks.

        Each channel is a contiguous float32 array of ``frames``.  One native call; the GIL is
        free while it runs.
        """
        ins = np.array([x.ctypes.data for x in inputs] or [0], np.int64)
        outs = np.array([y.ctypes.data for y in outputs] or [0], np.int64)
        if block is None:
            self._process(self.state, ins.ctypes.data, outs.ctypes.data, frames)
        else:
            self._render(self.state, ins.ctypes.data, outs.ctypes.data, frames, block)

    def set(self, name: str, value: float, *, at: int | None = None) -> None:
        """Set a parameter ``"node.param"`` at the next block, or at frame ``at`` exactly.

        Frames count from the start or the last reset (``engine.frame``).
        """
        node, _, param = name.partition(".")
        if name not in self.plan.params:
            near = difflib.get_close_matches(name, self.plan.params, n=3, cutoff=0.4)
            known = ", ".join(near or sorted(self.plan.params)[:8]) or "none"
            raise UnknownNameError(f"no parameter {name!r}; there is {known}")
        checked = self.graph.nodes[node].params()[param].check(name, value)
        if at is not None and (not isinstance(at, int | np.integer) or at < 0):
            raise ParamError(f"{name}: at is {at!r}: must be a frame number, 0 or more")
        with self._lock:
            self._post(Message.PARAM, self.plan.params[name], checked, NOW if at is None else at)

    def get(self, name: str) -> float:
        """Return a parameter's value as it was last applied, or a reading of a meter."""
        if name in self.plan.params:
            self._settle()
            return float(self.plan.param_table["value"][self.plan.params[name]])
        if name in self.plan.reports:
            return float(self.plan.reports[name][0])
        raise UnknownNameError(f"no parameter or reading {name!r}")

    def swap(self, graph: Graph) -> None:
        """Prepare ``graph`` here, then fade over to it between two blocks.

        Nodes that are the same by name and value keep their state.  The new graph must have the
        ends of the old one.
        """
        for side in ("inputs", "outputs"):
            old, new = dict(getattr(self.graph, side)), dict(getattr(graph, side))
            if list(old.items()) != list(new.items()):
                raise EngineError(f"the new graph has {side} {new}, the one that plays has {old}")
        with self._lock:
            self._free_retired()
            plan = Plan(graph, self.spec, self.plan)
            self._old.append(self.plan)
            self.plan = plan
            self._post(Message.SWAP, plan.address)

    def reset(self) -> None:
        """Forget everything heard and count frames from zero; parameters stay as set."""
        with self._lock:
            self._post(Message.RESET)

    def snapshot(self) -> Snapshot:
        """Copy all state, so that ``restore`` can return to exactly this moment."""
        with self._lock:
            size = 8 * (1 + len(self.plan.param_table)) + self.plan.arena.state_bytes
            taken = Snapshot(self.plan, aligned(size, np.uint8))
            self._post(Message.SNAPSHOT, taken.data.ctypes.data)
            self._settle()
        return taken

    def restore(self, snapshot: Snapshot) -> None:
        """Return to the moment of a snapshot: what is played next is played as it was then."""
        with self._lock:
            if snapshot.plan is not self.plan:
                raise EngineError("the snapshot is of another plan: the graph was swapped since")
            self._post(Message.RESTORE, snapshot.data.ctypes.data)
            self._settle()

    def stats(self, *, timed: bool | None = None) -> Stats:
        """Return counters, meters and times; ``timed`` switches the timing of nodes on or off."""
        if timed is not None:
            self._record["timed"] = int(timed)
        return collect(self.plan, self._record[0], self._trace, self._counts)

    def _post(self, kind: Message, index: int = 0, value: float = 0.0, at: int = NOW) -> None:
        if self._ring.full:
            self._settle()
        if not self._record["attend"][0]:  # a render without messages need not wait for it
            self._record["attend"] = attend.address
        self._ring.write(kind, index, value, at, self.plan.address)
        self._publish(self._ring.counters.ctypes.data, self._ring.written + 1)

    def _settle(self) -> None:
        """See to it that the ring is read: by the audio thread, or where there is none, here."""
        if not self.driven:
            self._process(self.state, 0, 0, 0)
        deadline = time.monotonic() + (PATIENCE_S if self.driven else 0.0)
        while self.waiting:
            if time.monotonic() > deadline:
                if not self._ring.full and not self.driven:
                    return  # a swap waits for the fade before it: the next blocks will take it
                raise EngineError(f"the audio thread has not taken {self.waiting} messages")
            time.sleep(0.001)

    def _free_retired(self) -> None:
        with contextlib.suppress(IndexError):
            while self._retired < int(self._record["retired"][0]):
                self._retired += 1
                self._old.pop(0)
