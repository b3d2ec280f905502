"""``GraphPlugin``: a graph as a pedalboard plugin.

Imported on first use only, because it imports pedalboard, which is under the GPL.
"""

import ctypes
import threading
from collections.abc import Mapping
from typing import Any

import pedalboard as _pedalboard

from ....graph import EngineError, GraphSource, Spec
from ....graph.arguments import by_keyword
from ...io.pedalboard_module import check_pedalboard
from ..automation import automated
from .attributes import GraphAttributes
from .channels import MAX_STREAM_CHANNELS, Fit
from .host import Host
from .hosted_graph import HostedGraph
from .ownership import board_count, keep_if_on_board, release_unused_plugins
from .shim.binding import PluginInstance, loaded_shim, offered_instance

__all__ = ["GraphPlugin"]

THREAD = "main thread"
"""Part of pedalboard's error when another thread created the first external plugin."""
pedalboard: Any = _pedalboard
check_pedalboard(pedalboard.__version__)


class GraphPlugin(GraphAttributes, pedalboard.VST3Plugin):  # type: ignore[misc]
    """A graph as a pedalboard plugin, for ``Pedalboard``, ``Chain``, ``Mix`` and ``AudioStream``.

    Blocks are processed without Python and without the GIL; only the first block at a new sample
    rate takes the GIL, to build an engine.  ``sample_rate`` builds it at once: use it with a live
    ``AudioStream``.  ``name`` is what a host displays.  ``automation`` maps ``"node.param"`` to
    points in time: see ``ng.automated``; a reset starts it again.  ``threads`` is as of
    ``Engine``.  Create it in the thread that created the first external plugin of pedalboard; use
    it in any.

    Attributes: every parameter of the graph is one, a float that may be read and set on any thread:
    ``amp.input_db`` is ``plugin.amp_input_db``.  A value is not rounded, and takes effect from the
    next block on; text with its unit will do ("6 dB").  Which there are depends on the graph:
    ``plugin.parameters`` has each with its range, unit and default, and ``dir(plugin)`` its name.
    ``mix`` and ``bypass`` are of the whole plugin.  A swap replaces the attributes, too.

    Channels: in pedalboard as many leave a plugin as enter it.  ``fit`` joins those of the stream
    and the graph.  ``"auto"`` does what is needed, and warns of it once (``ChannelsWarning``): on a
    wider stream a graph of one channel in and out plays each channel with a copy of its own, any
    other graph with one input plays the mean of the channels; on a mono stream every input gets the
    one channel, and the mean of the outputs is heard.  ``"each"`` and ``"sum"`` select one of
    these; ``"first"`` plays the first channels; ``"exact"`` refuses a stream of other channels than
    the graph.  A mono file through a rack with a stereo output is heard in stereo if it is given
    twice: ``board(np.vstack([mono, mono]), rate)``, with ``fit="first"``.

    Tails: the output is as long as the input, and pedalboard adds nothing for echoes to fade out.
    Add the silence: ``plugin.tail_samples`` says how many frames of it.
    """

    _kind = "VST3"

    @by_keyword
    def __init__(
        self,
        graph: GraphSource,
        *,
        fit: Fit = "auto",
        sample_rate: float | None = None,
        name: str | None = None,
        automation: Mapping[str, Any] | None = None,
        threads: int | None = 1,
    ) -> None:
        release_unused_plugins()
        rate = None if sample_rate is None else Spec(sample_rate, 1).rate
        if automation is not None:
            graph = automated(graph, automation)
        hosted = HostedGraph(graph, fit, name, threads)
        builder = _EngineBuilder(hosted)
        try:
            mask = sum(1 << n for n in hosted.rack.layouts)
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
        hosted.host = _ShimHost(instance)
        if rate is not None:
            builder(instance, rate, hosted.rack.preferred_channels)

    def process(
        self, input_array: Any, sample_rate: float, buffer_size: int = 8192, reset: bool = True
    ) -> Any:
        """Process float32 or float64 audio, ``(channels, frames)`` or ``(frames,)``, to float32.

        With ``reset``, the audio is a whole: the state of all nodes is cleared first, and the
        latency compensated.  With ``reset=False`` it is the next part of a stream: the outputs of
        the parts, one after another, are the output of the whole, to the bit, in parts of any
        lengths.  The first parts are shorter by ``latency`` frames; as many frames of silence
        after the last part bring out what is left.  ``plugin.reset()`` begins another stream.
        ``buffer_size`` is the most frames of a block; it does not change the output.
        """
        # An error while building an engine is raised when the host's call returns: this call keeps
        # the plugin alive until then, so that the error is not raised inside __del__.
        return super(GraphAttributes, self).process(input_array, sample_rate, buffer_size, reset)

    __call__ = process

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
        with self.hosted.lock:
            built = (instance.built_rate, instance.built_channels) == (rate, channels)
            if instance.engine_count and built:
                return  # by a swap, for which this thread has waited
            engines = self.hosted.build(rate, channels)
            instance.built_rate, instance.built_channels = rate, channels
            instance.input_channels = channels // len(engines)
            for k, engine in enumerate(engines):
                engine.queue.has_audio_thread = True  # the host's thread handles the messages
                instance.engines[k] = engine.state
            instance.latency, instance.tail = self.hosted.latency, self.hosted.tail
            instance.engine_count = len(engines)  # last: the host plays as many


class _ShimHost(Host):
    """The host that plays a plugin instance.  Any thread."""

    def __init__(self, instance: PluginInstance) -> None:
        self.instance = instance
        self.library = loaded_shim().library

    def handle_messages(self) -> None:
        """Handle waiting messages, unless the host is processing: then it does."""
        self.library.namgraph_shim_handle_messages(ctypes.byref(self.instance))

    def has_engines(self) -> bool:
        """Return whether the host has engines, and does not wait for others."""
        return bool(self.instance.engine_count)

    def report(self, hosted: HostedGraph) -> None:
        """Store latency and tail, which the host reads when it prepares or resets a plugin."""
        self.instance.latency, self.instance.tail = hosted.latency, hosted.tail

    def rebuild(self, hosted: HostedGraph, rate: float, channels: int) -> None:
        """Replace the engines; a host's thread that processes a block meanwhile waits for them.

        The caller holds ``hosted.lock``.
        """
        instance = self.instance
        count, instance.engine_count = instance.engine_count, 0
        # Takes the plugin's lock, so it returns once a block that had begun before is over.
        self.library.namgraph_shim_enable(ctypes.byref(instance), 1)
        try:
            _EngineBuilder(hosted)(instance, rate, channels)
        except BaseException:
            instance.engine_count = count
            raise
