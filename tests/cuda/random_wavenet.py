"""Random WaveNets with options that the CUDA backend supports."""

from typing import Any

import numpy as np

from ..nodes.nam.shapes import KINDS, fill, layer_array, picker

__all__ = ["random_wavenet"]

Json = dict[str, Any]


def random_wavenet(seed: int) -> Json:
    """One to three arrays; dilations on both sides of a tile's length."""
    rng = np.random.default_rng(seed)
    pick = picker(rng)
    widths = [pick(1, 2, 3, 5, 8, 12, 17, 32) for _ in range(pick(1, 2, 3))]
    rows, before = [], 1
    for width, after in zip(widths, [*widths[1:], 1], strict=True):
        rows.append(_array(pick, before, width, after))
        before = rows[-1]["channels"]
    return fill({"layers": rows, "head_scale": 0.5, "head": None}, seed=seed, loud=0.8)


def _array(pick: Any, inputs: int, width: int, outputs: int) -> Json:
    count = pick(1, 2, 4)
    out = pick(True, True, False)
    modes = [pick("none", "gated", "blended") for _ in range(count)]
    # Those of few parameters and those of many, and seldom the same for all layers.
    kinds = [pick(*KINDS) for _ in range(count)]
    return layer_array(
        pick(3, 4, 6, 16) if out else width,
        [pick(0, 1, 2, 7, 40, 63, 64, 65, 100) for _ in range(count)],
        input_size=inputs,
        bottleneck=width,
        activation=kinds,
        gating_mode=modes,
        secondary_activation=[pick(*KINDS) if mode != "none" else None for mode in modes],
        kernel_sizes=[pick(1, 2, 3, 5, 6) for _ in range(count)],
        layer1x1={"active": out, "groups": 1},
        head={
            "out_channels": outputs,
            "kernel_size": pick(1, 1, 4, 16),
            "bias": pick(True, False),
            "head_dilation": pick(1, 3, 80),
        },
    )
