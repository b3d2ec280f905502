"""The control threads' end of an engine: one lock among themselves, none with the audio thread."""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn

import numpy as np

from ...graph import EngineError, Graph
from ...graph.arguments import check_number, check_whole
from ..native.cpu import nanoseconds_per_cycle
from ..plan.monitored_player import monitored_walk
from ..plan.plan import Plan
from ..plan.player import walk
from .crossfade import crossfade
from .message_handler import handle_messages
from .message_queue import MESSAGE, NOW, Message, Ring, aligned
from .process import process, publish
from .records import ENGINE, TRACE

__all__ = ["Posting", "Swap"]

RING = 8192
PENDING = 2 * RING
"""Room for messages that wait for their frame, so many as ``set`` lets in, and a ring of others."""
LONGEST_GUARD_S = 3600.0
PATIENCE_S = 2.0
"""How long a control thread waits for an audio thread that does not take its messages."""


class Swap(NamedTuple):
    """A swap to a plan, without the plan: which is not to live longer for it."""

    address: int
    handed_over: frozenset[str]
    values: dict[str, float]

    @classmethod
    def to(cls, plan: Plan) -> "Swap":
        """Note what a plan begins with, and which nodes bring what was set."""
        return cls(plan.address, plan.handed_over, plan.values())


class Posting:
    """Owns the engine's record and the ring, and posts messages.

    What is heard only after a message is compiled when the first such message is posted, so that
    a plain render starts sooner.
    """

    def __init__(self, plan: Plan, fade_frames: int) -> None:
        self.plan = plan
        self.has_audio_thread = False
        self.poll: Callable[[], object] = lambda: None
        """Lets an adapter find out, while somebody waits, that its thread has ended."""
        self._lock = threading.RLock()
        self._native = threading.RLock()  # held while this process, not an adapter, runs the engine
        self._watched = False
        self._guard: dict[str, int] = {}
        self._old: list[Plan] = []
        """Plans before the last one posted that play, fade out or wait, the oldest first."""
        self._unplayed: list[Swap | tuple[str, float]] = []
        """Swaps that wait, and what was set since the first of them was posted."""
        self._applied = 0
        """Messages known to be applied (but for what waits behind a swap)."""
        self._ring = Ring(RING)
        self._pending = aligned(PENDING, MESSAGE)
        self._trace = aligned(TRACE, np.int64)
        self._counts = aligned(8, np.int64)
        ends = sum(plan.graph.inputs.values()) + sum(plan.graph.outputs.values())
        self._channels = aligned(max(1, ends), np.int64)
        self._record = aligned(1, ENGINE)
        e = self._record[0]
        e["plan"] = plan.address
        e["fade_frames"] = fade_frames
        e["slots"], e["slot_count"] = self._ring.slots.ctypes.data, RING
        e["counters"] = self._ring.counters.ctypes.data
        e["pending"], e["pending_size"] = self._pending.ctypes.data, PENDING
        e["trace"] = self._trace.ctypes.data
        e["counts"] = self._counts.ctypes.data
        e["channels"] = self._channels.ctypes.data
        e["walk"], e["process"] = walk.address, process.address
        self._process = process.ctypes

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied: what it plays lies at fixed addresses."""
        raise TypeError("an engine cannot be pickled: pickle its graph, and make an engine of that")

    @property
    def state(self) -> int:
        """The address of the engine's record."""
        return int(self._record.ctypes.data)

    @property
    def waiting(self) -> int:
        """Messages that the audio thread has not taken yet."""
        return self._ring.written - self._ring.read

    def prepare(self) -> None:
        """Compile what messages need, and find every page, before an audio thread begins."""
        with self._lock:
            self._watch()
            self._record["attend"], self._record["fade"] = (
                handle_messages.address,
                crossfade.address,
            )
            self.plan.touch()

    def guard(self, limit_s: float | None, *, strikes: int = 8, rest_s: float = 0.5) -> None:
        """Mute a node for ``rest_s`` after it took more than ``limit_s`` in so many blocks running.

        ``None``: let every node take what it takes.
        """
        cycles = 0
        if limit_s is not None:
            limit_s = check_number("limit_s", limit_s, 0.0, LONGEST_GUARD_S, "s", above=True)
            cycles = max(1, round(limit_s * 1e9 / nanoseconds_per_cycle()))
        strikes = check_whole("strikes", strikes, 1, 1 << 30)
        rest_s = check_number("rest_s", rest_s, 0.0, LONGEST_GUARD_S, "s")
        rest = max(1, round(rest_s * self.plan.spec.rate))
        with self._lock:
            self._guard = {
                "cycle_limit": cycles,
                "max_consecutive_overruns": strikes,
                "mute_frames": rest,
            }
            self._watch()
            self.plan.set_monitoring(self._guard)
            self._record["timed"] = 1

    def params(self) -> dict[str, float]:
        """Return every parameter ``"node.param"`` as last set, as ``graph`` has them."""
        with self._lock:
            return self._params()

    def _params(self) -> dict[str, float]:
        """Return the parameters of the last plan posted, as they are once all messages are applied.

        A swap waits while another one fades, and all that was posted after it waits too: that is
        done here as the audio thread will do it.
        """
        if self.waiting:
            self._settle()
        if self.has_audio_thread and self._applied != self._ring.written:
            block = int(self._record["blocks"][0])  # it may have taken messages, and go on to apply
            self._wait(lambda: self._record["blocks"][0] != block, "played a block")
        self._applied = self._ring.written
        playing = self._playing()
        self._forget_played(playing)
        values = playing.values()
        for event in self._unplayed:
            if isinstance(event, Swap):
                kept = {n: v for n, v in values.items() if n.partition(".")[0] in event.handed_over}
                values = {n: kept.get(n, v) for n, v in event.values.items()}
            elif event[0] in values:
                values[event[0]] = event[1]
        return values

    def _current(self) -> Graph | None:
        """Return the graph as set now, or nothing where the audio thread takes no messages."""
        with contextlib.suppress(EngineError):
            return self.plan.graph.with_params(self.params())
        return None

    def _forget_played(self, playing: Plan) -> None:
        """Leave in ``_unplayed`` only what comes after the plan that plays."""
        if playing is self.plan:
            self._unplayed.clear()
        for k, event in enumerate(self._unplayed):
            if isinstance(event, Swap) and event.address == playing.address:
                del self._unplayed[: k + 1]
                break

    def _playing(self) -> Plan:
        """Return the plan that plays: not the last one posted, while a swap waits for a fade."""
        address = int(self._record["plan"][0])
        return next((p for p in self._old if p.address == address), self.plan)

    def _note(self, *events: Swap | tuple[str, float]) -> None:
        """Remember what the audio thread applies only after a swap that waits."""
        self._forget_played(self._playing())
        if self._unplayed or any(isinstance(event, Swap) for event in events):
            self._unplayed += events

    def _watch(self) -> None:
        """Play on with the walk that looks at every node."""
        if not self._watched:
            self._watched = True
            self.plan.set_monitoring({})
            if self._record["frame"][0]:
                self.plan.start_dry_wet()
            self._record["walk"] = monitored_walk.address

    def _post(self, kind: Message, index: int = 0, value: float = 0.0, at: int = NOW) -> None:
        self._post_all([(kind, index, value, at)])

    def _post_all(self, messages: Sequence[tuple[Message, int, float, int]]) -> None:
        """Post messages that the audio thread will find together (if the ring can hold them)."""
        if not self._record["attend"][0]:
            self._record["attend"] = handle_messages.address
        if not self._record["fade"][0] and any(m[0] is Message.SWAP for m in messages):
            self._record["fade"] = crossfade.address
        later = sum(at != NOW for _, _, _, at in messages)
        held = int(self._record["pending_count"][0]) + self.waiting
        if later and held + later > RING:
            raise EngineError(
                f"{held} changes wait for their frames already: at most {RING} can; play on first"
            )
        for start in range(0, len(messages), RING):
            part = messages[start : start + RING]
            if self.waiting + len(part) > RING:
                self._settle()
            for offset, (kind, index, value, at) in enumerate(part):
                self._ring.write(kind, index, value, at, self.plan.address, offset)
            publish.ctypes(self._ring.counters.ctypes.data, self._ring.written + len(part))

    def _settle(self) -> None:
        """See to it that the ring is read: by the audio thread, or where there is none, here."""
        if self.has_audio_thread and self._wait(lambda: not self.waiting, "taken its messages"):
            return
        with self._native:
            self._process(self.state, 0, 0, 0)
        # A swap waits for the fade before it: the next blocks will take what is left.
        if self._ring.full:
            raise EngineError(f"nobody plays the engine: it has not taken {self.waiting} messages")

    def _catch_up(self) -> None:
        """Wait until the last plan posted plays, so that it knows all that was set before."""
        self._settle()
        if self.has_audio_thread:
            self._wait(lambda: self._record["plan"][0] == self.plan.address, "swapped")

    def _wait(self, done: Callable[[], bool], what: str) -> bool:
        """Wait for the audio thread; return whether it did, or ended."""
        deadline = time.monotonic() + PATIENCE_S
        while not done():
            self.poll()
            if not self.has_audio_thread:
                return False
            if time.monotonic() > deadline:
                raise EngineError(
                    f"the audio thread has not {what} in {PATIENCE_S:g} s: has the device gone?"
                )
            time.sleep(0.001)
        return True
