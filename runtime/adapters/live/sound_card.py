"""A stream on a sound card: PortAudio's thread calls the compiled callback."""

import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Literal

from ....graph import EngineError, GraphSource, as_graph
from ....graph.arguments import by_keyword, check_flag
from . import thread_priority
from .arguments import check_block, check_latency
from .callback import card_callback
from .channel_map import graph_rate, input_map, output_map
from .devices import (
    DeviceSelector,
    find_devices,
    need_sounddevice,
    reload_portaudio,
    skip_termination,
)
from .portaudio import Card, GoneServerError, Request, format_error, open_card
from .stream import Stream

__all__ = ["LiveStream"]

DRIVER_TIMEOUT_S = 3.0
"""How long a driver may take to stop, and how long a card may not call before it is lost."""
GONE_TIMEOUT_S = 0.5
"""How long a driver may take to stop once its device has gone."""


class LiveStream(Stream):
    """Plays a graph on a sound card, from its inputs to its outputs.

    ``device`` is a number from ``devices()``, a part of a name, or a pair of these for input and
    output; ``None`` is the system's choice.  ``sample_rate`` is in Hz; where it is not given, that
    of the graph's models, and the card's own where there are none (or with different rates).
    ``blocksize`` is in frames, 16 to 8192: see ``check_block`` for why not 0.  ``latency`` is
    "low" or "high", as the driver defines them, or seconds.
    ``inputs`` and ``outputs`` name channels of the card, counted from 1, for the graph's channels
    in order; ``()`` opens none on that side.  A mono graph plays on both of a card's first two.
    ``node_share`` is the share of a block's time that a node may take for many blocks running
    before it is muted for half a second.  ``threads`` is as of ``Engine``.

    The thread's priority is raised and the plan's memory locked where the system allows; where it
    does not, that is a ``RuntimeWarning`` and a line in ``warnings``.
    """

    @by_keyword
    def __init__(
        self,
        graph: GraphSource,
        blocksize: int = 64,
        *,
        device: DeviceSelector = None,
        sample_rate: float | None = None,
        inputs: Sequence[int] | None = None,
        outputs: Sequence[int] | None = None,
        latency: float | str = "low",
        fade_s: float = 0.02,
        node_share: float | None = 1.0,
        pipelined: bool = False,
        threads: int | None = 1,
        priority: bool = True,
    ) -> None:
        graph = as_graph(graph)
        blocksize = check_block(blocksize)
        latency = check_latency(latency)
        priority = check_flag("priority", priority)
        ins = input_map(graph, inputs)
        outs = output_map(graph, outputs, 0)
        widths = max(ins, default=-1) + 1, len(outs)
        self.input_device, self.output_device = find_devices(device, *widths)
        if self.input_device is None and self.output_device is None:
            raise EngineError(
                "neither inputs nor outputs are opened: a live stream needs at least one channel"
            )
        if self.output_device is not None:
            outs = output_map(graph, outputs, self.output_device.outputs)
        own = (self.output_device or self.input_device).sample_rate  # type: ignore[union-attr]
        if sample_rate is None:
            sample_rate = graph_rate(graph) or own
        self._card: Card | None = None
        self._latency = (0.0, 0.0)
        super().__init__(
            graph,
            sample_rate=sample_rate,
            blocksize=blocksize,
            in_map=ins,
            out_map=outs,
            fade_s=fade_s,
            node_share=node_share,
            pipelined=pipelined,
            threads=threads,
        )
        self._priority = priority
        self._last_call = (0, 0.0)
        self._request = Request(
            self.input_device,
            self.output_device,
            self.in_width,
            self.out_width,
            self.sample_rate,
            blocksize,
            card_callback.address,
            self.state_address,
            latency,
        )
        try:
            self._card = open_card(self._request)
        except GoneServerError as error:
            self._request = self._reload_and_find(error, device, widths)
            self._card = open_card(self._request)
            self._warn("the JACK server was restarted: PortAudio was loaded anew")
        _open.add(self)

    def _reload_and_find(
        self, error: EngineError, wanted: DeviceSelector, widths: tuple[int, int]
    ) -> Request:
        """Reload PortAudio; return the request with the device's new number."""
        if any(stream.state != "closed" for stream in _open):
            raise EngineError(
                f"{error} (if the JACK server was restarted: close every stream, then open again)"
            ) from None
        if not reload_portaudio():
            raise error from None
        self.input_device, self.output_device = find_devices(wanted, *widths)
        return self._request._replace(ins=self.input_device, outs=self.output_device)

    @property
    def state_address(self) -> int:
        """The address of the ``HOST`` record, the callback's ``user`` argument."""
        return int(self.host.ctypes.data)

    @property
    def latency_s(self) -> tuple[float, float]:
        """Input and output latency of the device in seconds, as the driver reports them."""
        if self._card is not None:
            found = self._card.latency
            if isinstance(found, tuple):
                self._latency = float(found[0]), float(found[1])
            elif self.output_device is None:
                self._latency = float(found), 0.0
            else:
                self._latency = 0.0, float(found)
        return self._latency  # a closed stream keeps the last values

    def swap(self, graph: GraphSource) -> None:
        """Crossfade to another graph: see ``Stream.swap``."""
        super().swap(graph)
        if self._priority:
            self._lock()

    def _start(self) -> None:
        if self._card is None:
            raise EngineError("the stream is closed: make a new one")
        if self._priority:
            self._lock()
            api = (self.output_device or self.input_device).api  # type: ignore[union-attr]
            if sys.platform.startswith("linux") and "JACK" not in api:  # JACK's has it already
                thread_priority.request_priority(self.host[0])
            workers = self.engine.queue.workers
            reason = workers.raise_priority(thread_priority.PRIORITY - 1) if workers else ""
            if reason:
                self._warn(f"the worker threads have no real-time priority ({reason})")
        self._last_call = (int(self.host["blocks"][0]), time.monotonic())
        try:
            self._card.start()
        except need_sounddevice().PortAudioError as error:
            raise EngineError(format_error(error, self._request)) from None
        if self.host["begin"][0]:
            deadline = time.monotonic() + 0.5
            while self.host["priority_answer"][0] < 0 and time.monotonic() < deadline:
                time.sleep(0.01)
            if self.host["priority_answer"][0] > 0:
                self._warn(
                    "the audio thread has no real-time priority: let your user have rtprio in "
                    "/etc/security/limits.d, or use JACK"
                )

    def _lock(self) -> None:
        arena = self.engine.plan.arena
        places = [(arena.state_address, arena.nbytes), (self.state_address, self.host.nbytes)]
        audio = self._memory.audio
        places.append((int(audio.ctypes.data), audio.nbytes))
        reason = thread_priority.lock_memory(places)
        if reason:
            self._warn(
                f"the plan's memory may be paged out ({reason}): let your user have more memlock "
                "in /etc/security/limits.d"
            )

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
            warnings.warn(text, RuntimeWarning, stacklevel=4)

    def _stop(self) -> None:
        if self._card is None:
            return
        timeout_s = DRIVER_TIMEOUT_S if self._card.active else GONE_TIMEOUT_S
        if not _call_with_timeout(self._card.abort, timeout_s):
            self._abandon_driver()

    def _close(self) -> None:
        _ = self.latency_s  # read it: it is reported after closing too
        if self._card is not None and not _call_with_timeout(self._card.close, DRIVER_TIMEOUT_S):
            self._abandon_driver()
        self._card = None

    def _abandon_driver(self) -> None:
        """Stop using a driver that hangs; keep the memory that it may still call.

        PortAudio is not terminated at exit: it would wait for the driver without end.
        """
        _abandoned.append(self)
        self._card = None
        skip_termination()
        self._warn("the driver does not answer: its stream was abandoned")

    def _alive(self) -> Literal["playing", "ended", "lost"]:
        if self._card is None or not self._card.active:
            return "lost"
        blocks, now = int(self.host["blocks"][0]), time.monotonic()
        if blocks != self._last_call[0]:
            self._last_call = (blocks, now)
        return "lost" if now - self._last_call[1] > DRIVER_TIMEOUT_S else "playing"

    def _calling(self) -> bool:
        return self._card is not None and self._card.active

    def _describe_loss(self) -> str:
        device = self.output_device or self.input_device
        name = "the device" if device is None else f"{device.name} ({device.api})"
        return f"{name} has stopped calling: is it still connected, is its server (JACK) running?"


_abandoned: list[LiveStream] = []
_open: weakref.WeakSet[LiveStream] = weakref.WeakSet()
"""Streams that were opened; closed ones too, while something refers to them."""


def _call_with_timeout(call: Callable[[], object], seconds: float) -> bool:
    """Call a driver function that may hang, on a helper thread; return whether it has ended."""
    helper = threading.Thread(target=call, name="namgraph-driver", daemon=True)
    helper.start()
    helper.join(seconds)
    return not helper.is_alive()
