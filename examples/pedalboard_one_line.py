"""A pedalboard script with one line changed: its amp is now a NAM rack."""

import sys

import numpy as np
import soundfile

import namgraph as ng

try:
    import pedalboard
except ImportError:
    print('this example needs pedalboard: pip install ".[pedalboard]"')
    sys.exit()
from namgraph.runtime.adapters.pedalboard import GraphPlugin


def main() -> None:
    guitar, rate = soundfile.read(ng.asset("di.wav"), dtype="float32")
    board = pedalboard.Pedalboard(
        [
            pedalboard.NoiseGate(threshold_db=-60),
            pedalboard.Compressor(threshold_db=-18, ratio=3),
            # pedalboard.Distortion(drive_db=25),
            GraphPlugin(ng.load_preset("crunch"), fit="first"),
            pedalboard.Delay(delay_seconds=0.3, mix=0.2),
            pedalboard.Limiter(),
        ]
    )
    heard = board(np.stack([guitar, guitar]), rate)
    print(board)
    print(f"{heard.shape[1] / rate:.1f} s, peak {abs(heard).max():.2f}")


if __name__ == "__main__":
    main()
