"""States the three amplifiers that the shipped models were trained on.

CRUNCH is what `amplifier` has as its defaults.  CLEAN is in the manner of a Fender AA270: a tone
network behind the first stage that takes out the middle, a recovery stage, and an output stage that
stays far below its limits.  HIGH_GAIN is in the manner of a Soldano SLO-100: four stages in a row,
the third one biased so cold that it cuts off early on one side, small coupling capacitors in front
of each so that the low strings stay tight, and the tone network behind them.  Component values of
the tone networks are those of the published circuit diagrams; gains and limits were chosen here.

Run as `python -m namgraph.presets.assets.recipes.circuits` to print what each does to a sine.
"""

from __future__ import annotations

import numpy as np

from .amplifier import Amplifier, ToneParts, harmonics

CRUNCH = Amplifier()

CLEAN = Amplifier(
    input_high_pass=30.0,
    input_low_pass=12000.0,
    bright_hz=1500.0,
    bright_gain=1.25,
    gains=(1.6, 5.0),
    limits_up=(2.4, 2.6),
    limits_down=(1.6, 1.8),
    coupling_hz=(16.0,),
    miller_hz=(12000.0,),
    tone_after=0,
    parts=ToneParts(250e3, 250e3, 10e3, 100e3, 120e-12, 100e-9, 47e-9),
    treble=0.6,
    middle=0.45,
    bass=0.25,
    power_gain=0.9,
    power_bias=0.03,
    transformer_low_hz=35.0,
    transformer_high_hz=9000.0,
    output=0.75,
)

HIGH_GAIN = Amplifier(
    input_high_pass=70.0,
    input_low_pass=8000.0,
    bright_hz=500.0,
    bright_gain=2.0,
    gains=(3.0, 3.4, 3.0, 2.4),
    limits_up=(1.6, 1.4, 1.6, 1.4),
    limits_down=(0.8, 0.7, 0.3, 0.9),
    coupling_hz=(150.0, 120.0, 60.0),
    miller_hz=(10000.0, 9000.0, 9000.0),
    tone_after=2,
    parts=ToneParts(250e3, 1e6, 25e3, 47e3, 470e-12, 20e-9, 20e-9),
    treble=0.6,
    middle=0.6,
    bass=0.4,
    power_gain=1.6,
    power_bias=0.06,
    transformer_low_hz=50.0,
    transformer_high_hz=7000.0,
    output=0.3,
)

AMPLIFIERS = {"crunch": CRUNCH, "clean": CLEAN, "highgain": HIGH_GAIN}


def main() -> None:
    """Print level and harmonics of each amplifier for a 220 Hz sine from soft to loud."""
    for name, amp in AMPLIFIERS.items():
        for level in (0.01, 0.1, 10 ** (-10 / 20), 10 ** (-4 / 20)):
            first, *rest = harmonics(220.0, level, amp)
            tail = " ".join(f"H{k}{v:+.1f}" for k, v in enumerate(rest, 2))
            print(f"{name}: in {20 * np.log10(level):+.1f} dB  out {first:+.1f} dB  {tail}")


if __name__ == "__main__":
    main()
