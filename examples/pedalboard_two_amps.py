"""Play two amps in parallel in a Mix, and change a parameter while they play."""

import sys

import numpy as np
import soundfile

import namgraph as ng

try:
    import pedalboard as pb
except ImportError:
    print('this example needs pedalboard: pip install ".[pedalboard]"')
    sys.exit()
from namgraph.runtime.adapters.pedalboard import GraphPlugin


def amp(model: str, input_db: float) -> GraphPlugin:
    graph = ng.Graph()
    nam = graph.add("amp", ng.Nam(ng.asset(model), input_db=input_db))
    cab = graph.add("cab", ng.Cab(ng.asset("cab.wav"), gain_rule="energy"))
    graph.input("guitar", channels=1) >> nam >> cab >> graph.output("out", channels=1)
    return GraphPlugin(graph)


def main() -> None:
    guitar, rate = soundfile.read(ng.asset("di.wav"), dtype="float32")
    guitar = guitar[: 2 * rate]
    lead = amp("crunch-wavenet.nam", 6.0)
    rhythm = amp("crunch-lstm.nam", -3.0)
    board = pb.Pedalboard(
        [pb.Mix([pb.Chain([lead, pb.Gain(-3)]), pb.Chain([rhythm, pb.Gain(-6)])]), pb.Reverb(0.2)]
    )
    heard = board(guitar, rate)
    print(f"two amps: {len(heard) / rate:.1f} s, peak {abs(heard).max():.2f}")

    # A stream: reset once, then block after block, and turn knobs in between.  Values are exact,
    # and glide: nothing clicks.
    board.reset()
    blocks = []
    for start in range(0, len(guitar), 480):
        lead.amp_input_db = -20.0 + 26.0 * start / len(guitar)
        blocks.append(board(guitar[start : start + 480], rate, reset=False))
    swell = np.concatenate(blocks)
    first, last = np.array_split(swell, 2)
    print(f"a swell: RMS {np.sqrt(np.mean(first**2)):.3f}, then {np.sqrt(np.mean(last**2)):.3f}")


if __name__ == "__main__":
    main()
