"""Find the input that makes an amp give a wanted output: a beam search with a stepper.

Every beam is a stream of one ``Stepper``.  At each frame all beams try a few input samples; the
ones nearest to the wanted output go on, by ``select``.

python beam_search.py
"""

import numpy as np

import namgraph as ng

BEAMS, FRAMES, RATE = 64, 96, 48_000
STEPS = np.linspace(-0.02, 0.02, 21, dtype=np.float32)
"""What may be added to the input from one frame to the next."""


def main() -> None:
    model = ng.load_nam(ng.asset("crunch-lstm.nam"))
    played = 0.15 * np.sin(2 * np.pi * 400 * np.arange(FRAMES) / RATE).astype(np.float32)
    wanted = model.player().process(played)

    tries = len(STEPS)
    search = ng.Stepper(model, RATE, streams=BEAMS * tries)
    beams = np.zeros((BEAMS, FRAMES + 1), np.float32)  # the inputs so far, after a zero
    errors = np.full(BEAMS, np.inf)
    errors[0] = 0.0  # all begin alike: let one of them go on
    x, y = (np.empty((BEAMS * tries, 1), np.float32) for _ in range(2))
    for k in range(FRAMES):
        x[:, 0] = (beams[:, k, None] + STEPS).ravel()
        search.step(x, out=y)
        total = np.repeat(errors, tries) + (y[:, 0] - wanted[k]) ** 2
        best = np.argpartition(total, BEAMS)[:BEAMS]
        beams = beams[best // tries]
        beams[:, k + 1], errors = x[best, 0], total[best]
        search.select(np.repeat(best, tries))  # each of them goes on with every step
        search.commit()

    found = beams[np.argmin(errors), 1:]
    again = model.player().process(found)
    stats = search.stats()
    error = 100 * np.sqrt(np.mean((again - wanted) ** 2) / np.mean(wanted**2))
    print(f"the output is off by {error:.2f} %, the input by {np.abs(found - played).max():.3f}")
    print(f"{stats.steps} steps of {stats.streams} streams, {stats.step_us:.0f} us each")


if __name__ == "__main__":
    main()
