"""A private JACK server without a sound card, and a player and a recorder process on it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@contextlib.contextmanager
def server(block: int) -> Iterator[dict[str, str]]:
    """Start jackd's dummy driver; give the environment in which clients find it, and only it."""
    if shutil.which("jackd") is None:
        pytest.skip("jackd is not installed: apt install jackd2")
    name = f"namgraph-{os.getpid()}-{block}"
    environment = {
        **os.environ,
        "JACK_DEFAULT_SERVER": name,
        "JACK_NO_START_SERVER": "1",
        "JACK_NO_AUDIO_RESERVATION": "1",
    }
    for mode in (["-R", "-P", "70"], ["-r"]):  # real-time priority is not granted everywhere
        command = ["jackd", *mode, "-n", name, "-d", "dummy", "-r", "48000", "-p", str(block)]
        running = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        )
        try:
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and running.poll() is None:
                if "system:playback_1" in ports(environment):
                    environment["JACKD_PID"] = str(running.pid)
                    yield environment
                    return
                time.sleep(0.05)
        finally:
            running.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(5)
            if running.poll() is None:
                running.kill()
                running.wait()
    pytest.skip("jackd's dummy driver does not start here")


def ports(environment: dict[str, str]) -> set[str]:
    listed = subprocess.run(["jack_lsp"], capture_output=True, text=True, env=environment)
    return set(listed.stdout.split())


class Worker:
    """A process that reads commands line by line, and replies in lines of JSON."""

    def __init__(self, environment: dict[str, str], *arguments: object) -> None:
        self.before = ports(environment)
        self.environment = environment
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "live_worker.py"), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def hear(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, errors = self.process.communicate(timeout=20)
            raise AssertionError(f"the worker ended with {self.process.returncode}: {errors}")
        return json.loads(line)

    def say(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def ask(self, text: str) -> Any:
        self.say(text)
        return self.hear()

    def ports(self, kind: str) -> list[str]:
        """Return what the worker has opened since it was made."""
        return sorted(p for p in ports(self.environment) - self.before if kind in p)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            if self.process.poll() is None:
                self.say("quit")
        try:
            self.process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


@contextlib.contextmanager
def rig(block: int, mode: str) -> Iterator[tuple[Worker, Worker]]:
    """A player and a recorder in two processes, joined by a server of their own."""
    with server(block) as environment, Worker(environment, mode, block) as player:
        assert player.hear()["state"] == "playing"
        source = player.ports(":out_")[0]
        with Worker(environment, "recorder", block) as recorder:
            assert recorder.hear()["state"] == "playing"
            sink = recorder.ports(":in_")[0]
            for command in (
                ["jack_disconnect", "system:capture_1", sink],
                ["jack_connect", source, sink],
            ):
                subprocess.run(command, capture_output=True, env=environment, check=False)
            time.sleep(0.2)
            yield player, recorder


def lost_share(player: Worker, recorder: Worker, load: str, seconds: float) -> float:
    """Return the share of frames, in percent, that were due and that the recorder did not receive.

    JACK does not call a recorder whose source has not finished, so what is due is known by the
    clock; frames heard twice, or silent, do not count as heard.
    """
    before = recorder.ask("look")
    player.ask(f"{load} {seconds}")
    after = recorder.ask("look")
    heard = after["seen"] - before["seen"] - (after["wrong"] - before["wrong"])
    due = 48_000 * (after["clock"] - before["clock"])
    assert due >= 48_000 * seconds
    return float(100.0 * max(0.0, 1.0 - heard / due))


def wait_for_ports(environment: dict[str, str]) -> None:
    """Wait until a server that was just started accepts clients."""
    deadline = time.monotonic() + 10
    while "system:playback_1" not in ports(environment):
        assert time.monotonic() < deadline, "the server does not start"
        time.sleep(0.05)


def end(pid: int) -> None:
    """End a server, a child of this process, and wait until it has gone."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 10
    while os.path.exists(f"/proc/{pid}/cmdline") and time.monotonic() < deadline:
        if not Path(f"/proc/{pid}/cmdline").read_bytes():  # a zombie, not waited for yet
            return
        time.sleep(0.05)
