"""Files that the nodes of ``examples.py`` read: impulse responses and models."""

from pathlib import Path

import numpy as np
import soundfile

from namgraph.nodes.testing.harness import SPEC

from .nam import nets
from .nam.features import CASES

__all__ = ["impulse_response", "levelled", "models"]


def impulse_response(folder: Path, channels: int, taps: int) -> str:
    """Write decaying noise; return its path."""
    path = folder / f"response-{channels}-{taps}.wav"
    noise = np.random.default_rng(taps).normal(size=(taps, channels))
    fall = np.exp(-5.0 * np.arange(taps) / taps)[:, None]
    soundfile.write(path, 0.1 * noise * fall, round(SPEC.rate), subtype="FLOAT")
    return str(path)


def models(folder: Path) -> list[str]:
    """Write a model of every architecture, small, with random weights; return the paths."""
    small = nets.wavenet(nets.array(4, [1, 3, 9], head=2), nets.array(2, [1, 20], inputs=4), seed=1)
    recurrent = nets.lstm(3, 1, seed=2)
    slower = nets.lstm(2, 1, seed=3, rate=44_100)
    sizes = nets.container(nets.wavenet(nets.array(2, [1, 5])), recurrent, limits=(0.5, 1.0))
    return [
        nets.write(folder, sizes, "sizes.nam"),
        nets.write(folder, CASES["slimmable gated"], "slimmable.nam"),
        nets.write(folder, CASES["film groups"], "two-channels.nam"),
        nets.write(folder, CASES["condition LSTM"], "condition.nam"),
        nets.write(folder, CASES["ConvNet batchnorm"], "convnet.nam"),
        nets.write(folder, CASES["Linear fft"], "linear.nam"),
        nets.write(folder, small, "wavenet.nam"),
        nets.write(folder, recurrent, "lstm.nam"),
        nets.write(folder, slower, "slower.nam"),
        nets.write(folder, CASES["Sequential nested"], "sequential.nam"),
        nets.write(folder, CASES["Linear 1 to 2"], "one-to-two.nam"),
    ]


def levelled(folder: Path) -> list[str]:
    """Write two models that say what they were made with."""
    said = {"metadata": {"input_level_dbu": 14.0, "output_level_dbu": 10.0}}
    made = [nets.lstm(2, 1, seed=k) | said for k in range(2)]
    return [nets.write(folder, model, f"levelled{k}.nam") for k, model in enumerate(made)]
