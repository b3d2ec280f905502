"""Decide whether several threads render a signal, build their engines, and render.

Several threads play the rows of a plan in stages (``stages``): those with a finite memory on
several chunks at a time, all others in order, one stage behind the other.  The output has the bits
of one engine that plays alone: where the rows are cut depends on measured times, the result not.
"""

import dataclasses
import threading
import time
import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ....graph import CUT_GRID, DryWet
from ...engine.build import build_plan
from ...engine.engine import Engine
from ...native.cpu import processors
from ...plan.plan import Plan
from ...plan.stats import NodeStats, Stats
from .chunk import Change, play_in_blocks
from .pipeline import Pipeline
from .row_costs import row_costs
from .row_range import RowRange
from .stage_player import StagePlayer
from .stages import Stage, receptive_fields, speed_up, split

__all__ = ["MOST_THREADS", "ParallelRender", "parallel_render"]

Audio = NDArray[np.float32]
MOST_THREADS = 256
SHORTEST = 1 << 17
"""Frames (2.7 s at 48 kHz) below which the default, ``threads=None``, is one thread."""
SECONDS_EACH = 0.1
"""Work in seconds from which one thread more is worth it."""
LEAST_SPEED_UP = 1.2
BUILDING = 0.05
"""Share of the work that building plans may take, unless threads are asked for."""
LEAST_CHUNK, MOST_CHUNK = 1 << 16, 1 << 19
"""Frames of a chunk."""
CHUNKS_PER_FIELD = 64
"""Frames of a chunk for each frame that is played twice."""
CHUNKS_PER_STAGE = 8
"""Chunks for each stage but the first: it waits for the first of them."""
AUDIO_BYTES = 24 << 20
"""Memory for chunks on their way."""
PLAN_BYTES = 96 << 20
"""Memory for the plans."""
MANY_CHANGES = 1024
"""Changes of parameters from which one thread plays: an engine cannot hold many at a time."""
NOT_TIMED = dict.fromkeys(("p50", "p99", "max"), 0.0)
_building = threading.Lock()
"""Held while warnings are ignored: that they are is a setting of the process."""


class ParallelRender:
    """A graph that several threads play; made by ``parallel_render``.  Control thread."""

    def __init__(
        self,
        plan: Plan,
        spare: Plan,
        stages: Sequence[Stage],
        threads: int,
        frames: int,
        block: int,
        changes: Sequence[Change] = (),
    ) -> None:
        """Build a plan for each thread and stage.  ``frames`` is the length of the whole signal.

        ``plan`` has not been played, and plays no rows: it counts frames and beats.  ``spare`` is
        another one of the same graph, whose nodes may have played.
        """
        self._block, self._changes = block, changes
        self.threads, self.stages = threads, tuple(stages)
        self.chunk = chunk_frames(plan, stages, threads, frames, block)
        """Frames of a chunk."""
        spares = [spare]  # for one stage without a store: a reset does not clear those
        self._players = []
        for stage in stages:
            own = spares.pop() if spares and stage.field is not None else None
            plans = [twin(plan, plan) for _ in range(_plan_count([stage], threads) - bool(own))]
            ranges = [
                RowRange(each, stage.begin, stage.end, stage.reads, stage.writes)
                for each in (*plans, *([own] if own else []))
            ]
            if own:
                ranges[-1].reset()
            self._players.append(StagePlayer(stage, ranges, self.chunk))
        self._clock = RowRange(plan, 0, 0, (), ())  # last: the others are copies of it

    def blocks(self, pieces: Iterable[Audio]) -> Iterator[Audio]:
        """Yield the outputs in pieces, ``(channels, frames)``, with the graph's latency.

        ``pieces`` are those of the inputs, of ``self.chunk`` frames each but for the last.
        """
        room = _room(self.stages, self.threads)
        pipeline = Pipeline(self._players, self.threads, room, self._block, self._changes)
        start = 0
        for made in pipeline.blocks(pieces):
            frames = made.shape[1]
            nothing = np.empty((0, frames), np.float32)
            play_in_blocks(self._clock, nothing, nothing, start, self._block, self._changes)
            start += frames
            yield made

    def fill(
        self, inputs: Sequence[Audio], outputs: Sequence[Audio], total: int
    ) -> Generator[int, None, None]:
        """Play ``total`` frames of the inputs into the outputs; yield how many are done."""
        parts = [slice(at, min(at + self.chunk, total)) for at in range(0, total, self.chunk)]
        nothing = [np.empty((0, part.stop - part.start), np.float32) for part in parts]
        pieces = (
            np.concatenate([empty, *(x[None, part] for x in inputs)])
            for part, empty in zip(parts, nothing, strict=True)
        )
        for part, made in zip(parts, self.blocks(pieces), strict=True):
            for y, channel in zip(outputs, made, strict=True):
                y[part] = channel
            yield part.stop

    def stats(self) -> Stats:
        """Return the statistics of a single engine, but for times."""
        plan, found = self._clock.plan, self._clock.stats()
        faults = np.concatenate([player.faults for player in self._players]).tolist()
        mixes, none = plan.graph.mixes, DryWet()
        rows = [
            NodeStats(name.strip("<>"), count, 0, 0.0, 0.0, mix=share, bypassed=bypassed)
            for name, count in zip(plan.names, faults, strict=True)
            for share, bypassed in [mixes.get(name, none)]
        ]
        of_nodes = list(zip(rows, plan.is_node, strict=True))
        readings = dict(found.readings)
        for player in self._players:
            readings |= player.readings()
        return dataclasses.replace(
            found,
            bad_inputs=int(self._players[0].bad_samples[0]),
            bad_outputs=int(self._players[-1].bad_samples[1]),
            faults=sum(faults),
            block_us=NOT_TIMED,
            readings=readings,
            nodes=tuple(row for row, is_node in of_nodes if is_node),
            between=tuple(row for row, is_node in of_nodes if not is_node),
        )


