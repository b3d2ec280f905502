"""A worker's side of a block: wait for a door to open, and play a lane.  Native code, no GIL."""

import numpy as np

from ..native.abi import helper, native
from ..native.cpu import cycles, pause, restore_floats, set_flush_to_zero
from ..native.pointers import (
    call_c,
    call_node,
    compare_exchange,
    element,
    load_acquire,
    record,
    store_release,
)
from ..plan.arena import offset
from .parallel_walk import is_ready
from .records import IDLE, INSIDE, JOB, JOB_BYTES, LANES, OPEN, SEGMENT, TEAM

__all__ = ["run_worker"]

STOP, ENDED = offset(TEAM, "stop"), offset(JOB, "ended")
POLLS = 4096
"""Polls after which a worker inside a block lets others of its processor run: perhaps the one that
it waits for."""


@helper
def _play_lane(team: int, job: int, lane: int) -> None:
    """Play the segments of a lane in order, each once those before it are played."""
    j = record(job, JOB)
    lanes_at, turn = j.lanes, j.turn
    lanes = record(lanes_at, LANES)
    polls = 0
    for k in range(lanes.segment_count):
        if element(lanes.segments, k, SEGMENT).lane == lane:
            while not is_ready(lanes_at, k, turn):
                pause()
                polls += 1
                if polls & (POLLS - 1) == 0:
                    call_c(record(team, TEAM).give_way, 0, 0, 0)
            call_node(lanes.play_segment, job, k, 0, np.int32(j.frames))


@helper
def _nap(team: int, job: int, length: int) -> None:
    """Sleep for about ``length`` cycles."""
    t = record(team, TEAM)
    call_c(t.sleep, max(length // t.sleep_unit, 1), 0, 0)
    record(job, JOB).naps += 1


@native("void(int64, int64)")
def run_worker(team: int, lane: int) -> None:
    """Play a lane of each block until ``stop`` is set; one native call for the life of a thread.

    After a block the worker polls its door for ``linger``, sleeps until ``early`` before the next
    block is expected, and polls again.  Where none comes, it sleeps for ``idle_nap`` at a time,
    and polls once it sees that blocks were played meanwhile.
    """
    t = record(team, TEAM)
    job = t.jobs + JOB_BYTES * lane
    j = record(job, JOB)
    saved = set_flush_to_zero()
    last, turn = cycles(), np.int64(0)
    expected = last
    while load_acquire(team + STOP) == 0:
        if load_acquire(job) == OPEN:
            if compare_exchange(job, OPEN, INSIDE):
                turn = j.turn
                expected = j.begun + t.period
                _play_lane(team, job, lane)
                j.entered += 1
                store_release(job, IDLE)
                last = cycles()
            continue
        now = cycles()
        early = expected - t.early - now
        is_due = early <= t.shortest_nap and now < expected + t.longest_poll
        if is_due or now - last < t.linger:
            pause()
        elif early > t.shortest_nap:
            _nap(team, job, min(early, t.idle_nap))
        elif load_acquire(team) != turn:  # blocks are played without this worker
            turn, expected = load_acquire(team), now
        else:
            _nap(team, job, t.idle_nap)
    restore_floats(saved)
    store_release(job + ENDED, 1)
