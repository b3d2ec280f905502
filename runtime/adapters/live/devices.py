"""List and find sound cards.  The only module here that imports sounddevice.  Control threads."""

import atexit
import contextlib
import ctypes
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ....graph import EngineError, ParamError
from ....graph.arguments import clip, format_value
from ....graph.extras import how_to_install

__all__ = [
    "Device",
    "DeviceSelector",
    "devices",
    "find_devices",
    "need_sounddevice",
    "reload_portaudio",
    "skip_termination",
]

DeviceSelector = int | str | None | tuple[int | str | None, int | str | None]
"""A device by number or part of its name, ``None`` for the system's choice, or a pair (in, out)."""


@dataclass(frozen=True)
class Device:
    """A sound card as PortAudio lists it: one entry for each host API that has the card."""

    index: int
    name: str
    api: str
    inputs: int
    outputs: int
    sample_rate: float
    """The default, in Hz."""
    latency_in_ms: float
    latency_out_ms: float
    default_input: bool
    default_output: bool

    def __repr__(self) -> str:
        sides = [s for s in ("input", "output") if getattr(self, f"default_{s}")]
        default = f", default {' and '.join(sides)}" if sides else ""
        return clip(
            f"<Device {self.index} {self.name!r} ({self.api}): {self.inputs} in, "
            f"{self.outputs} out, {self.sample_rate:g} Hz{default}>"
        )


def devices() -> list[Device]:
    """Return every sound card, in the order of their numbers."""
    sd = need_sounddevice()
    apis = sd.query_hostapis()
    default_in, default_out = sd.default.device
    return [
        Device(
            index=k,
            name=d["name"],
            api=apis[d["hostapi"]]["name"],
            inputs=d["max_input_channels"],
            outputs=d["max_output_channels"],
            sample_rate=d["default_samplerate"],
            latency_in_ms=1e3 * max(0.0, d["default_low_input_latency"]),
            latency_out_ms=1e3 * max(0.0, d["default_low_output_latency"]),
            default_input=k == _default_device(default_in, apis, "default_input_device"),
            default_output=k == _default_device(default_out, apis, "default_output_device"),
        )
        for k, d in enumerate(sd.query_devices())
    ]


def need_sounddevice() -> Any:
    """Return the module ``sounddevice``; raise ``EngineError`` that says what to install."""
    try:
        import sounddevice
    except ModuleNotFoundError:
        raise EngineError(f"playing live needs sounddevice: {how_to_install('live')}") from None
    except OSError as reason:  # sounddevice is installed, PortAudio is not
        raise EngineError(
            f"sounddevice cannot load PortAudio ({reason}): on Debian and Ubuntu apt install "
            "libportaudio2, elsewhere pip install --force-reinstall sounddevice"
        ) from None
    _replace_exit_handler(sounddevice)
    return sounddevice


@cache
def _replace_exit_handler(sd: Any) -> None:
    """Do not terminate PortAudio at exit if JACK is one of its host APIs.

    ``Pa_Terminate`` aborts the process (an assertion in pa_jack.c) if the JACK server has gone.
    The system frees all resources of the process; our own streams are closed before.
    """
    handler = getattr(sd, "_exit_handler", None)
    if handler is not None:
        atexit.unregister(handler)
        atexit.register(_end, sd, handler)


def _end(sd: Any, handler: Callable[[], None]) -> None:
    if _termination_skipped or _has_jack(sd):
        _never_unload(sd._lib)
    else:
        handler()


def _never_unload(library: Any) -> None:
    """Keep a library's code in memory until the process ends: JACK's threads run in it.

    cffi unloads a library with the object that stands for it; that object is never freed.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))


def skip_termination() -> None:
    """Do not terminate PortAudio at exit: it would wait for a driver that hangs."""
    _termination_skipped.append(True)


def _has_jack(sd: Any) -> bool:
    return any("JACK" in api["name"] for api in sd.query_hostapis())


def reload_portaudio() -> bool:
    """Load PortAudio again, after the JACK server was restarted; return whether that was possible.

    PortAudio keeps one JACK client while it is initialised, and can be neither used nor terminated
    once that client's server has gone.  So a copy of the library is loaded, with its own globals,
    and the old one stays in memory, unused.  No stream may be open.
    """
    sd = need_sounddevice()
    if not sys.platform.startswith("linux") or not _has_jack(sd):
        return False
    with contextlib.suppress(OSError, StopIteration, ValueError):
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
        paths = (line.split(maxsplit=5)[5] for line in maps.splitlines() if "libportaudio" in line)
        with tempfile.NamedTemporaryFile(prefix="libportaudio-", suffix=".so") as copy:
            shutil.copyfile(next(paths), copy.name)
            made = sd._ffi.dlopen(copy.name)
        _never_unload(sd._lib)  # threads of the old client may still be in its code
        sd._lib, sd._initialized = made, 0
        sd._initialize()
        return True
    return False


_termination_skipped: list[bool] = []


def find_devices(
    wanted: DeviceSelector, inputs: int, outputs: int
) -> tuple[Device | None, Device | None]:
    """Return the input and output device; ``None`` for a side with no channels to open."""
    pair = wanted if isinstance(wanted, tuple) else (wanted, wanted)
    if len(pair) != 2:
        raise ParamError(
            f"device is {format_value(wanted)}: must be one, or a pair (input, output)"
        )
    for one in pair:
        if isinstance(one, bool) or not isinstance(one, int | str | None):
            raise ParamError(
                f"device is {format_value(wanted)}: must be a number from devices(), a part of a "
                "name, None, or a pair of these"
            )
        if one == "":
            raise ParamError("device is '': must be a number, or a part of a name")
    known = devices()
    return (
        _find(known, pair[0], "input", inputs) if inputs else None,
        _find(known, pair[1], "output", outputs) if outputs else None,
    )


def _find(known: list[Device], wanted: int | str | None, side: str, channels: int) -> Device:
    candidates = [d for d in known if _channels(d, side) > 0]
    if not candidates:
        raise EngineError(
            f"there is no sound card with {side}s: connect one (or start JACK), "
            "or play without: NullStream, or namgraph live --null"
        )
    if wanted is None:
        found = [d for d in candidates if getattr(d, f"default_{side}")] or candidates[:1]
    elif isinstance(wanted, int):
        found = [d for d in candidates if d.index == wanted]
    else:
        found = [d for d in candidates if d.name == wanted] or [
            d for d in candidates if wanted.casefold() in f"{d.name}, {d.api}".casefold()
        ]
    if len(found) != 1:
        several = "several of" if found else "none of"
        listed = ", ".join(f"{d.index} {d.name!r} ({d.api})" for d in found or candidates)
        raise EngineError(
            f"{side} device {format_value(wanted)} is {several} those with {side}s: {listed}"
        )
    device = found[0]
    if _channels(device, side) < channels:
        raise EngineError(
            f"{device.name} has {_channels(device, side)} {side} channels, the graph needs "
            f"{channels}: choose another device, or other channels with {side}s="
        )
    return device


def _channels(device: Device, side: str) -> int:
    return device.inputs if side == "input" else device.outputs


def _default_device(default: Any, apis: Any, key: str) -> int:
    """Return the system's default device, or else that of the first host API with one."""
    if isinstance(default, int) and default >= 0:
        return default
    return next((a[key] for a in apis if a[key] >= 0), -1)
