"""Runs in a process of its own: a player that is disturbed on request, or a recorder.

live_worker.py ours|python|recorder BLOCK
"""

import ctypes
import gc
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import live_racks  # type: ignore[import-not-found]
import numpy as np

from namgraph.graph import EngineError
from namgraph.runtime import Engine
from namgraph.runtime.adapters.live.sound_card import LiveStream

LISTS = 2_000_000


class PythonPlayer:
    """The same rack behind a callback in Python, as sounddevice's users write it."""

    def __init__(self, block: int) -> None:
        import sounddevice

        self.engine = Engine(live_racks.counting(), sample_rate=48_000, max_frames=block)
        self.stream = sounddevice.Stream(
            samplerate=48_000,
            blocksize=block,
            channels=(1, 2),
            dtype="float32",
            latency="low",
            callback=self.callback,
        )

    def callback(self, source: Any, target: Any, frames: int, times: Any, status: Any) -> None:
        found = self.engine.process({"in": np.ascontiguousarray(source.T)})
        target[:, 0], target[:, 1] = found["count_out"][0], found["amp_out"][0]

    def start(self) -> "PythonPlayer":
        self.stream.start()
        return self

    @property
    def state(self) -> str:
        return "playing" if self.stream.active else "lost"

    def close(self) -> None:
        self.stream.close()


def sleep(until: float) -> None:
    time.sleep(max(0.0, until - time.monotonic()))


def spin(until: float) -> None:
    x = 0
    while time.monotonic() < until:
        for _ in range(10_000):
            x += 1


def hold(until: float) -> None:
    """Call C that keeps the GIL, 50 ms at a time, as some libraries do."""
    usleep = ctypes.PyDLL(None).usleep
    while time.monotonic() < until:
        usleep(50_000)
        time.sleep(0.05)


def collect(until: float) -> None:
    while time.monotonic() < until:
        gc.collect()
        time.sleep(0.02)


def main(mode: str, block: int) -> None:
    gc.collect()
    litter: list[list[int]] = []
    stream: Any
    if mode == "python":
        stream = PythonPlayer(block)
    else:
        graph = live_racks.checking() if mode == "recorder" else live_racks.counting()
        stream = LiveStream(graph, block, priority=False)
    stream.start()
    print(json.dumps({"state": stream.state}), flush=True)
    for line in sys.stdin:
        verb, *rest = line.split()
        answer: Any = verb
        if verb == "quit":
            break
        if verb == "look":
            answer = {name: stream.get(f"check.{name}") for name in ("seen", "wrong", "breaks")}
            answer["clock"] = time.monotonic()
        elif verb == "state":
            answer = stream.state
        elif verb == "set":
            for k in range(10_000):  # more than the ring holds
                stream.set("amp.gain_db", -float(k % 10))
            answer = "ok"
        elif verb == "check":
            try:
                stream.check()
            except EngineError as error:
                answer = str(error)
        elif verb == "stats":
            stats = stream.stats()
            answer = {"xruns": stats.xruns, "blocks": stats.blocks, "late": stats.late}
        else:
            if verb == "collect" and not litter:
                litter = [[k] for k in range(LISTS)]
            until = time.monotonic() + float(rest[0])
            {"sleep": sleep, "spin": spin, "hold": hold, "collect": collect}[verb](until)
        print(json.dumps(answer), flush=True)
    stream.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
