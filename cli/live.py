"""What ``namgraph live`` and ``namgraph devices`` do: play a rack, and show how it goes."""

import argparse
import json
import signal
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ..graph import ParamError
from ..graph.arguments import check_number
from ..presets.rig import Rig
from ..runtime.adapters.live.arguments import check_block
from ..runtime.adapters.live.devices import DeviceSelector, devices
from ..runtime.adapters.live.null import NullStream
from ..runtime.adapters.live.sound_card import LiveStream
from ..runtime.adapters.live.stream import Stream
from .live_display import Events, Line, Lines, Show
from .signals import noted_signals

__all__ = ["list_devices", "live"]

LOOK_S = 0.1
LOWEST_HZ, HIGHEST_HZ = 1_000.0, 1_000_000.0


def live(rig: Rig, a: argparse.Namespace, warn: Callable[[str], None]) -> None:
    """Play until a signal asks to stop, ``--seconds`` are over, or the device is gone.

    ``a`` holds the options as the command line declares them.  Whatever ends it, the device is
    closed and the summary (or the last event) is written.  Ctrl-C is the usual way to stop: it
    returns.  SIGTERM and SIGHUP raise ``SystemExit`` with 128 and their number.
    """
    stream = _open(rig, a)
    show: Show = (Events if a.json else Line if sys.stdout.isatty() else Lines)(sys.stdout)
    with noted_signals() as stops:
        try:
            _play(stream, rig, a.seconds, show, warn, stops)
        finally:
            number = next((n for n in stops if n != signal.SIGINT), None)
            if number is not None:
                raise SystemExit(128 + number)


def _play(
    stream: Stream,
    rig: Rig,
    seconds: float | None,
    show: Show,
    warn: Callable[[str], None],
    stops: list[int],
) -> None:
    told: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # they are told as lines of ours
        try:
            with stream:
                show.started(rig, stream)
                _tell(stream, told, warn)
                _watch(stream, seconds, show, warn, stops)
                last = stream.stats()
                if not stops:
                    stream.check()
        except Exception:
            show.ended(stream.stats())
            raise
        finally:
            _tell(stream, told, warn)
    show.ended(last)


def _watch(
    stream: Stream,
    seconds: float | None,
    show: Show,
    warn: Callable[[str], None],
    stops: list[int],
) -> None:
    """Look at a stream again and again, until it is over; say so when a GPU has been relieved."""
    told = False
    while stream.state == "playing" and not stops:
        if isinstance(stream, NullStream):
            stream.wait(LOOK_S)  # which knows its end to the frame
        else:
            time.sleep(LOOK_S)
        stats = stream.stats()
        show.look(stats)
        if not told and stats.device is not None and stats.device.fallback_reason:
            told = True
            warn(str(stats.device))
        if seconds is not None and stats.seconds >= seconds:
            return


def _tell(stream: Stream, told: list[str], warn: Callable[[str], None]) -> None:
    for line in stream.warnings:
        if line not in told:
            told.append(line)
            warn(line)


def _open(rig: Rig, a: argparse.Namespace) -> Stream:
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
    )


def _guitar(rig: Rig, inputs: list[int] | None) -> Any:
    """Return the shipped guitar for every channel that comes in, so that there is something."""
    import numpy as np

    from ..presets.bundled import DEMO_DI, asset
    from ..runtime.io.audio_file import read_audio

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


def list_devices(as_json: bool) -> str:
    """Return the sound cards as lines, or as one JSON object."""
    found = devices()
    if as_json:
        return json.dumps({"devices": [asdict(d) for d in found]})
    if not found:
        return "no sound card; namgraph live --null plays without one"
    return "\n".join(
        f"{'>' if d.default_input else ' '}{'<' if d.default_output else ' '} {d.index:3d}  "
        f"{d.name}, {d.api}: {d.inputs} in, {d.outputs} out, {d.sample_rate:g} Hz, "
        f"{d.latency_in_ms + d.latency_out_ms:.1f} ms"
        for d in found
    )
