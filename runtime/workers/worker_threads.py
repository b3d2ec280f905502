"""Starts and stops the worker threads of one engine.  Control threads."""

import ctypes
import os
import sys
import threading
import time
import weakref
from dataclasses import dataclass
from typing import Any

from ..limits import check_threads
from ..native.cpu import nanoseconds_per_cycle, processors
from ..plan.arena import aligned
from ..plan.plan import Plan
from ..plan.stats import ThreadStats
from .plan_lanes import MOST_LANES, PlanLanes
from .records import INSIDE, JOB, TEAM
from .worker import run_worker

__all__ = ["WorkerThreads", "make_workers"]

LINGER_NS = 60e3
"""For which a worker polls after a block: the crossfade of a swap plays a second plan then."""
EARLY_NS = 200e3
"""Before an expected block, from which a worker polls: systems wake threads late."""
LONGEST_POLL_NS = 3e6
"""After an expected block, until which a worker polls: sound cards are not punctual."""
LONGEST_PERIOD_NS = 0.2e9
IDLE_NAP_NS = 5e6
PATIENCE_NS = 2e3
"""From the start of a block until the audio thread takes over a lane that none has entered."""
SETTLE_NS = 2e3
TIMEOUT_S = 2.0
SCHED_FIFO = 1


def make_workers(threads: int | None) -> "WorkerThreads | None":
    """Return the workers of an engine that ``threads`` threads may play; ``None`` for one thread.

    ``threads`` ``None`` is one for each processor.  ``ParamError`` if it is no such number.
    """
    threads = check_threads(threads)
    return None if threads == 1 else WorkerThreads(threads)


class _SchedParam(ctypes.Structure):
    _fields_ = (("priority", ctypes.c_int), ("spare", ctypes.c_int * 16))


@dataclass(eq=False)
class _Shared:
    """What the threads use: it outlives the engine until they have ended."""

    team: Any
    jobs: Any
    threads: list[threading.Thread]
    plans: list[Plan]
    """Those with lanes that workers may be inside of."""
    process: int

    def wait_until_out(self, plan: Plan) -> bool:
        """Wait until no worker is inside a plan; each leaves at the end of a block."""
        if self.process != os.getpid():  # forked: no thread was copied
            return True
        deadline = time.monotonic() + TIMEOUT_S
        for job in self.jobs[1:]:
            while job["door"] == INSIDE and job["plan"] == plan.address:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.0001)
        return True


_kept: list[_Shared] = []
"""Those whose threads did not end in time: their memory is never freed."""


class WorkerThreads:
    """The threads that play graphs beside the audio thread; at most ``threads`` with that one.

    They are started by the first plan that is played faster by several, and end when nothing refers
    to the engine any more, and at the exit of Python.  A forked process has none: its audio thread
    plays alone.
    """

    def __init__(self, threads: int | None) -> None:
        self.threads = min(processors() if threads is None else threads, MOST_LANES)
        """Threads asked for, the audio thread among them; at most 32."""
        self._priority = 0
        team, jobs = aligned(1, TEAM), aligned(self.threads, JOB)
        cycles = 1.0 / nanoseconds_per_cycle()
        sleep, give_way, unit_ns, shortest_ns = _system_calls()
        fields = {
            "jobs": jobs.ctypes.data,
            "patience": PATIENCE_NS * cycles,
            "settle": SETTLE_NS * cycles,
            "linger": LINGER_NS * cycles,
            "early": EARLY_NS * cycles,
            "longest_poll": LONGEST_POLL_NS * cycles,
            "longest_period": LONGEST_PERIOD_NS * cycles,
            "idle_nap": IDLE_NAP_NS * cycles,
            "sleep": sleep,
            "give_way": give_way,
            "sleep_unit": max(1.0, unit_ns * cycles),
            "shortest_nap": shortest_ns * cycles,
        }
        for name, value in fields.items():
            team[name] = int(value)
        self._shared = _Shared(team, jobs, [], [], os.getpid())
        self._finalizer = weakref.finalize(self, _end, self._shared)

    def divide(self, plan: Plan) -> None:
        """Decide who plays what of a plan that is prewarmed; start the threads that it needs."""
        lanes = PlanLanes(plan, self.threads, int(self._shared.team.ctypes.data))
        if lanes.engaged:
            self._shared.plans.append(plan)
            self._start(lanes.lanes - 1)

    def release(self, plan: Plan) -> None:
        """Wait until no worker uses a plan that is not played any more: it may be freed then."""
        if plan in self._shared.plans and self._shared.wait_until_out(plan):
            self._shared.plans.remove(plan)

    def raise_priority(self, priority: int) -> str:
        """Give all threads, those to come too, a real-time priority; return the system's error."""
        self._priority = priority
        answers = [_set_priority(thread, priority) for thread in self._shared.threads]
        return next(filter(None, answers), "")

    def stats(self, plan: Plan) -> ThreadStats:
        """Return who plays what of a plan, and how often workers came in time."""
        lanes, team, jobs = plan.lanes, self._shared.team[0], self._shared.jobs
        return ThreadStats(
            threads=self.threads,
            lanes=lanes.names,
            reason=lanes.choice.reason,
            alone_us=lanes.choice.alone_us,
            shared_us=lanes.choice.shared_us,
            least_frames=lanes.choice.least_frames if lanes.engaged else 0,
            blocks=int(team["turn"]),
            entered=tuple(jobs["entered"][1 : 1 + len(self._shared.threads)].tolist()),
            taken=int(team["taken"]),
        )

    def _start(self, count: int) -> None:
        shared = self._shared
        if shared.process != os.getpid():
            return
        while len(shared.threads) < count:
            lane = len(shared.threads) + 1
            thread = threading.Thread(
                target=run_worker.ctypes,
                args=(shared.team.ctypes.data, lane),
                name=f"namgraph-worker-{lane}",
                daemon=True,
            )
            try:
                thread.start()
            except RuntimeError:  # the system has no more: the audio thread plays the lane
                return
            shared.threads.append(thread)
            if self._priority:
                _set_priority(thread, self._priority)


def _end(shared: _Shared) -> None:
    """Stop the threads and wait for them."""
    shared.team["stop"] = 1
    if shared.process != os.getpid():
        return
    deadline = time.monotonic() + TIMEOUT_S
    jobs = shared.jobs[1 : 1 + len(shared.threads)]
    while not jobs["ended"].all() and time.monotonic() < deadline:
        time.sleep(0.0005)
    if not jobs["ended"].all():
        _kept.append(shared)


def _set_priority(thread: threading.Thread, priority: int) -> str:
    if sys.platform == "win32" or thread.ident is None:
        return ""
    setter = ctypes.CDLL(None).pthread_setschedparam
    setter.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
    param = _SchedParam(priority)
    answer = setter(thread.ident, SCHED_FIFO, ctypes.byref(param))
    return os.strerror(answer) if answer else ""


def _system_calls() -> tuple[int, int, float, float]:
    """Return the addresses of a sleep and of a yield, and two times in nanoseconds.

    They are the unit that the sleep counts in, and the shortest time it can be trusted with.
    """
    if sys.platform == "win32":
        kernel32: Any = ctypes.WinDLL("kernel32")
        calls, unit_ns, shortest_ns = (kernel32.Sleep, kernel32.SwitchToThread), 1e6, 20e6
    else:
        libc = ctypes.CDLL(None)
        calls, unit_ns, shortest_ns = (libc.usleep, libc.sched_yield), 1e3, 50e3
    sleep, give_way = (ctypes.cast(call, ctypes.c_void_p).value or 0 for call in calls)
    return sleep, give_way, unit_ns, shortest_ns
