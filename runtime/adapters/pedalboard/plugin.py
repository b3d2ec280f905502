"""``GraphPlugin``: a graph as a pedalboard plugin.

Imported on first use only, because it imports pedalboard, which is under the GPL.
"""

import ctypes
import threading
from typing import Any

import pedalboard as _pedalboard

from ....graph import EngineError, Graph, Spec
from ....graph.arguments import by_keyword
from ....graph.version import VERSION
from ...io.pedalboard_module import check_pedalboard
from .attributes import GraphAttributes
from .hosted_graph import MAX_STREAM_CHANNELS, Fit, HostedGraph
from .ownership import board_count, keep_if_on_board, release_unused_plugins
from .shim.binding import PluginInstance, loaded_shim, offered_instance

__all__ = ["GraphPlugin"]

THREAD = "main thread"
"""Part of pedalboard's error when another thread created the first external plugin."""
pedalboard: Any = _pedalboard
check_pedalboard(pedalboard.__version__)


class GraphPlugin(GraphAttributes, pedalboard.VST3Plugin):  # type: ignore[misc]
    """A graph as a pedalboard plugin, for ``Pedalboard``, ``Chain``, ``Mix`` and ``AudioStream``.

    Every parameter of the graph is an attribute (``amp.input_db`` is ``amp_input_db``); a value
    is not rounded, and takes effect from the next block on.  Blocks are processed without Python
    and without the GIL; only the first block at a new sample rate takes the GIL, to build an
    engine.  ``sample_rate`` builds it at once: use it with a live ``AudioStream``.

    ``fit`` selects the channels: ``"exact"`` needs a stream of the graph's channel count,
    ``"each"`` processes each channel with its own copy of a mono graph, ``"first"`` feeds the
    first channels to a graph with more outputs than inputs.

    Create it in the thread that created the first external plugin of pedalboard; use it in any.
    """

    @by_keyword
    def __init__(
        self, graph: Graph, *, fit: Fit = "exact", sample_rate: float | None = None
    ) -> None:
        release_unused_plugins()
        rate = None if sample_rate is None else Spec(sample_rate, 1).rate
        hosted = HostedGraph(graph, fit)
        builder = _EngineBuilder(hosted)
        try:
            mask = sum(1 << n for n in hosted.channels)
            with offered_instance(hosted.name, builder, mask) as instance:
                super(GraphAttributes, self).__init__(str(loaded_shim().bundle))
        except EngineError:  # also a RuntimeError: there is no plugin binary
            raise
        except RuntimeError as error:
            if threading.current_thread() is threading.main_thread() or THREAD not in str(error):
                raise
            raise EngineError(
                "pedalboard creates external plugins only in the thread that created the first: "
                f"create the GraphPlugin there, and use it in any thread ({error})"
            ) from error
        # From here on HostedGraph.build checks the channel count, with a clearer error.
        instance.channel_mask = sum(1 << n for n in range(1, MAX_STREAM_CHANNELS + 1))
        board_count(self)  # probes the memory layout now, not inside __del__
        self._attach(hosted, rate)
        object.__setattr__(self, "_instance", instance)
        library = loaded_shim().library
        hosted.handle_messages = lambda: library.namgraph_shim_handle_messages(
            ctypes.byref(instance)
        )
        if rate is not None:
            builder(instance, rate, 2 if 2 in hosted.channels else hosted.channels[0])

    def process(self, *args: Any, **kwargs: Any) -> Any:
        """Process audio as any pedalboard plugin does.

        An error while building an engine is raised when the host's call returns.  This method
        keeps the plugin alive until then, so that the error is not raised inside ``__del__``.
        """
        return super(GraphAttributes, self).process(*args, **kwargs)

    __call__ = process

    @property
    def name(self) -> str:
        """The graph's name, or the names of its nodes; at most 63 bytes."""
        return self._hosted.name

    @property
    def descriptive_name(self) -> str:
        """The same as ``name``."""
        return self._hosted.name

    @property
    def version(self) -> str:
        """The version of namgraph."""
        return VERSION

    @property
    def identifier(self) -> str:
        """An identifier of the graph, equal in every process and for all parameter values."""
        digest = self._hosted.digest
        return f"VST3-{self._hosted.name}-{digest[:8]}-{digest[8:]}"

    def __del__(self) -> None:
        if "_hosted" in self.__dict__:
            keep_if_on_board(self)

    def show_editor(self, *args: object) -> None:
        """Raise ``EngineError``: a graph has no editor window."""
        raise EngineError("a GraphPlugin has no window: set its parameters as attributes")


class _EngineBuilder:
    """Build engines for the host; holds no reference to the plugin, which the host may outlive."""

    def __init__(self, hosted: HostedGraph) -> None:
        self.hosted = hosted

    def __call__(self, instance: PluginInstance, rate: float, channels: int) -> None:
        engines = self.hosted.build(rate, channels)
        for k, engine in enumerate(engines):
            engine.queue.has_audio_thread = True  # the host's thread handles the messages
            instance.engines[k] = engine.state
        instance.latency = engines[0].latency
        instance.tail = self.hosted.tail(rate)
        instance.input_channels = self.hosted.input_channels
        instance.built_rate, instance.built_channels = rate, channels
        instance.engine_count = len(engines)
