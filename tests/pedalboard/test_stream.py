"""GraphPlugin in pedalboard's AudioStream, on ALSA's null device."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pedalboard")

CARD = 'pcm.nothing { type null hint { show on description "nothing" } }\n'
SCRIPT = """
import ctypes, sys, time
import namgraph as ng, pedalboard as pb
from pedalboard.io import AudioStream
from namgraph.runtime.adapters.pedalboard import GraphPlugin
if "nothing" not in AudioStream.output_device_names:
    sys.exit("no card")
graph = ng.Graph()
graph.input("in", channels=2) >> graph.add("amp", ng.Gain()) >> graph.output("out", channels=2)
plugin = GraphPlugin(graph, sample_rate=RATE)
board = pb.Pedalboard([pb.Gain(0), plugin])
stream = AudioStream(
    input_device_name="nothing", output_device_name="nothing", sample_rate=48_000, buffer_size=64,
    plugins=board, allow_feedback=True, num_input_channels=2, num_output_channels=2,
)
with stream:
    until = time.monotonic() + 5
    while not plugin._instance.blocks and time.monotonic() < until:
        time.sleep(0.01)
    before = plugin._instance.blocks
    ctypes.PyDLL(None).usleep(200_000)  # holds the GIL
    held = plugin._instance.blocks - before
    plugin.amp_gain_db = -20.0
    time.sleep(0.1)
    waiting = plugin._hosted.engines[0].queue.waiting
print(held > 150, waiting, plugin.stats().faults)
"""


@pytest.mark.live
@pytest.mark.skipif(sys.platform != "linux", reason="uses ALSA's null device")
@pytest.mark.parametrize("rate", ["48_000", "None"])
def test_it_plays_in_an_audio_stream_while_the_gil_is_held(rate: str, tmp_path: Path) -> None:
    (tmp_path / "alsa.conf").write_text(CARD)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.replace("RATE", rate)],
        env={**os.environ, "ALSA_CONFIG_PATH": str(tmp_path / "alsa.conf")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    if "no card" in done.stderr:
        pytest.skip("this pedalboard does not see ALSA's null device")
    assert (done.returncode, done.stdout, done.stderr) == (0, "True 0 0\n", "")
