"""Use a plugin of pedalboard as a node of a graph: for rendering and scripts."""

import sys

import soundfile

import namgraph as ng

try:
    from pedalboard import Chorus
except ImportError:
    print('this example needs pedalboard: pip install ".[pedalboard]"')
    sys.exit()
from namgraph.nodes.pedalboard_effect import PedalboardEffect


def main() -> None:
    guitar, rate = soundfile.read(ng.asset("di.wav"), dtype="float32")
    graph = ng.Graph()
    amp = graph.add("amp", ng.Nam(ng.asset("crunch-lstm.nam")))
    chorus = graph.add("chorus", PedalboardEffect(Chorus(rate_hz=0.8)))  # a plugin, as it is set
    verb = graph.add("verb", PedalboardEffect("Reverb", room_size=0.4, wet_level=0.2))
    graph.input("guitar", channels=1) >> amp >> chorus >> verb >> graph.output("out", channels=1)

    changes = [(rate, "verb.wet_level", 0.6)]  # at exactly one second
    heard = ng.render(graph, guitar[: 2 * rate], rate, changes=changes)
    print(graph)
    print(f"{len(heard) / rate:.2f} s with the reverb's tail, peak {abs(heard).max():.2f}")


if __name__ == "__main__":
    main()
