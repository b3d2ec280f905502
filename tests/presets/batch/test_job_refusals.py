"""Jobs that cannot run: nothing is rendered before everything is checked."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main

from .jobs import GUITAR, LSTM, RATE, write


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"settings": {"bass.input_db": 1}}, "settings.bass.input_db: there is no node 'bass'"),
        ({"settings": {"amp.input_db": 99}}, "nodes.amp: input_db is 99"),
        (
            {"settings": {"amp.colour": 1}},
            "settings.amp.colour: amp (nam) has no 'colour'; there is",
        ),
        ({"racks": "crunch", "model_node": "b"}, "model_node is 'b': crunch has amp"),
        ({"racks": "two.json"}, "has 2 models (one, two): model_node must say which one"),
        ({"racks": "none.json"}, "has 0 models (none): model_node must say which one"),
        ({"inputs": ["a.wav", "cd.flac"]}, "44100 Hz, the rack's models were made for 48000 Hz"),
        ({"inputs": ["a.wav", "stereo.flac"]}, "has 2 channels, the rack takes 1"),
        ({"inputs": ["a.wav", "job.json"]}, "job.json: is a job for namgraph batch, not audio"),
        ({"models": ["crunch-lstm.nam", "bad.nam"]}, "bad.nam: is not JSON"),
        ({"settings": {"amp.path": "crunch-wavenet.nam"}}, "amp.path: the job's models are set"),
        ({"settings": {"amp.backend": "cuda"}}, "amp: backend is cuda: "),
        ({"racks": "crunch", "settings": {"cab.path": ["nan.wav"]}}, "nan.wav contains NaN"),
        (
            {"name": "{input}", "output": ".", "subtype": "float"},
            "is an input, which would be replaced",
        ),
        (
            {
                "racks": "crunch",
                "inputs": "cd.flac",
                "resample": True,
                "output": ".",
                "settings": {"cab.path": "ir.wav"},
                "name": "ir",
            },
            "ir.wav: is a file that node cab reads, which would be replaced",
        ),
    ],
)
def test_nothing_is_made_before_all_is_checked(
    takes: Path, capsys: pytest.CaptureFixture[str], keys: dict[str, Any], said: str
) -> None:
    soundfile.write("cd.flac", GUITAR[:9600], 44_100)
    soundfile.write("stereo.flac", np.stack([GUITAR, -GUITAR], 1)[:9600], RATE)
    Path("bad.nam").write_text("{")
    soundfile.write("ir.wav", GUITAR[:480], RATE)
    soundfile.write("nan.wav", np.full(480, np.nan, np.float32), RATE, subtype="FLOAT")
    for names in ((), ("one", "two")):
        graph = ng.Graph()
        end = graph.input("in", channels=1)
        for name in names:
            end = end >> graph.add(name, ng.Nam(LSTM))
        end >> graph.output("out", channels=1)
        ng.save_preset(graph, "two.json" if names else "none.json")
    before = [p.name for p in takes.iterdir()]
    job = write(**{"models": "crunch-lstm.nam", **keys})
    assert main(["batch", job, "--stop-on-error"]) == 2
    out, err = capsys.readouterr()
    assert err.startswith("namgraph: error: job.json: ")
    assert said in err
    assert (out, err.count("\n")) == ("", 1)
    assert sorted(p.name for p in takes.iterdir()) == sorted({*before, "job.json"})
