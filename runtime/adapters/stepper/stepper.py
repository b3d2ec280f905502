"""``Stepper``: play a graph step by step on tentative state, then commit the steps or return."""

from collections.abc import Callable
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....graph import LONGEST_BLOCK, EngineError, Graph, GraphSource, PortError, as_graph
from ....graph.arguments import by_keyword, check_flag, check_whole
from ...engine.array_call import FLOAT32, array_caller
from ...engine.control import ControlQueue
from ...engine.engine import Engine
from ...engine.engine_state import EngineState, new_state, state_for
from ...engine.messages.message_queue import aligned
from ...engine.parameters import TRANSPORT_READINGS, ParameterAccess
from ...native.cpu import nanoseconds_per_cycle
from ...plan.side_by_side import group_rows
from .blocks import output_shape, with_frames
from .native_step import STEPPER
from .states import States, open_states
from .stats import StepStats
from .streams import stream_numbers, which_streams

__all__ = ["Stepper"]

MAX_STREAMS = 65_536
MOST_FLOAT32 = 3e38
EVERY = slice(None)
Audio = NDArray[np.float32]


class Stepper(ParameterAccess):
    """Steps a graph forward in blocks of up to ``frames`` frames; steps can be taken back.

    For searches, samplers and what-if questions: ``step`` plays on *tentative* state; ``commit``
    keeps what was played, ``rollback`` returns to the last commit.  ``graph`` is a graph, a node, a
    model, or the path of a preset or a .nam file, with one input and one output.  Everything is
    prepared once.  ``save_state`` and ``restore_state`` keep any number of branches.  One thread at
    a time.

    ``streams`` are independent signals, up to 65,536, through the same nodes and parameters, each
    with a state of its own, stepped by one native call.  Of a graph that is one LSTM model (mono,
    of one size, without ``resample``) as many streams as a vector has lanes (4, 8 or 16) are
    computed at once, if there are so many; ``commit`` and ``rollback`` then copy one array.  Of any
    other graph streams are computed one after another, each in memory of its own, for what one
    frame costs; ``commit`` and ``rollback`` copy the state of each stream that has changed.  Either
    way each stream has the bits of a stream by itself.

        stepper = ng.Stepper("amp.nam", 48_000)
        tried = stepper.step(0.3)  # a number for one frame; else an array
        stepper.rollback()  # as if it had not been played
        stepper.step(0.2)
        stepper.commit()
    """

    @by_keyword
    def __init__(
        self, graph: GraphSource, sample_rate: float, frames: int = 1, *, streams: int = 1
    ) -> None:
        graph = as_graph(graph, "Stepper(graph, sample_rate, frames)")
        self.streams = check_whole("streams", streams, 1, MAX_STREAMS)
        """Number of streams."""
        frames = check_whole("frames", frames, 1, LONGEST_BLOCK)
        if len(graph.inputs) != 1 or len(graph.outputs) != 1:
            raise PortError(
                f"the graph has inputs {list(graph.inputs)} and outputs {list(graph.outputs)}: "
                "a Stepper takes a graph with one of each"
            )
        self._engine = Engine(graph, sample_rate=sample_rate, max_frames=frames, fade_s=0.0)
        self.frames = self._engine.spec.max_frames
        """The most frames of a step."""
        self._queue: ControlQueue = self._engine.queue
        if self.streams > 1:
            group_rows(self._queue.plan, 0, 0)  # each stream has rows and records of its own
        if self.streams > 1 and self._queue.plan.executor is not None:
            raise EngineError(
                f"streams is {self.streams}: on a device it must be 1; a NamBank plays many models "
                "there, and backend='cpu' many streams"
            )
        if self.streams > 1 and graph.mixes:
            raise EngineError(
                f"streams is {self.streams}: {min(graph.mixes)} is mixed or bypassed, which takes "
                "streams=1"
            )
        self._channels = sum(graph.inputs.values()), sum(graph.outputs.values())
        self._afters = self._queue.plan.afters
        self._state: States = open_states(self._queue, self.streams)
        call = array_caller(self._state.native)
        if call is None:
            raise EngineError(
                "arrays are laid out in memory in another way than NumPy 1 and 2 do in CPython: a "
                "Stepper cannot read them; Engine.process can"
            )
        self._call: Callable[[int, Any, Any, int], int] = call
        self._record = aligned(1, STEPPER)
        self._record["engine"], self._record["frames"] = self._queue.address, self.frames
        self._record["streams"] = self.streams
        if self._state.record is not None:
            self._record["states"] = self._state.record.ctypes.data
        self._address = int(self._record.ctypes.data)
        one = self.streams == 1 and self._channels == (1, 1)
        self._sample = np.zeros((2, 1), np.float32) if one else None
        self.reset_stats()

    @overload
    def step(self, block: float, out: None = None) -> float: ...
    @overload
    def step(self, block: ArrayLike, out: Audio | None = None) -> Audio: ...

    def step(self, block: ArrayLike, out: Audio | None = None) -> Audio | float:
        """Play 1 to ``frames`` frames of every stream, and return the output as float32.

        ``block`` is ``(channels, frames)``, with several streams ``(streams, channels, frames)``.
        Where the graph's input has one channel that axis may be missing, and is then missing in a
        mono output too; so may the axis of one frame: a number gives a number.  ``out``, an array
        of the output's shape, is returned; nothing is allocated then.
        """
        if type(block) is np.ndarray:
            target = out
            if target is None:
                shape = output_shape(block, self.streams, self._channels[1])
                target = np.empty(shape, np.float32)
            if type(target) is np.ndarray and (
                self._call(self._address, block, target, FLOAT32) >= 0
            ):
                self._state.is_tentative = True
                if self._afters:
                    self._run_afters()
                return target
        elif type(block) is float and self._sample is not None and out is None:
            x, y = self._sample
            x[0] = block if -MOST_FLOAT32 < block < MOST_FLOAT32 else np.nan  # counted, played as 0
            self._play(x, y)
            return float(y[0])
        converted: Audio | float = self._step_converted(block, out)
        return converted

    def commit(self, streams: ArrayLike | None = None) -> None:
        """Keep what was played since the last commit, of all streams or of some.

        ``streams`` are stream numbers, or a mask with a bool for each stream; here and below.
        """
        which = EVERY if streams is None else which_streams(streams, self.streams)
        if which is not None:
            self._state.commit(which)
        self._commits += 1

    def rollback(self, streams: ArrayLike | None = None) -> None:
        """Return to the last commit, in all streams or in some; parameters stay as set."""
        which = EVERY if streams is None else which_streams(streams, self.streams)
        if which is not None:
            self._state.rollback(which)
        self._rollbacks += 1

    def reset(self, streams: ArrayLike | None = None) -> None:
        """Return all streams or some to the beginning, and commit that; parameters stay as set."""
        which = which_streams(streams, self.streams)
        if which is not None:
            self._state.reset(which)
        self._resets += 1

    def select(self, sources: ArrayLike) -> None:
        """Let stream ``k`` go on from where stream ``sources[k]`` is, for all streams at once.

        This is how a beam search drops some streams and forks others.  It is tentative:
        ``rollback`` returns each stream to its own last commit.
        """
        chosen = stream_numbers(sources, self.streams)
        if len(chosen) != self.streams:
            raise EngineError(
                f"sources has {len(chosen)} streams: must have {self.streams}, one for each stream"
            )
        self._state.select(chosen)

    def save_state(self, *, stream: int = 0, into: EngineState | None = None) -> EngineState:
        """Return a copy of the tentative state of a stream, for ``restore_state``.

        ``into``, an earlier result of this stepper, is overwritten and returned: nothing is
        allocated then.  It can be pickled, and restored in a twin or in an ``Engine``.
        """
        number = check_whole("stream", stream, 0, self.streams - 1)
        state = state_for(self._queue.plan, into)
        self._state.save(state, number)
        self._saves += 1
        return state

    def restore_state(
        self, state: EngineState, *, streams: ArrayLike | None = None, params: bool = False
    ) -> None:
        """Make a saved state the tentative one, of all streams or of some.

        Parameters stay as set now; with ``params`` they return too.  The state may be that of an
        ``Engine`` or another ``Stepper`` of an equal graph with the same rate and ``frames``
        (``max_frames``), and may have been pickled.
        """
        params, which = check_flag("params", params), which_streams(streams, self.streams)
        if which is not None:
            self._state.restore(state, which, params)
        self._restores += 1

    def set(self, name: str, value: float) -> None:
        """Set a parameter ``"node.param"`` of all streams, from the next step on."""
        self._engine.set(name, value)

    def get(self, name: str) -> float:
        """Return a parameter as last set, or a meter node's reading of the last stream."""
        plan = self._queue.plan
        if isinstance(name, str) and name in plan.reports and name not in plan.params:
            return self._state.reading(int(plan.reports[name].ctypes.data))
        computed = (*plan.analyses, *TRANSPORT_READINGS)
        if isinstance(name, str) and name in computed and self.streams > 1:
            last = new_state(plan)  # computed from memory of the plan: put the stream's there
            self._state.save(last, self.streams - 1)
            plan.arena.state[:] = last.data[last.begin :]
        return self._engine.get(name)

    def params(self) -> dict[str, float]:
        """Return every parameter ``"node.param"`` as last set."""
        return self._engine.params()

    @property
    def graph(self) -> Graph:
        """A copy of the graph, its parameters as they were last set."""
        return self._engine.graph

    @property
    def latency(self) -> int:
        """Frames from input to output."""
        return self._engine.latency

    def stats(self) -> StepStats:
        """Return how many steps, commits and so on there were, and the times of a step."""
        r, unit = self._record[0], nanoseconds_per_cycle() * 1e-3
        each = unit / max(1, int(r["steps"]))
        executor = self._queue.plan.executor
        return StepStats(
            steps=int(r["steps"]),
            frames=int(r["played"]),
            streams=self.streams,
            commits=self._commits,
            rollbacks=self._rollbacks,
            resets=self._resets,
            saves=self._saves,
            restores=self._restores,
            pack_us=int(r["pack"]) * each,
            execute_us=int(r["execute"]) * each,
            read_us=int(r["read"]) * each,
            longest_us=int(r["longest"]) * unit,
            device=None if executor is None else executor.stats(),
        )

    def reset_stats(self) -> None:
        """Set all counters and times of ``stats`` to zero."""
        for name in ("steps", "played", "pack", "execute", "read", "longest"):
            self._record[name] = 0
        self._commits = self._rollbacks = self._resets = self._saves = self._restores = 0

    def _step_converted(self, block: ArrayLike, out: Audio | None) -> Any:
        """Convert a block, or refuse it, and step."""
        x, one_frame = with_frames(block, self.streams, self._channels[0], self.frames)
        shape = output_shape(x, self.streams, self._channels[1])
        wanted = shape[:-1] if one_frame else shape
        target = np.empty(wanted, np.float32) if out is None else out
        if isinstance(target, np.ndarray) and np.may_share_memory(x, target):
            x = x.copy()
        whole = target[..., None] if one_frame and isinstance(target, np.ndarray) else target
        if self._play(x, whole) < 0:
            found = getattr(out, "shape", type(out).__name__)
            raise PortError(
                f"out is {getattr(out, 'dtype', '')} {found}: must be a writeable float32 array of "
                f"shape {wanted}, its frames side by side"
            )
        return target if target.ndim or out is not None else float(target)

    def _play(self, block: Audio, out: Any) -> int:
        """Step from one array to another; return the frames, or a negative number."""
        if type(out) is not np.ndarray:
            return -1
        done = self._call(self._address, block, out, FLOAT32)
        if done >= 0:
            self._state.is_tentative = True
            self._run_afters()
        return done

    def _run_afters(self) -> None:
        for after in self._afters:
            after()

    def __repr__(self) -> str:
        nodes = ", ".join(self._queue.plan.graph.nodes) or "nothing"
        rate = f"{self._engine.spec.rate:g} Hz"
        return f"<Stepper {nodes}: {self.streams} streams of up to {self.frames} frames at {rate}>"
