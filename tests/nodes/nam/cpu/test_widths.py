"""Networks play the same bits with vectors of 4, 8 and 16 lanes; test_wavenet.py has WaveNets."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.nam.model.model import Model
from namgraph.nodes.testing import same_bits
from namgraph.runtime.native.host import WIDTHS

from .. import nets
from ..captures.files import dense, guitarml, keras, layer
from ..features import CASES
from ..playing import Playing, parse

FRAMES = 400


def _lstm(hidden: int, depth: int) -> Model:
    return parse(nets.lstm(hidden, depth, seed=hidden))


def _gru(hidden: int) -> Model:
    return ng.load_capture(keras(layer("gru", 1, hidden), dense(hidden)))


SIZES = [(1, 1), (3, 1), (6, 2), (9, 1), (18, 1), (24, 2), (40, 1), (65, 1)]
NETWORKS: dict[str, Callable[[], Model]] = {
    **{f"LSTM {depth}x{hidden}": partial(_lstm, hidden, depth) for hidden, depth in SIZES},
    **{f"GRU {hidden}": partial(_gru, hidden) for hidden in (5, 12, 20, 40)},
    "LSTM with a skip": lambda: ng.load_capture(guitarml(20)),
    **{
        name: partial(parse, CASES[name])
        for name in ("condition LSTM", "ConvNet batchnorm", "film groups", "Linear fft")
    },
}


@pytest.mark.parametrize("name", NETWORKS)
def test_vectors_of_all_widths_give_the_same_bits(name: str) -> None:
    model = NETWORKS[name]()
    signal = np.random.default_rng(5).uniform(-0.7, 0.7, (model.channels[0], FRAMES))
    x = np.asarray(signal if model.channels != (1, 1) else signal[0], np.float32)
    narrow, medium, wide = (Playing(model, width)(x) for width in WIDTHS)
    assert abs(wide).max() > 1e-3
    same_bits(narrow, wide)
    same_bits(medium, wide)
