"""Build a rack in Python, and play the guitar that ships with namgraph through it.

python rack.py [out.wav]
"""

import sys

import soundfile

import namgraph as ng


def rack() -> ng.Graph:
    graph = ng.Graph()
    guitar = graph.input("guitar", channels=1)
    amp = graph.add("amp", ng.Nam(ng.asset("crunch-lstm.nam"), input_db=-3.0))
    cab = graph.add("cab", ng.Cab(ng.asset("cab.wav"), gain_rule="energy"))
    dry = graph.add("dry", ng.Pan(position=-0.2))
    echo = graph.add("echo", ng.Delay(time_ms=375.0, feedback=0.3, mix=1.0, damping_hz=2500.0))
    wet = graph.add("wet", ng.Pan(position=0.6))
    mix = graph.add("mix", ng.Mix(2, gain1_db=-3.0, gain2_db=-15.0))
    guitar >> amp >> cab >> dry >> mix["in1"]
    cab >> echo >> wet >> mix["in2"]
    mix >> graph.output("out", channels=2)
    return graph


def main() -> None:
    guitar, rate = soundfile.read(ng.asset("di.wav"), dtype="float32")
    graph = rack()
    sound = ng.render(graph, guitar, sample_rate=rate)  # (2, frames), the echoes' tail included
    print(graph)
    print(f"{sound.shape[1] / rate:.1f} s, peak {abs(sound).max():.2f}")
    if len(sys.argv) > 1:
        soundfile.write(sys.argv[1], sound.T, rate, subtype="PCM_24")


if __name__ == "__main__":
    main()
