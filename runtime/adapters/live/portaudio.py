"""Open PortAudio streams with a compiled callback, through sounddevice; translate its errors."""

from typing import Any, NamedTuple, Protocol

from ....graph import EngineError
from .devices import Device, need_sounddevice

__all__ = ["Card", "GoneServerError", "Request", "open_card"]

REMEDIES = {
    -9997: "refuses {rate:g} Hz (it runs at {own:g} Hz): change the card's rate, or play at "
    "its own (sample_rate=; models made for another then need resample=True)",
    -9998: "refuses {channels} channels: choose others with inputs= and outputs=",
    -9996: "is not there any more: namgraph devices lists what is",
    -9985: "is in use by another program: close that, or choose another device",
    -9986: "failed inside PortAudio: try again, or another block size",
    -9993: "cannot be joined with the other device: choose both of the same driver",
}
"""What to do, by PortAudio's error number."""
SERVER_GONE = (-9992, -9986, -9996, -9999)
"""PortAudio's errors after a JACK server was restarted: mostly -9992, insufficient memory."""


class GoneServerError(EngineError):
    """A JACK device cannot be opened, perhaps because the server was restarted."""


class Card(Protocol):
    """An open stream of sounddevice."""

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
        """Close the device."""
        ...


class Request(NamedTuple):
    """The arguments of one call of ``open_card``."""

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
    """Open a device; raise ``EngineError`` that says what to do."""
    sd = need_sounddevice()
    try:
        card: Card = _open_stream(sd, request)
        return card
    except sd.PortAudioError as error:
        device = request.outs or request.ins
        jack = device is not None and "JACK" in device.api
        gone = jack and any(number in SERVER_GONE for number in error.args[1:2])
        raise (GoneServerError if gone else EngineError)(format_error(error, request)) from None
    except ValueError as error:
        raise EngineError(f"the device cannot be opened: {error}") from None


def format_error(error: Exception, request: Request) -> str:
    """Return one line: the device, what PortAudio refused, and what to do."""
    device = request.outs or request.ins
    number = next((a for a in error.args if isinstance(a, int)), 0)
    reason = str(error.args[0]).rstrip(".") if error.args else "no reason given"
    if device is None:
        return reason
    remedy = REMEDIES.get(number, "cannot be opened: namgraph devices lists what can").format(
        rate=request.rate,
        own=device.sample_rate,
        channels=f"{request.in_width} in, {request.out_width} out",
    )
    return f"{device.name} ({device.api}) {remedy} [{reason}]"


def _open_stream(sd: Any, r: Request) -> Any:
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
