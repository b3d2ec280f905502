"""Use a NAM rack as a plugin in a pedalboard chain, between a Compressor and a Reverb."""

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


def main() -> None:
    guitar, rate = soundfile.read(ng.asset("di.wav"), dtype="float32")
    rack = GraphPlugin(ng.load_preset("crunch"), fit="first")  # mono in, stereo out
    board = pb.Pedalboard(
        [pb.Compressor(threshold_db=-20, ratio=4), rack, pb.Reverb(room_size=0.3)]
    )
    print(board[1])

    stereo = np.stack([guitar, guitar])
    heard = board(stereo, rate)
    print(f"{len(guitar) / rate:.1f} s played, peak {abs(heard).max():.2f}")

    # Every parameter of the rack is an attribute, with its unit in its name.
    rack.amp_input_db = 9.0
    hotter = board(stereo, rate)
    print(f"amp at {rack.amp_input_db:+.1f} dB: differs by {abs(hotter - heard).max():.2f}")
    for name, knob in list(rack.parameters.items())[:3]:
        low, high = knob.min_value, knob.max_value
        print(f"  {name} = {knob.value:g} {knob.units} in [{low:g}, {high:g}]")


if __name__ == "__main__":
    main()
