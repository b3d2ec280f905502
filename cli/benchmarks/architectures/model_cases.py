"""The models of the suite ``models``: one of each size that trainers make, and files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....graph import ParamError
from ....nodes.nam import load_capture
from ....nodes.nam.model.captures import Conditioned, ConvStack, Gru
from ....nodes.nam.model.model import Model
from ....nodes.nam.model.networks import ConvNet, Linear, Lstm
from ....nodes.nam.model.wavenet import Gained, ParametricWaveNet, Sequential
from .. import models

__all__ = ["Case", "cases", "random_models"]

MADE: dict[str, Any] = {
    **{f"A1 {size}": lambda size=size: models.a1(size) for size in models.A1},
    "A2 full": lambda: models.a2(8),
    "A2 lite": lambda: models.a2(3),
    "LSTM 1x16": lambda: models.lstm(16, 1),
    "LSTM 1x24": lambda: models.lstm(24, 1),
    "LSTM 2x16": lambda: models.lstm(16, 2),
    "LSTM 3x18": lambda: models.lstm(18, 3),
    "GRU 1x16": lambda: models.gru(16),
    "ConvNet 16x10": lambda: models.convnet(16, models.POWERS),
    "Linear 2048": lambda: models.linear(2048),
}
"""Content of each model with random weights, always the same."""


@dataclass(frozen=True, eq=False)
class Case:
    """A model, and the content of its file for other players, if it is a .nam file."""

    name: str
    model: Model
    content: dict[str, Any]
    kernels: str
    """How the name of a kernel of its architecture begins."""


def random_models() -> list[Case]:
    """Return the models with random weights."""
    return [
        _case(name, load_capture(made), made) for name, make in MADE.items() for made in [make()]
    ]


def cases(paths: Sequence[str]) -> list[Case]:
    """Return the models with random weights, then those at ``paths``; each must be mono."""
    read = [(path, load_capture(path)) for path in paths]
    for path, model in read:
        if model.channels != (1, 1):
            raise ParamError(f"{path}: has {model.channels} channels: must be mono")
    names = [Path(path).name for path in paths]
    if len({*names, *MADE}) < len(names) + len(MADE):
        names = list(paths)  # two of one name, in two folders
    return random_models() + [
        _case(name, model, _content(path)) for name, (path, model) in zip(names, read, strict=True)
    ]


def _content(path: str) -> dict[str, Any]:
    try:
        found = json.loads(Path(path).read_bytes().decode("utf-8-sig"))
    except ValueError:  # a binary format, which other players do not read
        return {}
    return found if isinstance(found, dict) else {}


def _case(name: str, model: Model, content: dict[str, Any]) -> Case:
    return Case(name, model, content, _kernels(model.running))


def _kernels(network: Any) -> str:
    """Return how the name of a kernel of a network begins."""
    while isinstance(network, Gained | Conditioned | ParametricWaveNet):
        network = network.inner
    if isinstance(network, Sequential):
        return _kernels(network.parts[0])
    for kind, name in ((Lstm, "nam.lstm"), (Gru, "nam.gru"), (ConvNet | ConvStack, "nam.conv")):
        if isinstance(network, kind):
            return name
    if isinstance(network, Linear):
        return "convol" if network.fast else "nam.conv"
    return "nam."
