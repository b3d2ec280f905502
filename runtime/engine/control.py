"""Control-thread side of an engine: owns its record and its message queue, and posts messages.

Control threads share one lock among themselves; the audio thread never takes a lock.
"""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from ...graph import EngineError, Graph
from ..plan.monitored_player import monitored_walk
from ..plan.plan import Plan
from ..plan.player import walk
from ..workers.parallel_walk import parallel_walk
from ..workers.worker_threads import WorkerThreads
from .crossfade import crossfade
from .messages.message_handler import copy_state, handle_messages
from .messages.message_queue import MESSAGE, NOW, Message, Ring, aligned
from .messages.unplayed import Unplayed
from .process import post_param, process, publish, render_blocks
from .records import ENGINE, TRACE

__all__ = ["ControlQueue"]

RING_SIZE = 8192
PENDING_SIZE = 2 * RING_SIZE  # messages for later: as many as may be posted, and one more ring
LONGEST_CALL = 1 << 24  # frames of one call of the callback, which counts in 32 bits
TIMEOUT_S = 2.0
"""How long a control thread waits for an audio thread that does not read its messages."""


class ControlQueue:
    """Owns an engine's record, its ring of messages and its locks, and posts messages.

    Control threads.  Kernels needed only after a message are compiled with the first such message.
    """

    def __init__(self, plan: Plan, fade: int, workers: WorkerThreads | None = None) -> None:
        self.workers = workers
        self.plan = plan
        """The last plan posted."""
        self.has_audio_thread = False
        """Whether a thread of an adapter plays the engine, and so reads the messages."""
        self.poll: Callable[[], object] = lambda: None
        """Called while a control thread waits: an adapter clears ``has_audio_thread`` in it."""
        self.lock = threading.RLock()
        """Held while messages are posted."""
        self.native_lock = threading.RLock()
        """Held while a thread other than an adapter's runs the engine."""
        self.old_plans: list[Plan] = []
        """Plans before the last one posted that play, fade out or wait, the oldest first."""
        self.unplayed = Unplayed()
        self._applied = 0  # messages known to be applied (except those that wait behind a swap)
        self._retired = 0  # old plans freed so far
        self._memory: list[object] = []  # memory that posted messages refer to
        self.done = Counter[Message]()
        """How often the state was reset, saved and restored, and plans swapped."""
        self._is_monitored = self._handles_messages = False  # the latter: its kernel is compiled
        self._guard: dict[str, int] = {}
        self.ring = Ring(RING_SIZE)
        self._pending = aligned(PENDING_SIZE, MESSAGE)
        self.trace = aligned(TRACE, np.int64)
        """Cycles of the last blocks."""
        self.counts = aligned(8, np.int64)
        """Samples that are not finite: of the input, the output, and a plan that fades out."""
        channels = sum([*plan.graph.inputs.values(), *plan.graph.outputs.values()])
        self._channels, self._views = aligned(max(1, channels), np.int64), aligned(8, np.int64)
        self.record = aligned(1, ENGINE)
        """The state of the native callback."""
        self.progress = self.record[["frame", "blocks"]]
        """A view of the frames since the last reset, and of the blocks played."""
        self.address = int(self.record.ctypes.data)
        """The address of the engine's record."""
        e = self.record[0]
        e["plan"], e["fade_frames"], e["slot_count"] = plan.address, fade, RING_SIZE
        e["slots"], e["counters"] = (a.ctypes.data for a in (self.ring.slots, self.ring.counters))
        e["pending"], e["pending_size"] = self._pending.ctypes.data, PENDING_SIZE
        e["trace"], e["counts"] = self.trace.ctypes.data, self.counts.ctypes.data
        e["channels"], e["views"] = self._channels.ctypes.data, self._views.ctypes.data
        e["walk"], e["process"] = walk.address, process.address
        self._process, self._render, self._post_param = (
            native.ctypes for native in (process, render_blocks, post_param)
        )

    @property
    def waiting(self) -> int:
        """Messages that the audio thread has not read yet."""
        return self.ring.written - self.ring.read

    @property
    def playing_plan(self) -> Plan:
        """The plan that plays: not the last one posted, while a swap waits for a crossfade."""
        address = int(self.record["plan"][0])
        return next((p for p in self.old_plans if p.address == address), self.plan)

    def prepare(self) -> None:
        """Compile all kernels and touch every page, before an audio thread begins."""
        with self.lock:
            self.monitor()
            self._handle_messages()
            self.record["crossfade"] = crossfade.address
            self.plan.touch()

    def _handle_messages(self) -> None:
        """Compile what applies messages."""
        if not self._handles_messages:
            self.record["handle_messages"] = handle_messages.address
            self._handles_messages = True

    def monitor(self) -> None:
        """Play with the walk that times, checks and mixes every node, from now on."""
        was, self._is_monitored = self._is_monitored, True
        if not was:
            for plan in (*self.old_plans, self.plan):  # a swap may wait: both will be played
                plan.set_monitoring({})
                if self.record["frame"][0]:
                    plan.start_dry_wet()
            self.record["walk"] = (parallel_walk if self.workers else monitored_walk).address

    def guard(self, fields: dict[str, int]) -> None:
        """Enter a limit into the rows of this plan and of those to come: see ``Engine.guard``."""
        with self.lock:
            self._guard = fields
            self.monitor()
            self.plan.set_monitoring(fields)
            self.record["timed"] = 1

    def params(self) -> dict[str, float]:
        """Return the values of the last plan posted, as they are once all messages are applied."""
        with self.lock:
            if self.waiting:
                self.drain()
            if self.has_audio_thread and self._applied != self.ring.written:
                block = int(self.record["blocks"][0])  # messages may be read, but not yet applied
                self.wait(lambda: self.record["blocks"][0] != block, "played a block")
            self._applied = self.ring.written
            playing = self.unplayed.forget_played(self.playing_plan, self.plan)
            return self.unplayed.replay(playing.values())

    def current_graph(self) -> Graph | None:
        """Return the graph as set now, or ``None`` where the audio thread reads no messages."""
        with contextlib.suppress(EngineError):
            graph, values = self.plan.graph, self.params()
            return graph if values == self.plan.graph_values else graph.with_params(values)
        return None

    def note_values(self, *values: tuple[str, float]) -> None:
        """Keep values that were posted after a swap that waits."""
        if self.unplayed:
            self.unplayed.forget_played(self.playing_plan, self.plan)
            for name, value in values:
                self.unplayed.add_value(name, value)

    def post(self, kind: Message, index: int = 0, value: float = 0.0, at: int = NOW) -> None:
        """Post one message."""
        self.post_all([(kind, index, value, at)])

    def post_param(self, index: int, value: float, at: int) -> None:
        """Post the new value of one parameter: ``post`` in one native call where there is room."""
        if not (
            self._handles_messages
            and self._post_param(self.address, at, index, value, self.plan.address)
        ):
            self.post(Message.PARAM, index, value, at)

    def post_all(self, messages: Sequence[tuple[Message, int, float, int]]) -> None:
        """Post messages that the audio thread reads together (if the ring has room for them)."""
        self._handle_messages()
        later = sum(at != NOW for _, _, _, at in messages)
        held = int(self.record["pending_count"][0]) + self.waiting
        if later and held + later > RING_SIZE:
            raise EngineError(
                f"{held} changes wait for their frames: at most {RING_SIZE} may; play on first"
            )
        for start in range(0, len(messages), RING_SIZE):
            part = messages[start : start + RING_SIZE]
            if self.waiting + len(part) > RING_SIZE:
                self.drain()
            for offset, (kind, index, value, at) in enumerate(part):
                self.ring.write(kind, index, value, at, self.plan.address, offset)
            publish.ctypes(self.ring.counters.ctypes.data, self.ring.written + len(part))

    def post_plan(self, plan: Plan) -> None:
        """Post a swap to ``plan``; the plan before it is freed after its crossfade and tail."""
        self._handle_messages()
        if not self.record["crossfade"][0]:
            self.record["crossfade"] = crossfade.address
        if self.ring.full:  # before anything is changed: it may raise
            self.drain()
        self.free_retired()
        if plan.delays_dry:
            self.monitor()
        plan.set_monitoring(self._guard if self._is_monitored else None)
        self.unplayed.forget_played(self.playing_plan, self.plan)
        self.unplayed.add_swap(plan)
        self.old_plans.append(self.plan)
        self.done[Message.SWAP] += 1
        self.plan = plan
        self.post(Message.SWAP, plan.address)

    def post_copy(self, kind: Message, address: int, owner: object) -> None:
        """Post a copy of state to or from ``address``, in memory of ``owner``; wait until read."""
        if not self.waiting and not self.record["pending_count"][0]:
            self._memory.clear()
        self._memory.append(owner)
        self.post(kind, address)
        self.wait_for_plan()

    def copy_state(self, place: int, *, out: bool, params: bool) -> bool:
        """Save to or restore from an address on this thread, where no audio thread plays.

        Returns whether the last plan posted plays; a swap may wait for the crossfade before it.
        """
        address = self.plan.address
        waits = bool(self.old_plans) and self.playing_plan is not self.plan
        if waits:
            self.drain()
            if int(self.record["plan"][0]) != address:
                return False
        with self.native_lock:
            return bool(copy_state.ctypes(self.address, place, out, params) == address)

    def reset_stats(self) -> None:
        """Set all counters to zero."""
        with self.lock:
            self.done.clear()
            self.post(Message.RESET_STATS)
            if not self.has_audio_thread:
                self.drain()

    def reset_now(self) -> None:
        """Clear all state, where no audio thread plays."""
        self.post(Message.RESET)
        self.drain()

    def drain(self) -> None:
        """Have the ring read: by the audio thread, or here where there is none."""
        if self.has_audio_thread and self.wait(lambda: not self.waiting, "read its messages"):
            return
        with self.native_lock:
            self._process(self.address, 0, 0, 0)
        if self.ring.full:  # a swap waits for the crossfade before it: later blocks read the rest
            raise EngineError(
                f"the message queue is full: {self.waiting} messages wait for a crossfade to end; "
                "play on first"
            )

    def wait_for_plan(self) -> None:
        """Wait until the last plan posted plays, so that its table has all that was set before."""
        self.drain()
        if self.has_audio_thread:
            self.wait(lambda: self.record["plan"][0] == self.plan.address, "swapped")

    def wait(self, done: Callable[[], bool], action: str) -> bool:
        """Wait for the audio thread; return ``False`` if that thread has ended before ``done``."""
        deadline = time.monotonic() + TIMEOUT_S
        while not done():
            self.poll()
            if not self.has_audio_thread:
                return False
            if time.monotonic() > deadline:
                raise EngineError(
                    f"the audio thread has not {action} in {TIMEOUT_S:g} s: has the device gone?"
                )
            time.sleep(0.001)
        return True

    def refuse_second_thread(self) -> None:
        """Raise ``EngineError`` while an adapter's thread plays: two must not at the same time."""
        self.poll()
        if self.has_audio_thread:
            raise EngineError("a stream plays this engine: stop it first, or make another engine")

    def play(self, ins: int, outs: int, frames: int, block: int | None) -> None:
        """Play on this thread, from and to lists of ``float*``, in blocks of ``block`` frames."""
        with self.native_lock:
            if block is None and frames <= LONGEST_CALL:
                self._process(self.address, ins, outs, frames)
            else:
                cut = min(block or LONGEST_CALL, LONGEST_CALL)
                self._render(self.address, ins, outs, frames, cut)

    def count_old_plans(self) -> int:
        """Free the plans that have faded out; return how many have not."""
        with self.lock:
            self.free_retired()
            return len(self.old_plans)

    def free_retired(self) -> None:
        """Free the plans that the audio thread has finished with."""
        with contextlib.suppress(IndexError):
            while self._retired < int(self.record["retired"][0]):
                self._retired += 1
                old = self.old_plans.pop(0)
                if self.workers:
                    self.workers.release(old)
