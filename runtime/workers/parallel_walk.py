"""Play the rows of a plan by the audio thread and workers: the audio thread's side."""

import numpy as np

from ..native.abi import helper, kernel
from ..native.cpu import cycles, pause
from ..native.pointers import (
    call_node,
    compare_exchange,
    element,
    load,
    load_acquire,
    record,
    store_release,
)
from ..plan.arena import offset
from ..plan.kernels.transport import begin_block, end_block
from ..plan.monitored_player import play_monitored_row
from ..plan.records import PLAN
from .records import DONE_BYTES, IDLE, INSIDE, JOB, JOB_BYTES, LANES, OPEN, SEGMENT, TEAM

__all__ = ["is_ready", "parallel_walk", "play_segment"]

VERDICT = offset(JOB, "verdict")


@kernel
def play_segment(job: int, number: int, unused: int, frames: int) -> None:
    """Play the rows of a segment, for the block of ``job``, and let those that wait for it go on.

    Audio thread and workers.
    """
    j = record(job, JOB)
    lanes = record(j.lanes, LANES)
    segment = element(lanes.segments, number, SEGMENT)
    for at in range(segment.first, segment.end):
        play_monitored_row(j.plan, load(lanes.rows, at), j.timed, j.fresh, job + VERDICT, frames)
    store_release(lanes.done + DONE_BYTES * number, j.turn)


@helper
def is_ready(lanes: int, number: int, turn: int) -> bool:
    """Return whether all that a segment waits for is played in this turn."""
    table = record(lanes, LANES)
    segment = element(table.segments, number, SEGMENT)
    left = 0
    for at in range(segment.first_before, segment.end_before):
        if load_acquire(table.done + DONE_BYTES * load(table.before, at)) != turn:
            left += 1
    return left == 0


@helper
def _fill_job(
    job: int, plan: int, turn: int, timed: int, fresh: int, frames: int, now: int
) -> None:
    j = record(job, JOB)
    j.plan, j.lanes, j.turn = plan, record(plan, PLAN).lanes, turn
    j.timed, j.fresh, j.frames, j.begun = timed, fresh, np.int64(frames), now


@kernel
def parallel_walk(plan: int, timed: int, fresh: int, frames: int) -> None:
    """Run every row of a plan once, by several threads; the same to the bit as ``monitored_walk``.

    Audio thread: no system call, and nothing waits for a worker that has not entered.  It plays
    lane 0, then lanes whose worker has not come; last it polls until those inside are done.
    """
    lanes_at = record(plan, PLAN).lanes
    lanes = record(lanes_at, LANES)
    if np.int64(frames) < lanes.least_frames:
        call_node(lanes.alone, plan, timed, fresh, frames)
        return
    team, now = record(lanes.team, TEAM), cycles()
    if fresh:
        team.period = now - team.begun if now - team.begun < team.longest_period else 0
        team.begun = now
    turn = team.turn + 1
    team.turn = turn
    begin_block(record(plan, PLAN).transport)
    own, count = team.jobs, lanes.segment_count
    _fill_job(own, plan, turn, timed, fresh, frames, now)
    mine = np.int64(1)  # a bit for each lane that this thread plays
    for lane in range(1, lanes.lane_count):
        job = own + JOB_BYTES * lane
        while load_acquire(job) == INSIDE and cycles() - now < team.settle:
            pause()  # it is leaving the block before
        if load_acquire(job) == INSIDE:
            mine |= np.int64(1) << lane
            team.taken += 1
        else:
            _fill_job(job, plan, turn, timed, fresh, frames, now)
            store_release(job, OPEN)
    while True:
        left = played = 0
        for k in range(count):
            if load_acquire(lanes.done + DONE_BYTES * k) != turn:
                left += 1
                lane = element(lanes.segments, k, SEGMENT).lane
                if (mine >> lane) & 1 and is_ready(lanes_at, k, turn):
                    call_node(lanes.play_segment, own, k, 0, frames)
                    played += 1
        if left == played:
            break
        if played == 0:
            pause()
            if cycles() - now > team.patience:
                for lane in range(1, lanes.lane_count):
                    job = own + JOB_BYTES * lane
                    if (mine >> lane) & 1 == 0 and compare_exchange(job, OPEN, IDLE):
                        mine |= np.int64(1) << lane
                        team.taken += 1
                        break
    end_block(record(plan, PLAN).transport, frames)
