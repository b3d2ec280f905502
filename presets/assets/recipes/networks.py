"""States the two shipped network shapes in file order and runs them in PyTorch for training.

The shapes and the order of the weights follow the public `.nam` file format of Neural Amp Modeler:
a WaveNet of the "A2-Lite" shape (dilated causal convolutions with a summed skip path: van den Oord
et al. 2016, "WaveNet", arXiv 1609.03499) and a one-layer LSTM (Hochreiter and Schmidhuber 1997).
PyTorch is imported where it is used: only training needs it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

CHANNELS = 3
KERNELS = (6,) * 14 + (15, 15) + (6,) * 7
DILATIONS = (1, 3, 7, 17, 41, 101, 239) * 2 + (1, 13) + (1, 3, 7, 17, 41, 101, 239)
SLOPE = 0.01
HEAD_KERNEL = 16
HEAD_SCALE = 0.05  # during training; the exporter folds the level of the target into it
LAYER_REACH = sum((k - 1) * d for k, d in zip(KERNELS, DILATIONS, strict=True))
REACH = LAYER_REACH + HEAD_KERNEL - 1  # past samples in the receptive field
HIDDEN = 16

Shape = tuple[int, ...]


def wavenet_layout() -> list[tuple[str, Shape, int]]:
    """Return name, shape and fan-in of every weight array in file order, head scale left out."""
    c = CHANNELS
    rows: list[tuple[str, Shape, int]] = [("in", (c, 1), 1)]
    for i, k in enumerate(KERNELS):
        rows += [
            (f"conv{i}", (c, c, k), c * k),
            (f"bias{i}", (c,), c * k),
            (f"mix{i}", (c, 1), 1),
            (f"out{i}", (c, c), c),
            (f"shift{i}", (c,), c),
        ]
    reach = c * HEAD_KERNEL
    return [*rows, ("head", (1, c, HEAD_KERNEL), reach), ("offset", (1,), reach)]


def lstm_layout() -> list[tuple[str, Shape, int]]:
    """Return name, shape and fan-in of the trained LSTM arrays in file order, states left out."""
    h = HIDDEN
    return [
        ("gates", (4 * h, 1 + h), h),
        ("bias", (4 * h,), h),
        ("head", (1, h), h),
        ("offset", (1,), h),
    ]


def initial(layout: list[tuple[str, Shape, int]], seed: int) -> dict[str, torch.Tensor]:
    """Return trainable arrays, uniform within 1/sqrt(fan-in) (LeCun et al. 1998)."""
    import torch

    rng = np.random.default_rng(seed)
    params: dict[str, torch.Tensor] = {}
    for name, shape, fan_in in layout:
        bound = 1.0 / math.sqrt(fan_in)
        values = rng.uniform(-bound, bound, shape).astype(np.float32)
        params[name] = torch.from_numpy(values).requires_grad_(True)
    return params


def wavenet(p: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Return (batch, time - REACH) outputs for (batch, time) inputs.

    Three channels are too few for a convolution routine to be fast, so every layer is one matrix
    product over the stacked delayed copies of its input: channels first, batch and time last.
    """
    import torch
    import torch.nn.functional as fn

    c = CHANNELS
    batch, time = x.shape
    keep = time - LAYER_REACH
    condition = x[None]
    h = (p["in"] @ x.reshape(1, -1)).view(c, batch, time)
    total = torch.zeros(())
    for i, (k, d) in enumerate(zip(KERNELS, DILATIONS, strict=True)):
        n = h.shape[-1] - (k - 1) * d
        taps = [h[..., j * d : j * d + n] for j in range(k)]
        stack = torch.cat([*taps, condition[..., -n:]], 0).view(c * k + 1, -1)
        weights = torch.cat([p[f"conv{i}"].permute(0, 2, 1).reshape(c, -1), p[f"mix{i}"]], 1)
        a = fn.leaky_relu(torch.addmm(p[f"bias{i}"][:, None], weights, stack), SLOPE)
        total = total + a.view(c, batch, n)[..., -keep:]
        if i + 1 < len(KERNELS):  # the last layer's residual output is unused
            r = torch.addmm(p[f"shift{i}"][:, None], p[f"out{i}"], a)
            h = h[..., -n:] + r.view(c, batch, n)
    y = fn.conv1d(total.permute(1, 0, 2), p["head"], p["offset"])
    return HEAD_SCALE * y[:, 0]


def lstm(
    p: dict[str, torch.Tensor],
    x: torch.Tensor,
    state: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
    """Return (batch, time) outputs and the final (hidden, cell) state, from zero state if none."""
    import torch

    if state is None:
        zero = torch.zeros(1, x.shape[0], HIDDEN)
        state = (zero, zero)
    gates = p["gates"]
    weights = [gates[:, :1].contiguous(), gates[:, 1:].contiguous()]
    biases = [p["bias"], torch.zeros_like(p["bias"])]  # the routine wants two; files hold the sum
    h, hidden, cell = torch.lstm(
        x[..., None], state, weights + biases, True, 1, 0.0, False, False, True
    )
    return (h @ p["head"].T + p["offset"])[..., 0], (hidden, cell)


def flat(params: dict[str, torch.Tensor], names: list[str]) -> npt.NDArray[np.float32]:
    """Return these arrays end to end as float32, C order, the order a `.nam` file wants."""
    return np.concatenate([params[n].detach().numpy().astype(np.float32).ravel() for n in names])
