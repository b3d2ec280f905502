"""Render a data set: two amps at three random gains through a rack, with a manifest.

The same as ``namgraph batch``.  A second run in the same folder renders nothing.
"""

import tempfile
from pathlib import Path

import namgraph as ng

with tempfile.TemporaryDirectory() as folder:
    job = {
        "inputs": ng.asset("di.wav"),
        "models": [ng.asset("crunch-wavenet.nam"), ng.asset("crunch-lstm.nam")],
        "racks": "crunch",
        "settings": {"amp.input_db": {"uniform": [-6, 6]}, "cab.gain_rule": "energy"},
        "variants": 3,
        "seed": 1,
        "tail": False,
        "output": Path(folder) / "renders",
    }
    done = ng.batch(job)
    print(f"{done.made} files, {done.seconds:.0f} s of sound, {len(done.failures)} failed")
    for file, entry in done.entries.items():
        gain, loudness = entry["settings"]["amp.input_db"], entry["integrated_lufs"]
        print(f"{file:<42} input {gain:+5.1f} dB, {loudness:6.1f} LUFS")
    print(f"and once more: {ng.batch(job).made} files")
