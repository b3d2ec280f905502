"""``GraphPlugin``: a graph that is a pedalboard plugin.

Imported only when it is asked for, because it imports pedalboard, which is under the GPL.
"""

import ctypes
import threading
from typing import Any

import pedalboard as _pedalboard

from ....graph import EngineError, Graph, Spec
from ....graph.arguments import by_keyword
from ....graph.version import VERSION
from ...io.pedalboard_module import check_pedalboard
from .attributes import Knobs
from .hosted_graph import MOST, Fit, Rack
from .ownership import keep_if_held, owners, release_kept
from .shim.binding import Seat, opened, seated

__all__ = ["GraphPlugin"]

THREAD = "main thread"
"""What pedalboard's error says where another thread made the first external plugin."""
pedalboard: Any = _pedalboard
check_pedalboard(pedalboard.__version__)


class GraphPlugin(Knobs, pedalboard.VST3Plugin):  # type: ignore[misc]
    """A graph in the place of a pedalboard plugin: in ``Pedalboard``, ``Chain``, ``Mix``, streams.

    Every parameter of the graph is an attribute, ``amp.input_db`` being ``amp_input_db``; setting
    one is exact, and heard from the next block on.  The graph plays without Python and without
    the GIL; only the first block at a new sample rate takes it, to build an engine.  With
    ``sample_rate`` that is done here and now, as a live ``AudioStream`` should have it.

    ``fit`` says what to do where stream and graph differ in width: ``"exact"`` refuses,
    ``"each"`` plays a copy of a mono graph on each channel, ``"first"`` feeds a graph that gives
    more channels than it takes the first ones.

    Like any external plugin of pedalboard's, it is made in the thread that made the first of
    them, and used in any.
    """

    @by_keyword
    def __init__(
        self, graph: Graph, *, fit: Fit = "exact", sample_rate: float | None = None
    ) -> None:
        release_kept()
        rate = None if sample_rate is None else Spec(sample_rate, 1).rate
        rack = Rack(graph, fit)
        tenant = _Tenant(rack)
        try:
            with seated(rack.name, tenant, sum(1 << n for n in rack.channels)) as seat:
                super(Knobs, self).__init__(str(opened().bundle))
        except EngineError:  # which is a RuntimeError: the shim cannot be had
            raise
        except RuntimeError as error:
            if threading.current_thread() is threading.main_thread() or THREAD not in str(error):
                raise
            raise EngineError(
                "pedalboard makes external plugins only in the thread that made the first one: "
                f"make the GraphPlugin there, and use it anywhere ({error})"
            ) from error
        seat.channel_mask = sum(1 << n for n in range(1, MOST + 1))  # what does not fit, we refuse
        owners(self)  # finds out, now rather than when a plugin goes, whether it can be known
        self._begin(rack, rate)
        object.__setattr__(self, "_seat", seat)
        rack.settle = lambda: opened().library.namgraph_shim_settle(ctypes.byref(seat))
        if rate is not None:
            tenant(seat, rate, 2 if 2 in rack.channels else rack.channels[0])

    def process(self, *args: Any, **kwargs: Any) -> Any:
        """Play audio as any plugin of pedalboard's does.

        An error in building an engine is raised on the way out of the call: here, while the plugin
        is still there, and not when a plugin without a name of its own goes.
        """
        return super(Knobs, self).process(*args, **kwargs)

    __call__ = process

    @property
    def name(self) -> str:
        """The graph's name (a preset's), or the names of its nodes; at most 63 bytes."""
        return self._rack.name

    @property
    def descriptive_name(self) -> str:
        """The same."""
        return self._rack.name

    @property
    def version(self) -> str:
        """The version of namgraph."""
        return VERSION

    @property
    def identifier(self) -> str:
        """The same for the same graph in every process, wherever its parameters are."""
        digest = self._rack.digest
        return f"VST3-{self._rack.name}-{digest[:8]}-{digest[8:]}"

    def __del__(self) -> None:
        if "_rack" in self.__dict__:
            keep_if_held(self)

    def show_editor(self, *args: object) -> None:
        """Refuse: a graph has no window."""
        raise EngineError("a GraphPlugin has no window: its parameters are attributes")


class _Tenant:
    """Seats a rack's engines; refers to no plugin, which may be gone while the host plays on."""

    def __init__(self, rack: Rack) -> None:
        self.rack = rack

    def __call__(self, seat: Seat, rate: float, channels: int) -> None:
        engines = self.rack.build(rate, channels)
        for k, engine in enumerate(engines):
            engine.has_audio_thread = True  # the host's thread takes the messages
            seat.engines[k] = engine.state
        seat.latency = engines[0].latency
        seat.tail = self.rack.tail(rate)
        seat.reads = self.rack.reads
        seat.built_rate, seat.built_channels = rate, channels
        seat.engine_count = len(engines)
