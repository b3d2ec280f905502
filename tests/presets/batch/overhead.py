"""Processor time of a batch beside a plain loop of ``ng.render`` over the same files: a script.

``python tests/presets/batch/overhead.py RIG --items 20 --seconds 5`` prints the ratio of medians of
interleaved rounds; ``--metered`` lets the loop measure the loudness too, as a batch does.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

import namgraph as ng
from namgraph.presets import open_graph
from namgraph.runtime.io.file_kind import is_model

ROUNDS = 5


def main() -> None:
    """Print the processor time of both, and their ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rig")
    parser.add_argument("--items", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--metered", action="store_true")
    given = parser.parse_args()
    guitar, rate = soundfile.read(ng.asset("di.wav"), dtype="float32")
    frames = round(given.seconds * rate)
    guitar = np.tile(guitar, 2 + frames // len(guitar))
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "takes").mkdir()
        (home / "plain").mkdir()
        for k in range(given.items):
            soundfile.write(home / "takes" / f"{k}.wav", guitar[k * 997 :][:frames], rate)
        rig = {"models" if is_model(given.rig) else "racks": given.rig}

        def plain() -> None:
            graph = open_graph(given.rig)
            for take in sorted((home / "takes").iterdir()):
                x = ng.read_audio(take)
                y = ng.render(graph, x.samples, x.rate, tail=False)
                if given.metered:
                    ng.loudness(y, x.rate)
                ng.write_audio(home / "plain" / take.name, y, x.rate)

        def batch() -> None:
            job = {"inputs": str(home / "takes"), "output": str(home / "out"), "tail": False}
            done = ng.batch({**job, **rig}, threads=1, again=True, warn=lambda line: None)
            assert done.made == given.items

        print(_compared(plain, batch))


def _compared(plain: Callable[[], None], batch: Callable[[], None]) -> str:
    spent: dict[Callable[[], None], list[float]] = {plain: [], batch: []}
    for k in range(ROUNDS + 1):
        for call, times in spent.items():
            begun = time.process_time()
            call()
            if k:  # the first round compiles and reads
                times.append(time.process_time() - begun)
    loop, made = (statistics.median(times) for times in spent.values())
    return f"loop {loop:.3f} s, batch {made:.3f} s of processor time: {made / loop - 1:+.1%}"


if __name__ == "__main__":
    main()
