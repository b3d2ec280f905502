"""Real duplex streams, on jackd's dummy driver; a recorder in another process counts lost frames.

The whole matrix takes minutes: ``NAMGRAPH_LIVE=1 pytest -m live``.  A short version runs always.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from . import live_jack

try:
    import sounddevice  # noqa: F401
except (ImportError, OSError) as reason:  # the package, or its library, is not installed
    pytest.skip(f"needs sounddevice and PortAudio: {reason}", allow_module_level=True)

LOADS = ("sleep", "spin", "hold", "collect")
WHOLE = os.environ.get("NAMGRAPH_LIVE") == "1"
NOISE = 8.0
"""Points that a shared machine may add to any cell of the short version."""


def table(
    block: int, mode: str, loads: tuple[str, ...], rounds: int, seconds: float
) -> dict[str, float]:
    """Return the median share of lost frames under each load; rounds go through all loads."""
    found: dict[str, list[float]] = {load: [] for load in loads}
    with live_jack.rig(block, mode) as (player, recorder):
        for _ in range(rounds):
            for load in loads:
                found[load].append(live_jack.lost_share(player, recorder, load, seconds))
    return {load: statistics.median(shares) for load, shares in found.items()}


def test_python_cannot_disturb_a_stream_and_does_disturb_a_python_callback() -> None:
    """The short version.  The second half is the control: the same check finds a real loss."""
    ours = table(64, "ours", ("sleep", "spin", "hold"), 1, 1.0)
    theirs = table(64, "python", ("hold",), 1, 1.0)
    for load in ("spin", "hold"):
        assert ours[load] <= ours["sleep"] + NOISE, ours
    assert theirs["hold"] > ours["hold"] + 20.0, (ours, theirs)


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.skipif(not WHOLE, reason="takes minutes: set NAMGRAPH_LIVE=1")
@pytest.mark.parametrize("block", [32, 64, 128])
def test_the_whole_matrix(block: int) -> None:
    ours = table(block, "ours", LOADS, 3, 4.0)
    theirs = table(block, "python", LOADS, 1, 4.0)
    print(f"\n{block:4d} frames   " + "".join(f"{load:>12}" for load in LOADS))
    for name, row in (("compiled", ours), ("Python", theirs)):
        print(f"  {name:<11} " + "".join(f"{row[load]:10.2f} %" for load in LOADS))
    for load in LOADS[1:]:
        assert ours[load] <= ours["sleep"] + 0.5, ours
        assert theirs[load] > 10.0, theirs


def test_a_stream_survives_its_server_and_reports_the_loss() -> None:
    with (
        live_jack.server(64) as environment,
        live_jack.Worker(environment, "ours", 64) as player,
    ):
        assert player.hear()["state"] == "playing"
        assert player.ask("stats")["blocks"] > 0
        os.kill(int(environment["JACKD_PID"]), signal.SIGKILL)
        deadline = time.monotonic() + 10
        while player.ask("state") != "lost":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert player.ask("check").startswith("system (JACK")
        assert player.ask("set") == "ok"
        player.say("quit")
        assert player.process.wait(20) == 0


ENDINGS = {
    "interpreter": ("", 0),
    "exception": ("raise ValueError('mine')", 1),
    "thread": ("import threading; threading.Thread(target=time.sleep, args=(0.2,)).start()", 0),
    "interrupt": ("os.kill(os.getpid(), signal.SIGINT); time.sleep(5)", -signal.SIGINT),
    "sys.exit": ("sys.exit(3)", 3),
    "two": ("other = LiveStream(graph, 64).start(); time.sleep(0.1); assert other.frame", 0),
    "dropped": ("del stream; import gc; gc.collect(); time.sleep(0.1)", 0),
}


@pytest.fixture(scope="module")
def environment() -> object:
    with live_jack.server(64) as found:
        yield found


def test_the_command_plays_for_the_given_seconds(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "namgraph.cli.main", "live", "crunch", "--seconds", "1", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    first, *_, last = map(json.loads, done.stdout.splitlines())
    assert first["device"] == "system (JACK Audio Connection Kit)"
    assert last["event"] == "ended"
    assert 48_000 <= last["frames"] < 5 * 48_000
    assert last["latency_ms"]["output"] > 0


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_process_ends_with_a_stream_open(ending: str, environment: dict[str, str]) -> None:
    what, code = ENDINGS[ending]
    script = (
        "import os, signal, sys, time\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import live_racks\n"
        "from namgraph.runtime.adapters.live.sound_card import LiveStream\n"
        "graph = live_racks.counting()\n"
        "stream = LiveStream(graph, 64, priority=False).start()\n"
        "while not stream.frame: time.sleep(0.01)\n"
        f"{what}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Fatal" not in done.stderr
    assert not [p for p in live_jack.ports(environment) if "PortAudio" in p], "its ports are gone"
