"""Change parameters at exact frames: bit-identical output in every block size."""

import numpy as np

import namgraph as ng

RATE = 48_000


def main() -> None:
    graph = ng.Graph()
    gain = graph.add("gain", ng.Gain(gain_db=-80.0))
    pan = graph.add("pan", ng.Pan(position=-1.0))
    graph.input("in", channels=1) >> gain >> pan >> graph.output("out", channels=2)
    tone = np.sin(2 * np.pi * 220 * np.arange(2 * RATE) / RATE).astype(np.float32)

    # Offline: every change has its frame, and glides for a few milliseconds from there.
    changes = [(RATE // 2, "gain.gain_db", 0.0)]
    changes += [(RATE + 480 * k, "pan.position", -1.0 + k / 50) for k in range(101)]
    sweep = ng.render(graph, tone, sample_rate=RATE, changes=changes)
    other = ng.render(graph, tone, sample_rate=RATE, changes=changes, block=17)
    print("the same in blocks of 512 and of 17:", np.array_equal(sweep, other))

    # While it plays: ``set`` may be called from any thread, with a frame or without.
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    engine.set("gain.gain_db", 0.0, at=RATE // 2)
    heard = np.concatenate([engine.process(tone[i : i + 64]) for i in range(0, RATE, 64)], axis=1)
    print("before and after the change:", abs(heard[0, : RATE // 2]).max(), abs(heard[0]).max())


if __name__ == "__main__":
    main()
