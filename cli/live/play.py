"""Open the stream that ``namgraph live`` plays, poll it, and display its statistics."""

import argparse
import signal
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ...graph import ParamError
from ...graph.arguments import check_number
from ...presets.bundled import DEMO_DI, asset
from ...presets.rig import Rig
from ...runtime.adapters.live.arguments import check_block
from ...runtime.adapters.live.devices import DeviceSelector
from ...runtime.adapters.live.null import NullStream
from ...runtime.adapters.live.sound_card import LiveStream
from ...runtime.adapters.live.stream import Stream
from ...runtime.io.audio_file import read_audio
from ..signals import collected_signals
from .display import Display, JsonDisplay, TerminalDisplay

__all__ = ["play"]

POLL_S = 0.1
LOWEST_HZ, HIGHEST_HZ = 1_000.0, 1_000_000.0


def play(rig: Rig, arguments: argparse.Namespace, warn: Callable[[str], None]) -> None:
    """Play until a signal comes, ``--seconds`` are over, or the device is lost.

    ``arguments`` are those of the command line.  However it ends, the device is closed and the
    summary (or the last event) is written.  SIGINT (Ctrl-C) returns; SIGTERM and SIGHUP raise
    ``SystemExit`` with 128 and their number.  Control thread.
    """
    stream = _open(rig, arguments)
    kind = JsonDisplay if arguments.json else TerminalDisplay if sys.stdout.isatty() else Display
    display = kind(sys.stdout)
    with collected_signals() as received:
        try:
            _play(stream, rig, arguments.seconds, display, warn, received)
        finally:
            number = next((n for n in received if n != signal.SIGINT), None)
            if number is not None:
                raise SystemExit(128 + number)


def _play(
    stream: Stream,
    rig: Rig,
    seconds: float | None,
    display: Display,
    warn: Callable[[str], None],
    received: list[int],
) -> None:
    printed: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # stream.warnings has them too
        try:
            with stream:
                display.started(rig, stream)
                _print_warnings(stream, printed, warn)
                _poll(stream, seconds, display, warn, received)
                last = stream.stats()
                if not received:
                    stream.check()
        except Exception:
            display.ended(stream.stats())
            raise
        finally:
            _print_warnings(stream, printed, warn)
    display.ended(last)


def _poll(
    stream: Stream,
    seconds: float | None,
    display: Display,
    warn: Callable[[str], None],
    received: list[int],
) -> None:
    """Update the display until the stream ends; warn once if a GPU fell back to the CPU."""
    warned = False
    while stream.state == "playing" and not received:
        if isinstance(stream, NullStream):
            stream.wait(POLL_S)  # returns early at the stream's last frame
        else:
            time.sleep(POLL_S)
        stats = stream.stats()
        display.update(stats)
        if not warned and stats.device is not None and stats.device.fallback_reason:
            warned = True
            warn(str(stats.device))
        if seconds is not None and stats.seconds >= seconds:
            return


def _print_warnings(stream: Stream, printed: list[str], warn: Callable[[str], None]) -> None:
    for line in stream.warnings:
        if line not in printed:
            printed.append(line)
            warn(line)


def _open(rig: Rig, arguments: argparse.Namespace) -> Stream:
    a = arguments
    if a.seconds is not None and not a.seconds > 0:
        raise ParamError(f"--seconds is {a.seconds:g}: must be more than 0")
    if a.fast and not (a.null and a.seconds is not None):
        raise ParamError("--fast goes with --null and --seconds: a sound card keeps its own time")
    check_block(a.block, "--block")
    if a.rate is not None:
        check_number("--rate", a.rate, LOWEST_HZ, HIGHEST_HZ, " Hz")
    inputs, outputs = _channels("--inputs", a.inputs), _channels("--outputs", a.outputs)
    if not a.null:
        return LiveStream(
            rig.graph,
            a.block,
            device=_device(a.device),
            sample_rate=a.rate,
            inputs=inputs,
            outputs=outputs,
            pipelined=a.pipelined,
            threads=a.threads,
        )
    if a.device is not None:
        raise ParamError(f"--device is {a.device}: with --null there is none")
    return NullStream(
        rig.graph,
        a.block,
        sample_rate=a.rate,
        realtime=not a.fast,
        seconds=a.seconds,
        source=_guitar(rig, inputs),
        inputs=inputs,
        outputs=outputs,
        pipelined=a.pipelined,
        threads=a.threads,
    )


def _guitar(rig: Rig, inputs: list[int] | None) -> Any:
    """Return the bundled guitar recording for every input channel, (channels, frames)."""
    width = sum(rig.graph.inputs.values()) if inputs is None else max(inputs, default=0)
    return np.repeat(read_audio(asset(DEMO_DI)).samples[:1], width, axis=0) if width else None


def _device(text: str | None) -> DeviceSelector:
    if text is None:
        return None
    both = [int(part) if part.strip().isdecimal() else part.strip() for part in text.split(",", 1)]
    return both[0] if len(both) == 1 else (both[0], both[1])


def _channels(name: str, text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise ParamError(f"{name} is {text!r}: must be channels such as 1,2 (or nothing)") from None