def parallel_render(
    engine: Engine,
    frames: int,
    block: int,
    threads: int | None,
    changes: Sequence[Change] = (),
) -> ParallelRender | None:
    """Return what plays ``frames`` of a signal by several threads, or ``None``: one is as good.

    ``engine`` is that of the graph, not yet played; it stays so if ``None`` is returned.
    ``threads`` ``None`` is one for each processor, if that is worth it.  ``changes`` of parameters
    are sorted by frame.  One thread plays nodes on a device or with Python inside, plans of much
    memory and many changes.
    """
    plan = engine.plan
    wanted = processors() if threads is None else threads
    wanted = min(wanted, max(2, frames // LEAST_CHUNK))  # more would have nothing to do
    if wanted < 2 or (threads is None and frames < SHORTEST) or len(changes) > MANY_CHANGES:
        return None
    if plan.executor is not None or plan.afters:
        return None
    most = PLAN_BYTES // plan.arena.nbytes
    if most < 2:
        return None
    begun = time.thread_time()
    spare = twin(plan)
    built_s = time.thread_time() - begun
    costs = row_costs(spare)
    if threads is None:
        wanted = min(wanted, int(frames * sum(costs) / SECONDS_EACH))
    changed = {name.rpartition(".")[0] for _, name, _ in changes}
    fields = receptive_fields(plan.graph, plan.schedule, changed)
    stages = split(plan.schedule, fields, costs, max(1, wanted))
    while wanted > 1 and _plan_count(stages, wanted) > most:
        wanted -= 1
        stages = split(plan.schedule, fields, costs, wanted)
    if wanted < 2 or not stages or (len(stages) == 1 and stages[0].field is None):
        return None
    if threads is None:
        costly = built_s * _plan_count(stages, wanted) > BUILDING * frames * sum(costs)
        if costly or speed_up(stages, wanted) < LEAST_SPEED_UP:
            return None
    return ParallelRender(plan, spare, stages, wanted, frames, block, changes)


def twin(plan: Plan, source: Plan | None = None) -> Plan:
    """Return another plan of the same graph; what has been warned of once is not repeated.

    ``source``: nodes are copied from there rather than prepared again; it has not been played.
    """
    with _building, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return build_plan(plan.graph, plan.spec, source)


def chunk_frames(plan: Plan, stages: Sequence[Stage], threads: int, frames: int, block: int) -> int:
    """Return the frames of a chunk: whole blocks, and many times what is played twice.

    All threads end at about the same time: each gets as many chunks.
    """
    fields = [stage.field + CUT_GRID for stage in stages if stage.field is not None]
    least = max(fields, default=0)
    wanted = min(max(CHUNKS_PER_FIELD * least, LEAST_CHUNK), MOST_CHUNK)
    buffers = plan.schedule.buffers
    channels = sum(buffers[b].channels for stage in stages for b in (*stage.reads, *stage.writes))
    held = AUDIO_BYTES // (4 * max(1, channels) * _room(stages, threads))
    wanted = max(least, min(wanted, held))
    if len(stages) > 1:
        wanted = max(least, min(wanted, frames // (CHUNKS_PER_STAGE * (len(stages) - 1))))
    rounds = max(1, round(frames / (threads * wanted)))
    even = max(least, -(-frames // (threads * rounds)))
    return -(-even // block) * block


def _room(stages: Sequence[Stage], threads: int) -> int:
    """Return how many chunks are on their way at most."""
    return threads + len(stages) + 2


def _plan_count(stages: Sequence[Stage], threads: int) -> int:
    return sum(1 if stage.field is None else threads + 2 for stage in stages)
