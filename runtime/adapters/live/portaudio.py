"""PortAudio streams with a compiled callback, opened through sounddevice; its errors as ours."""

import inspect
from typing import Any, NamedTuple, Protocol

from ....graph import EngineError
from .devices import Device, need_sounddevice

__all__ = ["Card", "GoneServerError", "Request", "open_card"]

REMEDIES = {
    -9997: "refuses {rate:g} Hz (it runs at {own:g} Hz): change the card's rate, or play at "
    "its own (sample_rate=, --rate; models made for another then need resample=True, --resample)",
    -9998: "refuses {channels} channels: choose others with inputs= and outputs=",
    -9996: "is not there any more: namgraph devices lists what is",
    -9985: "is in use by another program: close that, or choose another device",
    -9986: "failed inside PortAudio: try again, or another block size",
    -9993: "cannot be joined with the other device: choose both of the same driver",
}
"""By PortAudio's error numbers."""
SERVER_GONE = (-9992, -9986, -9996, -9999)
"""What PortAudio says of a JACK server that was restarted: -9992, insufficient memory, mostly."""


class GoneServerError(EngineError):
    """A JACK device cannot be opened, perhaps because the server was restarted."""


class Card(Protocol):
    """An open stream; sounddevice's own class has these, and more."""

    latency: Any

    @property
    def active(self) -> bool:
        """Whether the callback is being called."""
        ...

    def start(self) -> None:
        """Begin to call back."""
        ...

    def abort(self) -> None:
        """Stop calling back, now."""
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...


class Request(NamedTuple):
    """What is to be opened."""

    ins: Device | None
    outs: Device | None
    in_width: int
    out_width: int
    rate: float
    block: int
    callback: int
    user: int
    latency: float | str


def open_card(request: Request) -> Card:
    """Open a device, or raise ``EngineError`` with the remedy."""
    sd = need_sounddevice()
    try:
        if "userdata" in inspect.signature(sd._StreamBase.__init__).parameters:
            card: Card = _through_sounddevice(sd, request)
            return card
        return RawCard(sd, request)
    except sd.PortAudioError as error:
        device = request.outs or request.ins
        jack = device is not None and "JACK" in device.api
        gone = jack and any(number in SERVER_GONE for number in error.args[1:2])
        raise (GoneServerError if gone else EngineError)(explain(error, request)) from None
    except ValueError as error:
        raise EngineError(f"the device cannot be opened: {error}") from None


def explain(error: Exception, request: Request) -> str:
    """Say in one line what PortAudio refused, and what to do."""
    device = request.outs or request.ins
    number = next((a for a in error.args if isinstance(a, int)), 0)
    said = str(error.args[0]).rstrip(".") if error.args else "no reason given"
    if device is None:
        return said
    remedy = REMEDIES.get(number, "cannot be opened: namgraph devices lists what can").format(
        rate=request.rate,
        own=device.sample_rate,
        channels=f"{request.in_width} in, {request.out_width} out",
    )
    return f"{device.name} ({device.api}) {remedy} [{said}]"


def _through_sounddevice(sd: Any, r: Request) -> Any:
    device: Any = tuple(d.index if d else None for d in (r.ins, r.outs))
    channels: Any = (r.in_width, r.out_width)
    kind = "duplex"
    if r.ins is None or r.outs is None:
        kind, side = ("input", 0) if r.outs is None else ("output", 1)
        device, channels = device[side], channels[side]
    return sd._StreamBase(
        kind=kind,
        samplerate=r.rate,
        blocksize=r.block,
        device=device,
        channels=channels,
        dtype="float32",
        latency=r.latency,
        clip_off=False,
        dither_off=True,  # float32 that a driver converts to 24 bits gains nothing from it
        callback=r.callback,
        userdata=sd._ffi.cast("void*", r.user),
        wrap_callback=None,
    )


class RawCard:
    """PortAudio asked directly, should sounddevice one day take no pointers for its callback."""

    def __init__(self, sd: Any, r: Request) -> None:
        self._sd, self._lib = sd, sd._lib
        place = sd._ffi.new("PaStream**")
        sides = []
        for device, width, side in ((r.ins, r.in_width, "in"), (r.outs, r.out_width, "out")):
            if device is None:
                sides.append(sd._ffi.NULL)
                continue
            late = 1e-3 * (device.latency_in_ms if side == "in" else device.latency_out_ms)
            fields = (device.index, width, self._lib.paFloat32, late, sd._ffi.NULL)
            sides.append(sd._ffi.new("PaStreamParameters*", fields))
        flags = self._lib.paDitherOff
        callback = sd._ffi.cast("PaStreamCallback*", r.callback)
        user = sd._ffi.cast("void*", r.user)
        self._check(self._lib.Pa_OpenStream(place, *sides, r.rate, r.block, flags, callback, user))
        self._stream = place[0]
        info = self._lib.Pa_GetStreamInfo(self._stream)
        self.latency = (info.inputLatency, info.outputLatency)

    @property
    def active(self) -> bool:
        """Whether the callback is being called."""
        return bool(self._lib.Pa_IsStreamActive(self._stream) == 1)

    def start(self) -> None:
        """Begin to call back."""
        self._check(self._lib.Pa_StartStream(self._stream))

    def abort(self) -> None:
        """Stop calling back, now."""
        self._lib.Pa_AbortStream(self._stream)

    def close(self) -> None:
        """Let go of the device."""
        self._lib.Pa_CloseStream(self._stream)

    def _check(self, error: int) -> None:
        if error < 0:
            text = self._sd._ffi.string(self._lib.Pa_GetErrorText(error)).decode()
            raise self._sd.PortAudioError(text, error)
