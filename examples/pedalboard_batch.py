"""Render a folder of recordings through one board to FLAC files."""

import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

import namgraph as ng

try:
    import pedalboard as pb
    from pedalboard.io import AudioFile
except ImportError:
    print('this example needs pedalboard: pip install ".[pedalboard]"')
    sys.exit()
from namgraph.runtime.adapters.pedalboard import GraphPlugin


def batch(sources: Path, target: Path) -> int:
    """Render every file through one board, which is reset before each file; return their number."""
    rack = GraphPlugin(ng.load_preset("crunch"), fit="first")
    board = pb.Pedalboard([rack, pb.Limiter(threshold_db=-1)])
    done = 0
    for path in sorted(sources.iterdir()):
        with AudioFile(str(path)) as file:
            audio, rate = file.read(file.frames), file.samplerate
        heard = board(np.vstack([audio[:1], audio[:1]]), rate)
        with AudioFile(str(target / f"{path.stem}.flac"), "w", rate, len(heard)) as file:
            file.write(heard)
        print(f"{path.name}: {heard.shape[1] / rate:.2f} s, peak {abs(heard).max():.2f}")
        done += 1
    return done


def main() -> None:
    guitar, rate = soundfile.read(ng.asset("di.wav"), dtype="float32")
    with tempfile.TemporaryDirectory() as folder:
        sources, target = Path(folder, "in"), Path(folder, "out")
        sources.mkdir()
        target.mkdir()
        for k in range(3):
            soundfile.write(sources / f"take-{k}.wav", guitar[k * rate : (k + 1) * rate], rate)
        print(f"{batch(sources, target)} files, {len(list(target.glob('*.flac')))} written")


if __name__ == "__main__":
    main()
