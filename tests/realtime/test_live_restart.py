"""After the JACK server was restarted, the same process opens streams again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from . import live_jack

SCRIPT = """
import os, signal, subprocess, sys, time, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {here!r})
import live_racks
from namgraph.graph import EngineError
from namgraph.runtime.adapters.live.sound_card import LiveStream

graph = live_racks.counting()

def heard(stream):
    deadline = time.monotonic() + 10
    while not stream.frame and time.monotonic() < deadline:
        time.sleep(0.01)
    return stream.frame > 0

def wait_for(state):
    print(state, flush=True)
    assert sys.stdin.readline().strip() == "done"

first = LiveStream(graph, 64, priority=False).start()
assert heard(first)
if {close_first}:
    first.close()
wait_for("kill")
wait_for("start")
if not {close_first}:
    try:
        LiveStream(graph, 64, priority=False)
    except EngineError as error:
        assert "close every stream, then open again" in str(error), error
    else:
        raise AssertionError("it opened beside a stream of the old server")
    first.close()
second = LiveStream(graph, 64, priority=False).start()
assert second.warnings == ["the JACK server was restarted: PortAudio was loaded anew"]
assert heard(second)
third = LiveStream(graph, 64, priority=False).start()
assert heard(third) and not third.warnings
second.close()
third.close()
wait_for("kill")
"""


@pytest.mark.live
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's JACK and its /proc")
@pytest.mark.parametrize("close_first", [True, False])
def test_a_restarted_server_is_found(close_first: bool) -> None:
    script = SCRIPT.format(here=str(Path(__file__).parent), close_first=close_first)
    with live_jack.server(64) as environment:
        pid, name = environment["JACKD_PID"], environment["JACK_DEFAULT_SERVER"]
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
        running = None
        with subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        ) as process:
            assert process.stdout is not None
            assert process.stdin is not None
            try:
                for expected in ("kill", "start", "kill"):
                    said = process.stdout.readline().strip()
                    if said != expected:
                        raise AssertionError(process.communicate(timeout=60)[1])
                    if said == "start":
                        running = subprocess.Popen(
                            command,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL,
                            env=environment,
                        )
                        live_jack.wait_for_ports(environment)
                    elif running is None:
                        live_jack.end(int(pid))
                    else:
                        running.terminate()
                        running.wait(10)
                    process.stdin.write("done\n")
                    process.stdin.flush()
                _, errors = process.communicate(timeout=60)
            finally:
                if running is not None:
                    running.kill()
                    running.wait()
                if process.poll() is None:
                    process.kill()
        assert process.returncode == 0, (name, errors)
        assert "Assertion" not in errors, "PortAudio's own end aborts where the server has gone"
        assert os.environ.get("JACKD_PID") is None
