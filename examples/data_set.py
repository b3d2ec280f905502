"""Render a data set: two amps at three gains through a rack, with a manifest of the settings.

The same as ``namgraph batch JOB.json``.  A second run in the same folder renders nothing.
"""

import json
import tempfile
from pathlib import Path

import namgraph as ng
from namgraph.presets.batch.job import read_job
from namgraph.presets.batch.run import run_job

with tempfile.TemporaryDirectory() as folder:
    job = Path(folder) / "job.json"
    job.write_text(
        json.dumps(
            {
                "namgraph_job": 1,
                "inputs": ng.asset("di.wav"),
                "models": [ng.asset("crunch-wavenet.nam"), ng.asset("crunch-lstm.nam")],
                "racks": "crunch",
                "settings": {"amp.input_db": [-6, 0, 6]},
                "tail": False,
            }
        )
    )
    done = run_job(read_job(job))
    print(f"{done.made} files, {done.seconds:.0f} s of sound")
    for entry in json.loads(Path(done.manifest).read_text())["files"]:
        print(f"{entry['file']:<50} RMS {entry['rms_db']:6.1f} dBFS")
    print(f"and once more: {run_job(read_job(job)).made} files")
