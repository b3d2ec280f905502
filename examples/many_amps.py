"""Render one guitar through many amps at once (reamping), on a GPU if there is one.

On the CPU the same code gives the same sound, more slowly.
"""

import tempfile
import time
from pathlib import Path

import namgraph as ng
from namgraph.runtime.cuda.driver.device import unavailable_reason
from namgraph.runtime.io.audio_file import read_audio
from namgraph.runtime.io.audio_writer import audio_writer

guitar = read_audio(ng.asset("di.wav"))
di = guitar.samples[0, : 2 * guitar.rate]
amps = [ng.asset("crunch-wavenet.nam"), ng.asset("crunch-lstm.nam")] * 4

begun = time.perf_counter()
made = ng.render_models(amps, di, guitar.rate)  # (amps, frames)
spent = time.perf_counter() - begun

where = "on the CPU: " + unavailable_reason() if unavailable_reason() else "on the GPU"
print(f"{len(amps)} amps, {made.shape[1] / guitar.rate:.0f} s each, in {spent:.1f} s, {where}")

with tempfile.TemporaryDirectory() as folder:
    for name, sound in zip(amps[:2], made, strict=False):
        target = Path(folder) / Path(name).with_suffix(".wav").name
        with audio_writer(target, guitar.rate) as write:
            write(sound[None])
        print(f"{target.name}: {target.stat().st_size} bytes")
