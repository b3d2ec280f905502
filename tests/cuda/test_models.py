"""Every public model that the backend supports, on the emulated device and on a real one.

Models are read from ``../shared/models`` where that is there.
"""

import json
from typing import Any

import numpy as np
import pytest

import namgraph as ng

from ..nodes.nam import oracle
from ..nodes.nam.playing import error
from ..reference import MODELS, needs_models
from .gpu import RATE, amp, in_blocks

pytestmark = needs_models
TAKEN = [
    ("wavenet_a1_standard", 1.0),
    ("wavenet", 1.0),
    ("A2", 0.0),
    ("A2", 1.0),
    ("slimmable_container", 0.0),
    ("slimmable_container", 0.4),
    ("slimmable_container", 1.0),
    ("slimmable_wavenet", 0.0),
    ("slimmable_wavenet", 1.0),
    ("lstm", 1.0),
]
REFUSED = {
    "wavenet_a2_max": "a condition network",
    "wavenet_condition_dsp": "a condition network",
}
WAVENET, LSTM = 6e-6, 2e-5
"""Shares of the peak: the device and the CPU may each be 3e-6 from exact."""
OWN_ERROR = 4.0
"""Where float32 cannot: times the CPU's distance from the truth.  How a device rounds ex2 and rcp
decides: seven ways that it may gave 1.2 to 2.2 times over a second, other signals more."""


def truth(name: str, x: Any) -> Any:
    """What a file means, in float64."""
    path = MODELS / f"{name}.nam"
    silence = np.zeros(ng.load_nam(path).prewarm, np.float32)
    return oracle.play(json.loads(path.read_text()), np.concatenate([silence, x]))[silence.size :]


def played(name: str, x: Any, blocks: int | list[int], **options: Any) -> Any:
    graph = amp(str(MODELS / f"{name}.nam"), **options)
    return in_blocks(ng.Engine(graph, sample_rate=RATE, max_frames=128), x, blocks)


@pytest.mark.parametrize(("name", "slim"), TAKEN)
def test_it_plays_as_on_the_cpu_whatever_the_cut(device: str, name: str, slim: float) -> None:
    frames = 700 if device == "emulated" else 48_000
    x = np.fromfile(MODELS / "ref" / "input.f32", np.float32)[:frames]
    made = played(name, x, 64, slim=slim, backend="cuda")
    wanted = played(name, x, 64, slim=slim)
    recurrent = name == "lstm" or (name, slim) == ("slimmable_container", 0.0)
    if name == "wavenet_a1_standard":  # it amplifies rounding: see test_parity.py
        meant = truth(name, x)
        assert error(made, meant) <= OWN_ERROR * error(wanted, meant)
    else:
        assert error(made, wanted) <= (LSTM if recurrent else WAVENET)
    np.testing.assert_array_equal(played(name, x, [1, 128, 17], slim=slim, backend="cuda"), made)


@pytest.mark.parametrize("name", REFUSED)
def test_what_it_does_not_take_is_refused_by_name(device: str, name: str) -> None:
    with pytest.raises(ng.CudaError, match=rf"{name}\.nam: .*{REFUSED[name]}"):
        played(name, np.zeros(64, np.float32), 64, backend="cuda")
    quiet = played(name, np.zeros(64, np.float32), 64, backend="auto")
    np.testing.assert_array_equal(quiet, played(name, np.zeros(64, np.float32), 64))
